"""A service with nothing of its own, to be run as a process: its one call takes as long as an advisory lock is held."""

import asyncio
import os
from typing import Any

import sqlalchemy as sa

from oms.routing.v1 import routing_service_pb2 as pb
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceServicer, add_RoutingServiceServicer_to_server
from services.chassis.service import Parts, Service, run
from tests.service.chassis.scratch import metadata

LOCK = 4711


class Servicer(RoutingServiceServicer):
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def ListNodes(self, request: pb.ListNodesRequest, context: Any) -> pb.ListNodesResponse:
        async with self._database.begin() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        return pb.ListNodesResponse(next_page_token="done")


async def _break() -> None:
    await asyncio.sleep(0)
    raise RuntimeError("a loop that the service cannot do without")


SERVICE = Service(
    name="scratch",
    metadata=metadata,
    descriptor=pb.DESCRIPTOR.services_by_name["RoutingService"],
    register=add_RoutingServiceServicer_to_server,
    build=Servicer,
    background=lambda _parts: [_break()] if os.environ.get("SCRATCH_BREAKS") else [],
)

if __name__ == "__main__":
    run(SERVICE)

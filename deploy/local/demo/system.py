"""The running system as the demonstration sees it: its public API, and the doors of the sandboxes."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings

# The sandboxes let go of a connection after five seconds: one that is older is not used again.
SHORT_LIVED = httpx.Limits(keepalive_expiry=2)


@dataclass(frozen=True, slots=True)
class System:
    """Stubs of the five services, and HTTP to the sandboxes."""

    intake: IntakeServiceStub
    inventory: InventoryServiceStub
    routing: RoutingServiceStub
    fulfillment: FulfillmentServiceStub
    returns: ReturnsServiceStub
    wms: httpx.AsyncClient
    carrier: httpx.AsyncClient


@contextlib.asynccontextmanager
async def connected(addresses: Mapping[str, str]) -> AsyncIterator[System]:
    """Connect to the system at these addresses."""
    async with contextlib.AsyncExitStack() as stack:
        channels = await stack.enter_async_context(Channels(Settings(), actor="demo"))
        wms, carrier = [
            await stack.enter_async_context(
                httpx.AsyncClient(limits=SHORT_LIVED, base_url=f"http://{addresses[name]}", timeout=10, trust_env=False)
            )
            for name in ("wms", "carrier")
        ]
        yield System(
            intake=channels.connect(IntakeServiceStub, addresses["intake"]),
            inventory=channels.connect(InventoryServiceStub, addresses["inventory"]),
            routing=channels.connect(RoutingServiceStub, addresses["routing"]),
            fulfillment=channels.connect(FulfillmentServiceStub, addresses["fulfillment"]),
            returns=channels.connect(ReturnsServiceStub, addresses["returns"]),
            wms=wms,
            carrier=carrier,
        )

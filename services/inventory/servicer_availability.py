"""RPCs that tell what can be promised."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.service import Parts
from services.inventory import store_availability, store_channels, wire_availability
from services.inventory.rpcs import Rpcs

# Of so many SKUs an order or a cart asks; planners of this kind are answered a few at a time.
_FEW_SKUS = 100
_MOST_READING = 8


class AvailabilityRpcs(Rpcs):
    """That tell what can be promised."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._reading = asyncio.Semaphore(_MOST_READING)

    async def GetAvailability(
        self, request: rpc.GetAvailabilityRequest, context: ServicerContext
    ) -> rpc.GetAvailabilityResponse:
        skus, node_ids, segment, owner_id = request.skus, request.node_ids, request.segment, request.owner_id
        async with self._reader(len(skus)) as conn:
            if request.later:
                steps = await store_availability.free_later(
                    conn, skus, self._clock.now(), node_ids=node_ids, segment=segment, owner_id=owner_id
                )
                return wire_availability.availabilities_later(steps)
            free = await store_availability.free(conn, skus, node_ids=node_ids, segment=segment, owner_id=owner_id)
        return wire_availability.availabilities(free)

    @contextlib.asynccontextmanager
    async def _reader(self, skus: int) -> AsyncIterator[store_availability.Reader]:
        """Lend a connection. For few SKUs it is one of the driver's own: a statement is a snapshot by itself, and to
        begin and end a transaction around it would treble the way. Those look rows up by key, which is slow for many.
        """
        if skus > _FEW_SKUS:
            async with self._database.connect() as conn:
                yield conn
        else:
            async with self._reading, self._database.driver() as driver:
                yield driver

    async def GetAvailableToPromise(
        self, request: rpc.GetAvailableToPromiseRequest, context: ServicerContext
    ) -> rpc.GetAvailableToPromiseResponse:
        async with self._database.connect() as conn:
            policy = await store_channels.policy(conn, request.channel)
            found = await store_availability.outlook(
                conn, request.skus, policy, self._clock.now(), node_ids=request.node_ids
            )
        promises = (wire_availability.promise(found[sku], request.quantity) for sku in request.skus)
        return rpc.GetAvailableToPromiseResponse(promises=promises)

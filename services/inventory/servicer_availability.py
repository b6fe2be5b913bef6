"""RPCs that tell what can be promised."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory import store_availability, store_channels, wire_availability
from services.inventory.rpcs import Rpcs


class AvailabilityRpcs(Rpcs):
    """That tell what can be promised."""

    async def GetAvailability(
        self, request: rpc.GetAvailabilityRequest, context: ServicerContext
    ) -> rpc.GetAvailabilityResponse:
        skus, node_ids, segment, owner_id = request.skus, request.node_ids, request.segment, request.owner_id
        async with self._database.connect() as conn:
            if request.later:
                steps = await store_availability.free_later(
                    conn, skus, self._clock.now(), node_ids=node_ids, segment=segment, owner_id=owner_id
                )
                return wire_availability.availabilities_later(steps)
            free = await store_availability.free(conn, skus, node_ids=node_ids, segment=segment, owner_id=owner_id)
        return wire_availability.availabilities(free)

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

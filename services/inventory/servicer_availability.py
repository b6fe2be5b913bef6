"""RPCs that tell what can be promised."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory import store, wire
from services.inventory.domain.problems import TooManyPairs
from services.inventory.rpcs import Rpcs

# As many pairs of the longest names as surely fit into one message of the default size.
MAX_PAIRS = 20_000


class AvailabilityRpcs(Rpcs):
    """That tell what can be promised."""

    async def GetAvailability(
        self, request: rpc.GetAvailabilityRequest, context: ServicerContext
    ) -> rpc.GetAvailabilityResponse:
        async with self._database.connect() as conn:
            rows = await store.available(conn, request.skus, request.node_ids, limit=MAX_PAIRS + 1)
        if len(rows) > MAX_PAIRS:
            raise TooManyPairs(MAX_PAIRS)
        return rpc.GetAvailabilityResponse(availabilities=(wire.availability(pair, free) for pair, free in rows))

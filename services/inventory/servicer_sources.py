"""RPCs for outside systems that say what there is."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.inventory import wire
from services.inventory.domain import drift
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class SourceRpcs(Rpcs):
    """For outside systems that say what there is."""

    async def SyncStock(self, request: rpc.SyncStockRequest, context: ServicerContext) -> rpc.SyncStockResponse:
        counts = drift.counted_once(request.node_id, ((one.sku, one.on_hand) for one in request.counts))

        async def effect(conn: Connection) -> rpc.SyncStockResponse:
            drifts = await self._sources.take_over(
                conn,
                source=request.source,
                sequence=request.sequence,
                node_id=request.node_id,
                counts=counts,
                complete=request.complete,
                actor=context_caller(),
            )
            return rpc.SyncStockResponse(stale=drifts is None, drifts=map(wire.drift, drifts or []))

        return await self._once(request, rpc.SyncStockResponse, effect)

"""RPCs about what there is: positions, adjustments, safety stock, pools, lots."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store, store_lots, wire, wire_supply
from services.inventory.domain.position import Pair
from services.inventory.domain.problems import PositionNotFound
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class StockRpcs(Rpcs):
    """About what there is: positions, adjustments, safety stock, pools, lots."""

    async def AdjustStock(self, request: rpc.AdjustStockRequest, context: ServicerContext) -> rpc.AdjustStockResponse:
        async def effect(conn: Connection) -> rpc.AdjustStockResponse:
            positions = await self._changes.adjust(
                conn,
                wire_supply.adjustments(request),
                wire.reason(request.reason),
                request.reference,
                actor=context_caller(),
            )
            return rpc.AdjustStockResponse(positions=map(wire.position, positions))

        return await self._once(request, rpc.AdjustStockResponse, effect)

    async def SetSafetyStock(
        self, request: rpc.SetSafetyStockRequest, context: ServicerContext
    ) -> rpc.SetSafetyStockResponse:
        async def effect(conn: Connection) -> rpc.SetSafetyStockResponse:
            pair = Pair(request.sku, request.node_id)
            position = await self._changes.set_safety_stock(conn, pair, request.quantity, actor=context_caller())
            return rpc.SetSafetyStockResponse(position=wire.position(position))

        return await self._once(request, rpc.SetSafetyStockResponse, effect)

    async def SetPool(self, request: rpc.SetPoolRequest, context: ServicerContext) -> rpc.SetPoolResponse:
        async def effect(conn: Connection) -> rpc.SetPoolResponse:
            pair = Pair(request.sku, request.node_id)
            position = await self._changes.set_pool(conn, pair, request.segment, request.quantity)
            return rpc.SetPoolResponse(position=wire.position(position))

        return await self._once(request, rpc.SetPoolResponse, effect)

    async def GetPosition(self, request: rpc.GetPositionRequest, context: ServicerContext) -> rpc.GetPositionResponse:
        pair = Pair(request.sku, request.node_id)
        async with self._database.connect() as conn:
            found = await store.read(conn, {pair})
        if pair not in found:
            raise PositionNotFound(pair)
        return rpc.GetPositionResponse(position=wire.position(found[pair]))

    async def ListPositions(
        self, request: rpc.ListPositionsRequest, context: ServicerContext
    ) -> rpc.ListPositionsResponse:
        size = page_size(request.page_size)
        after = pages.pair(request)
        async with self._database.connect() as conn:
            rows = await store.page(conn, sku=request.sku, node_id=request.node_id, after=after, size=size + 1)
        last = rows[size - 1].pair if len(rows) > size else None
        return rpc.ListPositionsResponse(
            positions=map(wire.position, rows[:size]),
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
        )

    async def ListLots(self, request: rpc.ListLotsRequest, context: ServicerContext) -> rpc.ListLotsResponse:
        size = page_size(request.page_size)
        after = pages.lot(request)
        before = wire.moment(request.expire_before_time) if request.HasField("expire_before_time") else None
        async with self._database.connect() as conn:
            rows = await store_lots.page(
                conn, sku=request.sku, node_id=request.node_id, before=before, after=after, size=size + 1
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListLotsResponse(
            lots=(wire_supply.lot(pair, lot) for pair, lot in rows[:size]),
            next_page_token=encode_token(request, *store_lots.key(*last)) if last else "",
        )

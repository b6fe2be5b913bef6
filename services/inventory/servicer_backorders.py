"""RPCs about those who wait."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_backorders, wire
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class BackorderRpcs(Rpcs):
    """About those who wait."""

    async def RegisterBackorder(
        self, request: rpc.RegisterBackorderRequest, context: ServicerContext
    ) -> rpc.RegisterBackorderResponse:
        waits = wire.waits(request)

        async def effect(conn: Connection) -> rpc.RegisterBackorderResponse:
            found = await self._queues.register(conn, request.owner_id, waits, priority=wire.priority(request))
            return rpc.RegisterBackorderResponse(backorders=map(wire.backorder, found))

        return await self._once(request, rpc.RegisterBackorderResponse, effect)

    async def CloseBackorder(
        self, request: rpc.CloseBackorderRequest, context: ServicerContext
    ) -> rpc.CloseBackorderResponse:
        async def effect(conn: Connection) -> rpc.CloseBackorderResponse:
            closed = await self._queues.close(conn, request.owner_id, request.line_ids)
            return rpc.CloseBackorderResponse(closed_count=closed)

        return await self._once(request, rpc.CloseBackorderResponse, effect)

    async def ListBackorders(
        self, request: rpc.ListBackordersRequest, context: ServicerContext
    ) -> rpc.ListBackordersResponse:
        size = page_size(request.page_size)
        after = pages.backorder(request)
        async with self._database.connect() as conn:
            rows = await store_backorders.page(
                conn, sku=request.sku, owner_id=request.owner_id, after=after, size=size + 1
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListBackordersResponse(
            backorders=map(wire.backorder, rows[:size]),
            next_page_token=encode_token(
                request, last.priority, last.create_time.isoformat(), last.owner_id, last.line_id
            )
            if last
            else "",
        )

"""RPCs about those who wait."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_backorders, wire, wire_backorders
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection
from services.kernel.errors import Aborted

Answer = TypeVar("Answer")

# How often an order that is given units while it comes or goes is looked at anew, before its caller has to ask again.
_LOOKS = 5


class BackorderRpcs(Rpcs):
    """About those who wait."""

    async def RegisterBackorder(
        self, request: rpc.RegisterBackorderRequest, context: ServicerContext
    ) -> rpc.RegisterBackorderResponse:
        waits = wire.waits(request)

        async def effect(conn: Connection) -> rpc.RegisterBackorderResponse:
            found = await self._queues.register(conn, request.owner_id, waits, priority=wire.priority(request))
            return rpc.RegisterBackorderResponse(backorders=map(wire_backorders.backorder, found))

        return await self._again(lambda: self._once(request, rpc.RegisterBackorderResponse, effect))

    async def CloseBackorder(
        self, request: rpc.CloseBackorderRequest, context: ServicerContext
    ) -> rpc.CloseBackorderResponse:
        async def effect(conn: Connection) -> rpc.CloseBackorderResponse:
            closed = await self._queues.close(conn, request.owner_id, request.line_ids)
            return rpc.CloseBackorderResponse(closed_count=closed)

        return await self._again(lambda: self._once(request, rpc.CloseBackorderResponse, effect))

    async def SetBackorderPolicy(
        self, request: rpc.SetBackorderPolicyRequest, context: ServicerContext
    ) -> rpc.SetBackorderPolicyResponse:
        policy = wire_backorders.policy(request.policy)

        async def effect(conn: Connection) -> rpc.SetBackorderPolicyResponse:
            after = await self._queues.set_policy(conn, request.sku, policy)
            return rpc.SetBackorderPolicyResponse(policy=wire_backorders.policy_value(after))

        return await self._once(request, rpc.SetBackorderPolicyResponse, effect)

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
            backorders=map(wire_backorders.backorder, rows[:size]),
            next_page_token=encode_token(
                request, last.priority, last.create_time.isoformat(), last.owner_id, last.line_id
            )
            if last
            else "",
        )

    async def _again(self, once: Callable[[], Awaitable[Answer]]) -> Answer:
        """Try again what met a receipt on its way: its transaction was rolled back."""
        for _ in range(_LOOKS - 1):
            try:
                return await once()
            except Aborted:
                continue
        return await once()

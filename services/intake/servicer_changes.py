"""Changes of orders: foreseen, asked for, found, listed, and decided by their process."""

from typing import Any

from oms.intake.v1 import order_change_service_pb2 as rpc
from oms.intake.v1.order_pb2 import OrderLine
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import store, store_changes
from services.intake.changing import ChangeRequest
from services.intake.deciding import decide
from services.intake.merging import hand_over
from services.intake.pages import next_token, number
from services.intake.rpcs import Rpcs
from services.intake.wire import hold_message, order_message
from services.intake.wire_changes import change_message, edits_from, line_change_from, result_from, result_message


class ChangeRpcs(Rpcs):
    """Changes of orders: foreseen, asked for, found, listed, and decided by their process."""

    async def CheckOrderChange(
        self, request: rpc.CheckOrderChangeRequest, context: Any
    ) -> rpc.CheckOrderChangeResponse:
        async with self._db.connect() as conn:
            currency = (await store.get_order(conn, request.order_id)).currency_code
        change, order = await self._changer.foresee(request.order_id, edits_from(request.edits, currency))
        return rpc.CheckOrderChangeResponse(change=change_message(change), etag=order.etag)

    async def ChangeOrder(self, request: rpc.ChangeOrderRequest, context: Any) -> rpc.ChangeOrderResponse:
        async with self._db.connect() as conn:
            currency = (await store.get_order(conn, request.order_id)).currency_code
        asked = ChangeRequest(
            request_id=request.request_id,
            order_id=request.order_id,
            edits=edits_from(request.edits, currency),
            reason=request.reason,
            etag=request.etag,
            actor=context_caller(),
        )
        try:
            change, order = await self._changer.change(asked)
        finally:
            self._wake_relay()
        return rpc.ChangeOrderResponse(change=change_message(change), order=order_message(order))

    async def GetOrderChange(self, request: rpc.GetOrderChangeRequest, context: Any) -> rpc.GetOrderChangeResponse:
        async with self._db.connect() as conn:
            change = await store_changes.get(conn, request.change_id)
        return rpc.GetOrderChangeResponse(change=change_message(change))

    async def ListOrderChanges(
        self, request: rpc.ListOrderChangesRequest, context: Any
    ) -> rpc.ListOrderChangesResponse:
        size, after = page_size(request.page_size), number(request)
        async with self._db.connect() as conn:
            await store.check_order(conn, request.order_id)
            found = await store_changes.list_changes(conn, request.order_id, after=after, limit=size + 1)
        token = next_token(request, [(change.version,) for change in found], size)
        return rpc.ListOrderChangesResponse(changes=map(change_message, found[:size]), next_page_token=token)

    async def TakeOverOrder(self, request: rpc.TakeOverOrderRequest, context: Any) -> rpc.TakeOverOrderResponse:
        result, lines = await self._changer.take_over(request.change_id)
        self._wake_relay()
        found = [OrderLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in lines]
        return rpc.TakeOverOrderResponse(result=result_message(result), lines=found)

    async def HandOverOrder(self, request: rpc.HandOverOrderRequest, context: Any) -> rpc.HandOverOrderResponse:
        async with self._db.begin() as conn:
            result = await hand_over(conn, self._outbox, request.order_id, request.change_id, now=self._clock.now())
        self._wake_relay()
        return rpc.HandOverOrderResponse(result=result_message(result))

    async def DecideOrderChange(
        self, request: rpc.DecideOrderChangeRequest, context: Any
    ) -> rpc.DecideOrderChangeResponse:
        now = self._clock.now()

        async def effect(conn: store.Connection) -> rpc.DecideOrderChangeResponse:
            change, holds = await decide(
                conn,
                self._outbox,
                request.order_id,
                request.change_id,
                results=[result_from(one) for one in request.edit_results],
                lines=[line_change_from(one) for one in request.lines],
                now=now,
            )
            return rpc.DecideOrderChangeResponse(change=change_message(change), holds=map(hold_message, holds))

        answer = await self._once(request, rpc.DecideOrderChangeResponse, effect)
        self._wake_relay()
        return answer

"""Holds: placed, resolved, expired, listed."""

from typing import Any

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import Hold as HoldMessage
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import holding, store, store_holds
from services.intake.domain.holds import HoldState
from services.intake.pages import moment_and_id, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire import (
    hold_message,
)
from services.intake.wire_draft import hold_spec_from


class HoldRpcs(Rpcs):
    """Holds: placed, resolved, expired, listed."""

    async def PlaceHold(self, request: rpc.PlaceHoldRequest, context: Any) -> rpc.PlaceHoldResponse:
        spec, now, actor = hold_spec_from(request.hold), self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.PlaceHoldResponse:
            hold = await holding.place_hold(
                conn, self._outbox, request.order_id, spec, now=now, actor=actor, key=request.request_id
            )
            return rpc.PlaceHoldResponse(hold=hold_message(hold))

        answer = await self._once(request, rpc.PlaceHoldResponse, effect)
        self._wake_relay()
        return answer

    async def ResolveHold(self, request: rpc.ResolveHoldRequest, context: Any) -> rpc.ResolveHoldResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ResolveHoldResponse:
            hold = await holding.resolve_hold(
                conn,
                self._outbox,
                request.order_id,
                request.handle,
                rejected=request.rejected,
                reason=request.reason,
                now=now,
                actor=actor,
                key=request.request_id,
                approve_as=request.approve_as,
            )
            return rpc.ResolveHoldResponse(hold=hold_message(hold))

        answer = await self._once(request, rpc.ResolveHoldResponse, effect)
        self._wake_relay()
        return answer

    async def ListHolds(self, request: rpc.ListHoldsRequest, context: Any) -> rpc.ListHoldsResponse:
        size, after = page_size(request.page_size), moment_and_id(request)
        state = HoldMessage.State.Name(request.state).removeprefix("STATE_") if request.state else HoldState.CREATED
        async with self._db.connect() as conn:
            found = await store_holds.list_holds(
                conn, owner_queue=request.owner_queue, state=state, after=after, limit=size + 1
            )
        token = next_token(request, [(hold.deadline_time, hold.hold_id) for hold in found], size)
        return rpc.ListHoldsResponse(holds=[hold_message(hold) for hold in found[:size]], next_page_token=token)

    async def ExpireHold(self, request: rpc.ExpireHoldRequest, context: Any) -> rpc.ExpireHoldResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ExpireHoldResponse:
            hold = await holding.expire_hold(
                conn, self._outbox, request.order_id, request.hold_id, now=now, actor=actor, key=request.request_id
            )
            return rpc.ExpireHoldResponse(hold=hold_message(hold))

        return await self._once(request, rpc.ExpireHoldResponse, effect)

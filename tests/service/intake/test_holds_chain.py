"""Holds that wait for others and for several people, as the service keeps them."""

from typing import Any

import pytest

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import Hold, HoldSpec, HoldType
from oms.intake.v1.order_event_pb2 import OrderEvent
from services.kernel.errors import FailedPrecondition, InvalidArgument
from tests.service.intake.drafts import draft, submit


def spec(handle: str, *after: str, **fields: Any) -> HoldSpec:
    return HoldSpec(handle=handle, type=HoldType.HOLD_TYPE_APPROVAL, after=after, **fields)


async def resolve(intake: Any, order: Any, handle: str, who: str, queue: str = "", *, rejected: bool = False) -> Any:
    request = rpc.ResolveHoldRequest(
        request_id=f"{handle}/{who}/{queue}", order_id=order.order_id, handle=handle, approve_as=queue
    )
    request.rejected = rejected
    return (await intake.ResolveHold(request, metadata=(("oms-actor", who),))).hold


async def refusal(intake: Any, *args: Any) -> str:
    with pytest.raises(FailedPrecondition) as refused:
        await resolve(intake, *args)
    return refused.value.reason


async def test_two_people_agree_one_after_the_other_and_the_timeline_says_who(intake):
    order = (await intake.SubmitOrder(submit(draft(holds=[spec("big", approvals=["sales", "finance"])])))).order
    assert await refusal(intake, order, "big", "ann") == "APPROVAL_NEEDED"
    half = await resolve(intake, order, "big", "ann", "sales")
    assert (half.state, half.owner_queue) == (Hold.STATE_CREATED, "finance")
    assert await refusal(intake, order, "big", "ann", "finance") == "SAME_APPROVER"
    found = await intake.ListHolds(rpc.ListHoldsRequest(owner_queue="finance"))
    assert [hold.handle for hold in found.holds] == ["big"]
    done = await resolve(intake, order, "big", "bob", "finance")
    assert (done.state, done.resolved_by) == (Hold.STATE_RELEASED, "bob")
    read = (await intake.GetOrder(rpc.GetOrderRequest(order_id=order.order_id))).order
    assert [(one.queue, one.actor) for one in read.holds[0].approved] == [("sales", "ann"), ("finance", "bob")]
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [(event.type, event.actor) for event in events[2:]] == [
        (OrderEvent.TYPE_HOLD_APPROVED, "ann"),
        (OrderEvent.TYPE_HOLD_APPROVED, "bob"),
        (OrderEvent.TYPE_HOLD_RELEASED, "bob"),
    ]


async def test_a_hold_is_released_after_those_that_it_waits_for(intake):
    holds = [spec("approval", "fraud"), spec("fraud")]
    order = (await intake.SubmitOrder(submit(draft(holds=holds)))).order
    assert await refusal(intake, order, "approval", "ann") == "HOLD_WAITS"
    await resolve(intake, order, "fraud", "ann")
    assert (await resolve(intake, order, "approval", "bob")).state == Hold.STATE_RELEASED


async def test_cycles_are_refused_in_orders_and_afterwards(intake):
    for holds in ([spec("a", "b"), spec("b", "a")], [spec("a", "a")], [spec("a", "nobody")]):
        with pytest.raises(InvalidArgument) as refused:
            await intake.SubmitOrder(submit(draft(holds=holds)))
        assert refused.value.reason == "HOLD_CYCLE"
    order = (await intake.SubmitOrder(submit(draft(holds=[spec("a")])))).order
    for after, wrong in ((["late"], True), (["nobody"], True), (["a"], False)):
        request = rpc.PlaceHoldRequest(request_id=after[0], order_id=order.order_id, hold=spec("late", *after))
        if not wrong:
            assert list((await intake.PlaceHold(request)).hold.after) == ["a"]
            continue
        with pytest.raises(InvalidArgument) as refused:
            await intake.PlaceHold(request)
        assert refused.value.reason == "HOLD_CYCLE"

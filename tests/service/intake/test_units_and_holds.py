from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select

from oms.intake.v1 import hold_pb2 as holds
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import order_pb2 as orders
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.workflow.v1.order_workflow_pb2 import HoldPlaced, HoldResolved
from services.intake.tables import outbox_events
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from tests.service.intake.drafts import PENDING, draft, line, submit


async def submitted(intake: Any, *lines: Any, **fields: Any) -> Any:
    return (await intake.SubmitOrder(submit(draft(*lines, **fields)))).order


def moves(order: Any, *steps: Any, key: Any = "step/1", **fields: Any) -> Any:
    lines = [
        units.Move(line_id=line_id, from_room=old, to_room=new, quantity=quantity)
        for line_id, old, new, quantity in steps
    ]
    return rpc.RecordMovesRequest(request_id=key, order_id=order.order_id, moves=lines, **fields)


def place(order: Any, handle: Any = "risk", key: Any = "", **fields: Any) -> Any:
    known = {"type": holds.HOLD_TYPE_HIGH_RISK_OF_FRAUD} | fields
    hold = holds.HoldSpec(handle=handle, **known)
    return rpc.PlaceHoldRequest(request_id=key or f"place/{handle}", order_id=order.order_id, hold=hold)


def resolve(order: Any, handle: Any = "risk", *, rejected: Any = False, key: Any = "resolve") -> Any:
    return rpc.ResolveHoldRequest(
        request_id=key, order_id=order.order_id, handle=handle, rejected=rejected, reason="looked at"
    )


async def read(intake: Any, order: Any) -> Any:
    return (await intake.GetOrder(rpc.GetOrderRequest(order_id=order.order_id))).order


async def test_moves_go_all_together_once_and_onto_the_timeline(intake):
    order = await submitted(intake, line("A", 3), line("B", 2))
    a, b = (one.line_id for one in order.lines)
    request = moves(
        order,
        (a, units.ROOM_OPEN, units.ROOM_RESERVED, 3),
        (a, units.ROOM_RESERVED, units.ROOM_RELEASED, 2),
        (b, units.ROOM_OPEN, units.ROOM_BACKORDERED, 2),
        reason="planned",
        references={"node_id": "troy"},
        promise_time=Timestamp(seconds=1_800_000_000),
    )
    first, again = await intake.RecordMoves(request), await intake.RecordMoves(request)
    assert first == again == rpc.RecordMovesResponse(sequence=2, status=orders.ORDER_STATUS_BACKORDERED)
    after = await read(intake, order)
    assert (after.units.reserved, after.units.released, after.units.backordered) == (1, 2, 2)
    assert after.promise_time.seconds == 1_800_000_000
    assert after.etag != order.etag
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events] == [
        OrderEvent.TYPE_SUBMITTED,
        OrderEvent.TYPE_UNITS_MOVED,
        OrderEvent.TYPE_PROMISED,
    ]
    moved = events[1]
    assert (list(moved.moves), moved.reason, moved.key) == (list(request.moves), "planned", "step/1")
    assert moved.references == {"node_id": "troy"}


async def test_one_move_that_cannot_be_keeps_all_from_happening(intake):
    order = await submitted(intake, line("A", 3))
    a = order.lines[0].line_id
    good = (a, units.ROOM_OPEN, units.ROOM_RESERVED, 1)
    for bad, kind, reason in [
        ((a, units.ROOM_OPEN, units.ROOM_RESERVED, 3), FailedPrecondition, "UNITS_NOT_THERE"),
        ((a, units.ROOM_OPEN, units.ROOM_SHIPPED, 1), InvalidArgument, "ILLEGAL_MOVE"),
        (("lin_x", units.ROOM_OPEN, units.ROOM_RESERVED, 1), InvalidArgument, "UNKNOWN_LINE"),
    ]:
        with pytest.raises(kind) as refused:
            await intake.RecordMoves(moves(order, good, bad))
        assert refused.value.reason == reason
    assert await read(intake, order) == order
    assert (await intake.RecordMoves(moves(order, good))).sequence == 2


async def test_an_order_that_does_not_exist_is_not_found_by_anything(intake):
    request: Any = {"request_id": "r", "order_id": "ord_x"}
    hold = holds.HoldSpec(handle="h", type=holds.HOLD_TYPE_OTHER)
    calls = [
        intake.GetOrder(rpc.GetOrderRequest(order_id="ord_x")),
        intake.LookupOrder(rpc.LookupOrderRequest(channel="c", external_id="x")),
        intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id="ord_x")),
        intake.RecordMoves(
            rpc.RecordMovesRequest(
                **request,
                moves=[units.Move(line_id="l", from_room=units.ROOM_OPEN, to_room=units.ROOM_LOST, quantity=1)],
            )
        ),
        intake.PlaceHold(rpc.PlaceHoldRequest(**request, hold=hold)),
        intake.ResolveHold(rpc.ResolveHoldRequest(**request, handle="h")),
        intake.ExpireHold(rpc.ExpireHoldRequest(**request, hold_id="hld_x")),
        intake.CancelOrder(rpc.CancelOrderRequest(**request)),
        intake.VoidPayment(rpc.VoidPaymentRequest(**request)),
        intake.CapturePayment(
            rpc.CapturePaymentRequest(**request, shipment_id="s", lines=[LineQuantity(line_id="l", quantity=1)])
        ),
    ]
    for call in calls:
        with pytest.raises(NotFound) as refused:
            await call
        assert refused.value.reason == "ORDER_NOT_FOUND"


async def test_a_hold_is_placed_once_and_its_handle_is_its_own(running):
    intake = running.stub
    order = await submitted(intake, line("A", 1))
    placed = (await intake.PlaceHold(place(order))).hold
    assert (placed.owner_queue, placed.state) == ("fraud", holds.Hold.STATE_CREATED)
    assert (await intake.PlaceHold(place(order, key="another"))).hold == placed
    with pytest.raises(AlreadyExists) as refused:
        await intake.PlaceHold(place(order, key="other", type=holds.HOLD_TYPE_COMPLIANCE))
    assert refused.value.reason == "HOLD_HANDLE_USED"
    with pytest.raises(InvalidArgument) as unknown:
        await intake.PlaceHold(place(order, handle="x", line_id="lin_x"))
    assert unknown.value.reason == "UNKNOWN_LINE"
    assert (await read(intake, order)).status == orders.ORDER_STATUS_ON_HOLD
    assert await signals(running, HoldPlaced) == [("hold_placed", placed.hold_id)]


async def test_there_is_nothing_to_hold_once_a_node_has_every_unit(intake):
    order = await submitted(intake, line("A", 1), line("B", 1))
    a = order.lines[0].line_id
    await intake.RecordMoves(
        moves(order, (a, units.ROOM_OPEN, units.ROOM_RESERVED, 1), (a, units.ROOM_RESERVED, units.ROOM_RELEASED, 1))
    )
    with pytest.raises(FailedPrecondition) as refused:
        await intake.PlaceHold(place(order, line_id=a))
    assert refused.value.reason == "NOTHING_TO_HOLD"
    assert (await intake.PlaceHold(place(order))).hold.state == holds.Hold.STATE_CREATED


async def test_a_hold_is_resolved_one_way_only(running):
    intake = running.stub
    order = await submitted(intake)
    await intake.PlaceHold(place(order))
    released = (await intake.ResolveHold(resolve(order))).hold
    assert (released.state, released.resolved_by) == (holds.Hold.STATE_RELEASED, "anonymous")
    assert (await intake.ResolveHold(resolve(order, key="again"))).hold == released
    with pytest.raises(FailedPrecondition) as refused:
        await intake.ResolveHold(resolve(order, rejected=True, key="no"))
    assert refused.value.reason == "HOLD_RESOLVED"
    with pytest.raises(NotFound) as missing:
        await intake.ResolveHold(resolve(order, handle="none", key="none"))
    assert missing.value.reason == "HOLD_NOT_FOUND"
    assert await signals(running, HoldResolved) == [("hold_resolved", released.hold_id)]
    assert (await read(intake, order)).status == orders.ORDER_STATUS_OPEN


async def test_releasing_the_payment_hold_authorizes_the_payment(intake):
    order = await submitted(intake, line(cents=1999), payment=PENDING)
    await intake.ResolveHold(resolve(order, handle="payment"))
    payment = (await read(intake, order)).payment
    assert payment.state == orders.Payment.STATE_AUTHORIZED
    assert payment.authorized_amount == order.total_amount


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (holds.HOLD_DEADLINE_ACTION_UNSPECIFIED, holds.Hold.STATE_CREATED),
        (holds.HOLD_DEADLINE_ACTION_ESCALATE, holds.Hold.STATE_CREATED),
        (holds.HOLD_DEADLINE_ACTION_RELEASE, holds.Hold.STATE_EXPIRED),
        (holds.HOLD_DEADLINE_ACTION_CANCEL, holds.Hold.STATE_EXPIRED),
    ],
)
async def test_a_deadline_does_what_the_hold_says_and_not_before(intake, clock, action, state):
    order = await submitted(intake)
    hold = (await intake.PlaceHold(place(order, deadline_action=action))).hold
    request = rpc.ExpireHoldRequest(request_id="expire", order_id=order.order_id, hold_id=hold.hold_id)
    with pytest.raises(FailedPrecondition) as refused:
        await intake.ExpireHold(request)
    assert refused.value.reason == "HOLD_NOT_DUE"
    clock.advance(timedelta(days=1))
    for key in ("expire", "expire again"):
        expired = (
            await intake.ExpireHold(
                rpc.ExpireHoldRequest(request_id=key.replace(" ", "-"), order_id=order.order_id, hold_id=hold.hold_id)
            )
        ).hold
        assert (expired.state, expired.overdue) == (state, True)
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events][2:] == [OrderEvent.TYPE_HOLD_EXPIRED]


async def test_holds_are_listed_by_queue_with_the_nearest_deadline_first(intake):
    order = await submitted(intake)
    for number in (3, 1, 2):
        deadline = Timestamp(seconds=1_800_000_000 + number)
        await intake.PlaceHold(place(order, handle=f"h{number}", deadline_time=deadline))
    await intake.PlaceHold(place(order, handle="else", type=holds.HOLD_TYPE_COMPLIANCE))
    request = rpc.ListHoldsRequest(owner_queue="fraud", page_size=2)
    first = await intake.ListHolds(request)
    request.page_token = first.next_page_token
    second = await intake.ListHolds(request)
    assert [hold.handle for hold in (*first.holds, *second.holds)] == ["h1", "h2", "h3"]
    assert not second.next_page_token


async def signals(running: Any, payload: Any) -> Any:
    async with running.parts.database.connect() as conn:
        rows = (await conn.execute(select(outbox_events).order_by(outbox_events.c.sequence))).mappings().all()
    found = [row for row in rows if row["message_type"] == payload.DESCRIPTOR.full_name]
    return [
        (
            row["attributes"]["signal"],
            getattr(payload.FromString(row["message"]), "hold_id", "")
            or payload.FromString(row["message"]).hold.hold_id,
        )
        for row in found
    ]

"""Changes over gRPC, as far as they need no process: asked for, foreseen, decided, priced to the cent, never twice."""

import asyncio
import itertools

import pytest

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import order_change_pb2 as pb
from oms.intake.v1 import order_change_service_pb2 as rpc
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.hold_pb2 import HoldType
from oms.intake.v1.intake_service_pb2 import (
    GetOrderRequest,
    ListOrderEventsRequest,
    RecordMovesRequest,
    ResolveHoldRequest,
)
from oms.intake.v1.order_change_service_pb2_grpc import OrderChangeServiceStub
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import ServiceLevel
from oms.intake.v1.units_pb2 import Move, Room
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake.changing import changer_of
from services.intake.domain.edits import ChangeDraft, SetQuantity
from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, Unavailable
from tests.service.intake.drafts import AUTHORIZED, CAPTURED, PENDING, draft, line, submit, usd
from tests.service.intake.test_commands import oms  # noqa: F401 - a fixture


@pytest.fixture
async def changes(running):
    async with Channels(Settings()) as channels:
        yield channels.connect(OrderChangeServiceStub, running.address)


async def bought(intake, *lines, **fields):
    return (await intake.SubmitOrder(submit(draft(*lines, **fields)))).order


async def look(intake, order):
    return (await intake.GetOrder(GetOrderRequest(order_id=order.order_id))).order


def quantity(one, units):
    return pb.OrderEdit(set_quantity=pb.SetQuantity(line_id=one.line_id, quantity=units))


async def asked(changes, order, *edits, request_id="change/1", etag=""):
    """Ask for a change that nobody answers, as there is no process; return it as it was written."""
    request = rpc.ChangeOrderRequest(request_id=request_id, order_id=order.order_id, edits=edits, etag=etag)
    with pytest.raises(Unavailable):
        await changes.ChangeOrder(request, timeout=1.2)
    found = await changes.ListOrderChanges(rpc.ListOrderChangesRequest(order_id=order.order_id))
    return found.changes[-1]


async def decided(changes, change, results, lines=()):
    """Decide as the process would."""
    return await changes.DecideOrderChange(
        rpc.DecideOrderChangeRequest(
            request_id=f"{change.change_id}/decide",
            order_id=change.order_id,
            change_id=change.change_id,
            edit_results=results,
            lines=lines,
        )
    )


DONE = pb.EditResult(applied=True)


async def test_a_change_that_is_foreseen_leaves_no_trace(intake, changes):
    order = await bought(intake, line(quantity=3), payment=AUTHORIZED)
    (first,) = order.lines
    other = Address(name="Robin", country_code="GB", postal_code="SW1A 1AA")
    request = rpc.CheckOrderChangeRequest(
        order_id=order.order_id,
        edits=[quantity(first, 1), pb.OrderEdit(set_address=pb.SetAddress(ship_to=other))],
    )
    seen = await changes.CheckOrderChange(request)
    assert [one.applied for one in seen.change.edit_results] == [True, True]
    assert (seen.change.lines[0].done_quantity, seen.change.after.total_amount) == (2, usd(1000))
    assert await look(intake, order) == order
    assert seen.etag == order.etag
    assert not (await changes.ListOrderChanges(rpc.ListOrderChangesRequest(order_id=order.order_id))).changes


async def test_a_change_is_written_before_anybody_is_asked_and_is_the_same_for_ever(intake, changes):
    order = await bought(intake, line(quantity=3), payment=AUTHORIZED)
    (first,) = order.lines
    change = await asked(changes, order, quantity(first, 5), etag=order.etag)
    assert (change.version, change.state) == (1, pb.OrderChange.STATE_REQUESTED)
    with pytest.raises(Aborted) as late:
        await changes.ChangeOrder(
            rpc.ChangeOrderRequest(
                request_id="change/2", order_id=order.order_id, edits=[quantity(first, 1)], etag=order.etag
            )
        )
    assert late.value.reason == "ETAG_CHANGED"
    with pytest.raises(AlreadyExists):
        await changes.ChangeOrder(
            rpc.ChangeOrderRequest(request_id="change/1", order_id=order.order_id, edits=[quantity(first, 1)])
        )
    told = pb.LineChange(line_id=first.line_id, wanted_quantity=2, done_quantity=2, added_line_id="lin_more")
    answer = await decided(changes, change, [DONE], [told])
    again = await changes.ChangeOrder(
        rpc.ChangeOrderRequest(request_id="change/1", order_id=order.order_id, edits=[quantity(first, 5)])
    )
    assert again.change == answer.change
    assert again.change.state == pb.OrderChange.STATE_CONFIRMED
    assert (await changes.GetOrderChange(rpc.GetOrderChangeRequest(change_id=change.change_id))).change == answer.change
    events = (await intake.ListOrderEvents(ListOrderEventsRequest(order_id=order.order_id))).events
    kinds = [OrderEvent.Type.Name(one.type).removeprefix("TYPE_") for one in events]
    assert kinds == ["SUBMITTED", "CHANGE_REQUESTED", "CHANGE_CONFIRMED", "HOLD_PLACED"]
    with pytest.raises(NotFound):
        await changes.GetOrderChange(rpc.GetOrderChangeRequest(change_id="chg_none"))


async def test_units_that_nobody_has_paid_for_wait_for_their_money_and_then_are_captured(intake, changes):
    order = await bought(
        intake, line(quantity=3, cents=333, discount_amount=usd(100), tax_amount=usd(72)), payment=AUTHORIZED,
        total_amount=usd(971),
    )  # fmt: skip
    (first,) = order.lines
    change = await asked(changes, order, quantity(first, 4))
    told = pb.LineChange(line_id=first.line_id, wanted_quantity=1, done_quantity=1, added_line_id="lin_more")
    answer = await decided(changes, change, [DONE], [told])
    (hold,) = answer.holds
    assert (hold.handle, hold.line_id, hold.type) == ("payment-1", "lin_more", HoldType.HOLD_TYPE_AWAITING_PAYMENT)
    after = await look(intake, order)
    # 0.72 of 8.99 on 3.33 is 0.2667: tax in proportion to the price, and none of the discount.
    assert after.lines[1].total_amount == usd(333 + 27)
    assert after.total_amount == usd(971 + 360)
    assert after.payment.authorized_amount == usd(971)
    await intake.ResolveHold(ResolveHoldRequest(request_id="paid", order_id=order.order_id, handle="payment-1"))
    assert (await look(intake, order)).payment.authorized_amount == usd(971 + 360)


async def test_an_address_a_service_and_a_date_are_the_orders_own_afterwards(intake, changes):
    order = await bought(intake, line(), payment=PENDING)
    other = Address(name="Robin", lines=["1 High St"], country_code="GB", postal_code="SW1A 1AA")
    edits = [
        pb.OrderEdit(set_address=pb.SetAddress(ship_to=other)),
        pb.OrderEdit(set_service_level=pb.SetServiceLevel(service_level=ServiceLevel.SERVICE_LEVEL_NEXT_DAY)),
        pb.OrderEdit(set_dates=pb.SetDates(due_time={"seconds": 1_800_000_000})),
    ]
    change = await asked(changes, order, *edits)
    await decided(changes, change, [DONE, pb.EditResult(reason="NOTHING_LEFT"), DONE])
    after = await look(intake, order)
    assert (after.ship_to, after.region) == (other, "UK")
    assert after.service_level == ServiceLevel.SERVICE_LEVEL_STANDARD
    assert after.details.due_time.seconds == 1_800_000_000


async def test_a_split_divides_units_and_money_exactly_and_keeps_what_held_them(intake, changes):
    lines = [line(quantity=3, cents=333, tax_amount=usd(80)), line("CAP", 2, 500)]
    order = await bought(intake, *lines, payment=AUTHORIZED, total_amount=usd(2000), shipping_amount=usd(50))
    first, second = order.lines
    units = [LineQuantity(line_id=first.line_id, quantity=2), LineQuantity(line_id=second.line_id)]
    change = await asked(changes, order, pb.OrderEdit(split=pb.SplitOrder(quantities=units)))
    told = [
        pb.LineChange(line_id=first.line_id, wanted_quantity=2, done_quantity=2),
        pb.LineChange(line_id=second.line_id, wanted_quantity=2, done_quantity=2),
    ]
    answer = await decided(changes, change, [DONE], told)
    (made,) = (one.order_id for one in answer.change.edit_results)
    rest, part = await look(intake, order), (await intake.GetOrder(GetOrderRequest(order_id=made))).order
    assert part.external_id == f"{order.external_id}/split-1"
    assert part.details.group_id == order.external_id
    assert (rest.units.open, part.units.open) == (1, 4)

    def cents(money):
        return money.units * 100 + money.nanos // 10_000_000

    assert cents(rest.total_amount) + cents(part.total_amount) == 2000
    assert cents(rest.payment.authorized_amount) + cents(part.payment.authorized_amount) == 2000
    assert cents(rest.lines[0].tax_amount) + cents(part.lines[0].tax_amount) == 80
    assert sum(cents(one.due_amount) for one in part.lines) == cents(part.total_amount)
    assert sum(cents(one.due_amount) for one in rest.lines) + 50 == cents(rest.total_amount)
    assert part.payment.reference == rest.payment.reference


async def test_an_order_at_rest_is_answered_by_its_rooms(intake, changes):
    order = await bought(intake, line(quantity=2), payment=CAPTURED)
    (first,) = order.lines
    path = [Room.ROOM_OPEN, Room.ROOM_RESERVED, Room.ROOM_RELEASED, Room.ROOM_SHIPPED, Room.ROOM_DELIVERED]
    for number, (source, target) in enumerate(itertools.pairwise(path)):
        move = Move(line_id=first.line_id, from_room=source, to_room=target, quantity=2)
        await intake.RecordMoves(RecordMovesRequest(request_id=f"m{number}", order_id=order.order_id, moves=[move]))
    request = rpc.ChangeOrderRequest(
        request_id="late",
        order_id=order.order_id,
        edits=[quantity(first, 1), pb.OrderEdit(set_address=pb.SetAddress(ship_to=order.ship_to))],
    )
    answers = await asyncio.gather(changes.ChangeOrder(request), changes.ChangeOrder(request))
    assert answers[0].change == answers[1].change
    assert answers[0].change.state == pb.OrderChange.STATE_DECLINED
    assert [one.reason for one in answers[0].change.edit_results] == ["TOO_LATE", "NOTHING_LEFT"]
    assert answers[0].change.before == answers[0].change.after


async def test_what_makes_no_sense_is_refused_before_it_is_written(intake, changes):
    order = await bought(intake, line(), payment=AUTHORIZED)
    for edit, reason in (
        (pb.OrderEdit(), "EMPTY_EDIT"),
        (pb.OrderEdit(set_quantity=pb.SetQuantity(line_id="lin_none", quantity=1)), "UNKNOWN_LINE"),
        (pb.OrderEdit(set_address=pb.SetAddress(ship_to=Address(name="X"))), "MISSING_COUNTRY"),
        (pb.OrderEdit(add_line=line(external_line_id="1")), "DUPLICATE_LINE"),
        (pb.OrderEdit(add_line=line(discount_amount=usd(1001))), "NEGATIVE_AMOUNT"),
        (pb.OrderEdit(merge=pb.MergeOrder(order_id=order.order_id)), "MERGE_WITH_ITSELF"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            await changes.ChangeOrder(rpc.ChangeOrderRequest(request_id="x", order_id=order.order_id, edits=[edit]))
        assert refused.value.reason == reason
    assert (await look(intake, order)).etag == order.etag


async def test_a_channel_that_changes_what_is_not_there_has_its_document_looked_at(intake, running):
    order = await bought(intake, line(quantity=2), payment=AUTHORIZED, channel="x12-acme")
    changer = changer_of(running.parts)

    async def sent(external_id, line_id, change_id="860-1", quantity=1):
        edits = (SetQuantity(line_id=line_id, quantity=quantity),)
        told = ChangeDraft(channel="x12-acme", external_id=external_id, change_id=change_id, edits=edits)
        return await changer.change_by_document(None, told, actor="test")

    problems = [await sent("PO-none", "1"), await sent(order.external_id, "7"), await sent(order.external_id, "1")]
    assert [one.reason for one in problems] == ["ORDER_NOT_FOUND", "UNKNOWN_LINE", "PROCESS_UNAVAILABLE"]
    assert (await sent(order.external_id, "1", "860-2", 10**9)).reason == "LIMIT_EXCEEDED"
    # Read again once the process has answered, it is the same change.
    again = await sent(order.external_id, "1")
    assert again.reason == "PROCESS_UNAVAILABLE"
    events = (await intake.ListOrderEvents(ListOrderEventsRequest(order_id=order.order_id))).events
    assert [one.type for one in events].count(OrderEvent.TYPE_CHANGE_REQUESTED) == 1
    assert order.lines[0].external_line_id == "1"


async def test_a_change_is_tried_made_and_looked_at_from_the_command_line(intake, oms, tmp_path):  # noqa: F811
    order = await bought(intake, line(quantity=3), payment=AUTHORIZED)
    (first,) = order.lines
    file = tmp_path / "address.json"
    file.write_text('{"countryCode": "GB", "postalCode": "SW1A 1AA"}')
    words = ("order", "change", "make", order.order_id, "--quantity", f"{first.line_id}=1", "--address", str(file))
    seen = await oms(*words, "--dry-run", "--json")
    assert seen["change"]["after"]["total_amount"]["units"] == "10"
    assert "Asked of a node" in await oms(*words, "--dry-run")
    await oms(*words, code=1)
    (made,) = (await oms("order", "change", "list", order.order_id, "--json"))["changes"]
    assert "requested" in await oms("order", "change", "show", made["change_id"])
    assert "Reques" in await oms("order", "change", "list", order.order_id)
    await oms("order", "change", "make", order.order_id, code=2)
    await oms("order", "change", "make", order.order_id, "--service", "SOON", code=2)

"""Changing through the live process: the answer is what really happened, and intake's units and money agree with it."""

import asyncio
from datetime import timedelta

import pytest

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import order_change_pb2 as pb
from oms.intake.v1 import order_change_service_pb2 as rpc
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from oms.intake.v1.order_draft_pb2 import DraftLine
from oms.intake.v1.order_pb2 import Payment
from tests.workflow.life import Life, key, usd
from tests.workflow.looking import cents

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("leaping house")]

ELSEWHERE = Address(name="Otto", lines=["2 Wharf"], city="Boston", postal_code="02108", country_code="US")


async def change(life: Life, order, *edits, request_id: str = "", etag: str = ""):
    request = rpc.ChangeOrderRequest(request_id=request_id or key(), order_id=order.order_id, edits=edits, etag=etag)
    return (await life.house.services.changes.ChangeOrder(request)).change


def quantity(line, units):
    return pb.OrderEdit(set_quantity=pb.SetQuantity(line_id=line.line_id, quantity=units))


def address(ship_to=ELSEWHERE):
    return pb.OrderEdit(set_address=pb.SetAddress(ship_to=ship_to))


def numbers(answer):
    return [(one.done_quantity, one.intercepting_quantity, one.too_late_quantity) for one in answer.lines]


async def test_an_address_is_changed_before_and_after_a_node_has_the_order(leaping: Life):
    sku = await leaping.stock(east=4)
    order = await leaping.silently((sku, 2))
    work = await leaping.released(order)
    answer = await change(leaping, order, address())
    assert (answer.state, numbers(answer)) == (pb.OrderChange.STATE_CONFIRMED, [(2, 0, 0)])
    again = await leaping.work_of(order, known=[work])
    assert again.node_id == "dc-east", "a node that was asked to leave it has not refused it"
    assert again.ship_to == ELSEWHERE
    await leaping.until(order, "RELEASED", released=2)
    await leaping.scan(await leaping.ship(again), "DELIVERED")
    assert await leaping.ended(order) == "Delivered"
    late = await change(leaping, order, address())
    assert [one.reason for one in late.edit_results] == ["NOTHING_LEFT"]


async def test_what_is_split_off_ships_by_itself_and_what_is_added_waits_for_its_money(leaping: Life):
    sku, other = await leaping.stock(east=9), await leaping.stock(west=9, east=9)
    order = await leaping.buy((sku, 3), (other, 2), holds=[leaping.hold("call")])
    first, second = order.lines
    split = pb.OrderEdit(split=pb.SplitOrder(quantities=[LineQuantity(line_id=second.line_id, quantity=1)]))
    pin = pb.OrderEdit(set_node=pb.SetNode(node_id="dc-west", line_ids=[second.line_id]))
    answer = await change(leaping, order, split, pin)
    assert [one.applied for one in answer.edit_results] == [True, True]
    made = GetOrderRequest(order_id=answer.edit_results[0].order_id)
    part = (await leaping.house.services.intake.GetOrder(made)).order
    added = pb.OrderEdit(add_line=DraftLine(sku=other, quantity=1, unit_price=usd(7)))
    answer = await change(leaping, order, quantity(first, 2), added, quantity(second, 2))
    assert numbers(answer) == [(1, 0, 0), (1, 0, 0), (1, 0, 0)]
    assert (cents(answer.before.total_amount), cents(answer.after.total_amount)) == (4000, 4700)
    # The shop has the card authorized for what both orders come to.
    whole = {"reference": order.external_id, "amount_minor": 5700, "currency_code": "USD"}
    (await leaping.house.http["payment"].post("/authorizations", json=whole)).raise_for_status()
    await leaping.resolve(part, "call", rejected=True)
    assert await leaping.ended(part) == "Cancelled"
    assert {hold.handle for hold in (await leaping.look(order)).holds} == {"call", "payment-2", "payment-2-1"}
    for handle in ("payment-2-1", "payment-2", "call"):
        await leaping.resolve(order, handle)
    assert await leaping.ended(order) == "Delivered"
    assert {work.node_id for work in await leaping.works(order)} == {"dc-east", "dc-west"}
    assert await leaping.account(order) == {"captured": 4700, "voided": 1000, "refunded": 0}


async def test_an_address_that_changes_while_nodes_are_told_is_on_as_many_units_as_was_said(leaping: Life):
    skus = [await leaping.stock(east=3), await leaping.stock(west=3)]
    for sku in skus:
        await leaping.behave("wms", sku=sku, behaviour="silent")
    orders = [await leaping.buy((skus[0], 1), (skus[1], 1)) for _ in range(3)]
    # Nobody waits for anything: changes meet orders that are being planned, reserved and released.
    answers = await asyncio.gather(*(change(leaping, order, address()) for order in orders))
    for order, answer in zip(orders, answers, strict=True):
        await leaping.until(order, "RELEASED", released=2)
        works = [work for work in await leaping.works(order) if await leaping.waiting(work)]
        right = sum([await leaping.waiting(work) for work in works if work.ship_to == ELSEWHERE])
        assert right == sum(line.done_quantity for line in answer.lines)
        assert 2 - right == sum(line.too_late_quantity for line in answer.lines)
        for work in works:
            await leaping.scan(await leaping.ship(work), "DELIVERED")
        assert await leaping.ended(order) == "Delivered"


async def test_of_two_that_merge_each_other_one_goes_and_nothing_is_lost_or_paid_back(leaping: Life):
    sku = await leaping.stock(east=9)
    order = await leaping.buy((sku, 3), holds=[leaping.hold("call")])
    (line,) = order.lines
    split = pb.OrderEdit(split=pb.SplitOrder(quantities=[LineQuantity(line_id=line.line_id, quantity=2)]))
    made = (await change(leaping, order, split)).edit_results[0].order_id
    part = (await leaping.house.services.intake.GetOrder(GetOrderRequest(order_id=made))).order
    alien = await leaping.buy((sku, 1), holds=[leaping.hold("call")])
    refused = await change(leaping, order, pb.OrderEdit(merge=pb.MergeOrder(order_id=alien.order_id)))
    assert refused.edit_results[0].reason == "NOT_ALIKE", "it is paid otherwise"
    answers = await asyncio.gather(
        change(leaping, order, pb.OrderEdit(merge=pb.MergeOrder(order_id=made))),
        change(leaping, part, pb.OrderEdit(merge=pb.MergeOrder(order_id=order.order_id))),
    )
    done = [answer for answer in answers if answer.state == pb.OrderChange.STATE_CONFIRMED]
    if not done:
        assert [answer.edit_results[0].reason for answer in answers] == ["BUSY", "BUSY"], "each saw the other"
        done = [await change(leaping, order, pb.OrderEdit(merge=pb.MergeOrder(order_id=made)))]
    (answer,) = done
    stays, goes, units = (order, part, 1) if answer.order_id == order.order_id else (part, order, 2)
    assert (cents(answer.before.total_amount), cents(answer.after.total_amount)) == (1000 * units, 3000)
    assert await leaping.ended(goes) == "Cancelled"
    for handle in {hold.handle for hold in (await leaping.look(stays)).holds}:
        await leaping.resolve(stays, handle)
    assert await leaping.ended(stays) == "Delivered"
    await leaping.until(stays, "DELIVERED", delivered=3)
    assert cents((await leaping.look(stays)).total_amount) + cents((await leaping.look(goes)).total_amount) == 3000
    assert await leaping.account(order) == {"captured": 3000, "voided": 0, "refunded": 0}


async def test_what_nobody_paid_for_is_not_paid_back_when_it_is_cancelled(leaping: Life):
    sku = await leaping.stock(east=9)
    order = await leaping.buy((sku, 2), holds=[leaping.hold("call")], paid=Payment.STATE_CAPTURED)
    (line,) = order.lines
    answer = await change(leaping, order, quantity(line, 3))
    assert (numbers(answer), cents(answer.after.total_amount)) == ([(1, 0, 0)], 3000)
    await leaping.resolve(order, "payment-1", rejected=True)
    await leaping.until(order, cancelled=1, open=2)
    answer = await change(leaping, order, quantity(line, 1))
    assert (numbers(answer), cents(answer.refund_amount)) == ([(1, 0, 0)], 1000)
    await leaping.resolve(order, "call")
    assert await leaping.ended(order) == "Delivered"
    assert sum(amount for _, amount in await leaping.paid_back(order)) == 1000


async def test_two_who_change_and_cancel_at_once_while_nodes_ship_are_told_one_truth(leaping: Life):
    sku, other = await leaping.stock(east=9), await leaping.stock(west=9)
    order = await leaping.silently((sku, 4), (other, 3), paid=Payment.STATE_CAPTURED)
    first, second = order.lines
    east, _west = await leaping.work_of(order, 2)
    await leaping.until(order, "RELEASED")

    async def ship_one():
        return await leaping.ship(east, {first.line_id: 1})

    one_key, other_key = key(), key()
    answers = await asyncio.gather(
        change(leaping, order, quantity(first, 2), request_id=one_key),
        change(leaping, order, quantity(first, 3), quantity(second, 1), request_id=other_key),
        leaping.cancel(order, {second.line_id: 2}),
        ship_one(),
        change(leaping, order, quantity(first, 2), request_id=one_key),
    )
    one, two, cancellation, parcel, one_again = answers
    assert one == one_again
    for answer in (one, two):
        assert answer.state in (pb.OrderChange.STATE_CONFIRMED, pb.OrderChange.STATE_DECLINED)
        for line in answer.lines:
            told = line.done_quantity + line.intercepting_quantity + line.too_late_quantity
            assert told == line.wanted_quantity
    by_changes = dict.fromkeys((first.line_id, second.line_id), 0)
    for answer in (one, two):
        for line in answer.lines:
            if not line.added_line_id:
                by_changes[line.line_id] += line.done_quantity
    await leaping.house.leap(timedelta(minutes=1))
    for work in await leaping.works(order):
        if await leaping.waiting(work):
            await leaping.scan(await leaping.ship(work), "DELIVERED")
    await leaping.scan(parcel, "DELIVERED")
    for hold in (await leaping.look(order)).holds:
        await leaping.resolve(order, hold.handle, rejected=True)
    await leaping.ended(order)
    found = (await leaping.house.services.intake.GetOrder(GetOrderRequest(order_id=order.order_id))).order
    gone = {line.line_id: line.units.cancelled for line in found.lines}
    (asked,) = cancellation
    # A cancellation tells units that had been cancelled before as cancelled too: it is a wish about the whole line.
    assert by_changes[first.line_id] == gone[first.line_id]
    assert by_changes[second.line_id] <= gone[second.line_id] <= by_changes[second.line_id] + asked.cancelled_quantity
    for line in found.lines:
        assert line.quantity == line.units.cancelled + line.units.delivered
    refunds = sum(amount for _, amount in await leaping.paid_back(order))
    assert refunds == 1000 * (gone[first.line_id] + gone[second.line_id])
    assert cents(one.refund_amount) + cents(two.refund_amount) == 1000 * sum(by_changes.values())

"""Cancelling through the live process: the answer is what really happened, unit by unit."""

import asyncio

import pytest

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.intake.v1.order_pb2 import Order, Payment
from oms.intake.v1.units_pb2 import Room
from services.kernel.errors import AlreadyExists
from tests.workflow.life import Life, key, outcomes

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]


async def test_a_held_order_is_cancelled_at_once(life: Life):
    sku = await life.stock(east=2)
    order = await life.buy((sku, 2), holds=[life.hold("call", kind="CUSTOMER_REQUEST")])
    await life.shown(order, Status="On hold")
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 2, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    assert await life.account(order) == {"captured": 0, "voided": 2000, "refunded": 0}
    assert await life.reservations(order) == []


async def test_a_backordered_order_is_cancelled_and_waits_for_nothing_any_more(life: Life):
    sku = await life.stock()
    order = await life.buy((sku, 2))
    await life.until(order, "BACKORDERED")
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 2, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    await life.stock(sku=sku, east=2)
    assert (await life.position(sku)).available == 2


async def test_an_order_that_nobody_has_looked_at_is_cancelled_before_it_is_allocated(life: Life):
    sku = await life.stock(east=1)
    async with life.nobody_working():
        order = await life.buy((sku, 1))
        asked = asyncio.create_task(life.cancel(order))
        await life.happened(order, "CANCELLATION_REQUESTED")
    assert outcomes(await asked) == [("CANCELLED", 1, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=1)
    assert (await life.position(sku)).available == 1


async def test_units_that_are_reserved_go_back_to_stock(life: Life):
    sku = await life.stock(east=2)
    async with life.nothing_reserved():
        order = await life.buy((sku, 2))
        # A hold that is placed while stock is being reserved: no node hears of the units.
        await life.place(order, life.hold("late"))
        await life.told(order, "hold_placed")
    await life.until(order, reserved=2)
    await life.shown(order, Status="On hold", Hold="OTHER")
    assert (await life.position(sku)).available == 0
    assert outcomes(await life.cancel(order, {order.lines[0].line_id: 1})) == [("CANCELLED", 1, 0, 0)]
    await life.until(order, reserved=1, cancelled=1)
    assert (await life.position(sku)).available == 1
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 2, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    assert (await life.position(sku)).available == 2


async def test_a_node_that_has_not_begun_stops_and_the_answer_is_cancelled(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2))
    work = await life.released(order)
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 2, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=2)
    assert await life.finished(life.process(work)) is not None
    assert (await life.position(sku)).available == 2
    assert await life.account(order) == {"captured": 0, "voided": 2000, "refunded": 0}


async def packed(life: Life, sku: str, quantity: int) -> tuple[Order, FulfillmentOrder]:
    """Return an order whose node is packing: its label cannot be bought, so it stays there until the test goes on."""
    order = await life.buy((sku, quantity), holds=[life.hold("stage")])
    await life.behave("carrier", order_id=order.order_id, behaviour="refuse_label")
    await life.resolve(order, "stage")
    work = await life.released(order)
    await life.wms_is(work, "packing")
    return order, work


async def test_a_packed_parcel_is_intercepted_and_then_cancelled(life: Life):
    sku = await life.stock(east=2)
    order, work = await packed(life, sku, 2)
    assert outcomes(await life.cancel(order)) == [("INTERCEPTING", 0, 2, 0)]
    assert (await life.look(order)).units.released == 2
    await life.says(work, "CANCELLED", message="taken out of the parcel")
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=2)
    assert (await life.position(sku)).available == 2
    assert await life.account(order) == {"captured": 0, "voided": 2000, "refunded": 0}


async def test_a_packed_parcel_that_could_not_be_intercepted_arrives_and_is_paid_for(life: Life):
    sku = await life.stock(east=2)
    order, work = await packed(life, sku, 2)
    request_id = key()
    assert outcomes(await life.cancel(order, request_id=request_id)) == [("INTERCEPTING", 0, 2, 0)]
    await life.says(work, "CANCELLATION_REJECTED", message="on the truck")
    await life.behave("carrier", order_id=order.order_id, behaviour="normal")
    parcel = await life.ship(work)
    await life.until(order, "SHIPPED")
    assert outcomes(await life.cancel(order)) == [("TOO_LATE", 0, 0, 2)]
    await life.scan(parcel, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    # What was answered stays answered, whatever came of it.
    assert outcomes(await life.cancel(order, request_id=request_id)) == [("INTERCEPTING", 0, 2, 0)]
    assert await life.account(order) == {"captured": 2000, "voided": 0, "refunded": 0}


async def test_a_shipped_order_is_too_late_to_cancel(life: Life):
    sku = await life.stock(east=1)
    order = await life.silently((sku, 1))
    parcel = await life.ship(await life.released(order))
    await life.until(order, "SHIPPED")
    assert outcomes(await life.cancel(order)) == [("TOO_LATE", 0, 0, 1)]
    await life.scan(parcel, "DELIVERED")
    await life.ended(order)
    assert outcomes(await life.cancel(order)) == [("TOO_LATE", 0, 0, 1)]
    await life.until(order, "DELIVERED", delivered=1)


async def test_the_same_request_gets_the_same_answer_and_cancels_once(life: Life):
    sku = await life.stock(east=3)
    order = await life.silently((sku, 3))
    work = await life.released(order)
    line, request_id = order.lines[0].line_id, key()
    answers = await asyncio.gather(*(life.cancel(order, {line: 1}, request_id=request_id) for _ in range(3)))
    assert [outcomes(answer) for answer in answers] == [[("CANCELLED", 1, 0, 0)]] * 3
    await life.until(order, cancelled=1, released=2)
    with pytest.raises(AlreadyExists):
        await life.cancel(order, {line: 2}, request_id=request_id)
    await life.scan(await life.ship(work), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    await life.until(order, delivered=2, cancelled=1)
    assert await life.account(order) == {"captured": 2000, "voided": 1000, "refunded": 0}


async def test_two_who_cancel_at_once_are_told_one_truth(life: Life):
    sku = await life.stock(east=3)
    order = await life.silently((sku, 3))
    await life.released(order)
    line = order.lines[0].line_id
    answers = await asyncio.gather(life.cancel(order, {line: 2}), life.cancel(order, {line: 2}), life.cancel(order))
    assert all(sum(one[1:]) <= 3 and one[0] == "CANCELLED" for answer in answers for one in outcomes(answer))
    assert await life.ended(order) == "Cancelled"
    found = await life.until(order, "CANCELLED", cancelled=3)
    into = [
        move.quantity for one in await life.events(found) for move in one.moves if move.to_room == Room.ROOM_CANCELLED
    ]
    assert sum(into) == 3
    assert (await life.position(sku)).available == 3
    assert await life.account(order) == {"captured": 0, "voided": 3000, "refunded": 0}


async def test_part_of_an_order_is_cancelled_and_the_rest_arrives(life: Life):
    one, other = await life.stock(east=3), await life.stock(west=2)
    order = await life.silently((one, 3), (other, 2))
    await life.until(order, "RELEASED")
    first, second = order.lines
    answer = outcomes(await life.cancel(order, {first.line_id: 2, second.line_id: 0}))
    assert sorted(answer) == [("CANCELLED", 2, 0, 0), ("CANCELLED", 2, 0, 0)]
    await life.until(order, released=1, cancelled=4)
    left = next(work for work in await life.work_of(order, 2) if work.node_id == "dc-east")
    await life.scan(await life.ship(left), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    await life.until(order, delivered=1, cancelled=4)
    assert await life.account(order) == {"captured": 1000, "voided": 4000, "refunded": 0}


async def test_a_cancellation_starts_the_process_where_the_relay_has_not_and_it_runs_once(life: Life):
    sku = await life.stock(east=1)
    async with life.house.intake_tells_nobody():
        order = await life.buy((sku, 1))
        assert outcomes(await life.cancel(order)) == [("CANCELLED", 1, 0, 0)]
        assert await life.ended(order) == "Cancelled"
        run = (await life.process(order).describe()).run_id
    # The relay finds that it has run, and does not run it again.
    after = await life.until(await life.buy((sku, 1)), "DELIVERED")
    assert (await life.process(order).describe()).run_id == run
    assert (await life.look(order)).units.cancelled == 1
    assert after.units.delivered == 1


async def test_what_was_paid_in_the_channel_is_paid_back_when_the_order_is_cancelled(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2), paid=Payment.STATE_CAPTURED)
    await life.released(order)
    line = order.lines[0].line_id
    assert outcomes(await life.cancel(order, {line: 1})) == [("CANCELLED", 1, 0, 0)]
    await life.until(order, cancelled=1)
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 2, 0, 0)]
    assert await life.ended(order) == "Cancelled"
    assert await life.account(order) == {"captured": 2000, "voided": 0, "refunded": 2000}
    assert sorted(await life.paid_back(order)) == [("CANCELLATION", 1000), ("CANCELLATION", 1000)]


async def test_an_operator_who_cancels_the_process_cancels_the_order(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2))
    work = await life.released(order)
    await life.process(order).cancel()
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=2)
    assert await life.finished(life.process(work)) is not None
    assert (await life.position(sku)).available == 2
    assert await life.account(order) == {"captured": 0, "voided": 2000, "refunded": 0}


async def test_an_operator_who_cancels_a_held_order_in_the_web_ui_cancels_it(life: Life):
    order = await life.buy((await life.stock(east=1), 1), holds=[life.hold("call")])
    await life.shown(order, Status="On hold")
    await life.process(order).cancel()
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED")


async def test_an_operator_who_cancels_a_nodes_work_has_the_node_stop(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2))
    work = await life.released(order)
    await life.process(work).cancel()
    assert await life.finished(life.process(work)) is not None
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=2)


async def test_an_operator_who_cancels_the_process_of_a_shipped_order_changes_nothing(life: Life):
    order = await life.silently((await life.stock(east=1), 1))
    parcel = await life.ship(await life.released(order))
    await life.until(order, "SHIPPED")
    await life.process(order).cancel()
    await life.scan(parcel, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    await life.until(order, "DELIVERED", delivered=1)

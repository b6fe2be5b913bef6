"""What happens when nothing happens: days pass at once, for the processes and for the services."""

from datetime import timedelta

import pytest

from oms.intake.v1.hold_pb2 import Hold
from oms.intake.v1.order_pb2 import Payment
from oms.returns.v1.return_pb2 import Return
from tests.workflow.life import Life

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("leaping house")]

MOMENT = timedelta(minutes=1)


def days(number: float) -> timedelta:
    return timedelta(days=number) + MOMENT


async def test_a_hold_that_nobody_looked_at_is_shown_as_overdue_and_stays(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 1), holds=[leaping.hold("look", days=2)])
    await leaping.shown(order, Status="On hold")
    await leaping.house.leap(days(2))
    found = await leaping.until(order, "ON_HOLD")
    await leaping.happened(order, "HOLD_EXPIRED")
    (hold,) = (await leaping.look(order)).holds
    assert (hold.overdue, hold.state) == (True, Hold.STATE_CREATED)
    assert found.units.open == 1
    await leaping.house.leap(days(2))
    await leaping.resolve(order, "look")
    await leaping.until(order, "DELIVERED")
    assert (await leaping.kinds(order)).count("HOLD_EXPIRED") == 1


async def test_a_hold_may_end_by_itself_at_its_deadline(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 1), holds=[leaping.hold("wait", days=5, then="RELEASE")])
    await leaping.shown(order, Status="On hold")
    await leaping.house.leap(days(4))
    await leaping.until(order, "ON_HOLD", open=1)
    await leaping.house.leap(days(1))
    await leaping.until(order, "DELIVERED")
    assert await leaping.ended(order) == "Delivered"


async def test_a_hold_may_cancel_the_order_at_its_deadline(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 1), holds=[leaping.hold("decide", days=1, then="CANCEL")])
    await leaping.shown(order, Status="On hold")
    await leaping.house.leap(days(1))
    assert await leaping.ended(order) == "Cancelled"
    await leaping.until(order, "CANCELLED", cancelled=1)
    assert (await leaping.account(order))["voided"] == 1000


async def test_an_order_that_nobody_pays_for_is_cancelled_after_a_week(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 1), paid=Payment.STATE_PENDING)
    await leaping.shown(order, Status="On hold", Hold="AWAITING_PAYMENT")
    await leaping.house.leap(days(6.9))
    await leaping.until(order, "ON_HOLD")
    await leaping.house.leap(days(0.1))
    assert await leaping.ended(order) == "Cancelled"
    await leaping.until(order, "CANCELLED", cancelled=1)
    assert await leaping.account(order) == {"captured": 0, "voided": 0, "refunded": 0}


async def test_a_deadline_that_intakes_clock_has_not_reached_is_asked_for_again_until_it_has(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 1), holds=[leaping.hold("wait", days=1, then="RELEASE")])
    await leaping.shown(order, Status="On hold")
    assert leaping.house.sleep
    await leaping.house.sleep(days(1))
    assert (await leaping.look(order)).units.open == 1
    leaping.house.clock.leap(days(1))
    # Within a minute, not the quarter of an hour after which a refusal for good is looked at again.
    await leaping.house.sleep(MOMENT)
    await leaping.until(order, "DELIVERED")


async def test_a_backorder_that_nothing_fills_is_cancelled_after_thirty_days(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.buy((sku, 3))
    await leaping.until(order, backordered=2, delivered=1)
    await leaping.shown(order, Status="Backordered")
    # Held, it is not tried again every few hours; its month goes on.
    await leaping.place(order, leaping.hold("quiet", days=100))
    await leaping.told(order, "hold_placed")
    await leaping.house.leap(days(28))
    await leaping.resolve(order, "quiet")
    await leaping.shown(order, Status="Backordered", Hold="")
    await leaping.house.leap(days(1))
    await leaping.until(order, backordered=2, delivered=1)
    await leaping.house.leap(days(1))
    assert await leaping.ended(order) == "Delivered"
    await leaping.until(order, delivered=1, cancelled=2)
    assert await leaping.account(order) == {"captured": 1000, "voided": 2000, "refunded": 0}
    reasons = [one.reason for one in await leaping.events(order)]
    assert "no stock came before the limit" in reasons


async def test_a_node_that_says_nothing_for_two_days_shows_as_silent_until_it_speaks(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.silently((sku, 1))
    work = await leaping.released(order)
    await leaping.shown(work, Status="Released")
    await leaping.house.leap(days(2))
    await leaping.shown(work, Status="Node silent")
    assert "Node silent" in await leaping.details(work)
    parcel = await leaping.ship(work)
    await leaping.shown(work, Status="Shipped")
    await leaping.scan(parcel, "DELIVERED")
    assert await leaping.ended(order) == "Delivered"


async def test_a_parcel_of_which_the_carrier_says_nothing_for_four_weeks_is_lost_and_paid_back(leaping: Life):
    sku = await leaping.stock(east=2)
    order = await leaping.silently((sku, 2))
    work = await leaping.released(order)
    await leaping.ship(work)
    await leaping.until(order, "SHIPPED")
    await leaping.shown(work, Status="Shipped")
    await leaping.house.leap(days(7))
    await leaping.shown(work, Status="Carrier silent")
    await leaping.until(order, "SHIPPED")
    await leaping.house.leap(days(21))
    await leaping.ended(order)
    await leaping.until(order, "CANCELLED", cancelled=2)
    assert await leaping.paid_back(order) == [("LOSS", 2000)]
    assert await leaping.account(order) == {"captured": 2000, "voided": 0, "refunded": 2000}
    rooms = [one.reason for one in await leaping.events(order)]
    assert "lost on the way" in rooms
    assert "lost on the way, paid back" in rooms


async def test_a_call_that_is_refused_for_good_shows_as_stuck_and_goes_on_when_it_was_mended(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.until(await leaping.buy((sku, 1)), "DELIVERED")
    await leaping.behave("carrier", order_id=order.order_id, behaviour="refuse_label")
    record = await leaping.ask_back(order, 1)
    await leaping.shown(record, Status="Stuck")
    await leaping.house.leap(timedelta(minutes=15))
    await leaping.shown(record, Status="Stuck")
    await leaping.behave("carrier", order_id=order.order_id, behaviour="normal")
    await leaping.house.leap(timedelta(minutes=16))
    record = await leaping.back(record, "a label", lambda found: found.tracking_number)
    await leaping.shown(record, Status="Awaiting parcel")
    await leaping.receive(record, 1)
    await leaping.inspect(record, "RESTOCK", 1)
    assert await leaping.finished(leaping.process(record)) == "Closed"


async def test_a_return_of_which_no_parcel_comes_is_given_up_after_sixty_days(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.until(await leaping.buy((sku, 1)), "DELIVERED")
    record = await leaping.ask_back(order, 1)
    await leaping.back(record, "a label", lambda found: found.tracking_number)
    await leaping.shown(record, Status="Awaiting parcel", Node="dc-east")
    await leaping.house.leap(days(59))
    await leaping.back(record, "patience", lambda found: not found.closed)
    await leaping.house.leap(days(1))
    await leaping.finished(leaping.process(record))
    await leaping.back(record, "an end", lambda found: found.authorization == Return.AUTHORIZATION_CANCELLED)
    assert await leaping.paid_back(order) == []
    await leaping.until(order, "DELIVERED", delivered=1)


async def test_a_late_return_waits_for_a_decision_and_is_declined(leaping: Life):
    sku = await leaping.stock(east=1)
    order = await leaping.until(await leaping.buy((sku, 1)), "DELIVERED")
    await leaping.house.leap(days(31))
    record = await leaping.ask_back(order, 1)
    assert record.authorization == Return.AUTHORIZATION_PENDING
    await leaping.shown(record, Status="Awaiting decision")
    await leaping.decide(record, "Decline")
    assert await leaping.finished(leaping.process(record)) == "Declined"
    assert (await leaping.back(record, "an end", lambda found: found.closed)).tracking_number == ""
    assert await leaping.paid_back(order) == []


async def test_a_late_return_that_is_authorized_comes_back_and_one_that_nobody_decides_on_does_not(leaping: Life):
    sku = await leaping.stock(east=2)
    order = await leaping.until(await leaping.buy((sku, 2)), "DELIVERED")
    await leaping.house.leap(days(31))
    wanted, forgotten = await leaping.ask_back(order, 1), await leaping.ask_back(order, 1)
    await leaping.decide(wanted, "Authorize")
    await leaping.back(wanted, "a label", lambda found: found.tracking_number)
    await leaping.receive(wanted, 1)
    await leaping.inspect(wanted, "RESTOCK", 1)
    assert await leaping.finished(leaping.process(wanted)) == "Closed"
    await leaping.shown(forgotten, Status="Awaiting decision")
    await leaping.house.leap(days(14))
    assert await leaping.finished(leaping.process(forgotten)) == "Cancelled"
    await leaping.back(forgotten, "an end", lambda found: found.authorization == Return.AUTHORIZATION_CANCELLED)
    assert await leaping.paid_back(order) == [("RETURN", 1000)]

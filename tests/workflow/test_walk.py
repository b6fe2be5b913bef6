"""The way of an order, from acceptance to the customer's door, and what may happen to it on the way."""

import pytest

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.intake.v1.order_pb2 import Payment
from oms.inventory.v1.reservation_pb2 import Reservation
from services.kernel import ids
from tests.workflow.house import NODES
from tests.workflow.life import Life, outcomes

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]

REJECTED = FulfillmentOrder.REQUEST_STATUS_REJECTED


async def test_an_order_walks_from_acceptance_to_the_door_and_is_paid_for_once(life: Life):
    sku = await life.stock(east=5)
    order = await life.until(await life.buy((sku, 2)), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert [one.state for one in await life.reservations(order)] == [Reservation.STATE_CONSUMED]
    assert (await life.position(sku)).on_hand == 3
    assert await life.account(order) == {"captured": 2000, "voided": 0, "refunded": 0}
    assert await life.kinds(order) == ["SUBMITTED", "PAYMENT_CAPTURED"]
    numbers = [one.sequence for one in await life.events(order)]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_an_operator_sees_where_an_order_is_and_never_who_it_is_for(life: Life):
    sku = await life.stock(east=5)
    order = await life.silently((sku, 2), channel="shown-here", priority=1)
    work = await life.released(order)
    shown = await life.shown(order, Status="Released", Node="dc-east", Channel="shown-here", Hold="")
    assert (shown["OmsRegion"], shown["OmsPriority"]) == ("US", 1)
    assert shown["OmsPromiseTime"] == work.promise_time.ToDatetime(shown["OmsPromiseTime"].tzinfo)
    details = await life.details(order)
    assert all(word in details for word in ("**Released**", "dc-east"))
    assert sku in details
    child = await life.shown(work, Status="Released", Node="dc-east", Channel="shown-here")
    assert child["OmsRegion"] == "US"
    assert f"2 × {sku}" in await life.details(work)
    everything = [details, await life.details(work), str(shown), str(child), str(await life.process(order).describe())]
    assert not any(word in text.lower() for text in everything for word in ("philippa", "tannery", "60601"))
    await life.scan(await life.ship(work), "DELIVERED")
    await life.ended(order)


async def test_the_processes_of_a_node_can_be_listed_in_the_web_ui(life: Life):
    sku = await life.stock(west=1)
    order = await life.silently((sku, 1), channel="listed-here")
    work = await life.released(order)
    await life.shown(work, Status="Released")
    listed = await life.listed("OmsChannel = 'listed-here' AND OmsNode = 'dc-west' AND OmsStatus = 'Released'", 2)
    assert listed == {f"order/{order.order_id}", f"fulfillment/{work.fulfillment_order_id}"}
    await life.cancel(order)
    await life.ended(order)


async def test_what_no_node_has_whole_comes_from_two_each_with_a_process_of_its_own(life: Life):
    east, west = await life.stock(east=1), await life.stock(west=1)
    order = await life.buy((east, 1), (west, 1))
    works = await life.work_of(order, 2)
    assert [one.node_id for one in works] == ["dc-east", "dc-west"]
    await life.until(order, "DELIVERED")
    assert [await life.finished(life.process(work)) for work in works]
    assert await life.ended(order) == "Delivered"
    assert await life.kinds(order) == ["SUBMITTED", "PAYMENT_CAPTURED", "PAYMENT_CAPTURED"]
    assert (await life.account(order))["captured"] == 2000


async def test_a_node_may_ship_in_two_parcels_and_the_order_is_partly_shipped_meanwhile(life: Life):
    sku = await life.stock(east=3)
    order = await life.silently((sku, 3))
    work = await life.released(order)
    line = order.lines[0].line_id
    first = await life.ship(work, {line: 1})
    await life.until(order, "PARTLY_SHIPPED", shipped=1, released=2)
    await life.captured(order, 1000)
    await life.shown(work, Status="Partly shipped")
    second = await life.ship(work, {line: 2})
    await life.scan(second, "DELIVERED")
    await life.until(order, shipped=1, delivered=2)
    await life.scan(first, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert (await life.account(order))["captured"] == 3000


async def test_a_held_order_goes_on_when_its_hold_is_released(life: Life):
    sku = await life.stock(east=1)
    order = await life.buy((sku, 1), holds=[life.hold("risk", kind="HIGH_RISK_OF_FRAUD")])
    await life.shown(order, Status="On hold", Hold="HIGH_RISK_OF_FRAUD")
    assert "held: **HIGH_RISK_OF_FRAUD**, until" in await life.details(order)
    assert await life.reservations(order) == []
    await life.resolve(order, "risk")
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert (await life.attributes(order)).get("OmsHold", "") == ""


async def test_two_holds_both_have_to_go_before_the_order_does(life: Life):
    sku = await life.stock(east=1)
    order = await life.buy((sku, 1), holds=[life.hold("one"), life.hold("two", kind="COMPLIANCE")])
    await life.shown(order, Status="On hold", Hold="COMPLIANCE, OTHER")
    await life.resolve(order, "one")
    await life.shown(order, Status="On hold", Hold="COMPLIANCE")
    assert (await life.look(order)).units.open == 1
    await life.resolve(order, "two")
    await life.until(order, "DELIVERED")


async def test_a_hold_on_one_line_keeps_that_line_only(life: Life):
    free, held = await life.stock(east=1), await life.stock(east=1)
    hold = life.hold("custom", line_id="2")
    order = await life.buy((free, 1), (held, 1), holds=[hold])
    await life.until(order, delivered=1, open=1)
    await life.resolve(order, "custom")
    await life.until(order, "DELIVERED")


async def test_a_rejected_hold_cancels_the_order_and_lets_go_of_the_money(life: Life):
    sku = await life.stock(east=1)
    order = await life.buy((sku, 1), holds=[life.hold("risk", kind="HIGH_RISK_OF_FRAUD")])
    await life.shown(order, Status="On hold")
    await life.resolve(order, "risk", rejected=True)
    assert await life.ended(order) == "Cancelled"
    await life.until(order, "CANCELLED", cancelled=1)
    assert await life.account(order) == {"captured": 0, "voided": 1000, "refunded": 0}
    assert await life.kinds(order) == ["SUBMITTED", "HOLD_PLACED", "HOLD_REJECTED", "PAYMENT_VOIDED"]


async def test_a_backorder_is_filled_by_a_receipt(life: Life):
    sku = await life.stock(east=1)
    order = await life.buy((sku, 3))
    await life.until(order, backordered=2, delivered=1)
    await life.shown(order, Status="Backordered")
    await life.stock(sku=sku, west=2)
    await life.until(order, "DELIVERED", delivered=3)
    assert await life.ended(order) == "Delivered"
    assert (await life.account(order))["captured"] == 3000


async def test_an_operator_sees_when_what_an_order_waits_for_is_expected(life: Life):
    sku = await life.stock()
    order = await life.buy((sku, 1))
    await life.shown(order, Status="Backordered")
    supply_id, expected = await life.announce(sku, 2, days=3)
    await life.shown(order, Status="Backordered", PromiseTime=expected)
    assert f"waits for {sku}, expected {expected.day} {expected:%b}" in await life.details(order)
    await life.take_in(supply_id, 2)
    assert await life.ended(order) == "Delivered"
    assert "waits for" not in await life.details(order)


async def test_an_order_of_which_nobody_has_anything_waits_and_then_walks(life: Life):
    sku = await life.stock()
    order = await life.buy((sku, 1))
    await life.shown(order, Status="Backordered")
    await life.stock(sku=sku, east=1)
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"


async def test_what_a_node_does_not_find_is_shipped_by_another_and_is_not_in_its_stock_any_more(life: Life):
    sku = await life.stock(east=2, west=2)
    order = await life.silently((sku, 2))
    first = await life.released(order)
    assert await life.says(first, "SHORT_PICKED", {order.lines[0].line_id: 1}, message="empty bin") == "RECORDED"
    second = await life.work_of(order, known=[first])
    assert {first.node_id, second.node_id} == {"dc-east", "dc-west"}
    await life.until(order, "RELEASED", released=2)
    for work in (first, second):
        await life.scan(await life.ship(work), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert (await life.position(sku, first.node_id)).on_hand == 0
    assert (await life.position(sku, second.node_id)).on_hand == 1
    assert "empty bin" in " ".join(one.reason for one in await life.events(order))


async def test_work_that_a_node_refuses_at_once_goes_to_another(life: Life):
    sku = await life.stock(east=1, west=1)
    order = await life.buy((sku, 1), holds=[life.hold("stage")])
    for node in NODES:  # whichever is asked first refuses, and whichever is asked next does not
        first_attempt = ids.derived(ids.FULFILLMENT_ORDER, order.order_id, f"{order.order_id}/allocate/0", node)
        await life.behave("wms", fulfillment_order_id=first_attempt, behaviour="refuse")
    await life.resolve(order, "stage")
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    accepted, refused = sorted(await life.works(order), key=lambda work: work.request_status == REJECTED)
    assert (refused.request_status, accepted.request_status) == (REJECTED, FulfillmentOrder.REQUEST_STATUS_CLOSED)
    assert accepted.node_id != refused.node_id
    reasons = [one.reason for one in await life.events(order)]
    assert any(reason.startswith(f"refused by {refused.node_id}") for reason in reasons)
    assert (await life.position(sku, refused.node_id)).available == 1


async def test_an_order_that_every_node_refuses_waits_and_can_be_cancelled(life: Life):
    sku = await life.stock(east=1, west=1)
    await life.behave("wms", sku=sku, behaviour="refuse")
    order = await life.buy((sku, 1))
    await life.shown(order, Status="Backordered")
    assert len(await life.works(order)) == 2
    assert outcomes(await life.cancel(order)) == [("CANCELLED", 1, 0, 0)]
    assert await life.ended(order) == "Cancelled"


async def test_work_that_a_node_gives_back_goes_to_another(life: Life):
    sku = await life.stock(east=1, west=1)
    order = await life.silently((sku, 1))
    first = await life.released(order)
    assert await life.says(first, "REJECTED", message="no hands today") == "RECORDED"
    second = await life.work_of(order, known=[first])
    assert second.node_id != first.node_id
    assert await life.finished(life.process(first)) is not None
    await life.until(order, "RELEASED")
    await life.scan(await life.ship(second), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert [one.state for one in await life.reservations(order)].count(Reservation.STATE_CONSUMED) == 1


async def test_a_parcel_that_is_delivered_before_it_was_shipped_is_shipped_and_delivered(life: Life):
    sku = await life.stock(east=1)
    order = await life.silently((sku, 1))
    work = await life.released(order)
    parcel = await life.label(work)
    assert await life.scan(parcel, "DELIVERED") == ["RECORDED"]
    assert (await life.look(order)).units.released == 1
    await life.says(work, "SHIPPED", tracking_number=parcel.tracking_number)
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert (await life.account(order))["captured"] == 1000


async def test_events_told_twice_and_out_of_order_count_once_each(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2))
    work = await life.released(order)
    parcel = await life.label(work)
    number = parcel.tracking_number
    assert await life.scan(parcel, "DELIVERED", event="end") == ["RECORDED"]
    assert await life.scan(parcel, "OUT_FOR_DELIVERY", "IN_TRANSIT") == ["RECORDED", "RECORDED"]
    assert [await life.says(work, "SHIPPED", event="left", tracking_number=number) for _ in range(2)] == [
        "RECORDED",
        "REPEATED",
    ]
    assert await life.scan(parcel, "DELIVERED", event="end") == ["REPEATED"]
    assert await life.says(work, "PACKED", tracking_number=number) == "RECORDED"
    assert await life.says(work, "SHIPPED", tracking_number=number) == "REFUSED"
    assert await life.ended(order) == "Delivered"
    moved = [(move.to_room, move.quantity) for one in await life.events(order) for move in one.moves]
    assert len(moved) == len(set(moved)) == 4
    assert (await life.position(sku)).on_hand == 0


async def test_a_partner_that_repeats_and_reorders_itself_changes_nothing(life: Life):
    sku = await life.stock(east=1)
    order = await life.buy((sku, 1), holds=[life.hold("stage")])
    await life.behave("carrier", order_id=order.order_id, behaviour="duplicate")
    await life.resolve(order, "stage")
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert await life.kinds(order) == ["SUBMITTED", "HOLD_PLACED", "HOLD_RELEASED", "PAYMENT_CAPTURED"]


async def test_a_parcel_in_trouble_shows_as_such_until_it_arrives(life: Life):
    sku = await life.stock(east=1)
    order = await life.silently((sku, 1))
    work = await life.released(order)
    parcel = await life.ship(work)
    await life.until(order, "SHIPPED")
    await life.scan(parcel, "EXCEPTION")
    await life.shown(work, Status="Carrier exception")
    await life.scan(parcel, "DELIVERED")
    assert await life.ended(order) == "Delivered"
    await life.shown(work, Status="Delivered")


async def test_a_parcel_that_the_carrier_lost_is_paid_back_and_its_units_are_cancelled(life: Life):
    sku = await life.stock(east=2)
    order = await life.silently((sku, 2))
    parcel = await life.ship(await life.released(order))
    await life.until(order, "SHIPPED")
    await life.scan(parcel, "LOST")
    await life.ended(order)
    await life.until(order, "CANCELLED", cancelled=2)
    assert await life.account(order) == {"captured": 2000, "voided": 0, "refunded": 2000}
    assert await life.paid_back(order) == [("LOSS", 2000)]


async def test_goods_arrive_although_the_bank_declines_to_pay_and_somebody_can_see_it(life: Life):
    sku = await life.stock(east=1)
    order = await life.until(await life.buy((sku, 1), reference="decline-this"), "DELIVERED")
    assert await life.ended(order) == "Delivered"
    assert order.payment.state == Payment.STATE_CAPTURE_DECLINED
    assert await life.kinds(order) == ["SUBMITTED", "PAYMENT_DECLINED"]
    assert await life.account(order) == {"captured": 0, "voided": 0, "refunded": 0}

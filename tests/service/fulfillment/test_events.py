"""What nodes and carriers say: twice, late, in any order, and wrongly."""

import asyncio

import pytest

from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.node_event_pb2 import NodeEvent
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
from services.chassis import migration
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from tests.service.fulfillment.depot import Recorded, said, scanned, words


def test_the_migrations_make_what_the_tables_say(migrated_database):
    assert migration.check(migrated_database("fulfillment"), "fulfillment") == []


async def test_an_event_counts_once_however_often_and_by_however_many_it_is_told(depot):
    order = await depot.create(a=3)
    event = said(order, "SHORT_PICKED", a=1)
    results = await asyncio.gather(*(depot.report(event, event) for _ in range(4)))
    outcomes = sorted(one.outcome for pair in results for one in pair)
    assert outcomes == [Recorded.OUTCOME_RECORDED] + [Recorded.OUTCOME_REPEATED] * 7
    [signal] = await depot.signals(order)
    assert (words([signal]), signal.lines[0].quantity) == (["SHORT_PICKED"], 1)
    assert (await depot.get(order)).lines[0].waiting_quantity == 2


async def test_only_what_changes_the_process_is_told_and_always_with_its_units(depot):
    order = await depot.create(a=2, b=1)
    await depot.report(said(order, "ACCEPTED"), said(order, "PICKED"), said(order, "PACKED"))
    assert await depot.signals(order) == []
    await depot.report(said(order, "REJECTED"))
    [signal] = await depot.signals(order)
    assert {line.line_id: line.quantity for line in signal.lines} == {"a": 2, "b": 1}
    assert (await depot.get(order)).request_status == FulfillmentOrder.REQUEST_STATUS_REJECTED


async def test_an_impossible_event_is_kept_aside_and_does_not_hold_up_the_others(depot):
    order, stranger = await depot.create(a=2), FulfillmentOrder(fulfillment_order_id="ful_nobody")
    results = await depot.report(
        said(order, "SHORT_PICKED", a=3),
        said(stranger, "SHORT_PICKED"),
        said(order, "SHIPPED", parcel="nobody's"),
        said(order, "CANCELLED", z=1),
        said(order, "SHORT_PICKED", a=1),
    )
    assert [one.reason for one in results] == [
        "MORE_UNITS_THAN_WAIT",
        "UNKNOWN_FULFILLMENT_ORDER",
        "UNKNOWN_PARCEL",
        "UNKNOWN_LINE",
        "",
    ]
    assert [one.outcome for one in results] == [Recorded.OUTCOME_REFUSED] * 4 + [Recorded.OUTCOME_RECORDED]
    kept = await depot.rows("SELECT refusal FROM fulfillment.node_events WHERE refusal IS NOT NULL")
    assert len(kept) == 4
    assert words(await depot.signals(order)) == ["SHORT_PICKED"]


async def test_a_refused_event_is_looked_at_again_when_it_is_told_again(depot):
    request = depot.work(a=2)
    order = FulfillmentOrder(fulfillment_order_id=request.fulfillment_order_id)
    event = said(order, "SHORT_PICKED", a=1)
    assert (await depot.report(event))[0].outcome == Recorded.OUTCOME_REFUSED
    await depot.submit(request)
    assert (await depot.report(event))[0].outcome == Recorded.OUTCOME_RECORDED
    assert (await depot.report(event))[0].outcome == Recorded.OUTCOME_REPEATED


async def test_a_parcel_leaves_once_with_what_its_label_says(depot):
    order = await depot.create(a=2, b=1)
    parcel = await depot.label(order, a=2)
    [first] = await depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
    [again] = await depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
    assert (first.reason, again.reason) == ("", "PARCEL_ALREADY_SHIPPED")
    [signal] = await depot.signals(order)
    assert (signal.shipment_id, {line.line_id: line.quantity for line in signal.lines}) == (
        parcel.shipment_id,
        {"a": 2},
    )
    assert (await depot.shipment(parcel)).shipped
    assert (await depot.get(order)).status == FulfillmentOrder.STATUS_IN_PROGRESS


async def test_a_parcel_holds_what_the_node_says_left_in_it(depot):
    order = await depot.create(a=2)
    parcel = await depot.label(order)
    await depot.report(said(order, "SHORT_PICKED", a=1), said(order, "SHIPPED", parcel=parcel.tracking_number, a=1))
    assert [line.quantity for line in (await depot.shipment(parcel)).lines] == [1]
    assert (await depot.get(order)).status == FulfillmentOrder.STATUS_INCOMPLETE


async def test_arrival_is_told_after_departure_even_where_it_came_before(depot):
    order = await depot.create(a=2)
    parcel = await depot.label(order)
    number = parcel.tracking_number
    await depot.track(scanned(number, "EXCEPTION", minute=1), scanned(number, "DELIVERED", minute=3))
    assert await depot.signals(order) == []
    assert (await depot.shipment(parcel)).tracking_status == TrackingEvent.STATUS_DELIVERED
    await depot.report(said(order, "SHIPPED", parcel=number))
    assert words(await depot.signals(order)) == ["SHIPPED", "DELIVERED"]
    await depot.track(scanned(number, "IN_TRANSIT", minute=2))
    assert words(await depot.signals(order)) == ["SHIPPED", "DELIVERED"]


@pytest.mark.parametrize("round_", range(3))
async def test_arrival_is_told_after_departure_when_both_come_at_once(depot, round_):
    orders = [await depot.create(a=1) for _ in range(4)]
    parcels = [await depot.label(order) for order in orders]
    await asyncio.gather(
        *(depot.track(scanned(parcel.tracking_number, "DELIVERED")) for parcel in parcels),
        *(
            depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
            for order, parcel in zip(orders, parcels, strict=True)
        ),
    )
    for order in orders:
        assert words(await depot.signals(order)) == ["SHIPPED", "DELIVERED"]


async def test_scans_count_by_when_they_happened_and_once(depot):
    order = await depot.create(a=2)
    parcel = await depot.label(order)
    number = parcel.tracking_number
    await depot.report(said(order, "SHIPPED", parcel=number))
    late = scanned(number, "PICKED_UP", minute=1)
    results = await depot.track(scanned(number, "OUT_FOR_DELIVERY", minute=3), late, late)
    assert [one.outcome for one in results] == [1, 1, 2]
    found = await depot.shipment(parcel)
    assert found.tracking_status == TrackingEvent.STATUS_OUT_FOR_DELIVERY
    await depot.track(scanned(number, "IN_TRANSIT", minute=2), scanned(number, "LOST", minute=2))
    request = rpc.ListTrackingEventsRequest(shipment_id=parcel.shipment_id, page_size=2)
    first = await depot.stub.ListTrackingEvents(request)
    request.page_token = first.next_page_token
    second = await depot.stub.ListTrackingEvents(request)
    statuses = [TrackingEvent.Status.Name(one.status) for page in (first, second) for one in page.events]
    assert statuses == ["STATUS_PICKED_UP", "STATUS_IN_TRANSIT", "STATUS_LOST", "STATUS_OUT_FOR_DELIVERY"]
    assert words(await depot.signals(order)) == ["SHIPPED"]  # it was found again before it was said to be lost


async def test_scans_of_strangers_and_of_other_carriers_are_refused_until_they_are_known(depot):
    order = await depot.create(a=1)
    assert [one.reason for one in await depot.track(scanned("nobody's", "DELIVERED"))] == ["UNKNOWN_PARCEL"]
    parcel = await depot.label(order)
    [other] = await depot.track(scanned(parcel.tracking_number, "DELIVERED"), carrier_code="SOMEBODY")
    assert other.reason == "UNKNOWN_PARCEL"


async def test_a_return_label_is_bought_and_its_journey_only_stored(depot):
    request = rpc.PurchaseLabelRequest(
        request_id="ret_1/label",
        return_parcel=rpc.ReturnParcel(
            return_id="ret_1",
            order_id="ord_1",
            node_id="east",
            lines=[rpc.FulfillmentLineSpec(line_id="a", sku="TEE", quantity=1)],
            ship_from=Address(country_code="US"),
        ),
    )
    first, second = await asyncio.gather(depot.stub.PurchaseLabel(request), depot.stub.PurchaseLabel(request))
    assert first == second
    parcel = first.shipment
    assert parcel.direction == Shipment.DIRECTION_RETURN
    assert parcel.label_uri.startswith("http")
    assert [one.outcome for one in await depot.track(scanned(parcel.tracking_number, "DELIVERED"))] == [1]
    assert await depot.rows("SELECT 1 FROM fulfillment.outbox_events") == []
    found = await depot.stub.ListShipments(rpc.ListShipmentsRequest(tracking_number=parcel.tracking_number))
    assert [one.return_id for one in found.shipments] == ["ret_1"]


async def test_a_label_that_was_bought_and_not_written_down_is_not_bought_again(depot):
    order = await depot.create(a=2)
    first = await depot.label(order, key="crashed")
    for left in (
        "DELETE FROM fulfillment.shipments",
        "DELETE FROM fulfillment.idempotency_keys",
        "UPDATE fulfillment.intents SET answered = false",
    ):
        await depot.rows(left)  # as it is after a crash between the carrier's answer and the second transaction
    assert await depot.label(order, key="crashed") == first


async def test_a_label_names_what_is_wrong(depot, partners):
    order = await depot.create(a=2)
    with pytest.raises(FailedPrecondition, match="NOTHING_WAITING"):
        await depot.label(order, a=3)
    with pytest.raises(InvalidArgument, match="UNKNOWN_LINE"):
        await depot.label(order, z=1)
    with pytest.raises(NotFound, match="UNKNOWN_FULFILLMENT_ORDER"):
        await depot.label(FulfillmentOrder(fulfillment_order_id="ful_nobody"))
    await depot.label(order, key="k", a=1)
    with pytest.raises(AlreadyExists, match="REQUEST_ID_REUSED"):
        await depot.label(order, key="k", a=2)
    await depot.label(order)
    with pytest.raises(FailedPrecondition, match="NOTHING_WAITING"):
        await depot.label(order)
    await partners[1].scenario(order_id=order.order_id, behaviour="refuse_label")
    with pytest.raises(FailedPrecondition, match="LABEL_REFUSED"):
        await depot.label(order, a=1)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "x" * 101, ""])
async def test_nonsense_is_the_callers_error(depot, text):
    order = await depot.create(a=1)
    with pytest.raises(InvalidArgument):
        await depot.report(NodeEvent(event_id=text, fulfillment_order_id="f", type=NodeEvent.TYPE_PICKED))
    event = said(order, "PICKED", event_id="e")
    event.message = "\x00"
    with pytest.raises(InvalidArgument):
        await depot.report(event)
    event.message, event.occur_time.seconds = "", -(2**62)
    with pytest.raises(InvalidArgument):
        await depot.report(event)
    scan = scanned("T", "DELIVERED")
    scan.location = "\x00"
    with pytest.raises(InvalidArgument):
        await depot.track(scan)

"""Every platform is told in its own words, and what it answers is understood."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.channels.push_formats import PUSH_FORMATS, push_format_of
from services.intake.channels.push_request import Again, Done, Refused, outcome_of
from services.intake.domain.channel import Channel, Telling
from services.intake.domain.details import Details
from services.intake.domain.draft import Address, PaymentState, ServiceLevel
from services.intake.domain.events import Event, EventType, Fact
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.pushes import LONGEST_PUT_OFF, Push, PushKind, PushPayload, pushes_of, put_off
from services.intake.domain.rooms import Move, Room, Units
from services.intake.domain.status import OrderStatus

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "key:word"


def line(number: int, units: Units) -> OrderLine:
    return OrderLine(
        line_id=f"lin_{number}",
        position=number,
        external_line_id=f"{number}00",
        sku=f"SKU-{number}",
        title="",
        quantity=units.total,
        unit_price=100,
        discount=0,
        tax=0,
        prices_include_tax=False,
        total=100,
        captured=0,
        units=units,
    )


def order(*units: Units, external_id: str = "77", details: Details | None = None) -> Order:
    lines = tuple(line(number, some) for number, some in enumerate(units or (Units(released=2), Units(open=1)), 1))
    return Order(
        order_id="ord_1",
        channel="shop",
        external_id=external_id,
        order_number="#77",
        status=OrderStatus.OPEN,
        resting=False,
        region="US",
        priority=0,
        currency_code="USD",
        customer_reference="secret-customer",
        ship_to=Address(
            name="Robin Example", lines=("1 Main St",), city="Troy", postal_code="12180", country_code="US"
        ),
        bill_to=None,
        lines=lines,
        holds=(),
        shipping=0,
        shipping_tax=0,
        total=300,
        payment=Payment(state=PaymentState.CAPTURED, reference="", authorized=0, captured=300, voided=0),
        service_level=ServiceLevel.STANDARD,
        ship_complete=False,
        promise_time=None,
        order_time=AT,
        create_time=AT,
        update_time=AT,
        document_id="",
        note="",
        units=lines[0].units,
        sequence=1,
        email="robin@example.com",
        details=details or Details(),
    )


def push(kind: PushKind, payload: PushPayload) -> Push:
    return Push(
        push_id="psh_1",
        order_id="ord_1",
        channel="shop",
        kind=kind,
        event_id="evt_1",
        event_key="k",
        sequence=4,
        payload=payload,
        promise_time=None,
        create_time=AT,
        next_attempt_time=AT,
    )


PARCEL = PushPayload(
    quantities=(("lin_1", 2),), shipment_id="shp_1", tracking_number="1Z-9", carrier_code="UPS", left=1
)
LAST_PARCEL = replace(PARCEL, left=0)
PART = PushPayload(quantities=(("lin_2", 1),), left=2)
WHOLE = PushPayload(quantities=(("lin_1", 2), ("lin_2", 1)), all_cancelled=True)
MONEY = PushPayload(amount="12.50 USD")
ACK, SHIP, CANCEL, REFUND = PushKind.ACKNOWLEDGE, PushKind.FULFILLMENT, PushKind.CANCEL, PushKind.REFUND

REQUESTS = [
    ("shopify", SHIP, PARCEL, "POST", "/orders/77/fulfillments.json", "fulfillment.line_items.0.id", "100"),
    ("shopify", SHIP, PARCEL, "POST", "/orders/77/fulfillments.json", "fulfillment.tracking_number", "1Z-9"),
    ("shopify", CANCEL, WHOLE, "POST", "/orders/77/cancel.json", "email", False),
    ("shopify", CANCEL, PART, "POST", "/orders/77/refunds.json", "refund.refund_line_items.0.restock_type", "cancel"),
    ("shopify", REFUND, MONEY, "POST", "/orders/77/metafields.json", "metafield.value", "12.50 USD"),
    ("woocommerce", ACK, PushPayload(), "PUT", "/orders/77", "status", "processing"),
    ("woocommerce", SHIP, PARCEL, "POST", "/orders/77/notes", "note", "Shipped: 2 × 100. UPS 1Z-9"),
    ("woocommerce", SHIP, LAST_PARCEL, "PUT", "/orders/77", "status", "completed"),
    ("woocommerce", CANCEL, WHOLE, "PUT", "/orders/77", "status", "cancelled"),
    ("woocommerce", CANCEL, PART, "POST", "/orders/77/notes", "note", "Cancelled: 1 × 200"),
    ("woocommerce", REFUND, MONEY, "POST", "/orders/77/notes", "note", "Refunded: 12.50 USD"),
    ("magento", SHIP, PARCEL, "POST", "/order/77/ship", "items.0", {"order_item_id": "100", "qty": 2}),
    ("magento", SHIP, PARCEL, "POST", "/order/77/ship", "tracks.0.track_number", "1Z-9"),
    ("magento", CANCEL, WHOLE, "POST", "/orders/77/cancel", "", {}),
    ("magento", CANCEL, PART, "POST", "/orders/77/comments", "statusHistory.is_customer_notified", 0),
    ("magento", REFUND, MONEY, "POST", "/orders/77/comments", "statusHistory.comment", "Refunded: 12.50 USD"),
    ("mirakl", ACK, PushPayload(), "PUT", "/api/orders/77/accept", "order_lines.1", {"id": "200", "accepted": True}),
    ("mirakl", SHIP, PARCEL, "POST", "/api/shipments", "shipments.0.shipment_lines.0.quantity", 2),
    ("mirakl", SHIP, PARCEL, "POST", "/api/shipments", "shipments.0.tracking.tracking_number", "1Z-9"),
    ("mirakl", CANCEL, PART, "PUT", "/api/orders/cancel", "cancelations.0.order_line_id", "200"),
    ("amazon", SHIP, PARCEL, "POST", "/orders/v0/orders/77/shipmentConfirmation", "packageDetail.carrierCode", "UPS"),
    (
        "amazon",
        SHIP,
        PARCEL,
        "POST",
        "/orders/v0/orders/77/shipmentConfirmation",
        "packageDetail.orderItems.0",
        {"orderItemId": "100", "quantity": 2},
    ),
    ("ebay", SHIP, PARCEL, "POST", "/order/77/shipping_fulfillment", "trackingNumber", "1Z9"),
    ("walmart", ACK, PushPayload(), "POST", "/orders/77/acknowledge", "", {}),
    (
        "walmart",
        SHIP,
        PARCEL,
        "POST",
        "/orders/77/shipping",
        "orderShipment.orderLines.orderLine.0.orderLineStatuses.orderLineStatus.0.statusQuantity.amount",
        "2",
    ),
    (
        "walmart",
        CANCEL,
        PART,
        "POST",
        "/orders/77/cancel",
        "orderCancellation.orderLines.orderLine.0.lineNumber",
        "200",
    ),
    ("json", ACK, PushPayload(), "POST", "/orders/77/events", "kind", "acknowledge"),
    ("json", SHIP, PARCEL, "POST", "/orders/77/events", "lines.0", {"line_id": "100", "quantity": 2}),
    ("json", CANCEL, PART, "POST", "/orders/77/events", "id", "psh_1"),
    ("json", REFUND, MONEY, "POST", "/orders/77/events", "amount", "12.50 USD"),
]


@pytest.mark.parametrize("expected", REQUESTS, ids=lambda one: f"{one[0]}-{one[1]}")
def test_each_platform_is_told_in_its_own_words(expected):
    name, kind, payload, method, path, where, what = expected
    form = PUSH_FORMATS[name]
    assert kind in form.kinds
    request = form.request_of(push(kind, payload), order())
    assert (request.method, request.path) == (method, path)
    found = request.body
    for step in filter(None, where.split(".")):
        found = found[int(step)] if step.isdecimal() else found[step]
    assert found == what
    told = json.dumps(dict(request.body))
    assert not any(word in told for word in ("Robin", "example.com", "Main St", "12180", "secret-customer"))


def test_every_kind_that_a_platform_hears_of_has_a_test():
    assert {(name, kind) for name, form in PUSH_FORMATS.items() for kind in form.kinds} == {one[:2] for one in REQUESTS}


def test_a_part_of_a_document_is_told_under_the_channels_id_of_the_whole_and_ids_stay_one_part_of_the_path():
    parts = order(external_id="PO 1/2", details=Details(group_id="PO 1"))
    assert PUSH_FORMATS["json"].request_of(push(ACK, PushPayload()), parts).path == "/orders/PO%201/events"
    other = order(external_id="a/b?c", details=Details(group_id="basket"))
    assert PUSH_FORMATS["json"].request_of(push(ACK, PushPayload()), other).path == "/orders/a%2Fb%3Fc/events"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"", Done()),
        (204, b"", Done()),
        (422, b'{"errors":"Order has already been cancelled"}', Done()),
        (422, b'{"errors":"line is unknown"}', Refused(reason='it answered 422: {"errors":"line is unknown"}')),
        (404, b"", Refused(reason="it answered 404")),
        (401, b"", Again(reason="it answered 401")),
        (429, b"", Again(reason="it answered 429")),
        (503, b"", Again(reason="it answered 503")),
        (302, b"", Again(reason="it answered 302")),
        (500, b"", Again(reason="it answered 500", perhaps_this_only=True)),
    ],
)
def test_an_answer_is_a_yes_a_no_or_none(status, body, outcome):
    assert outcome_of(status, body) == outcome


def test_the_secret_goes_where_the_platform_looks_for_it():
    headers = {name: dict(form.authorize(SECRET)) for name, form in PUSH_FORMATS.items()}
    assert headers["shopify"] == {"X-Shopify-Access-Token": SECRET}
    assert headers["woocommerce"] == {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}
    assert headers["json"] == {"Authorization": f"Bearer {SECRET}"}


def test_a_channel_is_told_by_its_push_format_then_its_own_then_its_name_and_not_at_all_without_an_address():
    told = Telling(url="https://shop.example")
    assert push_format_of(Channel(channel="shopify-us", push=told)) is PUSH_FORMATS["shopify"]
    assert push_format_of(Channel(channel="shop", format="ebay", push=told)) is PUSH_FORMATS["ebay"]
    other = replace(told, format="json")
    assert push_format_of(Channel(channel="shop", format="ebay", push=other)) is PUSH_FORMATS["json"]
    assert push_format_of(Channel(channel="shopify-us")) is None
    assert push_format_of(Channel(channel="x12-big", push=told)) is None


def moved(*moves: Move, **references: str) -> Event:
    fact = Fact(type=EventType.UNITS_MOVED, key="k", actor="process", moves=moves, references=references)
    return Event(fact=fact, event_id="evt_1", order_id="ord_1", sequence=4, create_time=AT, transaction_id=1)


def test_what_is_told_follows_from_the_timeline():
    shipped = Move(line_id="lin_1", from_room=Room.RELEASED, to_room=Room.SHIPPED, quantity=2)
    event = moved(shipped, shipment_id="shp_1", tracking_number="1Z-9", carrier_code="UPS")
    after = order(Units(shipped=2), Units(open=1))
    assert pushes_of(event, after, PushKind) == [(SHIP, PARCEL)]
    assert pushes_of(event, after, {ACK}) == []
    gone = moved(
        Move(line_id="lin_1", from_room=Room.OPEN, to_room=Room.CANCELLED, quantity=1),
        Move(line_id="lin_1", from_room=Room.RESERVED, to_room=Room.CANCELLED, quantity=1),
        Move(line_id="lin_2", from_room=Room.LOST, to_room=Room.CANCELLED, quantity=1),
    )
    told = PushPayload(quantities=(("lin_1", 2),), all_cancelled=True)
    assert pushes_of(gone, order(Units(cancelled=2), Units(cancelled=1)), PushKind) == [(CANCEL, told)]
    assert not pushes_of(gone, order(Units(cancelled=2), Units(delivered=1)), PushKind)[0][1].all_cancelled
    refunded = Fact(
        type=EventType.PAYMENT_CHANGED, key="k", actor="", references={"kind": "REFUNDED", "amount": "1 USD"}
    )
    assert pushes_of(replace(gone, fact=refunded), order(), PushKind) == [(REFUND, PushPayload(amount="1 USD"))]
    voided = replace(refunded, references={"kind": "VOIDED"})
    assert pushes_of(replace(gone, fact=voided), order(), PushKind) == []


def test_a_push_that_fails_alone_is_put_off_longer_each_time_but_never_for_long():
    assert [put_off(attempts).total_seconds() for attempts in (1, 2, 3)] == [2, 4, 8]
    assert put_off(10_000) == LONGEST_PUT_OFF < timedelta(minutes=6)

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.channels import walmart
from services.intake.domain.details import ChargeKind
from services.intake.domain.draft import HoldType, PaymentState
from services.intake.domain.edits import CancelOrder, SetQuantity
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read

UPDATE = {"wm-event": "PO_LINE_CANCELLED"}
LIST = "walmart/01-us-list.json"
XML = b"""<?xml version="1.0"?>
<ns3:list xmlns:ns3="http://walmart.com/mp/v3/orders"><ns3:elements><ns3:order>
<ns3:purchaseOrderId>1790000000009</ns3:purchaseOrderId><ns3:customerOrderId>5280000000009</ns3:customerOrderId>
<ns3:orderDate>2026-01-05T14:15:00.000Z</ns3:orderDate>
<ns3:shippingInfo><ns3:postalAddress><ns3:name>Ada</ns3:name><ns3:address1>12 Example Avenue</ns3:address1>
<ns3:city>New York</ns3:city><ns3:state>NY</ns3:state><ns3:postalCode>10001</ns3:postalCode>
<ns3:country>USA</ns3:country></ns3:postalAddress></ns3:shippingInfo>
<ns3:orderLines><ns3:orderLine><ns3:lineNumber>1</ns3:lineNumber><ns3:item><ns3:sku>MUG</ns3:sku></ns3:item>
<ns3:charges><ns3:charge><ns3:chargeType>PRODUCT</ns3:chargeType><ns3:chargeAmount><ns3:currency>USD</ns3:currency>
<ns3:amount>10.50</ns3:amount></ns3:chargeAmount></ns3:charge></ns3:charges>
<ns3:orderLineQuantity><ns3:amount>1</ns3:amount></ns3:orderLineQuantity>
<ns3:orderLineStatuses><ns3:orderLineStatus><ns3:status>Created</ns3:status></ns3:orderLineStatus>
</ns3:orderLineStatuses></ns3:orderLine></ns3:orderLines></ns3:order></ns3:elements></ns3:list>"""


@pytest.fixture
def first() -> Any:
    return loaded(LIST)["list"]["elements"]["order"][0]


def test_the_charges_of_an_order_come_to_its_total_and_only_open_units_are_ordered(first):
    draft = one_draft("walmart", {"order": first})
    assert (draft.external_id, draft.order_number, draft.details.group_id) == (
        "1790000000001",
        "5280000000001",
        "5280000000001",
    )
    mug, bowl = draft.lines
    assert (mug.unit_price.minor, mug.tax.minor, mug.details.taxes[0].collected_by_channel) == (1000, 80, True)
    # One of three is left at 25.00 with 2.00 of tax for the three: the last third of each.
    assert (bowl.quantity, bowl.unit_price.minor, bowl.discount.minor, bowl.tax.minor) == (1, 834, 1, 67)
    assert [(c.kind, c.title, c.amount.minor) for c in draft.details.charges] == [
        (ChargeKind.FEE, "Recycling fee", 125)
    ]
    # 10.80 + 27.00 + 1.25, and shipping of 5.95.
    assert (draft.total.minor, draft.shipping.minor, draft.shipping_tax.minor) == (4500, 550, 45)
    assert draft.payment.state is PaymentState.MARKETPLACE_HELD
    assert draft.details.program == "two-day"
    assert [(hold.type, hold.external_line_id) for hold in draft.holds] == [(HoldType.CUSTOMER_REQUEST, "3")]


def test_moments_are_read_in_both_ways_of_writing(first):
    draft = one_draft("walmart", first)
    assert draft.order_time == datetime(2026, 1, 5, 14, 15, tzinfo=UTC)
    assert draft.details.ship_by_time == datetime(2026, 1, 7, 8, tzinfo=UTC)
    assert draft.details.due_time == datetime.fromtimestamp(1_768_000_000, tz=UTC)


def test_an_order_without_an_address_is_held_in_the_country_of_its_currency():
    draft = read("walmart", document(LIST)).drafts[1]
    assert (draft.ship_to.country_code, draft.ship_to.lines) == ("US", ())
    assert [hold.type for hold in draft.holds] == [HoldType.INCORRECT_ADDRESS]


def test_mexican_prices_are_with_their_tax_and_the_discount_on_shipping_takes_from_its_tax_last():
    draft = one_draft("walmart", document("walmart/02-mx.json"))
    (line,) = draft.lines
    assert (line.quantity, line.unit_price.minor, line.discount.minor, line.tax.minor) == (2, 11600, 1600, 2979)
    assert line.prices_include_tax
    # 20.00 and 3.20 of tax, less 21.00.
    assert (draft.shipping.minor, draft.shipping_tax.minor) == (0, 220)
    assert (draft.total.minor, draft.currency_code, line.details.barcode) == (23200, "MXN", "00009785509713")
    assert draft.bill_to is not None
    assert draft.bill_to.country_code == "MX"


def test_the_same_order_in_xml_is_the_same_kind_of_order():
    draft = one_draft("walmart", XML)
    assert (draft.external_id, draft.total.minor, draft.ship_to.postal_code) == ("1790000000009", 1050, "10001")
    assert draft.order_time == datetime(2026, 1, 5, 14, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (XML[:300], "NOT_XML"),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "NOT_XML"),
        (b"<a>" * 100 + b"</a>" * 100, "NOT_AN_ORDER"),
        (b"<errors><error><code>X</code></error></errors>", "CHANNEL_ERROR"),
        (b'{"errors": {"error": [{"code": "X", "info": "no"}]}}', "CHANNEL_ERROR"),
        (b'{"list": {"elements": {"order": []}}}', "NOT_AN_ORDER"),
        (b'{"source": {"eventType": "PO_CREATED"}, "payload": {}}', "ORDER_MISSING"),
    ],
)
def test_what_is_no_order_is_named(content, reason):
    assert one_problem("walmart", content).reason == reason


def test_what_walmart_ships_itself_is_not_ours(first):
    first["shipNode"]["type"] = "WFSFulfilled"
    problem = one_problem("walmart", first)
    assert (problem.reason, problem.position) == ("FULFILLED_BY_CHANNEL", "$.shipNode.type")


def test_an_order_for_a_store_is_picked_up_there(first):
    first["orderLines"]["orderLine"][0]["fulfillment"] = {"fulfillmentOption": "S2S", "storeId": "100"}
    assert one_draft("walmart", first).details.pickup_location == "100"


def test_a_refunded_line_is_held_and_a_status_that_nobody_knows_is_refused(first):
    line = first["orderLines"]["orderLine"][0]
    line["refund"] = {"refundId": "1"}
    assert HoldType.OTHER in [hold.type for hold in one_draft("walmart", first).holds]
    line["orderLineStatuses"]["orderLineStatus"][0]["status"] = "Vanished"
    assert one_problem("walmart", first).reason == "BAD_VALUE"


def test_an_update_with_cancelled_units_says_how_many_are_wanted(first):
    content = json.dumps(first).encode()
    (change,) = walmart.read(content, "a-channel", UPDATE).changes
    assert change.edits == (SetQuantity(line_id="3", quantity=2),)
    assert change == walmart.read(content, "a-channel", UPDATE).changes[0]
    for line in first["orderLines"]["orderLine"]:
        line["orderLineStatuses"] = {"orderLineStatus": [{"status": "Cancelled"}]}
    (whole,) = walmart.read(json.dumps(first).encode(), "a-channel", UPDATE).changes
    assert (whole.edits, whole.change_id) == ((CancelOrder(),), "cancelled")
    assert one_problem("walmart", first).reason == "NOT_OPEN"

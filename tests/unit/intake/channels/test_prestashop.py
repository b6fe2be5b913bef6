"""PrestaShop orders with the resources beside them, and the XML that they are in."""

import re

import pytest

from services.intake.channels import FORMATS, xml_document
from services.intake.domain.draft import PaymentState, ServiceLevel
from services.intake.domain.edits import CancelOrder, SetQuantity
from tests.unit.intake.channels.reading_documents import (
    assert_within_limits,
    document,
    loaded,
    one_draft,
    one_problem,
    read,
)

XML = "prestashop/01-order-with-its-resources.xml"
JSON = "prestashop/02-two-orders.json"
UPDATE = {"oms-event": "order.updated"}


def changed(pattern, replacement):
    text = document(XML).decode()
    found = re.sub(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert found != text
    return found.encode()


def test_an_order_and_its_resources_are_one_draft_that_adds_up():
    draft = one_draft("prestashop", document(XML))
    assert (draft.external_id, draft.order_number, draft.email) == ("812", "QXTRBNMLK", "zoe.lefevre@example.com")
    assert [(x.sku, x.quantity, x.unit_price.minor, x.discount.minor, x.tax.minor) for x in draft.lines] == [
        ("HOOD-GRN-M", 2, 2500, 0, 1000),
        ("BEAN-BLK-L", 3, 834, 2, 500),
    ]
    assert draft.lines[1].details.barcode == "3700000000011"
    assert [(t.title, t.rate) for t in draft.lines[1].details.taxes] == [("TVA FR 20%", "0.2")]
    assert [(c.kind, c.title, c.amount.minor, c.tax.minor) for c in draft.details.charges] == [
        ("DISCOUNT", "BIENVENUE", 1000, 200),
        ("SERVICE", "Gift wrapping", 200, 40),
    ]
    lines = sum(x.total.minor for x in draft.lines)
    assert lines + draft.shipping.minor + draft.shipping_tax.minor - 1200 + 240 == draft.total.minor == 8640
    assert (draft.payment.state, draft.payment.reference) == (PaymentState.CAPTURED, "TX-812")
    assert (draft.details.locale, draft.details.customer_tier, draft.details.tags) == ("fr-FR", "3", ("gift",))
    assert draft.service_level == ServiceLevel.EXPEDITED
    assert (draft.ship_to.name, draft.ship_to.country_code, draft.bill_to.city) == ("Zoé Lefèvre", "FR", "Lyon")
    assert draft.note == "Gift message: Joyeux anniversaire !\nCode 12B"


def test_the_json_output_is_read_alike_and_orders_of_one_cart_are_a_group():
    first, second = read("prestashop", document(JSON)).drafts
    assert (first.external_id, second.external_id, first.details.group_id) == ("900", "901", "SHAREDREF")
    assert (first.payment.state, second.payment.state) == (PaymentState.ON_TERMS, PaymentState.CAPTURED)
    assert (str(first.total), first.details.tenders[0].kind) == ("3500 KRW", "CASH_ON_DELIVERY")
    assert second.lines[0].tax.minor == 200


def test_one_bad_order_stops_no_other():
    both = loaded(JSON)
    both["orders"][0]["associations"]["order_rows"][0]["product_quantity"] = "1.5"
    reading = read("prestashop", both)
    assert [draft.external_id for draft in reading.drafts] == ["901"]
    (problem,) = reading.problems
    assert (problem.reason, problem.external_id) == ("BAD_VALUE", "900")
    assert problem.position == "$.orders[0].associations.order_rows[0].product_quantity"


@pytest.mark.parametrize(
    ("state", "reason"), [("4", "NOT_OPEN"), ("6", "NOT_OPEN"), ("7", "NOT_OPEN"), ("31", "MISSING_RESOURCE")]
)
def test_a_state_decides_whether_it_is_shipped_and_a_shops_own_needs_its_resource(state, reason):
    content = changed(r"<current_state>.*?</current_state>", f"<current_state>{state}</current_state>")
    problem = one_problem("prestashop", content)
    assert (problem.reason, problem.position) == (reason, "/prestashop/order/current_state")


def test_a_shops_own_state_means_what_its_resource_says():
    own = "<order_state><id>31</id><paid>1</paid><shipped>0</shipped><template/></order_state></prestashop>"
    content = changed(r"<current_state>.*?</current_state>", "<current_state>31</current_state>")
    assert one_draft("prestashop", content.replace(b"</prestashop>", own.encode())).payment.state == "CAPTURED"


def test_an_update_cancels_an_order_or_refunded_units():
    cancelled = changed(r"<current_state>.*?</current_state>", "<current_state>6</current_state>")
    (change,) = FORMATS["prestashop"](cancelled, "a-channel", UPDATE).changes
    assert (change.external_id, change.edits) == ("812", (CancelOrder(),))
    refunded = changed("<product_quantity_refunded>0<", "<product_quantity_refunded>2<")
    (change,) = FORMATS["prestashop"](refunded, "a-channel", UPDATE).changes
    assert change.edits == (SetQuantity(line_id="52", quantity=1),)
    assert one_draft("prestashop", refunded).lines[1].quantity == 1


def test_a_carrier_that_is_no_carrier_is_a_pickup():
    assert (
        one_draft("prestashop", changed("Chrono Express", "Click and collect")).details.pickup_location
        == "Click and collect"
    )


def test_a_document_in_another_encoding_is_read_whatever_it_says():
    text = document(XML).decode().partition("?>")[2].replace("Joyeux anniversaire !", "Bon été")
    for content in (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode("latin-1"),
        text.encode("latin-1"),
        f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="windows-1252"?>{text}'.encode("cp1252"),
    ):
        assert one_draft("prestashop", content).ship_to.name == "Zoé Lefèvre"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "line 1 column 1"),
        (b"<prestashop>\n<order>", "line 2 column 8"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "line 1 column 1"),
    ],
)
def test_what_is_no_xml_says_where_reading_stopped(content, where):
    problem = one_problem("prestashop", content)
    assert (problem.reason, problem.position) == (xml_document.NOT_XML, where)


def test_an_error_answer_is_called_one():
    content = (
        b"<prestashop><errors><error><code>26</code><message><![CDATA[Denied]]></message></error></errors></prestashop>"
    )
    problem = one_problem("prestashop", content)
    assert (problem.reason, problem.position) == ("NOT_AN_ORDER", "/prestashop/errors/error")
    assert problem.message.endswith("Denied")


@pytest.mark.parametrize("value", ["", "x" * 500, "-1", "<b>1</b>"])
def test_every_single_element_may_be_anything(value):
    text = document(XML).decode()
    for spot in re.finditer(r">([^<>]+|<!\[CDATA\[.*?\]\]>)<", text):
        reading = read("prestashop", (text[: spot.start(1)] + value + text[spot.end(1) :]).encode())
        assert reading.drafts or reading.problems
        for draft in reading.drafts:
            assert_within_limits(draft)

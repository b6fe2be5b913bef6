"""Mirakl orders: before, while and after they are the seller's to ship."""

import json

import pytest

from services.intake.channels import FORMATS
from services.intake.domain.draft import HoldType, PaymentState, ServiceLevel
from services.intake.domain.edits import CancelOrder, SetQuantity
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read

ORDERS = "mirakl/01-orders.json"
LATER = "mirakl/02-due-date-parcel-point.json"


def order(**fields):
    return loaded(ORDERS)["orders"][0] | fields


def updated(value):
    return FORMATS["mirakl"](json.dumps(value).encode(), "a-channel", {"x-mirakl-event": "ORDER_UPDATED"})


def test_only_what_is_left_of_a_line_is_ordered_and_the_total_is_as_placed():
    draft = one_draft("mirakl", document(ORDERS))
    assert (draft.external_id, draft.order_number, draft.details.group_id) == ("DEMO-7001-A", *["DEMO-7001"] * 2)
    (line,) = draft.lines
    assert (line.external_line_id, line.sku, line.details.channel_sku) == ("DEMO-7001-A-1", "TEE-WHT-M", "MKP-1")
    assert (line.quantity, line.unit_price.minor, line.discount.minor, line.tax.minor) == (3, 1000, 0, 450)
    assert [(t.amount.minor, t.rate, t.collected_by_channel) for t in line.details.taxes] == [
        (150, "0.05", True),
        (300, "0.09975", False),
    ]
    assert line.details.properties == (("engraving", "É.G."),)
    # 87.00 with the fee, 5.99 of taxes on the lines and 0.15 on shipping.
    assert (str(draft.total), draft.shipping.minor, draft.shipping_tax.minor) == ("93.14 EUR", 600, 15)
    assert draft.payment.state == PaymentState.MARKETPLACE_HELD
    assert draft.service_level == ServiceLevel.EXPEDITED
    assert draft.details.ship_by_time.isoformat() == "2026-05-06T10:00:00+00:00"
    assert (draft.details.locale, draft.details.tags, draft.note) == ("fr-FR", ("gift-wrap=true",), "Sonner deux fois")
    assert draft.bill_to == draft.ship_to


def test_an_order_that_is_paid_later_with_prices_that_contain_tax():
    draft = one_draft("mirakl", document(LATER))
    (line,) = draft.lines
    assert (line.prices_include_tax, line.total.minor, line.tax.minor) == (True, 2400, 400)
    assert (draft.shipping.minor, draft.shipping_tax.minor, draft.total.minor) == (500, 100, 3000)
    assert (draft.payment.state, draft.details.payment_terms) == (PaymentState.ON_TERMS, "NET30")
    assert (draft.details.location_code, draft.details.pickup_location) == ("FR-0142", "")
    assert one_draft("mirakl", loaded(LATER) | {"customer_debited_date": "2026-05-05"}).payment.state == (
        PaymentState.MARKETPLACE_HELD
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("STAGING", "AWAITING_ACCEPTANCE"),
        ("WAITING_ACCEPTANCE", "AWAITING_ACCEPTANCE"),
        ("WAITING_DEBIT", "AWAITING_DEBIT"),
        ("WAITING_DEBIT_PAYMENT", "AWAITING_DEBIT"),
        ("SHIPPED", "NOT_OPEN"),
        ("TO_COLLECT", "NOT_OPEN"),
        ("CLOSED", "NOT_OPEN"),
        ("REFUSED", "NOT_OPEN"),
        ("CANCELED", "NOT_OPEN"),
        ("DREAMING", "BAD_VALUE"),
    ],
)
def test_only_an_order_in_shipping_is_to_be_shipped(state, reason):
    problem = one_problem("mirakl", {"orders": [order(order_state=state, customer={"shipping_address": ""})]})
    assert (problem.reason, problem.position) == (reason, "$.orders[0].order_state")
    assert problem.external_id == "DEMO-7001-A"


def test_an_update_cancels_an_order_or_units_and_lines_of_it():
    (change,) = updated(order(order_state="CANCELED")).changes
    assert (change.change_id, change.edits) == ("cancelled", (CancelOrder(),))
    reading = updated(order())
    assert reading.drafts == ()
    assert reading.changes[0].edits == (
        SetQuantity(line_id="DEMO-7001-A-1", quantity=3),
        SetQuantity(line_id="DEMO-7001-A-2", quantity=0),
    )
    whole = order(order_lines=[order()["order_lines"][0] | {"cancelations": []}])
    assert updated(whole).drafts != ()


def test_an_order_without_a_shipping_address_goes_nowhere_unseen():
    customer = order()["customer"] | {"shipping_address": ""}
    (hold,) = one_draft("mirakl", order(customer=customer)).holds
    assert hold.type == HoldType.INCORRECT_ADDRESS
    problem = one_problem("mirakl", order(customer={"shipping_address": None, "billing_address": ""}))
    assert (problem.reason, problem.position) == ("MISSING_FIELD", "$.customer.shipping_address")


def test_what_the_marketplace_has_not_settled_is_held():
    kinds = [h.type for h in one_draft("mirakl", order(has_incident=True, waiting_funding_confirmation="true")).holds]
    assert kinds == [HoldType.AWAITING_PAYMENT, HoldType.CUSTOMER_REQUEST]


def test_empty_text_is_null_wherever_it_stands():
    blank = order(delivery_date="", channel="", references="", promotions="", invoice_details="", shipping_price="")
    draft = one_draft("mirakl", blank)
    assert (draft.shipping.minor, draft.details.due_time, draft.details.program) == (600, None, "")


def test_a_line_without_the_sellers_sku_is_named_by_the_marketplaces_product():
    lines = [order()["order_lines"][0] | {"offer_sku": "", "product_shop_sku": ""}]
    (line,) = one_draft("mirakl", order(order_lines=lines)).lines
    assert line.sku == "product:MKP-1"


def test_one_bad_order_stops_no_other():
    lines = [order()["order_lines"][0] | {"quantity": 1.5}]
    reading = read("mirakl", {"orders": [order(order_id="B", order_lines=lines), order()]})
    assert [draft.external_id for draft in reading.drafts] == ["DEMO-7001-A"]
    (problem,) = reading.problems
    assert (problem.position, problem.external_id) == ("$.orders[0].order_lines[0].quantity", "B")

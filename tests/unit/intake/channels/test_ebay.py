import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.channels import ebay
from services.intake.domain.details import ChargeKind, TenderKind
from services.intake.domain.draft import HoldType, PaymentState, ServiceLevel
from services.intake.domain.edits import CancelOrder
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read
from tests.unit.intake.channels.reading_marketplaces import adds_up

PICKUP = "ebay/02-uk-converted-pickup-list.json"


@pytest.fixture
def order() -> Any:
    return loaded("ebay/01-us-discounts.json")


def test_an_order_with_discounts_adds_up_without_the_tax_that_ebay_collects(order):
    draft = one_draft("ebay", order)
    assert adds_up(draft)
    mugs, bowl = draft.lines
    # 40.00 for three, 36.00 after the promotion.
    assert (mugs.unit_price.minor, mugs.quantity, mugs.total.minor, mugs.tax.minor) == (1334, 3, 3600, 0)
    assert [(p.amount.minor, p.collected_by_channel) for p in mugs.details.taxes] == [(288, True)]
    assert (mugs.details.discounts[0].code, mugs.details.discounts[0].amount.minor) == ("PR-1", 400)
    assert (bowl.sku, bowl.details.channel_sku) == ("item:110002/44", "110002")
    assert (draft.total.minor, draft.shipping.minor) == (4600, 400)
    # 7.00 off in all, of which the lines tell 4.00.
    assert [(c.kind, c.title, c.amount.minor) for c in draft.details.charges] == [
        (ChargeKind.DISCOUNT, "Discount", 300),
        (ChargeKind.DISCOUNT, "Adjustment", 100),
    ]
    assert (draft.customer_reference, draft.note, draft.service_level) == (
        "ada-testwell",
        "Ring twice",
        ServiceLevel.EXPEDITED,
    )
    assert (draft.ship_to.company, draft.bill_to and draft.bill_to.name) == ("Example LLC", "Ada Testwell")
    assert draft.details.ship_by_time == datetime(2026, 1, 6, 7, 59, 59, tzinfo=UTC)
    assert (draft.payment.state, draft.payment.reference) == (PaymentState.MARKETPLACE_HELD, "P-1")
    assert draft.details.tenders[0].kind is TenderKind.MARKETPLACE


def test_converted_money_is_what_the_buyer_was_shown_and_a_pickup_needs_no_address():
    reading = read("ebay", document(PICKUP))
    (draft,) = reading.drafts
    assert (draft.currency_code, draft.total.minor, draft.ship_to.country_code) == ("GBP", 2000, "GB")
    assert draft.details.pickup_location == "STORE-7"
    # The other line is fulfilled.
    assert [(line.sku, line.quantity, line.unit_price.minor) for line in draft.lines] == [("TEE-BLK-L", 2, 500)]
    assert draft.payment.state is PaymentState.PENDING
    assert [hold.type for hold in draft.holds] == [HoldType.CUSTOMER_REQUEST]
    (problem,) = reading.problems
    assert (problem.reason, problem.position) == ("NOT_OPEN", "$.orders[1].cancelStatus.cancelState")


def test_tax_that_the_seller_owes_is_the_lines_tax(order):
    line = order["lineItems"][0]
    line["taxes"].append({"taxType": "GST", "amount": {"value": "1.50", "currency": "USD"}})
    assert one_draft("ebay", order).lines[0].tax.minor == 150
    del line["ebayCollectAndRemitTaxes"]
    assert one_draft("ebay", order).lines[0].tax.minor == 438


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("cancelStatus", "cancelState"), "CANCELED", "NOT_OPEN"),
        (("orderPaymentStatus",), "FULLY_REFUNDED", "NOT_OPEN"),
        (("orderFulfillmentStatus",), "FULFILLED", "NOT_OPEN"),
        (("orderPaymentStatus",), "BARTERED", "BAD_VALUE"),
        (("program",), {"fulfillmentProgram": {"fulfilledBy": "EBAY"}}, "FULFILLED_BY_CHANNEL"),
        (("lineItems",), [], "NO_LINES"),
        (("fulfillmentStartInstructions",), [], "MISSING_FIELD"),
        (("fulfillmentStartInstructions",), [{"fulfillmentInstructionsType": "DIGITAL"}], "NOT_SHIPPABLE"),
        (("pricingSummary", "total"), None, "MISSING_FIELD"),
    ],
)
def test_an_order_that_cannot_be_shipped_says_why(order, path, value, reason):
    holder = order
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    problem = one_problem("ebay", order)
    assert (problem.reason, problem.external_id) == (reason, "11-00001-00001")
    assert problem.position.startswith(f"$.{path[0]}")


def test_several_destinations_are_refused_and_the_same_one_twice_is_one(order):
    start = order["fulfillmentStartInstructions"][0]
    order["fulfillmentStartInstructions"] = [start, start]
    assert one_draft("ebay", order).ship_to.city == "Austin"
    other = json.loads(json.dumps(start))
    other["shippingStep"]["shipTo"]["contactAddress"]["city"] = "Dallas"
    order["fulfillmentStartInstructions"] = [start, other]
    problem = one_problem("ebay", order)
    assert (problem.reason, problem.position) == ("UNSUPPORTED", "$.fulfillmentStartInstructions[1]")


@pytest.mark.parametrize(
    ("method", "held", "state"),
    [
        ("PAYPAL", "RELEASED", PaymentState.CAPTURED),
        ("PAYPAL", "HELD", PaymentState.MARKETPLACE_HELD),
        ("EBAY", "RELEASED", PaymentState.MARKETPLACE_HELD),
    ],
)
def test_paid_money_is_with_the_marketplace_unless_the_seller_got_it(order, method, held, state):
    order["paymentSummary"]["payments"][0] |= {"paymentMethod": method, "paymentHolds": [{"holdState": held}]}
    assert one_draft("ebay", order).payment.state is state


def test_a_line_that_was_shipped_in_part_is_held(order):
    order["lineItems"][0]["lineItemFulfillmentStatus"] = "IN_PROGRESS"
    (hold,) = one_draft("ebay", order).holds
    assert (hold.type, hold.external_line_id) == (HoldType.OTHER, "30001")


def test_an_update_of_a_cancelled_order_is_its_cancellation():
    reading = ebay.read(document(PICKUP), "a-channel", {"x-ebay-topic": "order.updated"})
    (change,) = reading.changes
    assert (change.external_id, change.change_id, change.edits, change.reason) == (
        "11-00003-00003",
        "cancelled",
        (CancelOrder(),),
        "BUYER_CANCELLED",
    )
    assert (len(reading.drafts), reading.problems) == (1, ())


@pytest.mark.parametrize(
    ("value", "reason", "position"),
    [
        ({"errors": [{"errorId": 32100, "message": "Invalid order ID"}]}, "CHANNEL_ERROR", "$.errors"),
        ({"fulfillments": []}, "NOT_AN_ORDER", "$.fulfillments"),
        ({"metadata": {"topic": "ORDER"}, "notification": {}}, "ORDER_MISSING", "$.notification"),
        ({"orders": []}, "NOT_AN_ORDER", "$"),
        ([], "NOT_AN_ORDER", "$"),
    ],
)
def test_what_is_no_order_is_named(value, reason, position):
    problem = one_problem("ebay", value)
    assert (problem.reason, problem.position) == (reason, position)

"""Magento 2 orders: what is one thing said twice, where the money is, and what an event changes."""

import json

import pytest

from services.intake.channels import FORMATS
from services.intake.domain.draft import HoldType, PaymentState
from services.intake.domain.edits import CancelOrder, SetQuantity
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read

PAID = "magento/01-configurable-coupon-gift-card.json"
YEN = "magento/02-bundle-download-yen.json"
TWO = "magento/03-two-addresses-event.json"


def paid(**fields):
    return loaded(PAID)["items"][0] | fields


def updated(content):
    return FORMATS["magento"](content, "a-channel", {"x-adobe-event-code": "observer.sales_order_save_commit_after"})


def test_a_configurable_and_its_simple_row_are_one_line_at_the_parents_price():
    draft = one_draft("magento", document(PAID))
    (line,) = draft.lines
    assert (line.external_line_id, line.sku, line.quantity) == ("9001", "POLO-NVY-M", 3)
    assert (line.unit_price.minor, line.discount.minor, line.tax.minor) == (3000, 900, 1701)
    assert line.details.discounts[0].code == "SPRING10"
    assert draft.ship_to.company == "Atelier Süd"
    assert draft.ship_to.administrative_area == "BE"


def test_gift_cards_are_tenders_and_the_total_is_what_was_bought():
    draft = one_draft("magento", document(PAID))
    assert str(draft.total) == "104.00 EUR"
    assert [(t.kind, t.amount.minor, t.reference) for t in draft.details.tenders] == [
        ("GIFT_CARD", 2750, "…00A7"),
        ("CARD", 7650, "AD-551"),
    ]
    assert draft.payment.state == PaymentState.CAPTURED
    unpaid = one_draft("magento", paid(total_paid=0, total_due=76.5, payment={"amount_authorized": 76.5}))
    assert (unpaid.payment.state, unpaid.payment.amount) == (PaymentState.AUTHORIZED, Money(7650, "EUR"))


def test_a_bundle_at_a_fixed_price_has_its_money_shared_out_over_its_parts_and_downloads_are_charges():
    draft = one_draft("magento", document(YEN))
    assert [(x.sku, x.details.bundle, x.quantity) for x in draft.lines] == [
        ("FLEECE-BLK-M", "1", 1),
        ("SOCK-BLK-M", "1", 2),
    ]
    assert sum(x.total.minor for x in draft.lines) == 11000
    (charge,) = draft.details.charges
    assert (charge.kind, charge.amount.minor, charge.tax.minor) == ("DIGITAL", 2000, 200)
    assert (str(draft.total), draft.payment.state) == ("13200 JPY", PaymentState.AUTHORIZED)


def test_a_bundle_with_prices_on_its_parts_keeps_them():
    order = loaded(YEN)
    order["items"][1] |= {"price": 7000, "row_total": 7000, "tax_amount": 700}
    order["items"][2] |= {"price": 1500, "row_total": 3000, "tax_amount": 300}
    lines = one_draft("magento", order).lines
    assert [(x.unit_price.minor, x.discount.minor, x.tax.minor) for x in lines] == [(7000, 0, 700), (1500, 0, 300)]


def test_several_shipping_assignments_are_several_drafts_of_one_group():
    first, second = read("magento", document(TWO)).drafts
    assert (first.external_id, second.external_id) == ("4103/1", "4103/2")
    assert first.details.group_id == second.details.group_id == "4103"
    assert (first.ship_to.city, second.ship_to.city) == ("Tacoma", "Bend")
    assert (str(first.total), str(second.total)) == ("55.00 USD", "76.00 USD")
    assert (first.payment.state, first.payment.reference) == (PaymentState.ON_TERMS, "PO-778")
    assert first.bill_to.lines == ("1 Dock Road", "Unit 4")


def test_only_what_is_left_is_ordered_and_collected_where_units_were_cancelled_or_shipped():
    order = paid(total_paid=0, total_due=76.5, payment={"amount_authorized": 76.5})
    order["items"][0] |= {"qty_canceled": 1, "qty_shipped": 1}
    draft = one_draft("magento", order)
    (line,) = draft.lines
    assert (line.quantity, line.discount.minor, line.tax.minor) == (1, 300, 567)
    # Two thirds of the 98.01 that the line costs are gone from the 76.50 that are due.
    assert draft.payment.amount == Money(7650 - 6534, "EUR")


def test_prices_with_tax_have_the_tax_inside_their_discount_given_back():
    order = paid(grand_total=108.9, extension_attributes={})
    order["items"] = [
        {"item_id": 1, "sku": "A", "qty_ordered": 1, "price": 100, "row_total": 100, "discount_amount": 12.1}
        | {"discount_tax_compensation_amount": 2.1, "tax_amount": 18.9}
    ]
    (line,) = one_draft("magento", order).lines
    assert (line.unit_price.minor, line.discount.minor, line.total.minor) == (10000, 1000, 10890)


@pytest.mark.parametrize(
    ("state", "kind"), [("holded", HoldType.OTHER), ("payment_review", HoldType.HIGH_RISK_OF_FRAUD)]
)
def test_an_order_that_magento_holds_is_held(state, kind):
    (hold,) = one_draft("magento", paid(state=state)).holds
    assert hold.type == kind


@pytest.mark.parametrize("state", ["canceled", "closed", "complete"])
def test_an_order_that_is_over_is_not_open_where_nothing_says_that_it_is_known(state):
    problem = one_problem("magento", {"items": [paid(state=state)]})
    assert (problem.reason, problem.position, problem.external_id) == ("NOT_OPEN", "$.items[0].state", "4101")


def test_an_event_about_a_known_order_cancels_it_or_units_of_it_and_says_the_same_twice():
    (change,) = updated(json.dumps(paid(state="canceled")).encode()).changes
    assert (change.external_id, change.change_id, change.edits) == ("4101", "cancelled", (CancelOrder(),))
    order = paid()
    order["items"][0]["qty_canceled"] = 1
    content = json.dumps({"order": order}).encode()
    reading = updated(content)
    assert reading == updated(content)
    assert reading.drafts == ()
    assert reading.changes[0].edits == (SetQuantity(line_id="9001", quantity=2),)
    assert updated(document(PAID)).drafts != ()


def test_a_pickup_order_says_where_and_is_not_held_for_its_address():
    order = paid()
    order["extension_attributes"]["pickup_location_code"] = "berlin-mitte"
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"]["street"] = []
    draft = one_draft("magento", order)
    assert (draft.details.pickup_location, draft.holds) == ("berlin-mitte", ())


@pytest.mark.parametrize(
    ("content", "position"),
    [
        ({"order_id": 4, "increment_id": "1", "grand_total": 3}, "$.order_id"),
        ({"message": "The consumer isn't authorized."}, "$.message"),
        ({"items": [], "total_count": 0}, "$"),
        ({"id": 3, "items_qty": 2, "items": []}, "$.items_qty"),
    ],
)
def test_what_is_no_order_is_called_by_its_name(content, position):
    problem = one_problem("magento", content)
    assert (problem.reason, problem.position) == ("NOT_AN_ORDER", position)

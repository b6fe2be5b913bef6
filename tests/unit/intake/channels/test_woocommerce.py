from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.details import Details, Tender, TenderKind
from services.intake.domain.draft import Address, Draft, DraftLine, HoldType, PaymentDraft, PaymentState, ServiceLevel
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_an_order_in_processing_is_read_field_by_field():
    address = Address(
        name="Ines Ficta",
        lines=("60 Specimen Street",),
        city="Chicago",
        administrative_area="IL",
        postal_code="60601",
        country_code="US",
        phone="555-0111",
        email="ines.ficta@example.org",
    )
    assert one_draft("woocommerce", document("woocommerce/01-us-processing.json")) == Draft(
        channel="a-channel",
        external_id="2001",
        order_number="2001",
        order_time=datetime(2026, 1, 5, 14, tzinfo=UTC),
        currency_code="USD",
        customer_reference="31",
        ship_to=address,
        bill_to=address,
        lines=(
            DraftLine(
                external_line_id="1",
                sku="FLEECE-BLK-M",
                title="Fleece jacket, black, M",
                quantity=1,
                unit_price=usd(7450),
                discount=usd(0),
                tax=usd(540),
            ),
            DraftLine(
                external_line_id="2",
                sku="SOCK-WHT-M",
                title="Socks, pair, white, M",
                quantity=3,
                unit_price=usd(890),
                discount=usd(0),
                tax=usd(194),
            ),
        ),
        shipping=usd(490),
        shipping_tax=usd(36),
        total=usd(11380),
        payment=PaymentDraft(state=PaymentState.CAPTURED, reference="txn-2001"),
        email="ines.ficta@example.org",
        phone="555-0111",
        details=Details(tenders=(Tender(kind=TenderKind.CARD, amount=usd(11380), reference="txn-2001"),)),
    )


def test_a_blank_shipping_address_means_the_billing_address_and_amounts_are_without_tax():
    draft = one_draft("woocommerce", document("woocommerce/02-uk-billing-only.json"))
    assert (draft.ship_to.postal_code, draft.holds) == ("EH1 1YZ", ())
    assert not draft.lines[0].prices_include_tax
    assert draft.lines[0].total.minor + draft.shipping.minor + draft.shipping_tax.minor == draft.total.minor


def test_a_price_that_does_not_divide_meets_the_line_total_exactly_through_the_discount():
    (line,) = one_draft("woocommerce", document("woocommerce/03-eu-price-that-does-not-divide.json")).lines
    assert (line.unit_price.minor, line.discount.minor) == (3334, 1001)
    assert line.unit_price.minor * 3 - line.discount.minor == 9001


def test_the_parts_of_a_bundle_are_shipped_and_its_container_is_not():
    draft = one_draft("woocommerce", document("woocommerce/04-us-bundle.json"))
    assert [line.sku for line in draft.lines] == ["BEAN-NVY-M", "FLEECE-NVY-M"]
    assert draft.total == usd(7190)
    assert draft.payment.state is PaymentState.ON_TERMS
    assert draft.customer_reference == "liam.samplesby@example.org"
    assert draft.service_level is ServiceLevel.EXPEDITED


def test_an_order_on_hold_is_not_paid_and_html_entities_are_characters():
    draft = one_draft("woocommerce", document("woocommerce/05-eu-on-hold.json"))
    assert draft.payment.state is PaymentState.PENDING
    assert draft.ship_to.company == "O’Sample & Sons"
    assert draft.note == "Deliver to the back door."


def test_numbers_as_strings_are_numbers_and_an_address_without_street_is_held():
    first, second = read("woocommerce", document("woocommerce/06-list-one-without-street.json")).drafts
    assert (first.lines[0].external_line_id, first.lines[0].quantity, first.payment.reference) == ("1", 2, "2006")
    assert [hold.type for hold in second.holds] == [HoldType.INCORRECT_ADDRESS]


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("woocommerce/01-us-processing.json")
    return order | fields


def line_changed(**fields: Any) -> dict[str, Any]:
    order = changed()
    order["line_items"][0].update(fields)
    return order


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunded", "failed", "trash", "auto-draft", "wc-failed"])
def test_an_order_that_is_over_is_not_open(status):
    problem = one_problem("woocommerce", changed(status=status))
    assert (problem.reason, problem.position, problem.external_id) == ("NOT_OPEN", "$.status", "2001")


@pytest.mark.parametrize(
    ("order", "reason", "position"),
    [
        (changed(status="packed-by-plugin"), "BAD_VALUE", "$.status"),
        (changed(currency=""), "MISSING_FIELD", "$.currency"),
        (changed(total=None), "MISSING_FIELD", "$.total"),
        (changed(line_items=[]), "NO_LINES", "$.line_items"),
        (changed(line_items=["x"]), "BAD_VALUE", "$.line_items[0]"),
        (changed(shipping={}, billing={}), "MISSING_FIELD", "$.shipping"),
        (line_changed(quantity=1.5), "BAD_VALUE", "$.line_items[0].quantity"),
        (line_changed(quantity=-1), "BAD_VALUE", "$.line_items[0].quantity"),
        (line_changed(total="-9.00"), "BAD_VALUE", "$.line_items[0].total"),
        (line_changed(sku="", product_id=0, variation_id=0), "MISSING_FIELD", "$.line_items[0].sku"),
        (line_changed(id=2), "BAD_VALUE", "$.line_items[1].id"),
        ({"author": "x", "note": "n", "id": 1}, "NOT_AN_ORDER", "$"),
        ({"tracking_number": "1Z"}, "NOT_AN_ORDER", "$"),
        (b"{'id': 1}", "NOT_JSON", "line 1 column 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(order, reason, position):
    problem = one_problem("woocommerce", order)
    assert (problem.reason, problem.position) == (reason, position)


def test_a_numeric_sku_is_a_sku_and_a_missing_one_is_named_by_variation_else_product():
    assert one_draft("woocommerce", line_changed(sku=123)).lines[0].sku == "123"
    assert one_draft("woocommerce", line_changed(sku="")).lines[0].sku == "variant:1001"
    assert one_draft("woocommerce", line_changed(sku=None, variation_id=0)).lines[0].sku == "product:101"


def test_an_open_order_with_refunds_is_held_because_nobody_says_which_units():
    (hold,) = one_draft("woocommerce", changed(refunds=[{"id": 9, "total": "-5.00"}])).holds
    assert (hold.handle, hold.type) == ("refunds", HoldType.OTHER)
    assert "-5.00" in hold.note


def test_a_deleted_order_of_a_batch_answer_is_not_accepted():
    reading = read("woocommerce", {"create": [changed(id=1)], "delete": [changed(id=2)]})
    assert [draft.external_id for draft in reading.drafts] == ["1"]
    assert [(p.reason, p.position) for p in reading.problems] == [("NOT_OPEN", "$.delete[0]")]

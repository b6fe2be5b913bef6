import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.details import Details, LineDetails, TaxPart
from services.intake.domain.draft import (
    Address,
    Draft,
    DraftLine,
    HoldType,
    PaymentDraft,
    PaymentState,
    ServiceLevel,
)
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_a_paid_order_is_read_field_by_field():
    address = Address(
        name="Ada Testwell",
        lines=("12 Example Avenue", "Apt 4"),
        city="New York",
        administrative_area="NY",
        postal_code="10001",
        country_code="US",
        phone="555-0101",
        email="ada.testwell@example.com",
    )
    assert one_draft("shopify", document("shopify/01-us-paid.json")) == Draft(
        channel="a-channel",
        external_id="9007199254740993001",
        order_number="#1001",
        order_time=datetime(2026, 1, 5, 14, 15, tzinfo=UTC),
        currency_code="USD",
        customer_reference="7001",
        ship_to=address,
        bill_to=address,
        lines=(
            DraftLine(
                external_line_id="9007199254740993101",
                sku="TEE-BLK-M",
                title="T-shirt, black, M",
                quantity=2,
                unit_price=usd(1990),
                discount=usd(0),
                tax=usd(289),
                details=LineDetails(taxes=(TaxPart(title="Tax", amount=usd(289), rate="0.0725"),)),
            ),
            DraftLine(
                external_line_id="9007199254740993102",
                sku="BEAN-GRY-S",
                title="Beanie, grey, S",
                quantity=1,
                unit_price=usd(1600),
                discount=usd(0),
                tax=usd(116),
                details=LineDetails(taxes=(TaxPart(title="Tax", amount=usd(116), rate="0.0725"),)),
            ),
        ),
        shipping=usd(490),
        shipping_tax=usd(36),
        total=usd(6511),
        payment=PaymentDraft(state=PaymentState.CAPTURED),
        email="ada.testwell@example.com",
        details=Details(shipping_taxes=(TaxPart(title="Tax", amount=usd(36)),)),
    )


def test_an_authorised_expedited_order_keeps_its_reference_and_its_note():
    draft = one_draft("shopify", document("shopify/02-us-expedited-authorized.json"))
    assert draft.payment == PaymentDraft(state=PaymentState.AUTHORIZED, reference="auth-1002")
    assert draft.service_level is ServiceLevel.EXPEDITED
    assert draft.note == "Please ring twice."


def test_where_taxes_are_included_shipping_is_told_without_its_tax_and_lines_with_theirs():
    draft = one_draft("shopify", document("shopify/03-uk-taxes-included.json"))
    assert (draft.shipping.minor, draft.shipping_tax.minor) == (1658, 332)
    assert draft.service_level is ServiceLevel.NEXT_DAY
    assert all(line.prices_include_tax for line in draft.lines)
    assert sum(line.total.minor for line in draft.lines) + 1990 == draft.total.minor == 15670


def test_an_order_discount_is_the_sum_of_what_is_allocated_to_each_line():
    draft = one_draft("shopify", document("shopify/04-eu-order-discount.json"))
    assert [line.discount.minor for line in draft.lines] == [500, 285, 215]
    assert sum(line.total.minor for line in draft.lines) + 490 == draft.total.minor


def test_a_gift_card_is_no_stock_but_stays_in_the_total():
    draft = one_draft("shopify", document("shopify/05-us-gift-card-pending.json"))
    assert [line.sku for line in draft.lines] == ["CREW-NVY-M"]
    assert draft.total == usd(10781)
    assert draft.payment.state is PaymentState.PENDING


def test_of_a_partly_fulfilled_order_only_the_rest_is_left_with_its_share_of_money():
    first, second = read("shopify", document("shopify/06-list-partly-fulfilled.json")).drafts
    (line,) = first.lines
    assert (line.sku, line.quantity, line.unit_price.minor) == ("SHORT-GRY-M", 1, 3200)
    assert (line.discount.minor, line.tax.minor) == (334, 208)
    assert second.external_id == "5000000001007"


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("shopify/01-us-paid.json")
    order.update(fields)
    return order


def line_changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("shopify/01-us-paid.json")
    order["line_items"][1].update(fields)
    return order


@pytest.mark.parametrize(
    ("order", "reason", "position"),
    [
        (changed(cancelled_at="2026-01-06T00:00:00Z"), "NOT_OPEN", "$.cancelled_at"),
        (changed(financial_status="refunded"), "NOT_OPEN", "$.financial_status"),
        (changed(financial_status="voided"), "NOT_OPEN", "$.financial_status"),
        (changed(fulfillment_status="fulfilled"), "NOT_OPEN", "$.fulfillment_status"),
        (changed(financial_status="maybe"), "BAD_VALUE", "$.financial_status"),
        (changed(currency="dollars"), "BAD_VALUE", "$.currency"),
        (changed(currency=None), "MISSING_FIELD", "$.currency"),
        (changed(id=None), "MISSING_FIELD", "$.id"),
        (changed(id="x" * 201), "BAD_VALUE", "$.id"),
        (changed(id="9\x00"), "BAD_VALUE", "$.id"),
        (changed(id=True), "BAD_VALUE", "$.id"),
        (changed(total_price=None), "MISSING_FIELD", "$.total_price"),
        (changed(total_price="NaN"), "BAD_VALUE", "$.total_price"),
        (changed(line_items=[]), "NO_LINES", "$.line_items"),
        (changed(line_items={}), "BAD_VALUE", "$.line_items"),
        (changed(shipping_address=None, billing_address=None), "MISSING_FIELD", "$.shipping_address"),
        (changed(shipping_address={"country_code": "QQ"}), "UNKNOWN_COUNTRY", "$.shipping_address.country_code"),
        (line_changed(sku=None, variant_id=None, product_id=None), "MISSING_FIELD", "$.line_items[1].sku"),
        (line_changed(sku="s" * 101), "BAD_VALUE", "$.line_items[1].sku"),
        (line_changed(quantity=1.5), "BAD_VALUE", "$.line_items[1].quantity"),
        (line_changed(quantity=True), "BAD_VALUE", "$.line_items[1].quantity"),
        (line_changed(price="-1"), "BAD_VALUE", "$.line_items[1].price"),
        (line_changed(price="1e400"), "BAD_VALUE", "$.line_items[1].price"),
        (line_changed(total_discount="16.01"), "BAD_VALUE", "$.line_items[1].total_discount"),
        (line_changed(id=9007199254740993101), "BAD_VALUE", "$.line_items[1].id"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(order, reason, position):
    problem = one_problem("shopify", order)
    assert (problem.reason, problem.position) == (reason, position)


def test_an_order_of_which_nothing_needs_shipping_is_not_shippable():
    order = changed()
    for line in order["line_items"]:
        line["requires_shipping"] = "FALSE"
    assert one_problem("shopify", order).reason == "NOT_SHIPPABLE"


def test_units_that_were_refunded_are_not_shipped_where_nothing_else_tells_what_is_left():
    order = changed(refunds=[{"refund_line_items": [{"line_item_id": 9007199254740993101, "quantity": 1}]}])
    for line in order["line_items"]:
        del line["fulfillable_quantity"]
    assert [line.quantity for line in one_draft("shopify", order).lines] == [1, 1]
    order["line_items"][0]["current_quantity"] = 0
    assert [line.sku for line in one_draft("shopify", order).lines] == ["BEAN-GRY-S"]


def test_a_partly_fulfilled_order_that_does_not_say_what_is_left_is_refused():
    order = changed(fulfillment_status="partial")
    del order["line_items"][0]["fulfillable_quantity"]
    problem = one_problem("shopify", order)
    assert (problem.reason, problem.position) == ("MISSING_FIELD", "$.line_items[0].fulfillable_quantity")


def test_a_line_without_sku_is_named_by_its_variant_else_its_product():
    assert one_draft("shopify", line_changed(sku="", variant_id=77)).lines[1].sku == "variant:77"
    assert one_draft("shopify", line_changed(sku="NULL", variant_id=None)).lines[1].sku == "product:3000000000001"


def test_without_a_shipping_address_a_complete_billing_address_is_used_without_a_hold():
    draft = one_draft("shopify", changed(shipping_address=None))
    assert (draft.ship_to.city, draft.holds) == ("New York", ())


def test_an_address_without_street_or_postal_code_is_held():
    order = changed()
    order["shipping_address"].update(address1=None, address2=None, zip="")
    (hold,) = one_draft("shopify", order).holds
    assert (hold.handle, hold.type) == ("address", HoldType.INCORRECT_ADDRESS)
    assert "street" in hold.note
    assert "postal code" in hold.note


def test_a_country_taken_from_the_billing_address_is_held_for_somebody_to_check():
    order = changed()
    order["shipping_address"].update(country_code=None)
    draft = one_draft("shopify", order)
    assert (draft.ship_to.country_code, [hold.handle for hold in draft.holds]) == ("US", ["address"])


def test_prose_is_cut_and_freed_of_what_cannot_be_stored_but_ids_never_are():
    draft = one_draft("shopify", changed(note="a\x00b\ud800" + "n" * 3000))
    assert draft.note.startswith("a b")
    assert len(draft.note) == 2000


def test_one_bad_order_in_a_list_does_not_hold_up_the_others():
    orders = [changed(id=1), changed(id=2, currency=None), changed(id=3)]
    reading = read("shopify", {"orders": orders})
    assert [draft.external_id for draft in reading.drafts] == ["1", "3"]
    (problem,) = reading.problems
    assert (problem.external_id, problem.position) == ("2", "$.orders[1].currency")


def test_the_shop_s_money_is_read_not_the_customer_s():
    price_set = {"shop_money": {"amount": "16.00"}, "presentment_money": {"amount": "2400"}}
    draft = one_draft("shopify", line_changed(price=None, price_set=price_set) | {"presentment_currency": "JPY"})
    assert draft.lines[1].unit_price == usd(1600)


@pytest.mark.parametrize(
    ("content", "reason", "position"),
    [
        (b'{"id": 1,\n}', "NOT_JSON", "line 2 column 1"),
        (b"", "NOT_JSON", "line 1 column 1"),
        (b"[" * 100_000, "NOT_JSON", "line 1 column 1"),
        ({"fulfillment": {"order_id": 1}}, "NOT_AN_ORDER", "$.fulfillment"),
        ({"gift_card": {}}, "NOT_AN_ORDER", "$.gift_card"),
        ({"orders": []}, "NOT_AN_ORDER", "$"),
        ({"data": {"order": {}}}, "MISSING_FIELD", "$.data.order.id"),
        ({"data": {"order": None}}, "NOT_AN_ORDER", "$.data.order"),
        ({"data": {"orders": {"nodes": []}}}, "NOT_AN_ORDER", "$.data"),
        ({"errors": [{"message": "Throttled"}]}, "NOT_AN_ORDER", "$.errors"),
        ({"order_edit": {"order_id": 1}}, "UNSUPPORTED", "$.order_edit"),
        (7, "NOT_AN_ORDER", "$"),
    ],
)
def test_what_is_no_order_is_named(content, reason, position):
    problem = one_problem("shopify", content)
    assert (problem.reason, problem.position) == (reason, position)


def test_byte_order_marks_and_old_encodings_are_read():
    order = changed()
    order["shipping_address"]["city"] = "Zürich"
    text = json.dumps(order, ensure_ascii=False)
    for content in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), text.encode("latin-1")):
        assert one_draft("shopify", content).ship_to.city == "Zürich"


def test_a_line_that_is_said_twice_word_for_word_is_one_line():
    order = changed()
    order["line_items"].append(copy.deepcopy(order["line_items"][0]))
    assert len(one_draft("shopify", order).lines) == 2

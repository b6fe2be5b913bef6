from typing import Any

import pytest

from services.intake.domain.details import Charge, ChargeKind, DiscountPart, TaxPart, Tender, TenderKind
from services.intake.domain.draft import PaymentState
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import (
    assert_within_limits,
    document,
    loaded,
    one_draft,
    one_problem,
)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("woocommerce/01-us-processing.json")
    return order | fields


def line_changed(**fields: Any) -> dict[str, Any]:
    order = changed()
    order["line_items"][0].update(fields)
    return order


def test_fees_taxes_and_gift_cards_are_told_apart_and_add_up():
    draft = one_draft("woocommerce", document("woocommerce/07-us-fees-gift-card.json"))
    assert draft.details.charges == (
        Charge(kind=ChargeKind.FEE, title="Gift wrapping", amount=usd(400), tax=usd(50)),
        Charge(kind=ChargeKind.DISCOUNT, title="Loyalty rebate", amount=usd(600)),
    )
    # 3.725 and 1.676 are 5.40 together: neither is rounded on its own.
    assert draft.lines[0].details.taxes == (
        TaxPart(title="State", amount=usd(372), rate="0.05"),
        TaxPart(title="City", amount=usd(168), rate="0.0225"),
    )
    assert draft.details.shipping_taxes == (
        TaxPart(title="State", amount=usd(25), rate="0.05"),
        TaxPart(title="City", amount=usd(11), rate="0.0225"),
    )
    assert draft.details.tenders == (
        Tender(kind=TenderKind.GIFT_CARD, amount=usd(1000), reference="8"),
        Tender(kind=TenderKind.CARD, amount=usd(11230), reference="txn-2101"),
    )
    assert "SECRET" not in repr(draft)
    assert draft.details.locale == "en"
    assert sum(line.total.minor for line in draft.lines) + 490 + 36 + 450 - 600 == draft.total.minor


def test_a_bundle_with_a_sku_of_its_own_is_not_shipped_beside_its_parts():
    draft = one_draft("woocommerce", document("woocommerce/08-us-bundle-with-sku.json"))
    assert [(line.sku, line.details.bundle) for line in draft.lines] == [("BEAN-NVY-M", "1"), ("FLEECE-NVY-M", "1")]
    assert draft.details.charges == (
        Charge(kind=ChargeKind.FEE, title="Winter set", amount=usd(6000), sku="WINTER-SET"),
    )


def test_a_bundle_that_is_put_together_before_is_shipped_and_its_parts_are_not():
    order = loaded("woocommerce/08-us-bundle-with-sku.json")
    for part in order["line_items"][1:]:
        part["meta_data"] = [{"key": "_bundled_item_needs_shipping", "value": "no"}]
    draft = one_draft("woocommerce", order)
    assert ([line.sku for line in draft.lines], draft.details.charges) == (["WINTER-SET"], ())


@pytest.mark.parametrize(("down", "up"), [("composite_children", "composite_parent"), ("child_items", "mnm_child_of")])
def test_composites_are_read_from_either_end(down, up):
    for keep in (down, up):
        order = loaded("woocommerce/08-us-bundle-with-sku.json")
        for line in order["line_items"]:
            told = {down: line.pop("bundled_items"), up: line.pop("bundled_by")}
            line[keep] = told[keep]
        assert [line.sku for line in one_draft("woocommerce", order).lines] == ["BEAN-NVY-M", "FLEECE-NVY-M"]


def test_what_has_no_body_is_a_charge_and_alone_it_is_not_shippable():
    (charge,) = one_draft("woocommerce", line_changed(virtual=True, downloadable=True)).details.charges
    assert (charge.kind, charge.amount, charge.tax) == (ChargeKind.DIGITAL, usd(7450), usd(540))
    assert one_draft("woocommerce", line_changed(virtual="yes")).details.charges[0].kind is ChargeKind.SERVICE
    meta = [{"key": "wc_gc_giftcard_amount", "value": "50"}]
    assert one_draft("woocommerce", line_changed(meta_data=meta)).details.charges[0].kind is ChargeKind.GIFT_CARD
    order = changed()
    for line in order["line_items"]:
        line["virtual"] = True
    assert one_problem("woocommerce", order).reason == "NOT_SHIPPABLE"


def test_a_fee_that_is_a_tip_is_a_tip():
    order = changed(fee_lines=[{"name": "Tip for the packers", "total": "3.00", "total_tax": "0.00"}])
    assert one_draft("woocommerce", order).details.charges[0].kind is ChargeKind.TIP


def test_a_coupon_is_on_the_order_and_on_the_lines_that_it_made_cheaper():
    order = line_changed(subtotal="80.00")
    draft = one_draft("woocommerce", order | {"coupon_lines": [{"code": "winter", "discount": "5.50"}]})
    coupon = (DiscountPart(amount=usd(550), code="winter"),)
    assert (draft.details.discounts, draft.lines[0].details.discounts) == (coupon, coupon)
    assert draft.lines[1].details.discounts == ()


def test_an_order_in_yen_by_invoice_is_picked_up_and_on_terms():
    address = {
        "first_name": "花子",
        "last_name": "見本",
        "address_1": "見本町1-2-3",
        "city": "札幌市",
        "country": "JP",
        "phone": "",
    }
    line = {"id": 1, "name": "Beanie", "sku": "BEAN-GRY-S", "quantity": 2, "subtotal": "3200", "total": "3200"}
    order = {
        "id": 2102,
        "status": "processing",
        "currency": "JPY",
        "total": "3520",
        "customer_id": 77,
        "payment_method": "invoice",
        "payment_method_title": "Invoice, Net 30",
        "billing": address,
        "shipping": {},
        "line_items": [line | {"total_tax": "320"}],
        "shipping_lines": [
            {
                "method_id": "pickup_location",
                "method_title": "Pickup",
                "meta_data": [{"key": "pickup_location", "value": "札幌店"}],
            }
        ],
    }
    draft = one_draft("woocommerce", order)
    assert_within_limits(draft)
    assert (draft.ship_to.name, draft.ship_to.phone, draft.holds) == ("花子 見本", "", ())
    assert (draft.lines[0].unit_price, draft.total) == (Money(1600, "JPY"), Money(3520, "JPY"))
    assert (draft.payment.state, draft.details.payment_terms) == (PaymentState.ON_TERMS, "NET30")
    assert draft.details.pickup_location == "札幌店"
    assert draft.details.tenders == (Tender(kind=TenderKind.TERMS, amount=Money(3520, "JPY")),)


def test_a_currency_of_three_places_is_kept_to_the_last_one():
    assert one_draft("woocommerce", changed(currency="BHD", total="12.345")).total == Money(12345, "BHD")


def test_what_the_customer_chose_is_kept_and_what_plugins_note_is_not():
    meta = [
        {"key": "size", "display_key": "Size", "value": "M", "display_value": "M &amp; L"},
        {"key": "_reduced_stock", "value": "1"},
        {"key": "odd", "value": {"a": 1}},
        "not an entry",
    ]
    assert one_draft("woocommerce", line_changed(meta_data=meta)).lines[0].details.properties == (("Size", "M & L"),)
    assert one_draft("woocommerce", line_changed(meta_data={"a": 1})).lines[0].details.properties == ()

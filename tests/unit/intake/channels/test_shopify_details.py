from typing import Any

from services.intake.domain.details import Charge, ChargeKind, DiscountPart, TaxPart, Tender, TenderKind
from services.intake.domain.draft import Draft, PaymentState
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("shopify/01-us-paid.json")
    return order | fields


def extra(**line: Any) -> dict[str, Any]:
    order = changed()
    whole = {"id": 77, "title": "Extra", "quantity": 1, "price": "10.00", "requires_shipping": False} | line
    return order | {"line_items": [*order["line_items"], whole]}


def charges(order: dict[str, Any]) -> tuple[Charge, ...]:
    return one_draft("shopify", order).details.charges


def adds_up(draft: Draft) -> bool:
    paid = sum(c.amount.minor + (c.tax.minor if c.tax else 0) for c in draft.details.charges)
    parts = sum(line.total.minor for line in draft.lines) + draft.shipping.minor + draft.shipping_tax.minor
    return parts + paid == draft.total.minor


def test_an_order_of_a_company_on_terms_says_which_and_adds_up_with_its_charges():
    draft = one_draft("shopify", document("shopify/08-us-b2b-terms.json"))
    assert (draft.payment.state, draft.details.payment_terms) == (PaymentState.ON_TERMS, "NET30")
    assert (draft.details.program, draft.details.location_code, draft.details.locale) == ("b2b", "601", "en-US")
    assert draft.details.tags == ("wholesale", "net30")
    assert [(c.kind, c.amount.minor) for c in draft.details.charges] == [
        (ChargeKind.SERVICE, 2500),
        (ChargeKind.TIP, 200),
    ]
    assert [tender.kind for tender in draft.details.tenders] == [TenderKind.TERMS]
    assert adds_up(draft)


def test_terms_that_are_due_on_receipt_are_waited_for():
    terms = {"payment_terms_name": "Due on receipt", "payment_terms_type": "receipt"}
    draft = one_draft("shopify", changed(financial_status="pending", payment_terms=terms))
    assert draft.payment.state is PaymentState.PENDING


def test_cash_on_delivery_is_not_waited_for():
    order = changed(financial_status="pending", payment_gateway_names=["Cash on Delivery (COD)"])
    draft = one_draft("shopify", order)
    assert draft.payment.state is PaymentState.ON_TERMS
    assert draft.details.tenders == (Tender(kind=TenderKind.CASH_ON_DELIVERY, amount=usd(6511)),)


def test_an_order_that_is_picked_up_names_the_place_and_needs_no_deliverable_address():
    order = loaded("shopify/09-us-pickup.json")
    order["billing_address"] = {"country_code": "US", "name": "Ada Testwell"}
    draft = one_draft("shopify", order)
    assert (draft.details.pickup_location, draft.holds) == ("Harbour Store", ())


def test_an_order_that_is_partly_picked_up_is_held_where_nothing_says_which_part():
    order = changed()
    order["shipping_lines"].append({"title": "Local pickup", "price": "0.00", "delivery_category": "pickup"})
    draft = one_draft("shopify", order)
    assert (draft.details.pickup_location, [hold.handle for hold in draft.holds]) == ("", ["pickup"])


def test_lines_that_nobody_ships_are_charges_of_their_kind():
    assert charges(extra(gift_card=True, requires_shipping=True, sku="GC-10")) == (
        Charge(kind=ChargeKind.GIFT_CARD, title="Extra", amount=usd(1000), sku="GC-10"),
    )
    assert [c.kind for c in charges(extra(title="E-book"))] == [ChargeKind.DIGITAL]
    assert [c.kind for c in charges(extra(title="Extended warranty"))] == [ChargeKind.SERVICE]
    (tip,) = charges(extra(title="Tip") | {"total_tip_received": "10.00"})
    assert (tip.kind, tip.amount) == (ChargeKind.TIP, usd(1000))
    assert charges(extra(current_quantity=0)) == ()


def test_a_charge_s_tax_is_apart_from_its_amount_also_where_prices_include_it():
    taxes = [{"title": "VAT", "price": "1.67", "rate": 0.2}]
    for included, amount in ((True, 833), (False, 1000)):
        (charge,) = charges(extra(tax_lines=taxes) | {"taxes_included": included})
        assert (charge.amount, charge.tax) == (usd(amount), usd(167))


def test_a_tax_that_the_channel_pays_to_the_state_says_so():
    order = changed()
    order["line_items"][0]["tax_lines"] = [{"title": "VAT", "price": "2.89", "rate": 0.0725, "channel_liable": True}]
    (tax,) = one_draft("shopify", order).lines[0].details.taxes
    assert tax == TaxPart(title="VAT", amount=usd(289), rate="0.0725", collected_by_channel=True)


def test_taxes_that_only_the_order_tells_are_divided_among_its_lines_exactly():
    order = changed(tax_lines=[{"title": "State", "price": "3.00"}, {"title": "City", "price": "1.01"}])
    for line in (*order["line_items"], *order["shipping_lines"]):
        line["tax_lines"] = []
    lines = one_draft("shopify", order).lines
    assert sum(line.tax.minor for line in lines) == 401
    assert [[tax.amount.minor for tax in line.details.taxes] for line in lines] == [[214, 72], [86, 29]]


def test_discounts_of_a_line_and_of_the_order_keep_what_gave_them():
    order = changed(
        discount_applications=[
            {"type": "discount_code", "code": "TEN", "allocation_method": "across", "target_selection": "all"},
            {"type": "automatic", "title": "Second half price", "allocation_method": "each"},
        ],
        discount_codes=[{"code": "TEN", "amount": "5.00"}],
    )
    first, second = order["line_items"]
    first["discount_allocations"] = [{"amount": "3.00", "discount_application_index": 0}]
    second["discount_allocations"] = [
        {"amount": "2.00", "discount_application_index": 0},
        {"amount": "8.00", "discount_application_index": 1},
    ]
    draft = one_draft("shopify", order)
    assert draft.lines[1].details.discounts == (
        DiscountPart(amount=usd(200), code="TEN"),
        DiscountPart(amount=usd(800), title="Second half price"),
    )
    assert draft.details.discounts == (DiscountPart(amount=usd(500), code="TEN"),)


def test_a_capture_counts_and_the_authorization_that_it_took_does_not():
    order = changed(
        transactions=[
            {"id": 1, "kind": "authorization", "status": "success", "gateway": "stripe", "amount": "65.11"},
            {"id": 2, "kind": "capture", "status": "success", "gateway": "stripe", "amount": "45.11", "parent_id": 1},
            {"id": 3, "kind": "sale", "status": "success", "gateway": "gift_card", "amount": "20.00"},
            {"id": 4, "kind": "sale", "status": "failure", "gateway": "stripe", "amount": "65.11"},
        ]
    )
    assert one_draft("shopify", order).details.tenders == (
        Tender(kind=TenderKind.CARD, amount=usd(4511), reference="2"),
        Tender(kind=TenderKind.GIFT_CARD, amount=usd(2000), reference="3"),
    )


def test_properties_are_read_from_a_list_or_an_object_without_an_app_s_own_notes():
    for told in ([{"name": "Name", "value": "Renée"}, {"name": "_id", "value": 7}], {"Name": "Renée", "_id": "7"}):
        order = changed()
        order["line_items"][0]["properties"] = told
        assert one_draft("shopify", order).lines[0].details.properties == (("Name", "Renée"),)


def test_a_component_points_to_its_bundle():
    order = changed()
    order["line_items"][0]["line_item_group"] = {"id": 5, "variant_sku": "SET-1", "quantity": 1}
    assert [line.details.bundle for line in one_draft("shopify", order).lines] == ["SET-1", ""]


def test_a_shipping_line_that_was_taken_off_is_not_paid():
    order = changed()
    order["shipping_lines"].append({"title": "Express", "price": "30.00", "is_removed": True})
    draft = one_draft("shopify", order)
    assert (draft.shipping, draft.service_level.value) == (usd(490), "STANDARD")


def test_a_tax_rate_that_is_no_number_harms_no_order_and_a_wrong_amount_does():
    order = changed()
    order["line_items"][0]["tax_lines"] = [{"title": "Tax", "price": "2.89", "rate": "six"}]
    assert one_draft("shopify", order).lines[0].details.taxes[0].rate == ""
    order["line_items"][0]["tax_lines"] = [{"title": "Tax", "price": "much"}]
    assert one_problem("shopify", order).position == "$.line_items[0].tax_lines[0].price"


def test_an_order_of_only_a_gift_card_and_a_tip_is_not_shippable():
    order = extra(gift_card=True)
    order["line_items"] = [line for line in order["line_items"] if line["id"] == 77]
    assert [problem.reason for problem in read("shopify", order).problems] == ["NOT_SHIPPABLE"]

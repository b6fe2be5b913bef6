import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.details import Details, DiscountPart, LineDetails, TaxPart, Tender, TenderKind
from services.intake.domain.draft import HoldType, PaymentDraft, PaymentState
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import (
    assert_within_limits,
    document,
    loaded,
    one_draft,
    one_problem,
    read,
)

NAME = "shopify/07-graphql-two-taxes.json"
TEE = "gid://shopify/LineItem/31"


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded(NAME)["data"]["order"]
    return order | fields


def answer(*orders: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"orders": {"edges": [{"node": order} for order in orders]}}}


def test_an_answer_is_the_order_that_rest_would_tell_to_the_cent():
    draft = one_draft("shopify", document(NAME))
    assert_within_limits(draft)
    assert (draft.external_id, draft.order_number, draft.customer_reference) == ("5000000002001", "#2001", "7101")
    assert (draft.ship_to.name, draft.ship_to.phone, draft.ship_to.country_code) == ("Zoë Müller-Beispiel", "", "US")
    assert draft.payment == PaymentDraft(state=PaymentState.CAPTURED, reference="91")
    assert [(x.external_line_id, x.sku, x.quantity) for x in draft.lines] == [
        ("31", "TEE-BLK-M", 2),
        ("32", "BEAN-GRY-S", 1),
    ]
    assert draft.lines[0].details == LineDetails(
        taxes=(
            TaxPart(title="State", amount=usd(182), rate="0.05"),
            TaxPart(title="City", amount=usd(363), rate="0.09975"),
        ),
        discounts=(DiscountPart(amount=usd(347), code="JANVIER"),),
        properties=(("Gravure", "Été à Québec"),),
    )
    assert draft.details == Details(
        customer_tier="gold",
        locale="es-US",
        shipping_taxes=(
            TaxPart(title="State", amount=usd(50), rate="0.05"),
            TaxPart(title="City", amount=usd(100), rate="0.09975"),
        ),
        discounts=(DiscountPart(amount=usd(500), code="JANVIER"),),
        tenders=(
            Tender(kind=TenderKind.GIFT_CARD, amount=usd(2000), reference="91"),
            Tender(kind=TenderKind.CARD, amount=usd(5039), reference="92"),
        ),
        tags=("vip", "gift"),
    )
    assert sum(x.total.minor for x in draft.lines) + 1000 + 150 == draft.total.minor == 7039


@pytest.mark.parametrize(
    "wrap",
    [
        lambda order: order,
        lambda order: [order],
        lambda order: {"order": order},
        lambda order: {"orders": {"nodes": [order]}},
        lambda order: {"orders": [order]},
        lambda order: answer(order),
        lambda order: {"data": {"orderCreate": {"order": order, "userErrors": []}}},
        lambda order: {"data": {"orderUpdate": {"order": order}}, "extensions": {"cost": {}}},
        lambda order: {"data": {"anyAlias": {"nodes": [order]}}},
        lambda order: {"data": {"node": order}},
    ],
)
def test_an_order_is_the_same_wherever_it_stands_in_an_answer(wrap):
    assert one_draft("shopify", wrap(changed())) == one_draft("shopify", document(NAME))


def test_too_few_fields_are_named_with_their_places():
    problem = one_problem("shopify", {"data": {"order": {"id": "gid://shopify/Order/9", "name": "#9"}}})
    assert (problem.reason, problem.position, problem.external_id) == ("MISSING_FIELD", "$.data.order.lineItems", "9")
    assert "$.data.order.totalPriceSet" in problem.message
    assert "$.data.order.shippingAddress" in problem.message


def test_lines_must_be_asked_for_what_the_order_s_sums_are_made_of():
    order = changed()
    for edge in order["lineItems"]["edges"]:
        del edge["node"]["taxLines"]
        del edge["node"]["discountAllocations"]
    problem = one_problem("shopify", {"data": {"order": order}})
    assert problem.position == "$.data.order.lineItems.edges[0].node.discountAllocations"
    assert "$.data.order.lineItems.edges[1].node.taxLines" in problem.message


@pytest.mark.parametrize("value", [{}, [], 7, {"nodes": None}, "maybe"])
@pytest.mark.parametrize("field", ["displayFinancialStatus", "displayFulfillmentStatus", "lineItems", "totalPriceSet"])
def test_a_field_of_another_kind_never_stops_the_reader(field, value):
    orders = answer(changed(**{field: value}), changed(**{field: value}, name="#again"))
    reading = read("shopify", orders)
    assert len(reading.drafts) + len(reading.problems) == 1


def test_what_says_that_an_order_is_over_is_believed_before_what_says_more():
    short = {"id": "gid://shopify/Order/5000000002001", "cancelledAt": "2026-01-07T00:00:00Z"}
    assert one_problem("shopify", answer(changed(), short)).position == "$.data.orders.edges[1].node.cancelledAt"


def test_a_buyer_of_a_company_on_terms_is_read_in_graphql_too():
    order = changed(
        displayFinancialStatus="PENDING",
        transactions=[],
        purchasingEntity={
            "company": {"id": "gid://shopify/Company/5"},
            "location": {"id": "gid://shopify/CompanyLocation/6"},
        },
        paymentTerms={"paymentTermsName": "Net 45", "paymentTermsType": "NET", "dueInDays": 45},
    )
    draft = one_draft("shopify", {"data": {"order": order}})
    assert (draft.payment.state, draft.details.payment_terms) == (PaymentState.ON_TERMS, "NET45")
    assert (draft.details.program, draft.details.location_code) == ("b2b", "6")
    assert draft.details.tenders == (Tender(kind=TenderKind.TERMS, amount=usd(7039)),)


def test_an_order_that_is_scheduled_is_not_shipped_before():
    later = {"status": "SCHEDULED", "fulfillAt": "2026-03-01T00:00:00Z", "lineItems": {"nodes": []}}
    order = changed(displayFulfillmentStatus="SCHEDULED", fulfillmentOrders={"nodes": [later]})
    assert one_draft("shopify", {"data": {"order": order}}).details.earliest_time == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_page_of_an_order_s_lines_is_not_the_order():
    order = changed()
    order["lineItems"]["pageInfo"]["hasNextPage"] = True
    assert one_problem("shopify", {"data": {"order": order}}).position == "$.data.order.lineItems.pageInfo.hasNextPage"


def test_one_bad_order_among_good_ones_is_told_with_its_place():
    reading = read("shopify", answer(changed(), {"name": "#2"}, changed(id="gid://shopify/Order/3")))
    assert [draft.external_id for draft in reading.drafts] == ["5000000002001", "3"]
    assert [problem.position for problem in reading.problems] == ["$.data.orders.edges[1].node.id"]


@pytest.mark.parametrize(
    ("field", "value", "position"),
    [
        ("cancelledAt", "2026-01-07T00:00:00Z", "$.data.order.cancelledAt"),
        ("displayFinancialStatus", "REFUNDED", "$.data.order.displayFinancialStatus"),
        ("displayFulfillmentStatus", "FULFILLED", "$.data.order.displayFulfillmentStatus"),
    ],
)
def test_an_order_that_is_over_is_not_open(field, value, position):
    problem = one_problem("shopify", {"data": {"order": changed(**{field: value})}})
    assert (problem.reason, problem.position) == ("NOT_OPEN", position)


def test_what_was_returned_or_shipped_is_not_shipped_and_the_rest_has_its_share():
    order = changed(displayFulfillmentStatus="PARTIALLY_FULFILLED")
    tee, beanie = (edge["node"] for edge in order["lineItems"]["edges"])
    tee["unfulfilledQuantity"], beanie["unfulfilledQuantity"] = 1, 0
    (line,) = one_draft("shopify", {"data": {"order": order}}).lines
    assert (line.quantity, line.discount.minor, line.tax.minor) == (1, 174, 273)
    assert sum(tax.amount.minor for tax in line.details.taxes) == 273


def test_an_order_that_shopify_holds_is_held():
    (hold,) = one_draft("shopify", {"data": {"order": changed(displayFulfillmentStatus="ON_HOLD")}}).holds
    assert (hold.handle, hold.type) == ("shopify", HoldType.OTHER)


def fulfillment(method: str, units: dict[str, int], **more: Any) -> dict[str, Any]:
    items = [{"remainingQuantity": n, "lineItem": {"id": line}} for line, n in units.items()]
    return {"status": "OPEN", "deliveryMethod": {"methodType": method}, "lineItems": {"nodes": items}} | more


def test_an_order_for_several_places_is_one_draft_each_and_adds_up_to_the_cent():
    there = {"address1": "9 Elsewhere Road", "city": "Boston", "province": "MA", "zip": "02101", "countryCode": "US"}
    order = changed(
        fulfillmentOrders={
            "nodes": [
                fulfillment("PICK_UP", {TEE: 1}, assignedLocation={"name": "Harbour Store"}),
                fulfillment("SHIPPING", {TEE: 1}),
                fulfillment("SHIPPING", {"gid://shopify/LineItem/32": 1}, destination=there),
            ]
        }
    )
    drafts = read("shopify", {"data": {"order": order}}).drafts
    assert [draft.external_id for draft in drafts] == [f"5000000002001/{name}" for name in ("Harbour Store", 2, 3)]
    assert {draft.details.group_id for draft in drafts} == {"5000000002001"}
    assert [draft.details.pickup_location for draft in drafts] == ["Harbour Store", "", ""]
    assert [draft.ship_to.city for draft in drafts] == ["New York", "New York", "Boston"]
    assert [draft.shipping.minor for draft in drafts] == [0, 1000, 0]
    assert sum(draft.total.minor for draft in drafts) == 7039
    assert sum(line.tax.minor for draft in drafts for line in draft.lines) == 545 + 154
    for draft in drafts:
        assert_within_limits(draft)


def test_the_shop_s_money_is_read_in_currencies_without_cents_and_with_three_places():
    for code, price, minor in (("JPY", "1990.0", 1990), ("KWD", "1.995", 1995), ("CLP", "12990", 12990)):
        order = copy.deepcopy(changed(currencyCode=code, totalTaxSet=None, totalDiscountsSet=None))
        node = order["lineItems"]["edges"][0]["node"] | {"taxLines": [], "discountAllocations": [], "quantity": 2}
        node["originalUnitPriceSet"] = {
            "shopMoney": {"amount": price, "currencyCode": code},
            "presentmentMoney": {"amount": "1", "currencyCode": "USD"},
        }
        order["lineItems"] = {"nodes": [node]}
        assert one_draft("shopify", {"data": {"order": order}}).lines[0].unit_price == Money(minor, code)

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.channels import amazon
from services.intake.domain.details import ChargeKind, TenderKind
from services.intake.domain.draft import HoldType, PaymentState, ServiceLevel
from services.intake.domain.edits import CancelOrder, SetQuantity
from tests.unit.intake.channels.reading_documents import document, loaded, one_draft, one_problem, read
from tests.unit.intake.channels.reading_marketplaces import adds_up

UPDATE = {"x-oms-event": "order-updated"}
NAME = "amazon/01-v0-us-composite.json"


@pytest.fixture
def composite() -> Any:
    return loaded(NAME)


def head(value: Any) -> Any:
    return value["order"]["payload"]


def goods(value: Any) -> Any:
    return value["items"]["payload"]["OrderItems"]


def test_an_order_whose_parts_came_separately_is_read_as_one(composite):
    draft = one_draft("amazon", composite)
    mugs, bowl = draft.lines
    # 40.00 for three does not divide: 3 x 13.34 less 0.02, less the 4.00 of the promotion; two of three are left.
    assert (mugs.sku, mugs.quantity, mugs.unit_price.minor, mugs.discount.minor, mugs.tax.minor) == (
        "MUG-BLU",
        2,
        1334,
        268,
        194,
    )
    assert mugs.details.taxes[0].collected_by_channel
    assert mugs.details.discounts[0].code == "SPRING-10"
    # Without a SKU of the seller's, a name that the catalogue can map.
    assert (bowl.sku, bowl.details.channel_sku) == ("asin:B00DEMO002", "B00DEMO002")
    assert dict(bowl.details.properties)["gift message"] == "For Ada"
    assert [(c.kind, c.amount.minor, c.tax and c.tax.minor) for c in draft.details.charges] == [
        (ChargeKind.SERVICE, 299, 1)
    ]
    assert (draft.shipping.minor, draft.shipping_tax.minor, draft.total.minor) == (500, 50, 6360)
    assert draft.payment.state is PaymentState.MARKETPLACE_HELD
    assert draft.service_level is ServiceLevel.EXPEDITED
    assert (draft.details.program, draft.ship_to.phone, draft.email) == (
        "prime",
        "",
        "relay-1001@marketplace.example.com",
    )
    assert draft.details.ship_by_time == datetime(2026, 1, 7, 7, 59, 59, tzinfo=UTC)
    (hold,) = draft.holds
    assert (hold.type, hold.external_line_id) == (HoldType.CUSTOMER_REQUEST, "10002")


def test_the_parts_of_an_order_that_nothing_of_was_shipped_add_up_to_its_total(composite):
    goods(composite)[0]["QuantityShipped"] = 0
    draft = one_draft("amazon", composite)
    assert adds_up(draft)
    assert adds_up(one_draft("amazon", document("amazon/02-2026-japan.json")))


def test_whether_tax_is_in_the_prices_is_what_the_total_says_else_what_the_market_does(composite):
    assert not one_draft("amazon", composite).lines[0].prices_include_tax
    head(composite)["OrderTotal"]["Amount"] = "58.99"
    draft = one_draft("amazon", composite)
    assert draft.lines[0].prices_include_tax
    assert draft.total.minor == 5899
    head(composite)["OrderTotal"]["Amount"] = "1.00"
    head(composite)["MarketplaceId"] = "A1PA6795UKMFR9"
    assert one_draft("amazon", composite).lines[0].prices_include_tax


def test_a_currency_without_cents_is_read_in_its_own_units():
    draft = one_draft("amazon", document("amazon/02-2026-japan.json"))
    (line,) = draft.lines
    assert (line.unit_price.minor, line.discount.minor, line.tax.minor) == (1000, 100, 272)
    assert (draft.total.minor, draft.shipping.minor, draft.shipping_tax.minor) == (3650, 500, 50)
    assert [c.kind for c in draft.details.charges] == [ChargeKind.SERVICE, ChargeKind.TIP]
    assert draft.details.customer_tier == "business"
    assert draft.ship_to.city == "千代田区"


def test_case_packs_are_units_and_a_cost_below_a_cent_loses_nothing():
    reading = read("amazon", document("amazon/03-vendor-purchase-order.json"))
    purchase, direct = reading.drafts
    (line,) = purchase.lines
    # Twenty-four at 0.125 are 3.00.
    assert (line.quantity, line.total.minor, line.details.barcode) == (24, 300, "4006381333931")
    assert purchase.payment.state is direct.payment.state is PaymentState.ON_TERMS
    assert (purchase.details.location_code, purchase.ship_to.country_code) == ("DEM1", "US")
    assert purchase.details.due_time == datetime(2026, 1, 19, 7, tzinfo=UTC)
    assert [hold.type for hold in purchase.holds] == [HoldType.INCORRECT_ADDRESS]
    assert (direct.total.minor, direct.service_level, direct.order_number) == (6600, ServiceLevel.EXPEDITED, "C-9")


@pytest.mark.parametrize(
    ("field", "value", "reason", "position"),
    [
        ("OrderStatus", "Pending", "NOT_READY", "$.order.payload.OrderStatus"),
        ("OrderStatus", "PendingAvailability", "NOT_READY", "$.order.payload.OrderStatus"),
        ("OrderStatus", "Canceled", "NOT_OPEN", "$.order.payload.OrderStatus"),
        ("OrderStatus", "Shipped", "NOT_OPEN", "$.order.payload.OrderStatus"),
        ("OrderStatus", "Lost", "BAD_VALUE", "$.order.payload.OrderStatus"),
        ("FulfillmentChannel", "AFN", "FULFILLED_BY_CHANNEL", "$.order.payload.FulfillmentChannel"),
        ("OrderTotal", {"CurrencyCode": "EUR", "Amount": "1"}, "BAD_VALUE", None),
    ],
)
def test_an_order_that_cannot_be_shipped_says_why(composite, field, value, reason, position):
    head(composite)[field] = value
    problem = one_problem("amazon", composite)
    assert problem.reason == reason
    assert problem.external_id == "701-0000001-0000001"
    assert position is None or problem.position == position


def test_a_part_that_is_missing_is_named(composite):
    only = {"order": composite["order"]}
    assert one_problem("amazon", only).reason == "ITEMS_MISSING"
    assert one_problem("amazon", {"items": composite["items"]}).reason == "ORDER_MISSING"
    assert one_problem("amazon", {key: composite[key] for key in ("order", "items")}).reason == "ADDRESS_MISSING"
    composite["items"]["payload"]["NextToken"] = "more"
    assert one_problem("amazon", composite).position == "$.items.payload.NextToken"


@pytest.mark.parametrize("part", ["items", "address", "buyer"])
def test_a_part_of_another_order_is_refused(composite, part):
    composite[part]["payload"]["AmazonOrderId"] = "701-9999999-9999999"
    problem = one_problem("amazon", composite)
    assert (problem.reason, problem.position) == ("BAD_VALUE", f"$.{part}.payload.AmazonOrderId")


def test_items_in_pages_or_inside_the_order_are_the_same_items(composite):
    whole = one_draft("amazon", composite)
    first, second = goods(composite)
    pages = [{"payload": {"OrderItems": [first], "NextToken": "x"}}, {"payload": {"OrderItems": [second]}}]
    assert one_draft("amazon", composite | {"items": pages}) == whole
    order = head(composite) | {
        "OrderItems": [first, second],
        "ShippingAddress": composite["address"]["payload"]["ShippingAddress"],
        "BuyerInfo": composite["buyer"]["payload"],
    }
    assert one_draft("amazon", {"payload": {"Orders": [order]}}) == whole


def test_wishes_that_came_in_their_own_answer_belong_to_their_item(composite):
    wishes = {"OrderItems": [{"OrderItemId": "10001", "GiftMessageText": "Hi", "GiftWrapLevel": "Fine"}]}
    draft = one_draft("amazon", composite | {"item_buyers": {"payload": wishes}})
    assert dict(draft.lines[0].details.properties)["gift message"] == "Hi"


def test_cash_on_delivery_is_on_terms_and_its_fee_is_in_the_total(composite):
    head(composite)["PaymentMethod"] = "COD"
    goods(composite)[0] |= {
        "CODFee": {"CurrencyCode": "USD", "Amount": "3.00"},
        "CODFeeDiscount": {"CurrencyCode": "USD", "Amount": "1.00"},
    }
    draft = one_draft("amazon", composite)
    assert draft.payment.state is PaymentState.ON_TERMS
    assert draft.details.tenders[0].kind is TenderKind.CASH_ON_DELIVERY
    assert [(c.title, c.amount.minor) for c in draft.details.charges] == [("COD fee", 200), ("Gift wrap", 299)]


def test_moments_of_1970_and_money_of_another_country_are_tagged_and_harm_nothing(composite):
    head(composite)["PurchaseDate"] = "1970-01-19T03:58:30Z"
    head(composite)["MarketplaceId"] = "A21TJRUUN4KGV"
    draft = one_draft("amazon", composite)
    assert draft.order_time is None
    assert {"implausible-dates", "currency-not-of-market"} <= set(draft.details.tags)


def test_an_update_that_cancels_is_a_change_with_the_same_name_every_time(composite):
    head(composite)["OrderStatus"] = "Canceled"
    content = json.dumps(composite).encode()
    reading = amazon.read(content, "a-channel", UPDATE)
    assert reading == amazon.read(content, "a-channel", {"ce-type": "com.example.order.cancelled"})
    (change,) = reading.changes
    assert (change.external_id, change.change_id, change.edits) == (
        "701-0000001-0000001",
        "cancelled",
        (CancelOrder(),),
    )
    assert (reading.drafts, reading.problems) == ((), ())


def test_an_update_with_a_cancelled_item_takes_it_out(composite):
    goods(composite)[1]["QuantityOrdered"] = 0
    (change,) = amazon.read(json.dumps(composite).encode(), "a-channel", UPDATE).changes
    assert change.edits == (SetQuantity(line_id="10002", quantity=0),)
    (draft,) = amazon.read(json.dumps(composite).encode(), "a-channel").drafts
    assert [line.external_line_id for line in draft.lines] == ["10001"]


def test_an_update_that_cancels_nothing_is_the_order(composite):
    assert amazon.read(json.dumps(composite).encode(), "a-channel", UPDATE).drafts == (one_draft("amazon", composite),)


def test_a_notification_of_a_cancellation_is_one_and_any_other_asks_for_the_order():
    told = {"AmazonOrderId": "701-1", "Summary": {"OrderStatus": "Canceled", "FulfillmentType": "MFN"}}
    value: Any = {"NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": told}}
    (change,) = read("amazon", value).changes
    assert (change.external_id, change.edits) == ("701-1", (CancelOrder(),))
    other = copy.deepcopy(value)
    other["Payload"]["OrderChangeNotification"]["Summary"]["OrderStatus"] = "Unshipped"
    assert one_problem("amazon", other).reason == "ORDER_MISSING"


def test_a_discount_above_the_price_is_refused_where_it_stands(composite):
    goods(composite)[0]["PromotionDiscount"]["Amount"] = "41.00"
    problem = one_problem("amazon", composite)
    assert (problem.reason, problem.position) == ("BAD_VALUE", "$.items.payload.OrderItems[0]")

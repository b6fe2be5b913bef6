"""What becomes of every file in the shared Shopify folder, written by hand from reading it.

Each file has its orders, whole, and its problems: reason, place and the order's id.
"""

from datetime import UTC, datetime

from services.intake.domain.details import Details, DiscountPart, LineDetails, TaxPart, Tender, TenderKind
from services.intake.domain.draft import Address, Draft, DraftLine, PaymentDraft, PaymentState
from services.kernel.money import Money

Problem = tuple[str, str, str]
Expected = tuple[tuple[Draft, ...], tuple[Problem, ...]]


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def no_order(reason: str, position: str, external_id: str = "") -> Expected:
    return (), ((reason, position, external_id),)


def _louisville(phone: str, email: str) -> Address:
    return Address(
        name="Bob Norman",
        lines=("Chestnut Street 92",),
        city="Louisville",
        administrative_area="KY",
        postal_code="40202",
        country_code="US",
        phone=phone,
        email=email,
    )


_STATE_TAX = TaxPart(title="State Tax", amount=usd(398), rate="0.06")
_PLAIN = _louisville("555-625-1199", "bob.norman@hostmail.com")
_SCRAPED = _louisville("+1(502)-459-2181", "bob.norman@mail.example.com")


def _ipod(line_id: str, sku: str, colour: str, *properties: tuple[str, str]) -> DraftLine:
    """199.00 each; the order's only tax is 11.94 on three lines, a third of it on each."""
    return DraftLine(
        external_line_id=line_id,
        sku=sku,
        title=f"IPod Nano - 8gb - {colour}",
        quantity=1,
        unit_price=usd(19900),
        discount=usd(0),
        tax=usd(398),
        details=LineDetails(taxes=(_STATE_TAX,), properties=properties),
    )


PYAPI_ORDER = Draft(
    channel="a-channel",
    external_id="450789469",
    order_number="#1001",
    order_time=datetime(2008, 1, 10, 16, tzinfo=UTC),
    currency_code="USD",
    customer_reference="207119551",
    ship_to=_PLAIN,
    bill_to=_PLAIN,
    lines=(
        _ipod("466157049", "IPOD2008GREEN", "green", ("Custom Engraving", "Happy Birthday")),
        _ipod("518995019", "IPOD2008RED", "red"),
        _ipod("703073504", "IPOD2008BLACK", "black"),
    ),
    shipping=usd(0),
    shipping_tax=usd(0),
    total=usd(40994),
    payment=PaymentDraft(state=PaymentState.AUTHORIZED),
    email="bob.norman@hostmail.com",
    details=Details(
        discounts=(DiscountPart(amount=usd(1000), code="TENOFF"),),
        tenders=(Tender(kind=TenderKind.CARD, amount=usd(40994)),),
    ),
)

# Two of three lines were refunded and restocked; the red one is left, with 3.33 of the ten dollars off.
SCRAPED_ORDER = Draft(
    channel="a-channel",
    external_id="450789469",
    order_number="#1001",
    order_time=datetime(2008, 1, 10, 16, tzinfo=UTC),
    currency_code="USD",
    customer_reference="207119551",
    ship_to=_SCRAPED,
    bill_to=_SCRAPED,
    lines=(
        DraftLine(
            external_line_id="518995019",
            sku="IPOD2008RED",
            title="IPod Nano - 8gb - red",
            quantity=1,
            unit_price=usd(19900),
            discount=usd(333),
            tax=usd(398),
            details=LineDetails(taxes=(_STATE_TAX,), discounts=(DiscountPart(amount=usd(333), code="TENOFF"),)),
        ),
    ),
    shipping=usd(0),
    shipping_tax=usd(0),
    total=usd(59894),
    payment=PaymentDraft(state=PaymentState.CAPTURED),
    email="bob.norman@mail.example.com",
    phone="+557734881234",
    details=Details(
        discounts=(DiscountPart(amount=usd(1000), code="TENOFF"),),
        # The gateway is called bogus, as Shopify calls its own for trying things out with a card.
        tenders=(Tender(kind=TenderKind.CARD, amount=usd(59894)),),
    ),
)

_CATALOG = "$.response.data"
_CASES = "$.cases"
_MATRIX = (
    ("pendingNoTax", "8734179754290"),
    ("paidTaxShipping", "8734179787058"),
    ("fixedDiscount", "8734179885362"),
    ("authorization", "8734179950898"),
    ("presentmentMoney", "8734180016434"),
)

EXPECTED: dict[str, Expected] = {
    "goshopify_fulfillment.json": no_order("NOT_AN_ORDER", "$.fulfillment"),
    "goshopify_fulfillment_order.json": no_order("NOT_AN_ORDER", "$.fulfillment_order"),
    "goshopify_fulfillment_order_move.json": no_order("NOT_AN_ORDER", "$.original_fulfillment_order"),
    "goshopify_fulfillment_send.json": no_order("NOT_AN_ORDER", "$.original_fulfillment_order"),
    "goshopify_order.json": no_order("NOT_OPEN", "$.order.cancelled_at", "123456"),
    "goshopify_order_with_transaction.json": no_order("NOT_OPEN", "$.order.cancelled_at", "123456"),
    "goshopify_orderlineitems_properties_empty_object.json": no_order("NOT_AN_ORDER", "$.properties"),
    "goshopify_orderlineitems_properties_object.json": no_order("NOT_AN_ORDER", "$.properties"),
    "goshopify_orderlineitems_valid.json": no_order("NOT_AN_ORDER", "$.fulfillable_quantity"),
    "goshopify_shippinglines_invalid.malformed.txt": no_order("NOT_JSON", "line 42 column 1"),
    "goshopify_shippinglines_requested_fulfillment_service_id_null.json": no_order(
        "NOT_AN_ORDER", "$.carrier_identifier"
    ),
    "goshopify_shippinglines_requested_fulfillment_service_id_number.json": no_order(
        "NOT_AN_ORDER", "$.carrier_identifier"
    ),
    # Paid, and not asked for its lines.
    "graphql_b2b-company-location-order-aggregates.json": no_order(
        "MISSING_FIELD",
        "$.operations.draftOrderComplete.response.payload.data.draftOrderComplete.draftOrder.order.lineItems",
        "8918372254002",
    ),
    "graphql_money-bag-presentment-parity.json": no_order(
        "MISSING_FIELD",
        "$.orderCreate.response.payload.data.orderCreate.order.displayFinancialStatus",
        "8888861458738",
    ),
    # Five orders, told again and again, never with their lines.
    "graphql_order-catalog-count-read.json": (
        (),
        (
            ("MISSING_FIELD", f"{_CATALOG}.seedCatalog.nodes[0].lineItems", "8837991727410"),
            ("MISSING_FIELD", f"{_CATALOG}.seedCatalog.nodes[1].lineItems", "8837986943282"),
            ("MISSING_FIELD", f"{_CATALOG}.byStatus.nodes[0].lineItems", "8887492149554"),
            ("MISSING_FIELD", f"{_CATALOG}.byStatus.nodes[1].lineItems", "8887492116786"),
            ("MISSING_FIELD", f"{_CATALOG}.byStatus.nodes[2].lineItems", "8887492084018"),
        ),
    ),
    # Five orders with all their money and no address.
    "graphql_order-create-math-matrix.json": (
        (),
        tuple(
            ("MISSING_FIELD", f"{_CASES}.{case}.response.payload.data.orderCreate.order.shippingAddress", number)
            for case, number in _MATRIX
        ),
    ),
    "graphql_order-edit-commit-history-and-fulfillment-orders.json": no_order(
        "MISSING_FIELD",
        "$.downstreamRead.response.payload.data.order.displayFinancialStatus",
        "8837930516786",
    ),
    "graphql_order-merchant-detail-read.json": no_order(
        "NOT_OPEN", "$.response.data.order.displayFulfillmentStatus", "6832000000000"
    ),
    # Told twice: open before it was cancelled, and cancelled.
    "graphql_orderCancel-restock-refundMethod-parity.json": no_order(
        "NOT_OPEN", "$.downstreamRead.response.data.order.cancelledAt", "8735479398706"
    ),
    # Ten of its twelve lines are on the page that tells the most.
    "graphql_orderUpdate-multi-page-hydration.json": no_order(
        "MISSING_FIELD",
        "$.upstreamCalls[0].response.body.data.order.lineItems.pageInfo.hasNextPage",
        "8938752442674",
    ),
    "graphql_refund-create-full-parity.json": no_order(
        "NOT_OPEN", "$.downstreamRead.response.data.order.displayFinancialStatus", "8838022103346"
    ),
    "graphql_refund-create-partial-shipping-restock-parity.json": no_order(
        "MISSING_FIELD", "$.upstreamCalls[0].response.body.data.order.shippingAddress", "8838022037810"
    ),
    "graphql_return-customer-note-recorded.json": no_order(
        "NOT_OPEN", "$.upstreamCalls[0].response.body.data.order.displayFulfillmentStatus", "8881331110194"
    ),
    "graphql_return-shipping-fee-recorded.json": no_order(
        "NOT_OPEN", "$.upstreamCalls[0].response.body.data.order.displayFulfillmentStatus", "8838089802034"
    ),
    "pyapi_draft_order_completed.json": no_order("NOT_AN_ORDER", "$.draft_order"),
    "pyapi_fulfillment.json": no_order("NOT_AN_ORDER", "$.fulfillment"),
    "pyapi_fulfillment_event.json": no_order("NOT_AN_ORDER", "$.fulfillment_event"),
    "pyapi_gift_card.json": no_order("NOT_AN_ORDER", "$.gift_card"),
    "pyapi_gift_card_disabled.json": no_order("NOT_AN_ORDER", "$.gift_card"),
    "pyapi_graphql.json": no_order("NOT_AN_ORDER", "$.shop"),
    "pyapi_order.json": ((PYAPI_ORDER,), ()),
    "pyapi_order_risks.json": no_order("NOT_AN_ORDER", "$.risks"),
    "pyapi_orders.json": no_order("NO_LINES", "$.orders[0].line_items", "450789469"),
    "pyapi_refund.json": no_order("NOT_AN_ORDER", "$.refund"),
    "pyapi_refund_calculate.json": no_order("NOT_AN_ORDER", "$.refund"),
    "scraper_order.json": no_order("MISSING_FIELD", "$.order.currency", "450789469"),
    "scraper_orders.json": ((SCRAPED_ORDER,), ()),
}

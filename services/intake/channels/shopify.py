"""Shopify orders, as its REST API and its webhooks write them: bare, `{"order": …}` or `{"orders": […]}`.

What is read, where Shopify leaves a choice:
- Money is shop money (`price`, else `price_set.shop_money`), never the customer's presentment currency.
- What is left to ship is `fulfillable_quantity`, else `current_quantity`, else the quantity less what was refunded.
- An order that is cancelled, refunded, voided or wholly fulfilled is NOT_OPEN: it must not be shipped again.
- Lines that need no shipping, and gift cards, are not stock: they are left out, and the total stays as placed.
- Answers of the GraphQL API are UNSUPPORTED; orders are to be sent by webhook or read over REST.
"""

from services.intake.channels.json_document import Node, parse
from services.intake.channels.order_list import read_each
from services.intake.channels.refusal import (
    BAD_VALUE,
    MISSING_FIELD,
    NOT_AN_ORDER,
    NOT_OPEN,
    UNSUPPORTED,
    Refusal,
)
from services.intake.channels.service_words import service_level
from services.intake.channels.shopify_address import ship_and_bill
from services.intake.channels.shopify_lines import order_lines
from services.intake.domain.draft import Draft, PaymentDraft, PaymentState, Reading
from services.kernel.money import Money

_PAYMENT = {
    "": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
    "partially_paid": PaymentState.PENDING,
    "authorized": PaymentState.AUTHORIZED,
    "paid": PaymentState.CAPTURED,
    "partially_refunded": PaymentState.CAPTURED,
}
_OVER = {"refunded", "voided", "expired"}
_SHIPPED = {"fulfilled", "restocked"}
# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "fulfillment": "a fulfillment",
    "fulfillment_order": "a fulfillment order",
    "original_fulfillment_order": "a fulfillment order move or request",
    "fulfillment_event": "a fulfillment event",
    "tracking_number": "a fulfillment",
    "fulfillment_order_line_items": "a fulfillment order",
    "refund": "a refund",
    "refund_line_items": "a refund",
    "draft_order": "a draft order",
    "invoice_url": "a draft order",
    "abandoned_checkout_url": "a checkout",
    "risks": "a list of fraud risks",
    "shop": "a shop",
    "carrier_identifier": "a shipping line",
    "fulfillable_quantity": "a line item",
    "gift_card": "a gift card",
    "properties": "line item properties",
}
# What only the answers of the GraphQL API, and recordings of them, have at the top.
_GRAPHQL = ("data", "errors", "extensions", "operations", "response", "upstreamCalls")


def read(content: bytes, channel: str) -> Reading:
    """Return the orders of a Shopify document, and what is wrong with the rest."""
    try:
        orders = _orders(parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    return read_each(orders, lambda order: _draft(order, channel))


def _orders(root: Node) -> list[Node]:
    if "orders" in root:
        return list(root["orders"].items())
    if "order" in root and isinstance(root["order"].value, dict):
        return [root["order"]]
    if isinstance(root.value, list):
        return list(root.items())
    if _is_order(root):
        return [root]
    raise _not_an_order(root)


def _is_order(node: Node) -> bool:
    named = "financial_status" in node or ("total_price" in node and "line_items" in node)
    return named and "invoice_url" not in node and "abandoned_checkout_url" not in node


def _not_an_order(node: Node) -> Refusal:
    if any(name in node for name in _GRAPHQL):
        message = "Answers of the GraphQL API are not read: send the order by webhook, or read it over the REST API."
        return Refusal(UNSUPPORTED, node.path, message)
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    return Refusal(NOT_AN_ORDER, node.path, "The document is not an order: it has neither line_items nor total_price.")


def _draft(order: Node, channel: str) -> Draft:
    if not isinstance(order.value, dict) or (order.path.startswith("$[") and not _is_order(order)):
        raise _not_an_order(order)
    external_id = order["id"].required().identifier(200)
    payment = _payment(order)
    currency_code = _currency(order)
    lines = order_lines(order, currency_code)
    ship_to, bill_to, holds = ship_and_bill(order)
    shipping, shipping_tax = _shipping(order, currency_code)
    methods = [method[name].text() for method in order["shipping_lines"].items() for name in ("title", "code")]
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order.first("name", "order_number").identifier(200),
        order_time=order.first("processed_at", "created_at").time(),
        currency_code=currency_code,
        customer_reference=order["customer"]["id"].identifier(200) or order.first("email", "contact_email").text(200),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=lines,
        shipping=Money(shipping, currency_code),
        shipping_tax=Money(shipping_tax, currency_code),
        total=Money(order.first("total_price", "current_total_price").required().minor(currency_code), currency_code),
        payment=payment,
        service_level=service_level(*methods),
        holds=holds,
        note=order["note"].text(2000),
    )


def _payment(order: Node) -> PaymentDraft:
    over = "it must not be shipped again"
    if not order["cancelled_at"].missing:
        raise Refusal(NOT_OPEN, order["cancelled_at"].path, f"The order is cancelled in Shopify: {over}.")
    financial = order["financial_status"].text(100).lower()
    if financial in _OVER:
        raise Refusal(NOT_OPEN, order["financial_status"].path, f"The order is {financial} in Shopify: {over}.")
    fulfillment = order["fulfillment_status"].text(100).lower()
    if fulfillment in _SHIPPED:
        raise Refusal(NOT_OPEN, order["fulfillment_status"].path, f"The order is {fulfillment} in Shopify: {over}.")
    if financial not in _PAYMENT:
        raise order["financial_status"].bad(f"one of {', '.join(sorted(_PAYMENT.keys() | _OVER))[2:]}")
    done = [t for t in order["transactions"].items() if t["status"].text() == "success"]
    reference = next((t.first("authorization", "id").identifier(200) for t in done), "")
    return PaymentDraft(state=_PAYMENT[financial], reference=reference)


def _currency(order: Node) -> str:
    code = order.first("currency", "currency_code")
    if code.missing:
        raise Refusal(MISSING_FIELD, code.path, f"{code.path} is missing: amounts mean nothing without their currency.")
    text = code.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, code.path, f"{code.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _shipping(order: Node, currency_code: str) -> tuple[int, int]:
    """Return what shipping costs without tax, and the tax on it."""
    charged = tax = 0
    for method in order["shipping_lines"].items():
        price = method.first("price", "original_price").minor(currency_code)
        allocated = sum(a["amount"].minor(currency_code) for a in method["discount_allocations"].items())
        discounted = method["discounted_price"]
        charged += max(price - allocated, 0) if discounted.missing or allocated else discounted.minor(currency_code)
        tax += sum(line["price"].minor(currency_code) for line in method["tax_lines"].items())
    if order["taxes_included"].flag(default=False):
        charged = max(charged - tax, 0)
    return charged, tax

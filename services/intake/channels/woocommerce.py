"""WooCommerce orders, as its REST API and its webhooks write them: bare, `{"data": …}`, a list, or a batch answer.

The API of today and its version 3 of before (`{"order": …}`, `{"orders": […]}`, `billing_address`) are read. Choices:
- `subtotal` and `total` of a line never contain tax, whatever `prices_include_tax` says about the shop's price list.
- A unit's price is subtotal / quantity, and total is met exactly by the line's discount: `price` is a rounded float.
- `processing` is paid, except cash on delivery, which is on terms; `pending` and `on-hold` are not paid yet.
- A container (bundle, composite) without a SKU is not a thing on a shelf: its parts are shipped, and it is left out.
- Refunds of an order that is still open do not say which units they are for: the order is held for somebody to look.
"""

from services.intake.channels.json_document import Node, parse
from services.intake.channels.order_list import read_each
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_AN_ORDER, NOT_OPEN, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.woocommerce_address import ship_and_bill
from services.intake.channels.woocommerce_lines import order_lines
from services.intake.domain.draft import Draft, HoldSpec, HoldType, PaymentDraft, PaymentState, Reading
from services.kernel.money import Money

_PAYMENT = {
    "processing": PaymentState.CAPTURED,
    "on-hold": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
}
_OVER = {"completed", "cancelled", "refunded", "failed", "trash", "draft", "auto-draft", "checkout-draft"}
# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "tracking_number": "a shipment tracking",
    "refunded_by": "a refund",
    "refunded_payment": "a refund",
    "amount": "a refund",
    "author": "an order note",
}


def read(content: bytes, channel: str) -> Reading:
    """Return the orders of a WooCommerce document, and what is wrong with the rest."""
    try:
        orders = _orders(parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    return read_each(orders, lambda order: _draft(order, channel))


def _orders(root: Node) -> list[Node]:
    for envelope in ("data", "order", "orders"):
        if envelope in root:
            root = root[envelope]
    if isinstance(root.value, list):
        return list(root.items())
    batch = [name for name in ("create", "update", "delete") if isinstance(root[name].value, list)]
    if batch:
        return [order for name in batch for order in root[name].items()]
    return [root]


def _draft(order: Node, channel: str) -> Draft:
    if "status" not in order or ("line_items" not in order and "total" not in order):
        raise _not_an_order(order)
    if order.path.startswith("$.delete["):
        raise Refusal(NOT_OPEN, order.path, "The order is deleted in WooCommerce: it must not be shipped.")
    external_id = order["id"].required().identifier(200)
    payment = _payment(order)
    currency_code = _currency(order)
    ship_to, bill_to, address_holds = ship_and_bill(order)
    methods = [m.first("method_title", "method_id").text() for m in order["shipping_lines"].items()]
    customer = order["customer_id"].identifier(200)
    shipping = order.first("shipping_total", "total_shipping").minor(currency_code)
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order.first("number", "order_number").identifier(200),
        order_time=order.first("date_created_gmt", "created_at", "date_created").time(),
        currency_code=currency_code,
        # Customer 0 is a guest.
        customer_reference=customer
        if customer not in {"", "0"}
        else order.first("billing", "billing_address")["email"].text(200),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=order_lines(order, currency_code),
        shipping=Money(shipping, currency_code),
        shipping_tax=Money(order["shipping_tax"].minor(currency_code), currency_code),
        total=Money(order["total"].required().minor(currency_code), currency_code),
        payment=payment,
        service_level=service_level(*methods),
        holds=(*address_holds, *_refund_holds(order)),
        note=order.first("customer_note", "note").text(2000),
    )


def _not_an_order(node: Node) -> Refusal:
    name = next((name for name in _OTHERS if name in node), "")
    what = f"is {_OTHERS[name]}, not an order" if name else "is not an order: it has no status and no total"
    return Refusal(NOT_AN_ORDER, node.path, f"The document {what}.")


def _payment(order: Node) -> PaymentDraft:
    status = order["status"].required()
    word = status.text(100).lower().removeprefix("wc-")
    if word in _OVER:
        raise Refusal(NOT_OPEN, status.path, f"The order is {word} in WooCommerce: it must not be shipped.")
    if word not in _PAYMENT:
        raise Refusal(BAD_VALUE, status.path, f"The status {word!r} is not one of WooCommerce's own: have it mapped.")
    method = order["payment_method"].text(100) or order["payment_details"]["method_id"].text(100)
    state = PaymentState.ON_TERMS if word == "processing" and method == "cod" else _PAYMENT[word]
    return PaymentDraft(state=state, reference=order["transaction_id"].identifier(200))


def _currency(order: Node) -> str:
    code = order["currency"]
    if code.missing:
        raise Refusal(MISSING_FIELD, code.path, f"{code.path} is missing: amounts mean nothing without their currency.")
    text = code.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, code.path, f"{code.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _refund_holds(order: Node) -> tuple[HoldSpec, ...]:
    refunds = list(order["refunds"].items())
    if not refunds:
        return ()
    amounts = ", ".join(refund.first("total", "amount").text(30) for refund in refunds)
    note = f"WooCommerce refunded part of the order ({amounts}) without saying which units: check before shipping."
    return (HoldSpec(handle="refunds", type=HoldType.OTHER, note=note[:1000]),)

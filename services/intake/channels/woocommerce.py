"""WooCommerce orders, as its REST API and its webhooks write them: bare, `{"data": …}`, a list, or a batch answer.

The API of today and its version 3 of before (`{"order": …}`, `{"orders": […]}`, `billing_address`) are read. Choices:
- `subtotal` and `total` of a line never contain tax, whatever `prices_include_tax` says about the shop's price list.
- A unit's price is subtotal / quantity, and total is met exactly by the line's discount: `price` is a rounded float.
- `processing` is paid, except at the door or by invoice, which is on terms; `pending` and `on-hold` are not paid yet.
- The parts of a bundle are shipped and its own row is a charge, or the other way round (`woocommerce_bundles`).
- Virtual lines, gift cards and fees are charges; a fee of less than nothing is a discount.
- Refunds of an order that is still open do not say which units they are for: the order is held for somebody to look.
- An order that is over is NOT_OPEN. Where a webhook's topic says so, it is a change instead (`woocommerce_changes`).
"""

from collections.abc import Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.json_document import Node, parse
from services.intake.channels.order_list import read_webhook
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_AN_ORDER, NOT_OPEN, Refusal
from services.intake.channels.woocommerce_address import ship_and_bill
from services.intake.channels.woocommerce_changes import change_of, topic_of
from services.intake.channels.woocommerce_delivery import level_of, mixed_holds, pickup_location
from services.intake.channels.woocommerce_lines import order_lines
from services.intake.channels.woocommerce_meta import meta_text
from services.intake.channels.woocommerce_parts import coupons_of, shipping_taxes
from services.intake.channels.woocommerce_payment import payment_of, payment_terms, tenders_of
from services.intake.domain.details import Charge, Details
from services.intake.domain.draft import Draft, HoldSpec, HoldType
from services.intake.domain.reading import Reading
from services.kernel.money import Money

_LOCALES = ("wpml_language", "trp_language", "_order_language", "pll_language", "language", "locale")
_TIERS = ("customer_tier", "wwp_wholesale_role", "customer_group")
# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "tracking_number": "a shipment tracking",
    "refunded_by": "a refund",
    "refunded_payment": "a refund",
    "amount": "a refund",
    "author": "an order note",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders and changes of a WooCommerce document, and what is wrong with the rest."""
    topic = topic_of(headers)
    try:
        orders = _orders(parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    return read_webhook(
        orders,
        lambda order: change_of(order, channel, topic) if topic else None,
        lambda order: _draft(order, channel),
    )


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
    payment = payment_of(order)
    currency_code = _currency(order)
    ship_to, bill_to, address_holds = ship_and_bill(order)
    lines, charges = order_lines(order, currency_code)
    details = _details(order, currency_code, charges)
    buyer = order.first("billing", "billing_address")
    customer = order["customer_id"].identifier(200)
    shipping = order.first("shipping_total", "total_shipping").minor(currency_code)
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order.first("number", "order_number").identifier(200),
        order_time=order.first("date_created_gmt", "created_at", "date_created").time(),
        currency_code=currency_code,
        # Customer 0 is a guest.
        customer_reference=customer if customer not in {"", "0"} else buyer["email"].text(200),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=lines,
        shipping=Money(shipping, currency_code),
        shipping_tax=Money(order["shipping_tax"].minor(currency_code), currency_code),
        total=Money(order["total"].required().minor(currency_code), currency_code),
        payment=payment,
        service_level=level_of(order),
        holds=(*(() if details.pickup_location else address_holds), *mixed_holds(order), *_refund_holds(order)),
        note=order.first("customer_note", "note").text(2000),
        # Half of an e-mail address is somebody else's, and half of a number too.
        email=email if len(email := buyer["email"].text()) <= 320 else "",
        phone=phone if len(phone := buyer["phone"].text()) <= 50 else "",
        details=details,
    )


def _details(order: Node, currency_code: str, charges: tuple[Charge, ...]) -> Details:
    return Details(
        customer_tier=meta_text(order, *_TIERS)[:100],
        locale=meta_text(order, *_LOCALES)[:35],
        pickup_location=pickup_location(order),
        payment_terms=payment_terms(order),
        charges=charges,
        shipping_taxes=shipping_taxes(order, currency_code),
        discounts=coupons_of(order, currency_code),
        tenders=tenders_of(order, currency_code),
    )


def _not_an_order(node: Node) -> Refusal:
    name = next((name for name in _OTHERS if name in node), "")
    what = f"is {_OTHERS[name]}, not an order" if name else "is not an order: it has no status and no total"
    return Refusal(NOT_AN_ORDER, node.path, f"The document {what}.")


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

"""Shopify orders: of the REST API and its webhooks, bare, `{"order": …}` or `{"orders": […]}`; and GraphQL answers.

What is read, where Shopify leaves a choice:
- Money is shop money (`price`, else `price_set.shop_money`), never the customer's presentment currency.
- What is left to ship is `fulfillable_quantity`, else `current_quantity`, else the quantity less what was refunded.
- An order that is cancelled, refunded, voided or wholly fulfilled is NOT_OPEN: it must not be shipped again. Where a
  webhook's topic says so, it is a change of the order instead (`shopify_changes`).
- Lines that need no shipping, and gift cards, are not stock: they are charges, as are tips, duties and fees.
- An unpaid order with payment terms, or paid at the door, is on terms. What Shopify itself holds is held.
- An order that is picked up needs no address that a carrier could use.
"""

from collections.abc import Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.json_document import Node, parse
from services.intake.channels.order_list import read_webhook
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, Refusal
from services.intake.channels.shopify_address import ship_and_bill
from services.intake.channels.shopify_changes import change_of, is_deleted, topic_of
from services.intake.channels.shopify_delivery import level_of, mixed_holds, shipping_of
from services.intake.channels.shopify_details import details_of
from services.intake.channels.shopify_document import is_order, not_an_order, orders_in
from services.intake.channels.shopify_graphql import GraphqlNode, check_asked
from services.intake.channels.shopify_lines import order_lines
from services.intake.channels.shopify_payment import check_open, payment_of, tenders_of
from services.intake.channels.shopify_split import split
from services.intake.domain.draft import Draft, HoldSpec, HoldType
from services.intake.domain.reading import Reading
from services.kernel.money import Money


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders and changes of a Shopify document, and what is wrong with the rest."""
    topic = topic_of(headers)
    try:
        root = parse(content)
        orders = [root] if is_deleted(topic) else orders_in(root)
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    return read_webhook(
        orders,
        lambda order: change_of(order, channel, topic) if topic else None,
        lambda order: _drafts(order, channel),
    )


def _drafts(order: Node, channel: str) -> tuple[Draft, ...]:
    return split(_draft(order, channel), order)


def _draft(order: Node, channel: str) -> Draft:
    if isinstance(order, GraphqlNode):
        check_open(order)
        check_asked(order)
    elif not isinstance(order.value, dict) or (order.path.startswith("$[") and not is_order(order)):
        raise not_an_order(order)
    external_id = order["id"].required().identifier(200)
    check_open(order)
    currency_code = _currency(order)
    tenders = tenders_of(order, currency_code)
    payment = payment_of(order, tenders)
    lines, charges = order_lines(order, currency_code)
    ship_to, bill_to, holds = ship_and_bill(order)
    shipping, shipping_tax = shipping_of(order, currency_code)
    details = details_of(order, currency_code, charges, tenders)
    email, phone = _reached(order)
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
        service_level=level_of(order),
        holds=(*(() if details.pickup_location else holds), *mixed_holds(order), *_held_in_shopify(order)),
        note=order["note"].text(2000),
        email=email,
        phone=phone,
        details=details,
    )


def _reached(order: Node) -> tuple[str, str]:
    """Return the e-mail address and the phone number of whoever ordered."""
    email = order.first("email", "contact_email").text() or order["customer"]["email"].text()
    phone = order["phone"].text() or order["customer"]["phone"].text()
    # Half of an e-mail address is somebody else's, and half of a number too.
    return email if len(email) <= 320 else "", phone if len(phone) <= 50 else ""


def _currency(order: Node) -> str:
    code = order.first("currency", "currency_code")
    if code.missing:
        raise Refusal(MISSING_FIELD, code.path, f"{code.path} is missing: amounts mean nothing without their currency.")
    text = code.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, code.path, f"{code.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _held_in_shopify(order: Node) -> tuple[HoldSpec, ...]:
    if order["fulfillment_status"].text(100).lower() != "on_hold":
        return ()
    note = "Somebody holds the order in Shopify: see there why before it is shipped."
    return (HoldSpec(handle="shopify", type=HoldType.OTHER, note=note),)

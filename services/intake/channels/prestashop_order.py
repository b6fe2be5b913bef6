"""One PrestaShop order with the resources beside it: the draft, or what an event changes about it."""

import re

from services.intake.channels.json_document import Node
from services.intake.channels.prestashop_address import email, ship_and_bill
from services.intake.channels.prestashop_payment import OVER, Meaning, check_open, meaning, payment, tenders
from services.intake.channels.prestashop_resources import Resources, is_only_named, list_name, resource_id, words
from services.intake.channels.prestashop_rows import Row, line, rows, sku
from services.intake.channels.refusal import BAD_VALUE, NOT_OPEN, NOT_SHIPPABLE, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.update_event import cancelled, reduced
from services.intake.domain.details import Charge, ChargeKind, Details
from services.intake.domain.draft import Draft, DraftLine, HoldSpec, HoldType
from services.intake.domain.edits import ChangeDraft
from services.kernel.money import Money, share

MISSING_RESOURCE = "MISSING_RESOURCE"
_PICKUP = re.compile(r"click\s*(and|&|'?n'?)\s*collect|pick[ -]?up in[ -]?store|in[ -]store pick|retrait en magasin")


def draft(order: Node, resources: Resources, channel: str) -> Draft:
    """Return the order.

    Raises:
        Refusal: MISSING_RESOURCE, with what has to be sent beside the order; or why it cannot be accepted.
    """
    external_id = resource_id(order) or order["id"].required().identifier(200)
    if is_only_named(order):
        raise _missing(order, [f"orders/{external_id} itself: read the list with display=full"])
    found = meaning(order, resources)
    check_open(order, found)
    _check_complete(order, resources, found)
    code = _currency(order, resources)
    total = Money(order.first("total_paid_tax_incl", "total_paid").required().minor(code), code)
    bought = rows(order, resources, code)
    shipping, shipping_tax = _net_and_tax(order, "total_shipping", code)
    carrier = resources.named("carrier", order["id_carrier"])
    method = carrier["name"].text(200) if carrier is not None else ""
    pickup = method if _PICKUP.search(method.lower()) else ""
    ship_to, bill_to, address_holds = ship_and_bill(order, resources, pickup=bool(pickup))
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order["reference"].identifier(200),
        order_time=order["date_add"].time(),
        currency_code=code,
        customer_reference=_customer(order, resources),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=_lines(order, bought, resources, code),
        shipping=Money(shipping, code),
        shipping_tax=Money(shipping_tax, code),
        total=total,
        payment=payment(order, resources, found, total),
        service_level=service_level(method, words(carrier["delay"], 200) if carrier is not None else ""),
        holds=(*address_holds, *_refund_holds(order, resources, bought)),
        note=_note(order, resources),
        email=email(order, resources),
        phone=ship_to.phone,
        details=Details(
            brand=_name(resources.named("shop", order["id_shop"]), 100),
            customer_tier=_tier(order, resources),
            locale=_locale(order, resources),
            pickup_location=pickup,
            group_id=_group(order, resources),
            charges=(*_digital(bought, code), *_vouchers(order, resources, code), *_wrapping(order, code)),
            tenders=tenders(order, resources, total),
            tags=("gift",) if order["gift"].flag(default=False) else (),
        ),
    )


def change(order: Node, resources: Resources, channel: str) -> ChangeDraft | None:
    """Return what is cancelled of an order that was sent before; None where nothing is."""
    if is_only_named(order):
        return None
    external_id = resource_id(order) or order["id"].required().identifier(200)
    if meaning(order, resources) in OVER:
        return cancelled(channel, external_id, "Cancelled in PrestaShop.")
    if resources.named("currency", order["id_currency"]) is None:
        return None
    stock = [row for row in rows(order, resources, _currency(order, resources)) if row.is_stock]
    fewer = [(row.line_id, row.left) for row in stock if row.left < row.ordered]
    if fewer and not any(row.left for row in stock):
        return cancelled(channel, external_id, "All units were refunded in PrestaShop.")
    return reduced(channel, external_id, fewer, "Units were refunded in PrestaShop.") if fewer else None


def _check_complete(order: Node, resources: Resources, found: Meaning) -> None:
    lacking: list[tuple[Node, str]] = []
    if resources.named("currency", order["id_currency"]) is None:
        lacking.append((order["id_currency"], _reference("currency", order["id_currency"])))
    place = order["id_address_delivery"]
    address = resources.named("address", place)
    if address is None:
        lacking.append((place, f"{_reference('address', place)} and its country"))
    elif resources.named("country", address["id_country"]) is None:
        lacking.append((address["id_country"], _reference("country", address["id_country"])))
    if found == Meaning.UNKNOWN:
        lacking.append((order["current_state"], _reference("order_state", order["current_state"])))
    if lacking:
        raise _missing(lacking[0][0], [text for _, text in lacking])


def _reference(kind: str, node: Node) -> str:
    return f"{list_name(kind)}/{node.identifier(50) or '?'}"


def _missing(node: Node, what: list[str]) -> Refusal:
    message = (
        f"The order is not complete without {', '.join(what)}. Send these resources in one document with it: "
        "<prestashop><order>…</order><address>…</address><country>…</country><currency>…</currency></prestashop>."
    )
    return Refusal(MISSING_RESOURCE, node.path, message)


def _currency(order: Node, resources: Resources) -> str:
    currency = resources.named("currency", order["id_currency"])
    node = (currency or order)["iso_code"].required()
    text = node.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, node.path, f"{node.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _lines(order: Node, bought: list[Row], resources: Resources, code: str) -> tuple[DraftLine, ...]:
    path = order["associations"]["order_rows"].path
    stock = [row for row in bought if row.is_stock]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, path, "Nothing of the order needs shipping.")
    if not any(row.left for row in stock):
        raise Refusal(NOT_OPEN, path, "Nothing of the order is left to ship in PrestaShop.")
    return tuple(line(row, resources, code) for row in stock if row.left)


def _net_and_tax(order: Node, name: str, code: str) -> tuple[int, int]:
    """Return an amount without tax and the tax on it."""
    gross = order.first(f"{name}_tax_incl", name).minor(code)
    node = order[f"{name}_tax_excl"]
    net = gross if node.missing else min(node.minor(code), gross)
    return net, gross - net


def _digital(bought: list[Row], code: str) -> list[Charge]:
    virtual = [row for row in bought if not row.is_stock and row.left]
    if len(virtual) > 400:
        raise virtual[0].node.bad("one of at most 400 things that nobody ships")
    return [
        Charge(
            kind=ChargeKind.DIGITAL,
            title=words(row.node["product_name"], 500),
            amount=Money(share(row.net, row.ordered - row.left, row.left, row.ordered), code),
            tax=Money(share(row.tax, row.ordered - row.left, row.left, row.ordered), code),
            sku=sku(row.node),
            quantity=row.left,
        )
        for row in virtual
    ]


def _vouchers(order: Node, resources: Resources, code: str) -> list[Charge]:
    net, tax = _net_and_tax(order, "total_discounts", code)
    if not net + tax:
        return []
    found = []
    for rule in resources.belonging("order_cart_rule", "id_order", resource_id(order))[:50]:
        gross = rule["value"].minor(code)
        excl = rule["value_tax_excl"]
        part = gross if excl.missing else min(excl.minor(code), gross)
        found.append((words(rule["name"], 500) or "Discount", part, gross - part))
    # Where the rules do not add up to what the order says, the order is right.
    if (sum(part for _, part, _ in found), sum(part for _, _, part in found)) != (net, tax):
        found = [(", ".join(title for title, _, _ in found)[:500] or "Discount", net, tax)]
    return [
        Charge(kind=ChargeKind.DISCOUNT, title=title, amount=Money(part, code), tax=Money(part_tax, code))
        for title, part, part_tax in found
    ]


def _wrapping(order: Node, code: str) -> list[Charge]:
    net, tax = _net_and_tax(order, "total_wrapping", code)
    if not net + tax:
        return []
    return [Charge(kind=ChargeKind.SERVICE, title="Gift wrapping", amount=Money(net, code), tax=Money(tax, code))]


def _refund_holds(order: Node, resources: Resources, bought: list[Row]) -> tuple[HoldSpec, ...]:
    slips = resources.belonging("order_slip", "id_order", resource_id(order))
    if not slips or any(row.left < row.ordered for row in bought):
        return ()
    note = "PrestaShop has a credit slip for the order and says no units that it is for: check before shipping."
    return (HoldSpec(handle="refunds", type=HoldType.OTHER, note=note),)


def _customer(order: Node, resources: Resources) -> str:
    number = order["id_customer"].identifier(200)
    return number if number not in {"", "0"} else email(order, resources)[:200]


def _tier(order: Node, resources: Resources) -> str:
    customer = resources.named("customer", order["id_customer"])
    if customer is None:
        return ""
    group = customer["id_default_group"]
    return _name(resources.named("group", group), 100) or group.text(100)


def _locale(order: Node, resources: Resources) -> str:
    language = resources.named("language", order["id_lang"])
    if language is None:
        return ""
    return language.first("locale", "language_code", "iso_code").text(35).replace("_", "-")


def _group(order: Node, resources: Resources) -> str:
    reference = order["reference"].identifier(200)
    return reference if len(resources.belonging("order", "reference", reference)) > 1 else ""


def _note(order: Node, resources: Resources) -> str:
    said = [order["note"].text(800)]
    messages = resources.belonging("message", "id_order", resource_id(order))[:20]
    said += [message["message"].text(500) for message in messages if not message["private"].flag(default=False)]
    gift = order["gift_message"].text(500)
    address = resources.named("address", order["id_address_delivery"])
    said += [f"Gift message: {gift}" if gift else "", address["other"].text(300) if address is not None else ""]
    return "\n".join(text for text in said if text)[:2000]


def _name(node: Node | None, limit: int) -> str:
    return words(node["name"], limit) if node is not None else ""

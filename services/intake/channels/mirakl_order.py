"""One Mirakl order: the draft, or what an event changes about it."""

import re
from datetime import datetime, timedelta

from services.intake.channels.json_document import Node
from services.intake.channels.mirakl_address import email, ship_and_bill
from services.intake.channels.mirakl_lines import Row, fields, line, parts, rows
from services.intake.channels.mirakl_payment import holds, payment, tenders, terms
from services.intake.channels.mirakl_state import check_open, is_over
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_OPEN, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.update_event import cancelled, reduced
from services.intake.domain.details import Charge, ChargeKind, Details, DiscountPart, TaxPart
from services.intake.domain.draft import Draft
from services.intake.domain.edits import ChangeDraft
from services.kernel.money import Money

_COLLECT = re.compile(r"click[ _-]*(and|&|n)?[ _-]*collect|in[ _-]?store|\bcollect\b")


def draft(order: Node, channel: str) -> Draft:
    """Return the order.

    Raises:
        Refusal: AWAITING_ACCEPTANCE, AWAITING_DEBIT, NOT_OPEN, or what is wrong with it.
    """
    external_id = order["order_id"].required().identifier(200)
    check_open(order)
    code = _currency(order)
    inside = order["order_tax_mode"].text(50).upper() == "TAX_INCLUDED"
    found = rows(order)
    left = [row for row in found if row.left]
    if not left:
        raise Refusal(NOT_OPEN, order["order_lines"].path, "Nothing of the order is left to ship in Mirakl.")
    shipping, shipping_taxes = _shipping(order, found, code, inside=inside)
    total = Money(_total(order, found, code, inside=inside), code)
    methods = [order[name].text(200) for name in ("shipping_type_label", "shipping_type_code")]
    pickup = _pickup(order)
    ship_to, bill_to, address_holds = ship_and_bill(order, pickup=bool(pickup))
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order.first("commercial_id", "order_id").identifier(200),
        order_time=order["created_date"].time(),
        currency_code=code,
        customer_reference=order["customer"]["customer_id"].identifier(200) or email(order)[:200],
        ship_to=ship_to,
        bill_to=bill_to,
        lines=tuple(line(row, code, inside=inside) for row in left),
        shipping=Money(shipping, code),
        shipping_tax=Money(sum(tax.amount.minor for tax in shipping_taxes), code),
        total=total,
        payment=payment(order),
        service_level=service_level(*methods),
        holds=(*address_holds, *holds(order)),
        note=_note(order),
        email=email(order),
        phone=ship_to.phone,
        details=Details(
            brand=order["shop_name"].text(100),
            program=order["channel"]["code"].text(100),
            customer_tier="organization" if not order["customer"]["organization"].missing else "",
            locale=order["customer"]["locale"].text(35).replace("_", "-"),
            ship_by_time=_ship_by(order),
            due_time=order["delivery_date"]["latest"].time(),
            earliest_time=order["delivery_date"]["earliest"].time(),
            pickup_location=pickup,
            location_code=order["shipping_pudo_id"].text(100),
            group_id=order["commercial_id"].identifier(200),
            payment_terms=terms(order),
            charges=_fees(found, code),
            shipping_taxes=shipping_taxes[:50],
            discounts=_promotions(order, code),
            tenders=tenders(order, total),
            tags=tuple(f"{name}={value}"[:200] for name, value in fields(order["order_additional_fields"])[:100]),
        ),
    )


def change(order: Node, channel: str) -> ChangeDraft | None:
    """Return what is cancelled of an order that was sent before; None where nothing is."""
    external_id = order["order_id"].required().identifier(200)
    why = order["order_state_reason_label"].text(200)
    if is_over(order):
        return cancelled(channel, external_id, f"Cancelled in Mirakl. {why}".strip())
    found = rows(order)
    fewer = [(row.line_id, row.wanted) for row in found if row.wanted < row.ordered]
    if fewer and not any(row.wanted for row in found):
        return cancelled(channel, external_id, "All lines were cancelled in Mirakl.")
    return reduced(channel, external_id, fewer, "Units were cancelled in Mirakl.") if fewer else None


def _currency(order: Node) -> str:
    node = order["currency_iso_code"]
    if node.missing:
        raise Refusal(MISSING_FIELD, node.path, f"{node.path} is missing: amounts mean nothing without their currency.")
    text = node.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, node.path, f"{node.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _shipping(order: Node, found: list[Row], code: str, *, inside: bool) -> tuple[int, tuple[TaxPart, ...]]:
    """Return what shipping costs without tax, and the taxes on it."""
    price = order["shipping_price"]
    cost = _sum(found, "shipping_price", code) if price.missing else price.minor(code)
    taxes = tuple(tax for row in found for tax in parts(row.node["shipping_taxes"], code))
    return max(cost - sum(tax.amount.minor for tax in taxes), 0) if inside else cost, _merged(taxes)


def _total(order: Node, found: list[Row], code: str, *, inside: bool) -> int:
    """Return what the customer pays: Mirakl's total, with the fees that older versions leave out, and the taxes."""
    price, shipping = order["price"], order["shipping_price"]
    goods = _sum(found, "price", code) if price.missing else price.minor(code)
    goods += _sum(found, "shipping_price", code) if shipping.missing else shipping.minor(code)
    fees = sum(charge.amount.minor for charge in _fees(found, code))
    stated = order["total_price"]
    total = goods + fees if stated.missing or stated.minor(code) == goods else stated.minor(code)
    if inside:
        return total
    lists = ("taxes", "shipping_taxes")
    return total + sum(tax.amount.minor for row in found for name in lists for tax in parts(row.node[name], code))


def _sum(found: list[Row], name: str, code: str) -> int:
    return sum(row.node[name].minor(code) for row in found)


def _merged(taxes: tuple[TaxPart, ...]) -> tuple[TaxPart, ...]:
    """Return one part for each tax, where several lines have the same."""
    sums: dict[tuple[str, str, bool, str], int] = {}
    for tax in taxes:
        key = (tax.title, tax.rate, tax.collected_by_channel, tax.amount.currency_code)
        sums[key] = sums.get(key, 0) + tax.amount.minor
    return tuple(
        TaxPart(title=title, rate=rate, collected_by_channel=collected, amount=Money(amount, code))
        for (title, rate, collected, code), amount in sums.items()
    )


def _fees(found: list[Row], code: str) -> tuple[Charge, ...]:
    sums: dict[str, int] = {}
    for row in found:
        for fee in row.node["fees"].items():
            name = fee["code"].text(200) or "fee"
            sums[name] = sums.get(name, 0) + fee["amount"].minor(code)
    if len(sums) > 500:
        raise found[0].node["fees"].bad("at most 500 kinds of fees")
    return tuple(
        Charge(kind=ChargeKind.FEE, title=name, amount=Money(amount, code)) for name, amount in sums.items() if amount
    )


def _promotions(order: Node, code: str) -> tuple[DiscountPart, ...]:
    amount = order["promotions"]["total_deduced_amount"].minor(code)
    return (DiscountPart(amount=Money(amount, code), title="Promotions"),) if amount else ()


def _pickup(order: Node) -> str:
    """Return the shop where the customer collects it; a carrier's parcel point is no such shop."""
    label, code = order["shipping_type_label"].text(200), order["shipping_type_code"].text(200)
    if not order["shipping_pudo_id"].missing or not _COLLECT.search(f"{label} {code}".lower()):
        return ""
    return label or code


def _ship_by(order: Node) -> datetime | None:
    deadline = order["shipping_deadline"].time()
    accepted = order.first("acceptance_decision_date", "created_date").time()
    days = order["leadtime_to_ship"].decimal()
    if deadline or accepted is None or days is None or not 0 <= days <= 1000:
        return deadline
    try:
        return accepted + timedelta(days=int(days))
    except OverflowError:
        return None


def _note(order: Node) -> str:
    references = order["references"]
    said = (
        order["customer"]["shipping_address"]["additional_info"].text(1000),
        order["customer"]["shipping_address"]["internal_additional_info"].text(500),
        references["order_reference_for_customer"].text(200),
        references["order_reference_for_seller"].text(200),
    )
    return "\n".join(text for text in said if text)[:2000]

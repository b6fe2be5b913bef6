"""One Magento order: the drafts of its destinations, and what an event changes about it."""

from dataclasses import dataclass, replace

from services.intake.channels.json_document import Node
from services.intake.channels.magento_address import ship_and_bill
from services.intake.channels.magento_lines import applied_taxes, line, rate
from services.intake.channels.magento_parts import Part, parts
from services.intake.channels.magento_payment import (
    CANCELLED,
    check_open,
    collected,
    holds,
    payment,
    state,
    stored_value,
    terms,
)
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_OPEN, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.update_event import cancelled, reduced
from services.intake.domain.details import Details, DiscountPart, TaxPart
from services.intake.domain.draft import Draft, PaymentDraft, PaymentState
from services.intake.domain.edits import ChangeDraft
from services.kernel.money import Money, allocate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a destination's part of the order costs, what of that is not paid with stored value, and how that stands."""

    total: Money
    due: Money
    payment: PaymentDraft


def drafts(order: Node, channel: str) -> list[Draft]:
    """Return one draft for each destination.

    Raises:
        Refusal: why the order cannot be accepted.
    """
    check_open(order)
    code = _currency(order)
    due = order["grand_total"].required().minor(code)
    total = due + sum(tender.amount.minor for tender in stored_value(order, code))
    places = parts(order, code)
    weights = [part.sum for part in places] if any(part.sum for part in places) else [1] * len(places)
    totals = allocate(total, weights)
    dues = allocate(due, totals if any(totals) else weights)
    paid = payment(order, Money(due, code))
    found = [
        _draft(order, channel, part, Bill(total=Money(share, code), due=Money(owed, code), payment=paid))
        for part, share, owed in zip(places, totals, dues, strict=True)
    ]
    if not any(draft.lines for draft in found):
        raise Refusal(NOT_OPEN, order["items"].path, "Nothing of the order is left to ship in Magento.")
    return [draft for draft in found if draft.lines]


def changes(order: Node, channel: str) -> list[ChangeDraft]:
    """Return what is cancelled of an order that was sent before; nothing where nothing is."""
    over = state(order) in CANCELLED
    found = []
    for part in parts(order, _currency(order)):
        external_id = _external_id(order) + part.suffix
        fewer = [row for row in part.rows if row.wanted < row.ordered]
        if over or (part.rows and not any(row.wanted for row in part.rows)):
            found.append(cancelled(channel, external_id, "Cancelled in Magento."))
        elif fewer:
            wanted = [(row.line_id, row.wanted) for row in fewer]
            found.append(reduced(channel, external_id, wanted, "Units were cancelled in Magento."))
    return found


def _draft(order: Node, channel: str, part: Part, bill: Bill) -> Draft:
    code = bill.total.currency_code
    pickup = _pickup(order, part)
    ship_to, bill_to, address_holds = ship_and_bill(part.shipping, order, pickup=bool(pickup))
    left = [row for row in part.rows if row.left]
    taxes = applied_taxes(order)
    stored = stored_value(order, code) if part.is_first else ()
    # What was cancelled or shipped elsewhere is in the total as placed, and is not to be collected with the rest.
    owed = Money(max(bill.due.minor - part.gone, 0), code)
    partial = owed != bill.total and bill.payment.state != PaymentState.CAPTURED
    refunded = any(row.wanted < row.ordered for row in part.rows)
    return Draft(
        channel=channel,
        external_id=_external_id(order) + part.suffix,
        order_number=order["increment_id"].identifier(200),
        order_time=order["created_at"].time(),
        currency_code=code,
        customer_reference=_customer(order),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=tuple(line(row, code, order, taxes) for row in left),
        shipping=Money(part.cost, code),
        shipping_tax=Money(part.tax, code),
        total=bill.total,
        payment=replace(bill.payment, amount=owed) if partial else bill.payment,
        service_level=service_level(order["shipping_description"].text(), _method(order)),
        holds=(*address_holds, *holds(order, refunded_units=refunded)),
        note=_note(order),
        email=_email(order),
        phone=ship_to.phone,
        details=Details(
            program=order["extension_attributes"]["company_order_attributes"]["company_name"].text(100),
            customer_tier=order.first("customer_group_code", "customer_group_id").text(100),
            pickup_location=pickup,
            group_id=_external_id(order) if part.suffix else "",
            payment_terms=terms(order),
            charges=part.charges,
            shipping_taxes=_shipping_taxes(order, code) if part.is_first else (),
            discounts=_discounts(order, code) if part.is_first else (),
            tenders=(*stored, *collected(order, bill.due)),
        ),
    )


def _external_id(order: Node) -> str:
    # Ten characters are left for the number of the part.
    return order.first("entity_id", "increment_id").required().identifier(190)


def _currency(order: Node) -> str:
    node = order["order_currency_code"]
    if node.missing:
        raise Refusal(MISSING_FIELD, node.path, f"{node.path} is missing: amounts mean nothing without their currency.")
    text = node.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, node.path, f"{node.path} must be an ISO 4217 currency, not {text!r}.")
    return text


def _customer(order: Node) -> str:
    number = order["customer_id"].identifier(200)
    return number if number not in {"", "0"} else order["customer_email"].text(200)


def _shipping_taxes(order: Node, currency_code: str) -> tuple[TaxPart, ...]:
    applied = [
        tax
        for entry in order["extension_attributes"]["item_applied_taxes"].items()
        if entry["type"].text(50) == "shipping"
        for tax in entry["applied_taxes"].items()
    ]
    return tuple(
        TaxPart(
            title=tax.first("title", "code").text(200),
            amount=Money(tax["amount"].minor(currency_code), currency_code),
            rate=rate(tax["percent"]),
        )
        for tax in applied[:50]
    )


def _discounts(order: Node, currency_code: str) -> tuple[DiscountPart, ...]:
    number = order["discount_amount"].decimal()
    if not number:
        return ()
    amount = Money.of(abs(number), currency_code)
    title = order.first("discount_description", "coupon_rule_name").text(500)
    return (DiscountPart(amount=amount, code=order["coupon_code"].text(200), title=title),)


def _method(order: Node) -> str:
    for assignment in order["extension_attributes"]["shipping_assignments"].items():
        return assignment["shipping"]["method"].text(200)
    return order["shipping_method"].text(200)


def _pickup(order: Node, part: Part) -> str:
    place = order["extension_attributes"]["pickup_location_code"]
    if place.missing:
        place = part.shipping["extension_attributes"]["pickup_location_code"]
    return place.text(200) or ("in-store pickup" if _method(order).startswith("instore") else "")


def _email(order: Node) -> str:
    text = order["customer_email"].text()
    return text if len(text) <= 320 else ""


def _note(order: Node) -> str:
    gift = order["extension_attributes"]["gift_message"]["message"].text(900)
    notes = (order["customer_note"].text(1000), f"Gift message: {gift}" if gift else "")
    return "\n".join(note for note in notes if note)

"""The rows of one order as a draft."""

from dataclasses import replace

from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_OPEN, NOT_SHIPPABLE, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.table_columns import PER_LINE
from services.intake.channels.table_lines import Whole, charges, items_of, lines, settled
from services.intake.channels.table_places import place_of
from services.intake.channels.table_rows import Group, Row
from services.intake.channels.table_values import amount, decimal, identifier, moment, quoted, truth
from services.intake.domain.details import Details, DiscountPart
from services.intake.domain.draft import Draft, HoldSpec, HoldType, PaymentDraft, PaymentState, ServiceLevel
from services.kernel.money import Money

_PAYMENTS = {
    "": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
    "unpaid": PaymentState.PENDING,
    "open": PaymentState.PENDING,
    "partially_paid": PaymentState.PENDING,
    "authorized": PaymentState.AUTHORIZED,
    "authorised": PaymentState.AUTHORIZED,
    "captured": PaymentState.CAPTURED,
    "paid": PaymentState.CAPTURED,
    "on_terms": PaymentState.ON_TERMS,
    "terms": PaymentState.ON_TERMS,
    "invoice": PaymentState.ON_TERMS,
    "marketplace_held": PaymentState.MARKETPLACE_HELD,
}
_GIVEN_BACK = frozenset({"refunded", "partially_refunded", "partly_refunded", "voided", "expired"})
_STATES = {
    "processing": PaymentState.CAPTURED,
    "pending_payment": PaymentState.PENDING,
    "on_hold": PaymentState.PENDING,
}
_OVER = frozenset({"completed", "cancelled", "canceled", "refunded", "failed", "trash", "closed", "shipped"})
_SERVICES = {level.value.lower(): level for level in ServiceLevel}


def draft_of(group: Group, channel: str, *, comma: bool) -> Draft:
    """Return the order; `comma` where the file writes decimals with a comma.

    Raises:
        Refusal: why it cannot be one.
    """
    head = _head(group)
    _check_open(head)
    external_id = identifier(head, "order_id", 200) or identifier(head, "order_number", 200)
    currency = _currency(head)
    whole = _whole(head, currency, comma=comma)
    items, inside, computed = settled(items_of(group, currency, comma=comma), whole)
    shipped = lines(items, currency, prices_include_tax=inside)
    if not shipped:
        raise Refusal(NOT_SHIPPABLE, f"row {group.number}", "Nothing of the order is to be shipped.")
    place = place_of(head)
    draft = Draft(
        channel=channel,
        external_id=external_id,
        order_number=identifier(head, "order_number", 200),
        order_time=moment(head, "order_time"),
        currency_code=currency,
        customer_reference=clean(head["customer"] or head["email"], 200),
        ship_to=place.ship_to,
        bill_to=place.bill_to,
        lines=shipped,
        shipping=Money(whole.shipping, currency),
        shipping_tax=Money(whole.shipping_tax, currency),
        total=Money(computed if whole.total is None else whole.total, currency),
        payment=_payment(head),
        service_level=_service(head),
        priority=_priority(head, comma=comma),
        ship_complete=truth(head, "ship_complete") or False,
        holds=place.holds,
        note=clean(head["note"], 2000),
        email=clean(head["email"], 320) if len(head["email"]) <= 320 else "",
        phone=clean(head["phone"].removeprefix("'"), 50),
        details=replace(
            _details(head),
            charges=charges(items, currency, prices_include_tax=inside),
            discounts=_discounts(head, whole, currency),
        ),
    )
    return draft if draft.total.minor == computed else _doubted(draft, computed)


def _head(group: Group) -> Row:
    """Return what is said once for the order: each column agrees in all rows that say it."""
    cells: dict[str, str] = {}
    said: dict[str, int] = {}
    for row in group.rows:
        for name, cell in row.cells.items():
            if name in PER_LINE or name.startswith("#"):
                continue
            if cells.setdefault(name, cell) != cell:
                message = f"{name} is {quoted(cell)} here and {quoted(cells[name])} in row {said[name]}: which is it?"
                raise Refusal(BAD_VALUE, row.at(name), message)
            said.setdefault(name, row.number)
    return Row(number=group.number, cells=cells)


def _check_open(head: Row) -> None:
    for name, over in (
        ("cancel_time", bool(head["cancel_time"])),
        ("fulfillment", _word(head["fulfillment"]) in {"fulfilled", "partial", "shipped", "restocked"}),
        ("order_state", _word(head["order_state"]) in _OVER),
        ("payment_state", _word(head["payment_state"]) in _GIVEN_BACK),
    ):
        if over:
            message = (
                "The order is over, or part of it is: it was shipped, cancelled or refunded. Nothing was accepted."
            )
            raise Refusal(NOT_OPEN, head.at(name), message)


def _currency(head: Row) -> str:
    code = head["currency"].upper()
    if not code:
        raise Refusal(MISSING_FIELD, head.at("currency"), "The order says no currency, such as USD.")
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Refusal(BAD_VALUE, head.at("currency"), f"currency must be of ISO 4217, not {quoted(code)}.")
    return code


def _whole(head: Row, currency: str, *, comma: bool) -> Whole:
    def minor(name: str) -> int | None:
        found = amount(head, name, comma=comma)
        return None if found is None else amounts.minor(found, currency)

    discount = decimal(head, "order_discount", comma=comma)
    return Whole(
        discount=None if discount is None else amounts.minor(abs(discount), currency),
        tax=minor("order_tax"),
        shipping=minor("shipping") or 0,
        shipping_tax=minor("shipping_tax") or 0,
        total=minor("total"),
        prices_include_tax=truth(head, "prices_include_tax"),
    )


def _payment(head: Row) -> PaymentDraft:
    said = _word(head["payment_state"])
    state = _PAYMENTS.get(said)
    if not said and head["order_state"]:
        state = _STATES.get(_word(head["order_state"]), PaymentState.PENDING)
    if state is None:
        known = ", ".join(sorted(name for name in _PAYMENTS if name))
        message = f"payment_state is none of {known}: {quoted(head['payment_state'])}."
        raise Refusal(BAD_VALUE, head.at("payment_state"), message)
    return PaymentDraft(state=state, reference=identifier(head, "payment_reference", 200))


def _service(head: Row) -> ServiceLevel:
    said = _word(head["service_level"])
    if said and said not in _SERVICES:
        known = ", ".join(_SERVICES)
        raise Refusal(BAD_VALUE, head.at("service_level"), f"service_level is none of {known}: {quoted(said)}.")
    return _SERVICES[said] if said else service_level(head["shipping_method"])


def _priority(head: Row, *, comma: bool) -> int:
    found = decimal(head, "priority", comma=comma)
    if found is None:
        return 3
    if found != int(found) or not 1 <= found <= 5:
        raise Refusal(BAD_VALUE, head.at("priority"), "priority must be 1 (most urgent) to 5.")
    return int(found)


def _details(head: Row) -> Details:
    tags = (clean(tag, 200) for tag in head["tags"].split(","))
    return Details(
        brand=clean(head["brand"], 100),
        program=clean(head["program"], 100),
        locale=clean(head["locale"], 35),
        ship_by_time=moment(head, "ship_by_time"),
        due_time=moment(head, "due_time"),
        earliest_time=moment(head, "earliest_time"),
        pickup_location=clean(head["pickup_location"], 200),
        location_code=identifier(head, "location_code", 100),
        group_id=identifier(head, "group_id", 200),
        payment_terms=clean(head["payment_terms"], 200),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag))[:100],
    )


def _discounts(head: Row, whole: Whole, currency: str) -> tuple[DiscountPart, ...]:
    code = clean(head["discount_code"], 200)
    return (DiscountPart(amount=Money(whole.discount or 0, currency), code=code),) if whole.discount or code else ()


def _doubted(draft: Draft, computed: int) -> Draft:
    """Return the order held: a row may be missing, or twice in the file."""
    rows = Money(computed, draft.currency_code)
    note = f"The rows add up to {rows}, and the order says {draft.total}: is a row missing, or an amount not told?"
    hold = HoldSpec(handle="total", type=HoldType.OTHER, note=note)
    return replace(draft, holds=(*draft.holds, hold))


def _word(text: str) -> str:
    return text.strip().casefold().replace(" ", "_").replace("-", "_").removeprefix("wc_")

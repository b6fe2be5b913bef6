"""What an order must be to be accepted, and how two documents are found to say the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import Enum

from services.intake.domain.details import NO_DETAILS, NO_LINE_DETAILS
from services.intake.domain.draft import Draft, DraftLine, HoldSpec, HoldType, PaymentState
from services.intake.domain.holds import AWAITING_PAYMENT, check_chains
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money

# Ten million million of anything: every sum over an order stays far inside 64 bits.
LARGEST_AMOUNT = 10**15
# What a channel can truthfully say about the money of an order that is still to be shipped.
PAYABLE = frozenset(
    {
        PaymentState.PENDING,
        PaymentState.AUTHORIZED,
        PaymentState.CAPTURED,
        PaymentState.ON_TERMS,
        PaymentState.MARKETPLACE_HELD,
    }
)

_SILENT_LINE = asdict(NO_LINE_DETAILS)


def normalised(draft: Draft) -> Draft:
    """Return the draft with its silent parts spoken: order number, line ids, and the hold that waits for its money.

    Raises:
        InvalidArgument: NO_LINES, DUPLICATE_LINE, DUPLICATE_HANDLE, UNKNOWN_LINE, MISSING_COUNTRY, PAYMENT_STATE,
            CURRENCY_MISMATCH, NEGATIVE_AMOUNT, AMOUNT_TOO_LARGE, HOLD_CYCLE, APPROVAL_BYPASSED.
    """
    lines = tuple(
        replace(line, external_line_id=line.external_line_id or str(position))
        for position, line in enumerate(draft.lines, start=1)
    )
    spoken = replace(
        draft,
        order_number=draft.order_number or draft.external_id,
        lines=lines,
        payment=replace(draft.payment, amount=draft.payment.amount or draft.total),
        holds=draft.holds + _payment_hold(draft),
    )
    _check_words(spoken)
    _check_amounts(spoken)
    return spoken


def digest(draft: Draft) -> str:
    """Return what tells this order from another of the same id: SHA-256 of its canonical JSON.

    Empty parts are left out, so that a field added to `Draft` with an empty default changes no digest.
    """
    said = asdict(draft)
    if draft.details == NO_DETAILS:
        del said["details"]
    for line in said["lines"]:
        if line["details"] == _SILENT_LINE:
            del line["details"]
    canonical = json.dumps(_plain(said), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def digest_before_details(draft: Draft) -> str:
    """Return the digest of an order that was accepted when drafts had no details, e-mail or telephone of their own."""
    lines = tuple(replace(line, details=NO_LINE_DETAILS) for line in draft.lines)
    return digest(replace(draft, email="", phone="", details=NO_DETAILS, lines=lines))


def _payment_hold(draft: Draft) -> tuple[HoldSpec, ...]:
    waits = draft.payment.state == PaymentState.PENDING and not _is_free(draft)
    held = any(hold.type == HoldType.AWAITING_PAYMENT and not hold.external_line_id for hold in draft.holds)
    return (AWAITING_PAYMENT,) if waits and not held else ()


def _is_free(draft: Draft) -> bool:
    return not any(amount.minor for amount in (draft.total, draft.shipping, *(line.total for line in draft.lines)))


def _check_words(draft: Draft) -> None:
    if not draft.lines:
        raise InvalidArgument("an order has at least one line", reason="NO_LINES")
    if not draft.ship_to.country_code:
        raise InvalidArgument("ship_to needs a country", reason="MISSING_COUNTRY")
    if draft.payment.state not in PAYABLE:
        raise InvalidArgument(
            f"an order to be shipped cannot come with a payment that is {draft.payment.state}",
            reason="PAYMENT_STATE",
            state=draft.payment.state,
        )
    line_ids = [line.external_line_id for line in draft.lines]
    _check_unique(line_ids, "DUPLICATE_LINE", "external_line_id")
    _check_unique((hold.handle for hold in draft.holds), "DUPLICATE_HANDLE", "handle")
    check_chains(draft.holds)
    known = set(line_ids)
    for hold in draft.holds:
        if hold.external_line_id and hold.external_line_id not in known:
            raise InvalidArgument(
                f"hold {hold.handle} is on line {hold.external_line_id}, which the order does not have",
                reason="UNKNOWN_LINE",
                line_id=hold.external_line_id,
            )


def _check_unique(words: Iterable[str], reason: str, field: str) -> None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            raise InvalidArgument(f"{field} {word} is there twice", reason=reason, **{field: word})
        seen.add(word)


def _check_amounts(draft: Draft) -> None:
    for name, amount in _amounts(draft):
        if amount.currency_code != draft.currency_code:
            raise InvalidArgument(
                f"{name} is in {amount.currency_code}, the order in {draft.currency_code}",
                reason="CURRENCY_MISMATCH",
                field=name,
                currency_code=amount.currency_code,
            )
        if amount.minor < 0:
            raise InvalidArgument(f"{name} is {amount}: it cannot be negative", reason="NEGATIVE_AMOUNT", field=name)
        if amount.minor > LARGEST_AMOUNT:
            raise InvalidArgument(f"{name} is too large", reason="AMOUNT_TOO_LARGE", field=name)


def _amounts(draft: Draft) -> Iterable[tuple[str, Money]]:
    yield "shipping_amount", draft.shipping
    yield "shipping_tax_amount", draft.shipping_tax
    yield "total_amount", draft.total
    if draft.payment.amount is not None:
        yield "payment.amount", draft.payment.amount
    for position, line in enumerate(draft.lines):
        yield from _line_amounts(position, line)


def _line_amounts(position: int, line: DraftLine) -> Iterable[tuple[str, Money]]:
    name = f"lines[{position}]"
    yield f"{name}.unit_price", line.unit_price
    yield f"{name}.discount_amount", line.discount
    yield f"{name}.tax_amount", line.tax
    # The parts are compared first: the total of a mixed line would be nonsense, not an error.
    yield f"{name}.total_amount", line.total


def _plain(value: object) -> object:
    """Return the value as JSON knows it, without its empty parts."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part not in (None, "", (), [], {}, False)}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, Enum) else value

"""Marketplace money: amounts that carry their currency, lines that cost what the channel says, and what is beside."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, Refusal
from services.intake.domain.details import Charge, ChargeKind, DiscountPart, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, share

_MOST_PARTS = 50


def currency(node: Node) -> str:
    """Return the ISO 4217 code that stands there.

    Raises:
        Refusal: MISSING_FIELD, BAD_VALUE.
    """
    if node.missing:
        raise Refusal(MISSING_FIELD, node.path, f"{node.path} is missing: amounts mean nothing without their currency.")
    text = node.text(10).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refusal(BAD_VALUE, node.path, f"{node.path} must be an ISO 4217 currency, not {text!r}.")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """Reads a channel's amounts, all of which must be in the currency of the order."""

    currency_code: str
    amount: str = "amount"
    currency: str = "currencyCode"

    def signed(self, node: Node) -> int:
        """Return an amount in minor units, 0 where it is missing.

        Raises:
            Refusal: BAD_VALUE, where it is no amount, or one in another currency.
        """
        number = node[self.amount].decimal() or Decimal(0)
        stated = node[self.currency]
        if number and not stated.missing and stated.text(10).upper() != self.currency_code:
            raise stated.bad(f"{self.currency_code}, the currency of the order")
        if not node.missing and not isinstance(node.value, dict):
            raise node.bad("an amount with its currency")
        return amounts.minor(number, self.currency_code)

    def minor(self, node: Node) -> int:
        """Return an amount of at least nothing."""
        if (found := self.signed(node)) < 0:
            raise node[self.amount].bad("an amount of zero or more")
        return found

    def off(self, node: Node) -> int:
        """Return how much less there is to pay, whichever sign the channel gives it."""
        return abs(self.signed(node))

    def money(self, minor: int) -> Money:
        """Return minor units as money of the order."""
        return Money(minor, self.currency_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMoney:
    """What a whole line costs in minor units: its list price, what is taken off, and its tax."""

    listed: int
    discount: int = 0
    tax: int = 0
    inside: bool = False


def priced(line: DraftLine, cost: LineMoney, *, ordered: int, node: Node) -> DraftLine:
    """Return the line with its money: for what is left of it (`line.quantity`) of all that was ordered.

    The unit price is the line's price divided, rounded up where it does not divide; the discount takes the difference,
    so that unit price x quantity - discount is what the channel says, to the last minor unit.

    Raises:
        Refusal: BAD_VALUE, where the line costs too much, or less than nothing.
    """
    if max(cost.listed, cost.tax) > amounts.LARGEST_LINE:
        raise node.bad("a line of a possible size")
    if cost.discount > cost.listed:
        raise Refusal(BAD_VALUE, node.path, f"The discounts of {node.path} are more than the line costs.")
    code = line.unit_price.currency_code
    unit, off = amounts.split(cost.listed, cost.listed - cost.discount, ordered)
    gone, left = ordered - line.quantity, line.quantity
    return replace(
        line,
        unit_price=Money(unit, code),
        discount=Money(share(off, gone, left, ordered), code),
        tax=Money(share(cost.tax, gone, left, ordered), code),
        prices_include_tax=cost.inside,
        details=_parts(line.details, gone, left, ordered),
    )


def unpriced(currency_code: str, line_id: str, *, sku: str, title: str, left: int, details: LineDetails) -> DraftLine:
    """Return a line whose money is still to be told by `priced`."""
    nothing = Money(0, currency_code)
    return DraftLine(
        external_line_id=line_id,
        sku=sku,
        title=title,
        quantity=left,
        unit_price=nothing,
        discount=nothing,
        tax=nothing,
        details=details,
    )


def tax_parts(parts: Iterable[tuple[str, Money]], *, collected: bool) -> tuple[TaxPart, ...]:
    """Return the taxes that are something."""
    found = [TaxPart(title=title[:200], amount=money, collected_by_channel=collected) for title, money in parts]
    return tuple(part for part in found if part.amount.minor)[:_MOST_PARTS]


def discount_parts(parts: Iterable[DiscountPart]) -> tuple[DiscountPart, ...]:
    """Return the discounts that are something."""
    return tuple(part for part in parts if part.amount.minor)[:_MOST_PARTS]


def summed(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Return the charges that are something, those of one name as one."""
    found: dict[tuple[ChargeKind, str], Charge] = {}
    for charge in charges:
        key = (charge.kind, charge.title)
        other = found.get(key)
        if other is not None:
            tax = charge.tax if other.tax is None else other.tax + charge.tax if charge.tax else other.tax
            charge = replace(other, amount=other.amount + charge.amount, tax=tax)  # noqa: PLW2901 - the sum so far
        found[key] = charge
    return tuple(c for c in found.values() if c.amount.minor or (c.tax is not None and c.tax.minor))[:500]


def _parts(details: LineDetails, gone: int, left: int, ordered: int) -> LineDetails:
    if not gone:
        return details

    def part(money: Money) -> Money:
        return Money(share(money.minor, gone, left, ordered), money.currency_code)

    return replace(
        details,
        taxes=tuple(replace(tax, amount=part(tax.amount)) for tax in details.taxes),
        discounts=tuple(replace(off, amount=part(off.amount)) for off in details.discounts),
    )

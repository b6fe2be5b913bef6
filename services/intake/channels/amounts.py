"""Exact money from what channels write: nothing is lost between a unit price and the total of its line."""

import re
from decimal import Decimal

from services.kernel.money import Money

# Above this no channel tells the truth, and below it a line of a million units still fits a 64-bit column.
LARGEST = Decimal(10) ** 11
LARGEST_LINE = 10**15

_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)


def parse(text: str) -> Decimal | None:
    """Return the number that a text holds, None where it holds none or one that is out of any range."""
    text = text.strip()
    return in_range(Decimal(text)) if _NUMBER.fullmatch(text) else None


def in_range(number: Decimal) -> Decimal | None:
    """Return the number where it is finite and of a size that an order may have."""
    if not number.is_finite():
        return None
    if not number:
        return Decimal(0)
    # The exponent first: arithmetic refuses one that is out of its own range.
    return number if -30 <= number.adjusted() <= LARGEST.adjusted() and abs(number) <= LARGEST else None


def minor(amount: Decimal, currency_code: str) -> int:
    """Return the amount in minor units, half to even."""
    return Money.of(amount, currency_code).minor


def extended(price: Decimal, quantity: int, currency_code: str) -> int:
    """Return price x quantity in minor units, rounded once and only at the end: 0.0125 x 1000 is 12.50."""
    return minor(price * quantity, currency_code)


def split(listed: int, paid: int, quantity: int) -> tuple[int, int]:
    """Return a unit price and a line discount, in minor units, for a line that lists at `listed` and costs `paid`.

    unit x quantity - discount is `paid`, exactly: a price that does not divide is rounded up, and the difference is in
    the discount.
    """
    unit = -(-max(listed, paid) // quantity)
    return unit, unit * quantity - paid

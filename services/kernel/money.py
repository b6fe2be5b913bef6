"""Money: an integer of minor units and a currency. Nothing here rounds silently."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

# ISO 4217 currencies whose minor unit is not a hundredth (list one, 2024-06-25).
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = {code: places for codes, places in ((_WHOLE, 0), (_THOUSANDTHS, 3)) for code in codes.split()}


def exponent(currency_code: str) -> int:
    """Return how many decimal places this currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency_code, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: `minor` units (cents, pence, yen) of `currency_code`."""

    minor: int
    currency_code: str

    @classmethod
    def of(cls, amount: Decimal | str, currency_code: str) -> Self:
        """Return the amount as money, rounding half to even where the text has more places than the currency."""
        scaled = Decimal(amount).scaleb(exponent(currency_code))
        return cls(int(scaled.to_integral_value(ROUND_HALF_EVEN)), currency_code)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-exponent(self.currency_code))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency_code)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency_code)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency_code}"

    def _same(self, other: "Money") -> int:
        if other.currency_code != self.currency_code:
            raise ValueError(f"cannot add {other.currency_code} to {self.currency_code}")
        return other.minor


def share(total: int, taken: int, units: int, of: int) -> int:
    """Return the minor units that belong to the next `units` of `of`, after `taken` of them had theirs.

    Shares are cut from the cumulative line, so that however the units are grouped the parts add up to `total` exactly.
    """
    if not 0 <= taken <= taken + units <= of:
        raise ValueError(f"cannot take {units} after {taken} of {of}")
    if units == 0:
        return 0
    return total * (taken + units) // of - total * taken // of


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, to the last minor unit (largest remainder, ties to the first)."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to something")
    parts = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in remainders[: total - sum(parts)]:
        parts[index] += 1
    return parts

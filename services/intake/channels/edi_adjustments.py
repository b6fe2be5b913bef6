"""Allowances and charges of an EDI order, whatever its syntax, as parts of its money."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.intake.domain.details import Charge, ChargeKind, DiscountPart
from services.kernel.money import Money

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One allowance (less to pay) or charge (more), in minor units of the order's currency."""

    allowance: bool
    code: str
    title: str
    minor: int
    # Paid for shipping.
    is_freight: bool = False


def discount_parts(found: Iterable[Adjustment], currency_code: str) -> tuple[DiscountPart, ...]:
    """Return the allowances as the parts of a discount."""
    parts = [
        DiscountPart(amount=Money(a.minor, currency_code), code=a.code, title=a.title) for a in found if a.allowance
    ]
    return tuple(parts[:_MOST])


def charges(found: Iterable[Adjustment], currency_code: str) -> tuple[Charge, ...]:
    """Return what is paid beside goods and shipping: fees, and discounts on the order as a whole."""
    return tuple(
        Charge(
            kind=ChargeKind.DISCOUNT if each.allowance else ChargeKind.FEE,
            title=each.title,
            amount=Money(each.minor, currency_code),
        )
        for each in found
        if not each.is_freight
    )

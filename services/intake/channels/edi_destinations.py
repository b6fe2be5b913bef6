"""One order for several places: a draft for each, and parts of the money that add up exactly to what was placed.

A line's units go where they are ordered for, its discount and taxes are shared by units; what is paid for the order as
a whole (shipping, charges, what the stated total differs by) is shared by what the places' lines cost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.intake.domain.details import Charge, Details, LineDetails
from services.intake.domain.draft import Address, Draft, DraftLine, HoldSpec
from services.kernel.money import Money, allocate

_AT_HOME = """
USD US CAD CA MXN MX GBP GB CHF CH SEK SE NOK NO DKK DK PLN PL CZK CZ HUF HU RON RO BGN BG ISK IS TRY TR JPY JP CNY CN
AUD AU NZD NZ SGD SG HKD HK INR IN BRL BR ZAR ZA ILS IL AED AE SAR SA KRW KR UAH UA RSD RS ARS AR CLP CL NLG NL DEM DE
FRF FR ITL IT BEF BE ESP ES ATS AT
"""
_COUNTRIES = _AT_HOME.split()

# Where a currency is at home, in one country.
COUNTRY_OF_CURRENCY: Mapping[str, str] = dict(zip(_COUNTRIES[::2], _COUNTRIES[1::2], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A destination: what names it behind the order's id, and where it is; `location_code` where it has no address."""

    key: str
    ship_to: Address
    location_code: str = ""
    holds: tuple[HoldSpec, ...] = ()


def parted(whole: Draft, places: Sequence[Place], shares: Sequence[Mapping[int, int]]) -> list[Draft]:
    """Return a draft for each place: `shares` say, for each line, how many units go to which place (by its index)."""
    lines: list[list[DraftLine]] = [[] for _ in places]
    for line, share in zip(whole.lines, shares, strict=True):
        for index, part in zip(share, _line_parts(line, list(share.values())), strict=True):
            lines[index].append(part)
    weights = [sum(line.total.minor for line in part) for part in lines]
    if not any(weights):
        weights = [sum(line.quantity for line in part) for part in lines]
    split = _splitter(weights)
    shippings, shipping_taxes = split(whole.shipping), split(whole.shipping_tax)
    details = _details_parts(whole.details, split)
    drafts = [
        replace(
            whole,
            external_id=f"{whole.external_id}/{place.key}",
            ship_to=place.ship_to,
            lines=tuple(lines[index]),
            shipping=shippings[index],
            shipping_tax=shipping_taxes[index],
            holds=(*place.holds, *whole.holds),
            details=replace(details[index], group_id=whole.external_id, location_code=place.location_code),
        )
        for index, place in enumerate(places)
    ]
    totals = _totals(whole, [computed_total(draft) for draft in drafts], weights)
    return [
        replace(draft, total=Money(total, whole.currency_code)) for draft, total in zip(drafts, totals, strict=True)
    ]


def computed_total(draft: Draft) -> int:
    """Return what the parts of the draft add up to, in minor units."""
    charges = sum(_signed(charge) for charge in draft.details.charges)
    return sum(line.total.minor for line in draft.lines) + draft.shipping.minor + draft.shipping_tax.minor + charges


def _signed(charge: Charge) -> int:
    amount = charge.amount.minor + (charge.tax.minor if charge.tax else 0)
    return -amount if charge.kind == charge.kind.DISCOUNT else amount


def _totals(whole: Draft, computed: list[int], weights: list[int]) -> list[int]:
    """Return what each draft costs: its parts, and its share of what the stated total differs from all parts."""
    difference = whole.total.minor - sum(computed)
    if min(computed) < 0 or not any(computed):
        return allocate(whole.total.minor, weights)
    return [part + share for part, share in zip(computed, allocate(difference, computed), strict=True)]


def _splitter(weights: list[int]) -> Callable[[Money], list[Money]]:
    return lambda money: [Money(part, money.currency_code) for part in allocate(money.minor, weights)]


def _line_parts(line: DraftLine, quantities: list[int]) -> list[DraftLine]:
    split = _splitter(quantities)
    discounts, taxes = split(line.discount), split(line.tax)
    tax_parts = [split(part.amount) for part in line.details.taxes]
    discount_parts = [split(part.amount) for part in line.details.discounts]
    return [
        replace(
            line,
            quantity=quantity,
            discount=discounts[index],
            tax=taxes[index],
            details=_line_details(line.details, tax_parts, discount_parts, index),
        )
        for index, quantity in enumerate(quantities)
    ]


def _line_details(
    details: LineDetails, taxes: list[list[Money]], discounts: list[list[Money]], index: int
) -> LineDetails:
    return replace(
        details,
        taxes=tuple(replace(p, amount=m[index]) for p, m in zip(details.taxes, taxes, strict=True)),
        discounts=tuple(replace(p, amount=m[index]) for p, m in zip(details.discounts, discounts, strict=True)),
    )


def _details_parts(details: Details, split: Callable[[Money], list[Money]]) -> list[Details]:
    """Return the details with each place's share of the charges; a charge of nothing is left out."""
    shares = [split(charge.amount) for charge in details.charges]
    places = len(split(Money(0, "XXX")))
    return [
        replace(
            details,
            charges=tuple(
                replace(charge, amount=share[index])
                for charge, share in zip(details.charges, shares, strict=True)
                if share[index].minor
            ),
        )
        for index in range(places)
    ]

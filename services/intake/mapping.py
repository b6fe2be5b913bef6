"""What a channel calls goods and places → what we call them. Money stays exact."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.intake.domain.details import DiscountPart
from services.intake.domain.draft import Address, Draft, DraftLine
from services.intake.domain.screening import ADDRESS_HANDLE
from services.kernel.money import Money

ROUNDING = "rounded price of a pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Our SKU for one of the channel's, and how many units of ours are in one of the channel's."""

    sku: str
    units_each: int = 1


def located(draft: Draft, places: Mapping[str, Address]) -> Draft:
    """Return the draft with the address of the place that its channel names by a code, where it has no address.

    The hold that waited for the address goes. Who is there stays as the channel said, where it did.
    """
    place = places.get(draft.details.location_code)
    if place is None or draft.ship_to.lines:
        return draft
    said = draft.ship_to
    ship_to = replace(
        place,
        name=said.name or place.name,
        company=said.company or place.company,
        phone=said.phone or place.phone,
        email=said.email or place.email,
    )
    return replace(draft, ship_to=ship_to, holds=tuple(hold for hold in draft.holds if hold.handle != ADDRESS_HANDLE))


def mapped(draft: Draft, goods: Mapping[str, Goods]) -> Draft:
    """Return the draft with our SKUs and units; what is not mapped stays as the channel calls it."""
    if not goods:
        return draft
    return replace(draft, lines=tuple(_line(line, goods.get(line.sku)) for line in draft.lines))


def _line(line: DraftLine, goods: Goods | None) -> DraftLine:
    """Return the line in our units.

    What the customer pays for it stays. Where the price of a pack cannot be parted evenly, the price of a unit is
    rounded up, and what that is too much is a discount, which says so.
    """
    if goods is None:
        return line
    quantity = line.quantity * goods.units_each
    each = -(-line.unit_price.minor // goods.units_each)
    surplus = Money(each * quantity - line.unit_price.minor * line.quantity, line.unit_price.currency_code)
    details = replace(line.details, channel_sku=line.sku)
    if surplus.minor:
        parts = (*details.discounts, DiscountPart(amount=surplus, title=ROUNDING))
        details = replace(details, discounts=parts)
    return replace(
        line,
        sku=goods.sku,
        quantity=quantity,
        unit_price=replace(line.unit_price, minor=each),
        discount=replace(line.discount, minor=line.discount.minor + surplus.minor),
        details=details,
    )

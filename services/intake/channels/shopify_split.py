"""An order that goes to several places: one draft each, by the fulfillment orders that GraphQL answers with.

A place is a destination address, or a location where the customer picks up. The parts of the money add up to the order
exactly: lines by units, shipping and everything else with the first place that is delivered to.
"""

from dataclasses import dataclass, field, replace

from services.intake.channels.destination import address_holds, fitted, is_blank, lacking
from services.intake.channels.json_document import Node
from services.intake.channels.shopify_address import address_of
from services.intake.domain.details import LineDetails
from services.intake.domain.draft import Address, Draft, DraftLine, HoldSpec
from services.kernel.money import Money, share

_PICKUP = {"pick_up", "pickup"}
_ID = 200
_GONE = {"closed", "cancelled", "incomplete"}


@dataclass(frozen=True, slots=True)
class _Place:
    pickup: str
    address: Address | None
    units: dict[str, int] = field(default_factory=dict, compare=False)


def split(draft: Draft, order: Node) -> tuple[Draft, ...]:
    """Return the draft, as one for each place that it goes to."""
    places = _places(order, draft)
    if len(places) == 1 and places[0].pickup:
        return (replace(_picked_up(draft, places[0].pickup), holds=_without_address(draft)),)
    if len(places) < 2:
        return (draft,)
    taken: dict[str, int] = {}
    parts = []
    for number, place in enumerate(places, start=1):
        lines = tuple(_part(line, place.units, taken, last=number == len(places)) for line in draft.lines)
        kept = tuple(line for line in lines if line is not None)
        if kept:
            parts.append((_named(draft, place, number), place, kept))
    if len(parts) < 2:
        return (draft,)
    main = next((n for n, (_, place, _) in enumerate(parts) if not place.pickup), 0)
    drafts = [
        _one(draft, name, place, lines, main=n == main, rest=[x for m, (_, _, x) in enumerate(parts) if m != n])
        for n, (name, place, lines) in enumerate(parts)
    ]
    return tuple(drafts)


def _places(order: Node, draft: Draft) -> list[_Place]:
    found: list[_Place] = []
    for fulfillment in order["fulfillment_orders"].items():
        if fulfillment["status"].text(50).lower() in _GONE:
            continue
        method = fulfillment["delivery_method"]["method_type"].text(50).lower()
        if not method:
            return []
        pickup = fulfillment["assigned_location"]["name"].text(100) or "pickup" if method in _PICKUP else ""
        address = None if pickup else address_of(fulfillment["destination"], order)
        if address is not None and (is_blank(address) or _same(address, draft.ship_to)):
            address = None
        place = _Place(pickup, address)
        place = next((known for known in found if known == place), place)
        if place not in found:
            found.append(place)
        for item in fulfillment["line_items"].items():
            left = item["remaining_quantity"] if not item["remaining_quantity"].missing else item["total_quantity"]
            line = item["line_item_id"].identifier(100)
            place.units[line] = place.units.get(line, 0) + left.quantity(0)
    return found


def _named(draft: Draft, place: _Place, number: int) -> str:
    name = f"{draft.external_id}/{place.pickup or number}"
    return name if len(name) <= _ID else f"{draft.external_id[: _ID - 10]}/{number}"


def _same(one: Address, other: Address) -> bool:
    """Tell whether two addresses are one place: people write their own name in more than one way."""
    places = [
        (a.country_code, a.postal_code.replace(" ", "").lower(), a.city.lower(), tuple(x.lower() for x in a.lines))
        for a in (one, other)
    ]
    return places[0] == places[1]


def _part(line: DraftLine, units: dict[str, int], taken: dict[str, int], *, last: bool) -> DraftLine | None:
    """Return the units of the line that go to a place, with their share of its money; the last place has the rest."""
    before = taken.get(line.external_line_id, 0)
    left = line.quantity - before
    now = left if last else min(units.get(line.external_line_id, 0), left)
    taken[line.external_line_id] = before + now
    if not now:
        return None

    def cut(money: Money) -> Money:
        return Money(share(money.minor, before, now, line.quantity), money.currency_code)

    details: LineDetails = replace(
        line.details,
        taxes=tuple(replace(tax, amount=cut(tax.amount)) for tax in line.details.taxes),
        discounts=tuple(replace(off, amount=cut(off.amount)) for off in line.details.discounts),
    )
    return replace(line, quantity=now, discount=cut(line.discount), tax=cut(line.tax), details=details)


def _one(
    draft: Draft,
    name: str,
    place: _Place,
    lines: tuple[DraftLine, ...],
    *,
    main: bool,
    rest: list[tuple[DraftLine, ...]],
) -> Draft:
    code = draft.currency_code
    nothing = Money(0, code)
    part = replace(draft, external_id=name, lines=lines, details=replace(draft.details, group_id=draft.external_id))
    if main:
        others = sum(line.total.minor for other in rest for line in other)
        part = replace(part, total=Money(max(draft.total.minor - others, 0), code))
    else:
        total = Money(sum(line.total.minor for line in lines), code)
        bare = replace(part.details, charges=(), shipping_taxes=(), tenders=(), discounts=())
        part = replace(part, shipping=nothing, shipping_tax=nothing, total=total, details=bare)
    if place.pickup:
        return replace(_picked_up(part, place.pickup), holds=_without_address(draft))
    if place.address is not None:
        ship_to, cut = fitted(place.address)
        holds = (*_without_address(draft), *address_holds(cut + lacking(ship_to)))
        return replace(part, ship_to=ship_to, holds=holds, details=replace(part.details, pickup_location=""))
    return replace(part, details=replace(part.details, pickup_location=""))


def _picked_up(draft: Draft, location: str) -> Draft:
    return replace(draft, details=replace(draft.details, pickup_location=location))


def _without_address(draft: Draft) -> tuple[HoldSpec, ...]:
    return tuple(hold for hold in draft.holds if hold.handle not in {"address", "pickup"})

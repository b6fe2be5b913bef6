"""One item of an 846: what there is of it at each node. The choices are in `x12_846`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.x12 import Segment
from services.inventory.files import values, x12_supplies
from services.inventory.files.figures import Count, Figure, Reason, Refusal, Unreadable
from services.inventory.files.x12_amounts import Amount, amounts, before_quantities, quantity, units
from services.inventory.files.x12_dates import AS_OF, EXPIRY, dated
from services.inventory.files.x12_nodes import by_node

_PREFERENCE = ("SK", "IN", "BP", "VP", "VN", "UP", "EN", "UK", "UI", "UA", "MG", "PI")
_ON_HAND, _FOR_SALE = "17", ("33", "34")
_UNSELLABLE = ("20", "QH")
_STOCK = (_ON_HAND, *_FOR_SALE, *_UNSELLABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the header says for every item."""

    node_id: str
    count_time: datetime | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What an item says for each of its nodes."""

    sku: str
    lot_id: str
    expire_date: date | None
    count_time: datetime | None
    reference: str
    position: str
    segments: Sequence[Segment]

    def count(self, node_id: str, on_hand: int, unsellable: int | None, when: datetime | None = None) -> Count:
        return Count(
            sku=self.sku,
            node_id=node_id,
            on_hand=on_hand,
            unsellable=unsellable,
            lot_id=self.lot_id,
            expire_date=self.expire_date,
            count_time=when or self.count_time,
            position=self.position,
        )


def figures(segments: Sequence[Segment], head: Head, position: str) -> list[Figure]:
    """Return what the segments of an item, LIN first, say.

    Raises:
        Unreadable: why the whole item cannot be read.
    """
    item = _item(segments, head, position)
    if any(segment.tag == "SDQ" for segment in segments):
        return list(_distributed(item))
    found: list[Figure] = []
    for node_id, group in by_node(item.segments, head.node_id):
        stated = amounts(group)
        here = _stock(stated)
        now = None
        if here is not None:
            on_hand, unsellable = here
            now = on_hand - (unsellable or 0)
            as_of = dated((s for one in stated if one.qualifier in _STOCK for s in one.details), AS_OF)
            found.append(item.count(node_id, on_hand, unsellable, as_of))
        found += x12_supplies.supplies(
            group, stated, now, sku=item.sku, node_id=node_id, reference=item.reference, position=position
        )
    if not found and not x12_supplies.expected(item.segments):
        said = ", ".join(sorted({s[1] for s in segments if s.tag == "QTY"})) or "none"
        message = f"No quantity on hand (17) or for sale (33, 34) is given, only these: {values.shown(said)}."
        raise Unreadable(Reason.MISSING_FIELD, message)
    return found


def _item(segments: Sequence[Segment], head: Head, position: str) -> _Item:
    lin = segments[0]
    pairs = dict(zip(lin.elements[1::2], lin.elements[2::2], strict=False))
    qualifier = next((one for one in _PREFERENCE if pairs.get(one)), "")
    if not qualifier:
        message = f"LIN names no product by any of {', '.join(_PREFERENCE)}: ask the partner for one of them."
        raise Unreadable(Reason.MISSING_FIELD, message)
    body = list(_without_lead_times(segments[1:]))
    before = before_quantities(body)
    lot = pairs.get("LT") or next((s[2] for s in before if s.tag == "REF" and s[1] == "LT"), "")
    order = next((s[2] for s in body if s.tag == "REF" and s[1] == "PO" and s[2]), "")
    expires = dated(before, EXPIRY)
    return _Item(
        sku=values.identifier(pairs[qualifier], f"The product id ({qualifier})", values.LONGEST_SKU),
        lot_id=values.identifier(lot, "The lot (LT)", values.LONGEST_LOT),
        expire_date=expires.date() if expires is not None else None,
        count_time=dated(before, AS_OF) or head.count_time,
        reference=values.identifier(order or head.reference, "The reference", values.LONGEST_REFERENCE),
        position=position,
        segments=body,
    )


def _without_lead_times(segments: Iterable[Segment]) -> Iterator[Segment]:
    inside = False
    for segment in segments:
        inside = segment.tag == "LS" or (inside and segment.tag != "LE")
        if not inside or segment.tag == "SCH":
            yield segment


def _stock(stated: Sequence[Amount]) -> tuple[int, int | None] | None:
    """Return what is on hand and what of it is unsellable; None where nothing is said of it."""
    found: dict[str, int] = {}
    for one in stated:
        if one.qualifier in _STOCK:
            number = one.units()
            if found.setdefault(one.qualifier, number) != number:
                message = f"QTY {one.qualifier} is given twice, {found[one.qualifier]} and {number}: which is it?"
                raise Unreadable(Reason.CONTRADICTION, message)
    unusable = [found[qualifier] for qualifier in _UNSELLABLE if qualifier in found]
    unsellable = sum(unusable) if unusable else None
    if _ON_HAND in found:
        if (unsellable or 0) > found[_ON_HAND]:
            message = f"More is unusable or on hold ({unsellable}) than is on hand ({found[_ON_HAND]})."
            raise Unreadable(Reason.CONTRADICTION, message)
        return found[_ON_HAND], unsellable
    for_sale = next((found[qualifier] for qualifier in _FOR_SALE if qualifier in found), None)
    return None if for_sale is None else (for_sale + (unsellable or 0), unsellable)


def _distributed(item: _Item) -> Iterator[Figure]:
    """Yield what SDQ segments say: for each location, while QTY is the total."""
    shares = [share for segment in item.segments if segment.tag == "SDQ" for share in _shares(segment)]
    stated = amounts(item.segments)
    totals = {one.units() for one in stated if one.qualifier in {_ON_HAND, *_FOR_SALE}}
    total = sum(number for _, number in shares)
    if totals and total not in totals:
        message = f"The locations of SDQ add up to {total}, and QTY says {max(totals)}: ask which is right."
        raise Unreadable(Reason.CONTRADICTION, message)
    for node_id, number in shares:
        yield item.count(node_id, number, None)
    aside = sorted({one.qualifier for one in stated if one.qualifier in _UNSELLABLE and one.units()})
    if aside or x12_supplies.expected(item.segments):
        what = f"QTY {', '.join(aside)}" if aside else "what is expected"
        message = f"SDQ has several locations, and nothing says at which of them {what} is: it is left out."
        yield Refusal(reason=Reason.UNSUPPORTED, position=item.position, message=message)


def _shares(segment: Segment) -> Iterator[tuple[str, int]]:
    units(segment[1])
    for place in range(3, len(segment.elements) + 1, 2):
        if not segment[place] and not segment[place + 1]:
            continue
        node_id = values.identifier(segment[place], "The location (SDQ)", values.LONGEST_NODE)
        if not node_id:
            raise Unreadable(Reason.MISSING_FIELD, "SDQ has a quantity without its location.")
        yield node_id, quantity(segment[place + 1], f"SDQ at {node_id}")

"""X12 846 inventory advice: what a warehouse or supplier says that it has, and what it expects.

Choices, where trading partners differ:
- The node is N104 of the first of WH, SF, ST and SU that has one, of the item where the item has its own, else of the
  header, else the caller's. Where an item has several, each N1 goes before its quantities, or each behind.
- The SKU is LIN's product id of the qualifier SK, else IN, BP, VP, VN, UP, EN, and at last UK, UI, UA, MG, PI.
- on_hand is QTY 17 (on hand). Without it, it is QTY 33 (available for sale) or else 34 (not committed), each with what
  is unsellable added, since neither of them includes it. Unsellable is 20 (unusable) and QH (on hold).
- SDQ says it for each location: then QTY is the total, and must be the sum.
- Supplies are the SCH segments of the item; without any, QTY 63 (on order) with its date; without that, QTY 29. This is
  no order but a projection of what will be available, so what is available now is taken from it, and of several only
  what each adds is to come. Dates: `x12_dates.ARRIVAL`. Lead times (LS ... LE) are left out, and sublines (SLN).
- Quantities are of single units (or sets, pairs, kits); cases, pallets and measures are refused.
- The count's time is the DTM 007 of the quantity or item, else DTM 007 or 097 of the header, else BIA04 and BIA05.
- A set that ends without CTT and without SE, or has fewer items than CTT01 says, is INCOMPLETE; a full snapshot must
  not be made of it. Other trailers may count as they like.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from services.chassis.x12 import NotX12, Segment, TransactionSet, transaction_sets
from services.inventory.files.doubles import Seen
from services.inventory.files.figures import Figure, Reason, Refusal, Unreadable
from services.inventory.files.x12_dates import AS_OF, dated, moment
from services.inventory.files.x12_items import Head, figures
from services.inventory.files.x12_nodes import node_of

_NOT_ADVICE = {"01": "a cancellation", "03": "a deletion", "13": "an inquiry"}


def read(content: bytes, default_node: str) -> Iterator[Figure]:
    """Yield what the advices of a document say, and refusals for the rest."""
    seen = Seen()
    positions = [""]
    for found in transaction_sets(content):
        if isinstance(found, NotX12):
            yield Refusal(reason=Reason.NOT_X12, position=found.position, message=found.message)
            continue
        try:
            yield from _advice(found, default_node, seen, positions)
        except Unreadable as refused:
            yield refused.at(found.position)


def _advice(found: TransactionSet, default_node: str, seen: Seen, positions: list[str]) -> Iterator[Figure]:
    head = _head(found, default_node)
    items = _items(found.segments)
    for item in items:
        position = found.at(item[0])
        positions.append(position)
        try:
            read_figures = figures(item, head, position)
        except Unreadable as refused:
            yield refused.at(position)
            continue
        for figure in read_figures:
            try:
                if not isinstance(figure, Refusal):
                    seen.once(figure, len(positions) - 1, positions.__getitem__)
                yield figure
            except Unreadable as refused:
                yield refused.at(position)
    yield from _lost(found, len(items))


def _head(found: TransactionSet, default_node: str) -> Head:
    if found.code != "846":
        message = f"The transaction set is {found.code[:10]!r}, no inventory advice (846): send it where it belongs."
        raise Unreadable(Reason.NOT_STOCK, message)
    segments = list(takewhile(lambda segment: segment.tag != "LIN", found.segments))
    begin = next((segment for segment in segments if segment.tag == "BIA"), None)
    if begin is not None and begin[1] in _NOT_ADVICE:
        message = f"BIA01 is {begin[1]}, {_NOT_ADVICE[begin[1]]}: only advices of what there is are read."
        raise Unreadable(Reason.UNSUPPORTED, message)
    stated = moment(begin[4], begin[5]) if begin is not None else None
    return Head(
        node_id=node_of(segments) or default_node,
        count_time=dated(segments, AS_OF) or stated,
        reference=begin[3] if begin is not None else "",
    )


def _items(segments: Sequence[Segment]) -> list[list[Segment]]:
    items: list[list[Segment]] = []
    for segment in segments:
        if segment.tag == "LIN":
            items.append([segment])
        elif segment.tag in {"CTT", "SE"}:
            break
        elif items:
            items[-1].append(segment)
    return items


def _lost(found: TransactionSet, items: int) -> Iterator[Refusal]:
    totals = next((segment for segment in found.segments if segment.tag == "CTT"), None)
    stated = totals[1] if totals is not None else ""
    if stated.isascii() and stated.isdigit() and int(stated[:9]) > items:
        message = f"CTT01 says {stated[:9]} items and {items} are there: ask for the rest before this is a full count."
        yield Refusal(reason=Reason.INCOMPLETE, position=found.position, message=message)
    elif totals is None and not found.closed:
        message = "It ends without CTT and without SE, items may be lost: ask for it again."
        yield Refusal(reason=Reason.INCOMPLETE, position=found.position, message=message)
    elif not items:
        yield Refusal(reason=Reason.MISSING_FIELD, position=found.position, message="It has no item (LIN) to count.")

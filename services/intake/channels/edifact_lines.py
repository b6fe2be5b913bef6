"""The lines of an EDIFACT order: LIN groups as draft lines, and for whom each of their units is.

Money: a price (PRI) is for one unit, or for the quantity that it says (5284). Gross prices (AAB, GRP, CAL) are what a
line lists at, and its allowances and charges come on top; net prices (AAA, NTP, INV) have them inside already. A stated
line amount (MOA 203) is what the line costs, whatever price and quantity multiply to. Without any of them it is 0.

Delivery: QTY behind LOC is for that location; NAD in a line is where the line goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.chassis.edifact import Message, Segment
from services.chassis.plain_text import clean, storable
from services.intake.channels import amounts, edifact_money
from services.intake.channels.edi_adjustments import Adjustment, discount_parts
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, Refusal
from services.intake.domain.details import LineDetails
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

# Which item number is the SKU, by its type: the seller's own first, then trade item numbers, then the buyer's.
PREFERENCE = ("SA", "VN", "VP", "MF", "EN", "SRV", "EU", "UP", "UA", "GT", "IB", "IN", "BP")
_BARCODES = ("EN", "SRV", "EU", "UP", "UA", "GT", "IB")
_BUYERS = ("IN", "BP")
_GROSS = ("AAB", "GRP", "CAL")
_NET = ("AAA", "NTP", "INV")
_ORDERED = ("21", "1", "47", "113", "12", "")
# Substitutes are no names of what is ordered.
_PIA_NAMES = {"1", "5", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line with the segments it was read from; `locations` are the units for each location number."""

    line: DraftLine
    loop: tuple[Segment, ...]
    charges: tuple[Adjustment, ...]
    locations: dict[str, int]
    # The locations add up to another quantity than is ordered.
    disagrees: bool


def split(segments: Sequence[Segment]) -> tuple[list[Segment], list[list[Segment]], list[Segment]]:
    """Return the header, the LIN groups, and the summary of a message."""
    header: list[Segment] = []
    loops: list[list[Segment]] = []
    summary: list[Segment] = []
    into = header
    for segment in segments:
        if segment.tag == "LIN" and into is not summary:
            into = [segment]
            loops.append(into)
            continue
        if segment.tag == "UNS" and segment.get(1) != "D":
            into = summary
        into.append(segment)
    return header, loops, summary


def order_lines(message: Message, loops: list[list[Segment]], currency_code: str) -> list[OrderLine]:
    """Return the lines.

    Raises:
        Refusal: NO_LINES, or what is wrong with a line.
    """
    if not loops:
        raise Refusal(NO_LINES, message.position, "The order has no LIN segment: there is nothing to ship.")
    given = [loop[0].get(1) for loop in loops]
    named = all(given) and len(set(given)) == len(given)
    return [
        order_line(message, loop, given[number - 1] if named else str(number), currency_code)
        for number, loop in enumerate(loops, start=1)
    ]


def order_line(message: Message, loop: list[Segment], line_id: str, currency_code: str) -> OrderLine:
    """Return one line.

    Raises:
        Refusal: what is wrong with it.
    """
    where = message.at(loop[0])
    check_line_id(line_id, where)
    places = locations(message, loop)
    ordered = ordered_units(message, loop)
    quantity = sum(places.values()) or ordered
    if quantity is None:
        raise Refusal(MISSING_FIELD, where, "The line has no quantity (QTY 21).")
    if not 1 <= quantity <= 1_000_000:
        raise Refusal(BAD_VALUE, where, "A line has between 1 and 1000000 units.")
    groups, rest = edifact_money.without_allowances(loop)
    listed, net, inside = _amounts(message, rest, quantity, currency_code)
    changed = edifact_money.adjustments(message, groups, listed, quantity, currency_code)
    allowed = 0 if inside else sum(each.minor for each in changed if each.allowance)
    if allowed > net or listed > amounts.LARGEST_LINE:
        raise Refusal(BAD_VALUE, where, "The allowance is more than the line costs, or the line is impossibly large.")
    net -= allowed
    unit, discount = amounts.split(listed, net, quantity)
    taxes = edifact_money.taxes(message, rest, net, currency_code)
    sku, barcode, buyers = _products(loop, where)
    line = DraftLine(
        external_line_id=line_id,
        sku=sku,
        title=_title(loop),
        quantity=quantity,
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(sum(tax.amount.minor for tax in taxes), currency_code),
        details=LineDetails(
            taxes=taxes,
            discounts=discount_parts(changed, currency_code) if discount else (),
            barcode=barcode,
            channel_sku=buyers,
        ),
    )
    charged = () if inside else tuple(each for each in changed if not each.allowance)
    disagrees = bool(places) and ordered is not None and quantity != ordered
    return OrderLine(line=line, loop=tuple(loop), charges=charged, locations=places, disagrees=disagrees)


def check_line_id(line_id: str, where: str) -> None:
    """Refuse what cannot be the id of a line."""
    if len(line_id) > 100 or not storable(line_id):
        raise Refusal(BAD_VALUE, where, "LIN has no line number: it is too long, or has control characters.")


def ordered_units(message: Message, loop: Iterable[Segment]) -> int | None:
    """Return how many units are ordered in all, None where the line does not say.

    Raises:
        Refusal: BAD_VALUE.
    """
    found: dict[str, Segment] = {}
    for segment in loop:
        if segment.tag in {"LOC", "ALC", "PAC"}:
            break
        if segment.tag == "QTY":
            found.setdefault(segment.get(1), segment)
    stated = next((found[kind] for kind in _ORDERED if kind in found), None)
    return None if stated is None else _units(message, stated)


def locations(message: Message, loop: Iterable[Segment]) -> dict[str, int]:
    """Return the units for each location number (QTY behind LOC).

    Raises:
        Refusal: BAD_VALUE.
    """
    counts: dict[str, int] = {}
    code = ""
    for segment in loop:
        if segment.tag == "LOC":
            code = segment.get(2)
            if len(code) > 100 or not storable(code):
                raise Refusal(BAD_VALUE, message.at(segment), "LOC has no location number.")
        elif segment.tag == "QTY" and code:
            if count := _units(message, segment):
                counts[code] = counts.get(code, 0) + count
            code = ""
        elif segment.tag in {"NAD", "ALC", "PAC"}:
            code = ""
    return counts


def _units(message: Message, segment: Segment) -> int:
    value = edifact_money.number(segment.get(1, 2))
    if value is None or value != value.to_integral_value() or not 0 <= value <= 1_000_000:
        text = f"QTY must be a whole number of units up to 1000000, not {segment.get(1, 2)[:30]!r}."
        raise Refusal(BAD_VALUE, message.at(segment), text)
    return int(value)


def _amounts(message: Message, rest: list[Segment], quantity: int, currency_code: str) -> tuple[int, int, bool]:
    """Return what the line lists at and costs, and whether allowances and charges are inside already."""
    prices: dict[str, int] = {}
    for segment in rest:
        if segment.tag == "PRI" and segment.get(1, 2) and segment.get(1) not in prices:
            prices[segment.get(1)] = _extended(message, segment, quantity, currency_code)
    gross = next((prices[kind] for kind in _GROSS if kind in prices), None)
    net = next((prices[kind] for kind in _NET if kind in prices), None)
    if gross is None and net is None:
        net = prices.get("")
    line_amount = edifact_money.stated(message, rest, ("203", "66"), currency_code)
    if line_amount is not None:
        return max(gross or net or 0, line_amount), line_amount, True
    if net is not None:
        return max(gross or 0, net), net, True
    return gross or 0, gross or 0, False


def _extended(message: Message, segment: Segment, quantity: int, currency_code: str) -> int:
    price = edifact_money.needed(message, segment, segment.get(1, 2), "PRI")
    basis = edifact_money.number(segment.get(1, 5)) if segment.get(1, 5) else Decimal(1)
    if basis is None or not 0 < basis <= 1_000_000:
        text = f"The quantity that PRI is for is no number: {segment.get(1, 5)[:30]!r}."
        raise Refusal(BAD_VALUE, message.at(segment), text)
    minor = amounts.minor(price * quantity / basis, currency_code)
    if minor > amounts.LARGEST_LINE:
        raise Refusal(BAD_VALUE, message.at(segment), "The line is impossibly large.")
    return minor


def _products(loop: Iterable[Segment], where: str) -> tuple[str, str, str]:
    """Return the SKU, the barcode, and what the buyer calls the item where that is not the SKU."""
    pairs: dict[str, str] = {}
    for segment in loop:
        if segment.tag == "LIN" and segment.get(3):
            pairs.setdefault(segment.get(3, 2), segment.get(3))
        elif segment.tag == "PIA" and segment.get(1) in _PIA_NAMES:
            for item in segment.elements[1:]:
                if item[0]:
                    pairs.setdefault(item[1] if len(item) > 1 else "", item[0])
    if not pairs:
        raise Refusal(MISSING_FIELD, where, "The line names no product: neither LIN nor PIA has an item number.")
    kind = next((kind for kind in PREFERENCE if kind in pairs), next(iter(pairs)))
    sku = pairs[kind]
    if len(sku) > 100 or not storable(sku):
        raise Refusal(BAD_VALUE, where, f"The item number ({kind[:10]}) is too long, or has control characters.")
    barcode = next((code for kind in _BARCODES if (code := pairs.get(kind, "")) and 8 <= len(code) <= 14), "")
    buyers = next((code for kind in _BUYERS if (code := pairs.get(kind, "")) and code != sku), "")
    return sku, clean(barcode, 50), clean(buyers, 100)


def _title(loop: Iterable[Segment]) -> str:
    """Return the descriptions; a colon that somebody forgot to release is one again."""
    texts = []
    for segment in loop:
        if segment.tag == "IMD":
            described = segment.components(3)
            words = " ".join(text for text in described[3:5] if text)
            texts.append(":".join([words, *described[5:]]) if words else described[0] if described else "")
    return clean(", ".join(text for text in texts if text), 500)

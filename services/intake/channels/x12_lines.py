"""The lines of an X12 order, and its allowances and charges.

Money: a line lists at PO102 x PO104, rounded once. Where PO104 is empty, CTP03 of price UCP, NET or CON is the price;
where there is none, 0. PO105 HP and TP are prices for a hundred and a thousand. Of the SAC segments only stated amounts
(SAC05) that change the invoice count (SAC12 01, billed back, does not): a line's allowance is its discount, the order's
allowances lessen the total, and charges of both are shipping. Percentages are left to the invoice. AMT*TT is the total
where the buyer states it for the order, else it is computed.
"""

from collections.abc import Iterable
from decimal import Decimal

from services.chassis.plain_text import clean, storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import amounts
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, UNSUPPORTED, Refusal
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

# Which product id is the SKU, by its qualifier: the seller's own number (VN) and stock numbers first, then the buyer's
# part number and the trade item numbers, then the rest; a style (VA) only where nothing else is, since sizes share it.
# A qualifier that is not listed is taken last.
_PREFERRED = "VN SK BP UP EN IN VP VC UA UK UI IB MG N4 CB IT IZ PI PL MF SZ VA"
PREFERENCE = tuple(_PREFERRED.split())
_PRICES = {"UCP", "NET", "CON"}
_PER = {"HP": 100, "TP": 1000}
_BILLED_BACK = "01"


def order_lines(found: TransactionSet, currency_code: str) -> tuple[tuple[DraftLine, ...], int]:
    """Return the lines, and what charges on lines add up to in minor units.

    Raises:
        Refusal: NO_LINES, UNSUPPORTED (several destinations), or what is wrong with a line.
    """
    loops = _loops(found.segments)
    if not loops:
        raise Refusal(NO_LINES, found.position, "The order has no PO1 segment: there is nothing to ship.")
    if len(loops) > MOST_LINES:
        raise Refusal(BAD_VALUE, found.position, f"The order has {len(loops)} lines: {MOST_LINES} is the most.")
    given = [loop[0][1] for loop in loops]
    named = all(given) and len(set(given)) == len(given)
    lines, charges = [], 0
    for number, loop in enumerate(loops, start=1):
        line, charge = _line(found, loop, given[number - 1] if named else str(number), currency_code)
        lines.append(line)
        charges += charge
    return tuple(lines), charges


def header_amounts(found: TransactionSet, header: Iterable[Segment], currency_code: str) -> tuple[int, int]:
    """Return the allowances and the charges on the whole order, in minor units."""
    return _allowances(found, header, currency_code)


def stated_total(found: TransactionSet, currency_code: str, computed: int) -> int:
    """Return the total that the buyer states behind the lines, else the computed one."""
    after = False
    for segment in found.segments:
        after = after or segment.tag == "CTT"
        if segment.tag == "AMT" and segment[1] == "TT" and (after or segment.number == 1):
            amount = amounts.parse(segment[2])
            return amounts.minor(amount, currency_code) if amount is not None and amount >= 0 else computed
    return computed


def _loops(segments: Iterable[Segment]) -> list[list[Segment]]:
    loops: list[list[Segment]] = []
    for segment in segments:
        if segment.tag == "PO1":
            loops.append([segment])
        elif segment.tag in {"CTT", "SE"}:
            break
        elif loops:
            loops[-1].append(segment)
    return loops


def _line(found: TransactionSet, loop: list[Segment], line_id: str, currency_code: str) -> tuple[DraftLine, int]:
    po1 = loop[0]
    where = found.at(po1)
    if any(segment.tag == "SDQ" for segment in loop):
        message = "SDQ sends the line to several places: ask the partner for an order for each."
        raise Refusal(UNSUPPORTED, where, message)
    if len(line_id) > 100 or not storable(line_id):
        raise Refusal(BAD_VALUE, where, "PO101 is no line number: it is too long, or has control characters.")
    quantity = amounts.parse(po1[2])
    if quantity is None or quantity != quantity.to_integral_value() or not 1 <= quantity <= 1_000_000:
        message = f"PO102 must be a whole number of units between 1 and 1000000, not {po1[2][:30]!r}."
        raise Refusal(BAD_VALUE, where, message)
    listed = amounts.extended(_price(loop, where), int(quantity), currency_code)
    allowed, charged = _allowances(found, loop, currency_code)
    if allowed > listed or listed > amounts.LARGEST_LINE:
        raise Refusal(
            BAD_VALUE, where, "The line's allowance is more than the line costs, or the line is impossibly large."
        )
    unit, discount = amounts.split(listed, listed - allowed, int(quantity))
    line = DraftLine(
        external_line_id=line_id,
        sku=_sku(po1, where),
        title=clean(", ".join(s[5] for s in loop if s.tag == "PID" and s[5]), 500),
        quantity=int(quantity),
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(0, currency_code),
    )
    return line, charged


def _price(loop: list[Segment], where: str) -> Decimal:
    po1 = loop[0]
    text = po1[4] or next((s[3] for s in loop if s.tag == "CTP" and s[2] in _PRICES and s[3]), "0")
    price = amounts.parse(text)
    if price is None or price < 0:
        raise Refusal(BAD_VALUE, where, f"The price must be an amount of zero or more, not {text[:30]!r}.")
    return price / _PER.get(po1[5], 1)


def _sku(po1: Segment, where: str) -> str:
    pairs = {q: number for q, number in zip(po1.elements[5::2], po1.elements[6::2], strict=False) if number}
    if not pairs:
        raise Refusal(MISSING_FIELD, where, "PO1 names no product: PO107 and the elements behind it are empty.")
    qualifier = next((q for q in PREFERENCE if q in pairs), next(iter(pairs)))
    sku = pairs[qualifier]
    if len(sku) > 100 or not storable(sku):
        raise Refusal(BAD_VALUE, where, f"The product id ({qualifier}) is too long, or has control characters.")
    return sku


def _allowances(found: TransactionSet, segments: Iterable[Segment], currency_code: str) -> tuple[int, int]:
    """Return the allowances and the charges among the segments; SAC05 is written in hundredths, without a point."""
    sums = {"A": 0, "C": 0}
    for segment in segments:
        if segment.tag != "SAC" or segment[1] not in sums or not segment[5] or segment[12] == _BILLED_BACK:
            continue
        amount = amounts.parse(segment[5])
        if amount is None or amount < 0:
            raise Refusal(BAD_VALUE, found.at(segment), f"SAC05 must be an amount, not {segment[5][:30]!r}.")
        sums[segment[1]] += amounts.minor(amount if "." in segment[5] else amount / 100, currency_code)
    return sums["A"], sums["C"]

"""The lines of an X12 order: PO1 loops as draft lines, and for whom each of their units is.

Money: a line lists at PO102 x PO104, rounded once. Where PO104 is empty, CTP03 of price UCP, NET or CON is the price;
where there is none, 0. PO105 HP and TP are prices for a hundred and a thousand. A multiplier (CTP07 with CTP06 DIS or
SEL) makes the price that is paid from the one that is listed. Allowances and multipliers are the line's discount;
`x12_adjustments` tells which count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.chassis.plain_text import clean, storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import amounts, x12_adjustments
from services.intake.channels.edi_adjustments import Adjustment, discount_parts
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, Refusal
from services.intake.domain.details import DiscountPart, LineDetails
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

# Which product id is the SKU, by its qualifier: the seller's own number (VN) and stock numbers first, then the buyer's
# part number and the trade item numbers, then the rest; a style (VA) only where nothing else is, since sizes share it.
# A qualifier that is not listed is taken after these, and last of all a text with spaces, which names no article.
_PREFERRED = "VN SK BP UP EN IN VP VC UA UK UI IB MG N4 CB IT IZ PI PL MF SZ VA"
PREFERENCE = tuple(_PREFERRED.split())
# Trade item numbers, the unit's own before its case's; and what the buyer calls the item.
_BARCODES = ("UP", "EN", "UK", "UI", "IB", "EO", "UA")
_BUYERS = ("BP", "IN", "CB", "PI", "SK")
_PRICES = {"UCP", "NET", "CON"}
_MULTIPLIERS = {"DIS", "SEL"}
_PER = {"HP": 100, "TP": 1000}
_SDQ_PAIRS = slice(2, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line with the loop it was read from; `stores` are the units for each location number of its SDQ segments."""

    line: DraftLine
    loop: tuple[Segment, ...]
    charges: tuple[Adjustment, ...]
    stores: dict[str, int]
    # SDQ adds up to another quantity than PO102.
    disagrees: bool


def order_lines(found: TransactionSet, currency_code: str) -> list[OrderLine]:
    """Return the lines.

    Raises:
        Refusal: NO_LINES, or what is wrong with a line.
    """
    loops = line_loops(found.segments, "PO1")
    if not loops:
        raise Refusal(NO_LINES, found.position, "The order has no PO1 segment: there is nothing to ship.")
    given = [loop[0][1] for loop in loops]
    named = all(given) and len(set(given)) == len(given)
    return [
        order_line(found, loop, given[number - 1] if named else str(number), currency_code)
        for number, loop in enumerate(loops, start=1)
    ]


def line_loops(segments: Iterable[Segment], tag: str) -> list[list[Segment]]:
    """Return the loops that begin with segments of this tag."""
    loops: list[list[Segment]] = []
    for segment in segments:
        if segment.tag == tag:
            loops.append([segment])
        elif segment.tag in {"CTT", "SE"}:
            break
        elif loops:
            loops[-1].append(segment)
    return loops


def order_line(
    found: TransactionSet, loop: list[Segment], line_id: str, currency_code: str, tag: str = "PO1"
) -> OrderLine:
    """Return one line; `loop` begins with a PO1 segment, `tag` is what it is in the document.

    Raises:
        Refusal: what is wrong with it.
    """
    po1 = loop[0]
    where = f"{found.position}, {tag} {po1.number}"
    check_line_id(line_id, where)
    ordered = units(po1[2], "PO102" if tag == "PO1" else "POC03", where)
    for_stores = stores(found, loop)
    quantity = sum(for_stores.values()) or ordered
    if quantity > 1_000_000:
        raise Refusal(BAD_VALUE, where, "SDQ adds up to more than 1000000 units.")
    price, multiplier = _price(loop, where)
    listed = amounts.extended(price, quantity, currency_code)
    paid = amounts.extended(price * multiplier, quantity, currency_code)
    found_adjustments = x12_adjustments.adjustments(found, loop, paid, quantity, currency_code)
    net = paid - sum(each.minor for each in found_adjustments if each.allowance)
    if net < 0 or max(listed, paid) > amounts.LARGEST_LINE:
        raise Refusal(
            BAD_VALUE, where, "The line's allowance is more than the line costs, or the line is impossibly large."
        )
    unit, discount = amounts.split(listed, net, quantity)
    taxes = x12_adjustments.taxes(found, loop, net, currency_code)
    parts = discount_parts(found_adjustments, currency_code)
    if listed > paid:
        words = f"Multiplier {multiplier.normalize():f}"[:500]
        parts = (DiscountPart(amount=Money(listed - paid, currency_code), title=words), *parts)[:50]
    sku, barcode, buyers = _products(po1, where)
    line = DraftLine(
        external_line_id=line_id,
        sku=sku,
        title=clean(", ".join(s[5] for s in loop if s.tag == "PID" and s[5]), 500),
        quantity=quantity,
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(sum(tax.amount.minor for tax in taxes), currency_code),
        details=LineDetails(taxes=taxes, discounts=parts, barcode=barcode, channel_sku=buyers),
    )
    charged = tuple(each for each in found_adjustments if not each.allowance)
    disagrees = bool(for_stores) and quantity != ordered
    return OrderLine(line=line, loop=tuple(loop), charges=charged, stores=for_stores, disagrees=disagrees)


def check_line_id(line_id: str, where: str) -> None:
    """Refuse what cannot be the id of a line."""
    if len(line_id) > 100 or not storable(line_id):
        message = f"{where.rsplit(' ', 2)[1]}01 is no line number: it is too long, or has control characters."
        raise Refusal(BAD_VALUE, where, message)


def units(text: str, element: str, where: str, least: int = 1) -> int:
    """Return a whole number of units.

    Raises:
        Refusal: BAD_VALUE, where it is none.
    """
    quantity = amounts.parse(text)
    if quantity is None or quantity != quantity.to_integral_value() or not least <= quantity <= 1_000_000:
        message = f"{element} must be a whole number of units between {least} and 1000000, not {text[:30]!r}."
        raise Refusal(BAD_VALUE, where, message)
    return int(quantity)


def stores(found: TransactionSet, loop: list[Segment]) -> dict[str, int]:
    """Return the units for each location number of the loop's SDQ segments.

    Raises:
        Refusal: BAD_VALUE.
    """
    counts: dict[str, int] = {}
    for segment in loop:
        if segment.tag != "SDQ":
            continue
        pairs = segment.elements[_SDQ_PAIRS]
        for store, text in zip(pairs[::2], pairs[1::2], strict=False):
            if not store and not text:
                continue
            where = found.at(segment)
            if not store or len(store) > 100 or not storable(store):
                raise Refusal(BAD_VALUE, where, "SDQ has a quantity without a location number, or the number is none.")
            if count := units(text, "A quantity of SDQ", where, least=0):
                counts[store] = counts.get(store, 0) + count
    return counts


def _price(loop: list[Segment], where: str) -> tuple[Decimal, Decimal]:
    """Return the listed price of one unit, and what it is multiplied with."""
    po1 = loop[0]
    text = po1[4] or next((s[3] for s in loop if s.tag == "CTP" and s[2] in _PRICES and s[3]), "0")
    price = amounts.parse(text)
    if price is None or price < 0:
        raise Refusal(BAD_VALUE, where, f"The price must be an amount of zero or more, not {text[:30]!r}.")
    stated = next((s[7] for s in loop if s.tag == "CTP" and s[6] in _MULTIPLIERS and s[7]), "1")
    multiplier = amounts.parse(stated)
    if multiplier is None or not 0 <= multiplier <= 1000:
        raise Refusal(BAD_VALUE, where, f"CTP07 must be a multiplier, not {stated[:30]!r}.")
    return price / _PER.get(po1[5], 1), multiplier


def _products(po1: Segment, where: str) -> tuple[str, str, str]:
    """Return the SKU, the barcode, and what the buyer calls the item where that is not the SKU."""
    pairs = {q: number for q, number in zip(po1.elements[5::2], po1.elements[6::2], strict=False) if number}
    if not pairs:
        raise Refusal(MISSING_FIELD, where, "PO1 names no product: PO107 and the elements behind it are empty.")
    order = [*(q for q in PREFERENCE if q in pairs), *pairs]
    qualifier = next((q for q in order if " " not in pairs[q]), order[0])
    sku = pairs[qualifier]
    if len(sku) > 100 or not storable(sku):
        raise Refusal(BAD_VALUE, where, f"The product id ({qualifier}) is too long, or has control characters.")
    barcode = next((number for q in _BARCODES if (number := pairs.get(q, "")) and _is_trade_item(number)), "")
    buyers = next((number for q in _BUYERS if (number := pairs.get(q, "")) and number != sku), "")
    return sku, barcode, clean(buyers, 100)


def _is_trade_item(number: str) -> bool:
    return number.isascii() and number.isalnum() and 8 <= len(number) <= 14

"""Allowances, charges and taxes of an X12 order or line: SAC, ITA and TXI segments as amounts.

An amount may be stated (SAC05, ITA07: in hundredths, unless it has a point), be a percentage of what the line or the
lines cost, or a rate for each unit; the first of these that is there counts. Left out is what does not change the
invoice: N (neither), requests, and methods of handling by which it is settled elsewhere.
"""

from collections.abc import Iterable
from decimal import Decimal

from services.chassis.plain_text import clean
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import amounts
from services.intake.channels.edi_adjustments import Adjustment
from services.intake.channels.refusal import BAD_VALUE, Refusal
from services.intake.domain.details import TaxPart
from services.kernel.money import Money

# Billed back, a cheque to the customer, credited to an account, paid by the vendor, optional, only information.
_NOT_INVOICED = {"01", "03", "04", "05", "07", "15"}
# Freight, handling, shipping, transport.
_FREIGHT = {"D240", "D260", "D270", "D500", "G821", "G830", "I260"}
_MOST = 50


def adjustments(
    found: TransactionSet, segments: Iterable[Segment], base: int, units: int, currency_code: str
) -> tuple[Adjustment, ...]:
    """Return the allowances and charges among the segments, of something that costs `base` and has `units`.

    Raises:
        Refusal: BAD_VALUE, where an amount, percentage or rate is none.
    """
    result = []
    for segment in segments:
        row = _row(segment)
        if row is None:
            continue
        kind, code, handling, cents, percent, rate, counted, title = row
        if kind not in {"A", "C"} or handling in _NOT_INVOICED:
            continue
        minor = _minor(found, segment, (cents, percent, rate, counted), (base, units, currency_code))
        if minor > amounts.LARGEST_LINE:
            raise _bad(found, segment, cents)
        if minor:
            words = clean(title, 500) or f"{'Allowance' if kind == 'A' else 'Charge'} {clean(code, 20)}".strip()
            freight = kind == "C" and code in _FREIGHT
            code = clean(code, 200)
            result.append(Adjustment(allowance=kind == "A", code=code, title=words, minor=minor, is_freight=freight))
    return tuple(result)


def taxes(found: TransactionSet, segments: Iterable[Segment], base: int, currency_code: str) -> tuple[TaxPart, ...]:
    """Return the taxes among the segments (TXI); the rate's share of `base` where no amount is stated.

    Raises:
        Refusal: BAD_VALUE, where an amount or rate is none.
    """
    parts = []
    for segment in segments:
        if segment.tag != "TXI":
            continue
        percent = _number(found, segment, 3)
        amount = _number(found, segment, 2)
        if amount is not None:
            minor = amounts.minor(amount, currency_code)
        else:
            minor = int((base * percent / 100).to_integral_value()) if percent else 0
        if minor > amounts.LARGEST_LINE:
            raise _bad(found, segment, 2)
        rate = "" if percent is None else f"{(percent / 100).normalize():f}"[:30]
        parts.append(TaxPart(title=clean(segment[1], 200) or "TXI", amount=Money(minor, currency_code), rate=rate))
    return tuple(parts[:_MOST])


def _row(segment: Segment) -> tuple[str, str, str, int, int, int, int, str] | None:
    """Return kind, code, handling, the numbers of the elements amount, percent, rate and quantity, and the title."""
    if segment.tag == "SAC":
        return segment[1], segment[2] or segment[4], segment[12], 5, 7, 8, 10, segment[15]
    if segment.tag == "ITA":
        return segment[1], segment[3], segment[4], 7, 9, 6, 10, segment[13]
    return None


def _minor(
    found: TransactionSet,
    segment: Segment,
    elements: tuple[int, int, int, int],
    of: tuple[int, int, str],
) -> int:
    cents, percent, rate, counted = elements
    base, units, currency_code = of
    stated = _number(found, segment, cents)
    if stated is not None:
        return amounts.minor(stated if "." in segment[cents] else stated / 100, currency_code)
    share = _number(found, segment, percent)
    if share is not None:
        if share > 1000:
            raise _bad(found, segment, percent)
        return int((base * share / 100).to_integral_value())
    each = _number(found, segment, rate)
    if each is None:
        return 0
    quantity = _number(found, segment, counted) or Decimal(units)
    if quantity > 1_000_000:
        raise _bad(found, segment, counted)
    return amounts.minor(each * quantity, currency_code)


def _number(found: TransactionSet, segment: Segment, element: int) -> Decimal | None:
    text = segment[element]
    if not text:
        return None
    number = amounts.parse(text)
    if number is None or number < 0:
        raise _bad(found, segment, element)
    return number


def _bad(found: TransactionSet, segment: Segment, element: int) -> Refusal:
    name = f"{segment.tag}{element:02}"
    text = segment[element][:30]
    return Refusal(BAD_VALUE, found.at(segment), f"{name} must be an amount of zero or more, not {text!r}.")

"""Amounts, prices, allowances, charges and taxes of EDIFACT segments.

Numbers may have a decimal point or a decimal comma, whatever UNA says, since a sign between thousands is not allowed.
An allowance or charge (ALC) is the amount that follows it (MOA), else a percentage (PCD), else a rate for each unit
(RTE); methods of settlement that do not change the invoice are left out.
"""

from collections.abc import Sequence
from decimal import Decimal

from services.chassis.edifact import Message, Segment
from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.edi_adjustments import Adjustment
from services.intake.channels.refusal import BAD_VALUE, Refusal
from services.intake.domain.details import TaxPart
from services.kernel.money import Money

# Billed back, a cheque to the customer, credited to an account, paid by the vendor, optional.
_NOT_INVOICED = {"1", "3", "4", "5", "7"}
_FREIGHT = {"FC", "DL", "HD", "SH"}
_OF_ALC = {"QTY", "RNG", "PCD", "MOA", "RTE", "TAX", "ALI", "DTM"}
_ADJUSTING = {"8", "23", "204", "25", "131", "98"}
_TAX_AMOUNTS = ("124", "150", "176", "161")


def number(text: str) -> Decimal | None:
    """Return the number that a text holds, None where it holds none."""
    return amounts.parse(text.replace(",", ".", 1)) if "." not in text else amounts.parse(text)


def needed(message: Message, segment: Segment, text: str, what: str) -> Decimal:
    """Return the number of zero or more that a text must hold.

    Raises:
        Refusal: BAD_VALUE.
    """
    value = number(text)
    if value is None or value < 0:
        problem = f"{what} must be a number of zero or more, not {text[:30]!r}."
        raise Refusal(BAD_VALUE, message.at(segment), problem)
    return value


def without_allowances(segments: Sequence[Segment]) -> tuple[list[list[Segment]], list[Segment]]:
    """Return the groups that begin with ALC, and the segments that belong to none."""
    groups: list[list[Segment]] = []
    rest: list[Segment] = []
    inside = False
    for segment in segments:
        if segment.tag == "ALC":
            groups.append([segment])
            inside = True
        elif inside and segment.tag in _OF_ALC:
            groups[-1].append(segment)
        else:
            inside = False
            rest.append(segment)
    return groups, rest


def stated(message: Message, segments: Sequence[Segment], kinds: Sequence[str], currency_code: str) -> int | None:
    """Return the amount (MOA) of the first of these kinds that is there, in minor units."""
    for kind in kinds:
        for segment in segments:
            if segment.tag == "MOA" and segment.get(1) == kind and segment.get(1, 2):
                return _minor(message, segment, needed(message, segment, segment.get(1, 2), "MOA"), currency_code)
    return None


def adjustments(
    message: Message, groups: Sequence[list[Segment]], base: int, units: int, currency_code: str
) -> tuple[Adjustment, ...]:
    """Return the allowances and charges of ALC groups, of something that costs `base` and has `units`.

    Raises:
        Refusal: BAD_VALUE, where an amount, percentage or rate is none.
    """
    result = []
    for group in groups:
        alc = group[0]
        kind, code = alc.get(1), alc.get(5)
        if kind not in {"A", "C"} or alc.get(3) in _NOT_INVOICED:
            continue
        minor = _adjusted(message, group, base, units, currency_code)
        if not minor:
            continue
        words = " ".join(text for text in alc.components(5)[3:5] if text) or alc.get(2)
        title = clean(words, 500) or f"{'Allowance' if kind == 'A' else 'Charge'} {clean(code, 20)}".strip()
        freight = kind == "C" and code in _FREIGHT
        result.append(
            Adjustment(allowance=kind == "A", code=clean(code, 200), title=title, minor=minor, is_freight=freight)
        )
    return tuple(result)


def taxes(message: Message, segments: Sequence[Segment], base: int, currency_code: str) -> tuple[TaxPart, ...]:
    """Return the taxes (TAX, with the MOA behind it); the rate's share of `base` where no amount is stated.

    Raises:
        Refusal: BAD_VALUE.
    """
    parts: list[TaxPart] = []
    for index, segment in enumerate(segments):
        if segment.tag != "TAX" or len(parts) == 50:
            continue
        rate = segment.get(5, 4)
        percent = needed(message, segment, rate, "The rate of TAX") if rate else None
        following = []
        for after in segments[index + 1 : index + 6]:
            if after.tag != "MOA":
                break
            following.append(after)
        minor = stated(message, following, _TAX_AMOUNTS, currency_code)
        if minor is None:
            minor = int((base * percent / 100).to_integral_value()) if percent else 0
        if minor > amounts.LARGEST_LINE:
            raise Refusal(BAD_VALUE, message.at(segment), "The tax is impossibly large.")
        fraction = "" if percent is None else f"{(percent / 100).normalize():f}"[:30]
        title = clean(segment.get(2), 200) or "TAX"
        parts.append(TaxPart(title=title, amount=Money(minor, currency_code), rate=fraction))
    return tuple(part for part in parts if part.amount.minor or part.rate)


def _adjusted(message: Message, group: Sequence[Segment], base: int, units: int, currency_code: str) -> int:
    for segment in group:
        if segment.tag == "MOA" and segment.get(1) in _ADJUSTING and segment.get(1, 2):
            return _minor(message, segment, needed(message, segment, segment.get(1, 2), "MOA"), currency_code)
    for segment in group:
        if segment.tag == "PCD" and segment.get(1, 2):
            percent = needed(message, segment, segment.get(1, 2), "PCD")
            if percent > 1000:
                raise Refusal(BAD_VALUE, message.at(segment), "PCD is more than 1000 percent.")
            return int((base * percent / 100).to_integral_value())
        if segment.tag == "RTE" and segment.get(1, 2):
            rate = needed(message, segment, segment.get(1, 2), "RTE")
            basis = number(segment.get(1, 3)) or Decimal(1)
            return _minor(message, segment, rate * units / max(basis, Decimal("0.001")), currency_code)
    return 0


def _minor(message: Message, segment: Segment, amount: Decimal, currency_code: str) -> int:
    minor = amounts.minor(amount, currency_code)
    if minor > amounts.LARGEST_LINE:
        raise Refusal(BAD_VALUE, message.at(segment), "The amount is impossibly large.")
    return minor

"""What an EDIFACT order says beside its lines: dates, terms, references, free text.

A date without a time, or with 00:00, is a whole day in UTC: "not before" is its beginning, "by" its last second. Of a
period (718 and its like) the beginning is "not before" and the end is "by".
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from services.chassis.edifact import Segment
from services.chassis.plain_text import clean
from services.intake.domain.details import Details

# By DTM 2005, the strictest first.
_EARLIEST = ("64", "37")
_SHIP_BY = ("38", "10")
_DUE = ("63", "2", "74", "69", "61")
_PERIOD = ("2", "69")
_FORMATS = {6: "%y%m%d", 8: "%Y%m%d", 10: "%y%m%d%H%M", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DAY_FIRST = {"2": "%d%m%y", "3": "%m%d%y", "4": "%d%m%Y"}
_PERIODS = {"717": 6, "718": 8, "713": 10, "719": 12}
_DAY = timedelta(days=1, seconds=-1)
_MOST_TAGS = 100


def details(header: Sequence[Segment], loops: Iterable[Sequence[Segment]]) -> Details:
    """Return the dates, terms and references of an order; the first date of its lines where it has none itself."""
    later = [segment for loop in loops for segment in loop if segment.tag == "DTM"]
    earliest, due = dates(header)
    line_earliest, line_due = dates(later)
    return Details(
        earliest_time=earliest or line_earliest,
        ship_by_time=_first(header, _SHIP_BY, ends=True) or _first(later, _SHIP_BY, ends=True),
        due_time=due or line_due,
        payment_terms=_terms(header),
        tags=_tags(header),
    )


def dates(segments: Sequence[Segment]) -> tuple[datetime | None, datetime | None]:
    """Return the earliest and the due time among the segments."""
    periods = [s for s in segments if s.tag == "DTM" and s.get(1, 3) in _PERIODS]
    return _first(segments, _EARLIEST, ends=False) or _first(periods, _PERIOD, ends=False), _first(
        segments, _DUE, ends=True
    )


def order_time(header: Sequence[Segment]) -> datetime | None:
    """Return when the order was made: its own date (137), else 4."""
    for kind in ("137", "4"):
        for segment in header:
            if segment.tag == "DTM" and segment.get(1) == kind and (time := _time(segment, ends=False)):
                return time
    return None


def note(header: Iterable[Segment], lines: Iterable[tuple[str, Iterable[Segment]]]) -> str:
    """Return the free text of the order, and behind it that of its lines (the line's id and its segments)."""
    texts = [text for segment in header if (text := _text(segment))]
    for line_id, loop in lines:
        texts += [f"{line_id}: {text}" for segment in loop if (text := _text(segment))]
        if len(texts) > 2000:
            break
    return clean("\n".join(texts), 2000)


def _text(segment: Segment) -> str:
    return " ".join(text for text in segment.components(4) if text) if segment.tag == "FTX" else ""


def _first(segments: Iterable[Segment], kinds: tuple[str, ...], *, ends: bool) -> datetime | None:
    found: dict[str, datetime] = {}
    for segment in segments:
        if segment.tag == "DTM" and segment.get(1) in kinds and (time := _time(segment, ends=ends)):
            found[segment.get(1)] = min(time, found.get(segment.get(1), time))
    return next((found[kind] for kind in kinds if kind in found), None)


def _time(segment: Segment, *, ends: bool) -> datetime | None:
    """Return the time; by the number of digits rather than by the format, which senders mix up."""
    text, form = segment.get(1, 2), segment.get(1, 3)
    digits = "".join(character for character in text if character.isascii() and character.isdigit())
    if form in _PERIODS:
        half = _PERIODS[form]
        digits = digits[half : 2 * half] if ends else digits[:half]
    elif form in {"303", "304"}:
        digits = digits[: 12 if form == "303" else 14]
    elif form in {"610", "616"} and len(digits) == 6:
        return _month_or_week(digits, form, ends=ends)
    pattern = _DAY_FIRST.get(form) or _FORMATS.get(len(digits))
    try:
        time = datetime.strptime(digits, pattern).replace(tzinfo=UTC) if pattern else None
    except ValueError:
        return None
    if time is None or not ends or (time.hour, time.minute, time.second) != (0, 0, 0) or time.year == 9999:
        return time
    return time + _DAY


def _month_or_week(digits: str, form: str, *, ends: bool) -> datetime | None:
    year, part = int(digits[:4]), int(digits[4:])
    try:
        if form == "616":
            return datetime.fromisocalendar(year, part, 7 if ends else 1).replace(tzinfo=UTC) + (
                _DAY if ends else timedelta()
            )
        start = datetime(year, part, 1, tzinfo=UTC)
        after = datetime(year + part // 12, part % 12 + 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return after - timedelta(seconds=1) if ends else start


def _terms(header: Sequence[Segment]) -> str:
    """Return such as "2% 10 NET30"; the words of PAT where it gives no days."""
    discounts, net, words = [], "", ""
    for index, segment in enumerate(header):
        if segment.tag != "PAT":
            continue
        days = segment.get(3, 4) if segment.get(3, 3) in {"D", "WD", ""} else f"{segment.get(3, 4)}{segment.get(3, 3)}"
        percent = next((s.get(1, 2) for s in header[index + 1 : index + 4] if s.tag == "PCD"), "")
        if segment.get(1) == "22" and (percent or days):
            discounts.append(f"{percent}% {days}".strip())
        elif days:
            net = f"NET{days}"
        words = words or " ".join(text for text in segment.components(2)[3:] if text)
    return clean(" ".join([*discounts, net]).strip() or words, 200)


def _tags(header: Iterable[Segment]) -> tuple[str, ...]:
    """Return the references as "CT:4711"; those behind a party are not the order's."""
    tags: list[str] = []
    for segment in header:
        if segment.tag == "NAD":
            break
        if segment.tag == "RFF" and segment.get(1, 2):
            tags.append(clean(f"{segment.get(1)}:{segment.get(1, 2)}", 200))
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:_MOST_TAGS]

"""What an X12 order says beside its lines: dates, terms, service, references, notes.

A date without a time is a whole day in UTC: "not before" is its beginning, "by" its last second. Of several dates that
say the same, the order's goes before its lines', and of the lines' the first to pass.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.chassis.plain_text import clean
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import service_words
from services.intake.domain.details import Details
from services.intake.domain.draft import ServiceLevel

# By DTM01, the strictest first.
_EARLIEST = ("064", "071", "037", "118")
_SHIP_BY = ("038", "010", "068")
_DUE = ("063", "002", "074", "106", "069", "067", "001")
_SERVICE = {
    "ND": ServiceLevel.NEXT_DAY,
    "NX": ServiceLevel.NEXT_DAY,
    "PN": ServiceLevel.NEXT_DAY,
    "ON": ServiceLevel.NEXT_DAY,
    "SE": ServiceLevel.EXPEDITED,
    "SD": ServiceLevel.EXPEDITED,
    "ET": ServiceLevel.EXPEDITED,
    "3D": ServiceLevel.EXPEDITED,
}
_MOST_TAGS = 100


def details(found: TransactionSet, header: list[Segment]) -> Details:
    """Return the dates, terms and references of an order."""
    later = [segment for segment in found.segments[len(header) :] if segment.tag in {"DTM", "CTT"}]
    return Details(
        earliest_time=_date(header, later, _EARLIEST, ends=False),
        ship_by_time=_date(header, later, _SHIP_BY, ends=True),
        due_time=_date(header, later, _DUE, ends=True),
        payment_terms=_terms(header),
        tags=_tags(header),
    )


def day(text: str) -> datetime | None:
    """Return the beginning of the day that CCYYMMDD or YYMMDD names; None where it names none, which harms no order."""
    if not text.isascii() or not text.isdigit() or len(text) not in {6, 8}:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d" if len(text) == 8 else "%y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def service(header: Iterable[Segment], *, rush: bool) -> ServiceLevel:
    """Return how fast it shall go: by TD512, else by the words of the routing."""
    routings = [segment for segment in header if segment.tag == "TD5"]
    stated = [_SERVICE[segment[12]] for segment in routings if segment[12] in _SERVICE]
    stated += [service_words.service_level(segment[5]) for segment in routings if segment[12] not in _SERVICE]
    if ServiceLevel.NEXT_DAY in stated:
        return ServiceLevel.NEXT_DAY
    return ServiceLevel.EXPEDITED if rush or ServiceLevel.EXPEDITED in stated else ServiceLevel.STANDARD


def note(header: Iterable[Segment], lines: Iterable[tuple[str, Iterable[Segment]]]) -> str:
    """Return the free text of the order, and behind it that of its lines (the line's id and its segments)."""
    texts = [text for segment in header if (text := _text(segment))]
    for line_id, loop in lines:
        texts += [f"{line_id}: {text}" for segment in loop if (text := _text(segment))]
        if sum(map(len, texts[:100])) > 4000 or len(texts) > 2000:
            break
    return clean("\n".join(texts), 2000)


def dates(segments: Iterable[Segment]) -> tuple[datetime | None, datetime | None]:
    """Return the earliest and the due time among the segments."""
    given = list(segments)
    return _date(given, [], _EARLIEST, ends=False), _date(given, [], _DUE, ends=True)


def _text(segment: Segment) -> str:
    position = {"MSG": 1, "MTX": 2, "NTE": 2}.get(segment.tag)
    return segment[position] if position else ""


def _date(
    header: Iterable[Segment], later: Iterable[Segment], qualifiers: tuple[str, ...], *, ends: bool
) -> datetime | None:
    for segments in (header, later):
        found = [
            (s[1], time) for s in segments if s.tag == "DTM" and s[1] in qualifiers and (time := _time(s, ends=ends))
        ]
        for qualifier in qualifiers:
            if times := [time for name, time in found if name == qualifier]:
                return min(times)
    return None


def _time(segment: Segment, *, ends: bool) -> datetime | None:
    start = day(segment[2])
    clock = segment[3][:4]
    if start is None:
        return None
    if len(clock) == 4 and clock.isascii() and clock.isdigit() and clock < "2400" and clock[2:] < "60":
        return start + timedelta(hours=int(clock[:2]), minutes=int(clock[2:]))
    return start + timedelta(days=1, seconds=-1) if ends and start.year < 9999 else start


def _terms(header: Iterable[Segment]) -> str:
    """Return such as "2.5% 45 NET100"; the buyer's own words where ITD gives no numbers."""
    terms = next((segment for segment in header if segment.tag == "ITD"), None)
    if terms is None:
        return ""
    discount = f"{terms[3]}% {terms[5]}".strip() if terms[3] else ""
    net = f"NET{terms[7]}" if terms[7] else ""
    return clean(f"{discount} {net}".strip() or terms[12], 200)


def _tags(header: Iterable[Segment]) -> tuple[str, ...]:
    """Return the references as "IA:001775"; those of parties are not the order's."""
    tags: list[str] = []
    for segment in header:
        if segment.tag == "N1":
            break
        if segment.tag == "REF" and (value := segment[2] or segment[3]):
            tags.append(clean(f"{segment[1]}:{value}", 200))
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:_MOST_TAGS]

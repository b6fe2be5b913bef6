"""Dates and times of X12."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from services.chassis.x12 import Segment

# Which date says when goods come, the surest first: available, estimated arrival, estimated delivery, product
# availability, current delivery schedule, delivery requested, and of the sender's dock: current ship schedule, ship.
ARRIVAL = ("018", "371", "017", "169", "067", "002", "068", "010")
AS_OF = ("007", "097")
EXPIRY = ("036",)

_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)?\d{0,2}", re.ASCII)
_OFFSETS = {"ED": -4, "ES": -5, "CD": -5, "CS": -6, "MD": -6, "MS": -7, "PD": -7, "PS": -8}


def dated(segments: Iterable[Segment], preference: tuple[str, ...]) -> datetime | None:
    """Return the first date of the DTM segments, by preference of their qualifiers; None where there is none."""
    found = {segment[1]: moment(segment[2], segment[3], segment[4]) for segment in segments if segment.tag == "DTM"}
    return next((when for qualifier in preference if (when := found.get(qualifier))), None)


def scheduled(segment: Segment) -> datetime | None:
    """Return when an SCH segment says that the goods come."""
    found = {segment[place]: moment(segment[place + 1], segment[place + 2]) for place in (8, 5)}
    return next((when for qualifier in ARRIVAL if (when := found.get(qualifier))), None)


def moment(day: str, time: str = "", zone: str = "") -> datetime | None:
    """Return CCYYMMDD or YYMMDD and a time in UTC, None where they are none; a zone that is not known is UTC."""
    if not day.isascii() or not day.isdigit() or len(day) not in {6, 8}:
        return None
    clock = _TIME.fullmatch(time)
    try:
        found = datetime.strptime(day, "%Y%m%d" if len(day) == 8 else "%y%m%d").replace(tzinfo=_zone(zone))
        if clock is not None:
            found = found.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(code: str) -> timezone:
    """Return the zone of a time code: 01 to 12 are hours ahead of UTC, 13 to 24 are 12 to 1 hours behind it."""
    hours = _OFFSETS.get(code, 0)
    if code.isascii() and code.isdigit() and 1 <= int(code) <= 24:
        hours = int(code) if int(code) <= 12 else int(code) - 25
    return timezone(timedelta(hours=hours))

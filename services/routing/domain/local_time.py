"""What a zone's clocks do with a day: when their offset changes, and whether the day is there at all."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
_NOON = time(12)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=8192)
def offsets(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Return the pieces of a day of UTC in which the zone's offset stays: begin and end (naive, in UTC), and offset."""
    begin = datetime.combine(day, time())
    end = begin + DAY
    first, last = _offset(zone, begin), _offset(zone, end - _SECOND)
    if first == last:
        return ((begin, end, first),)
    change = _change(zone, begin, end - _SECOND)
    return ((begin, change, first), (change, end, last))


@lru_cache(maxsize=8192)
def exists(zone: ZoneInfo, day: date) -> bool:
    """Tell whether the zone has this day; Apia went from 29 to 31 December 2011 to change sides of the date line."""
    return datetime.combine(day, _NOON, zone).astimezone(UTC).astimezone(zone).date() == day


def naive(moment: datetime) -> datetime:
    """Return the moment in UTC without saying so, which is what `offsets` counts in."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second of the new offset; no zone changes twice within a day."""
    old = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    # By way of the zone's own fromutc: the answer is never ambiguous, as it is for local times.
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()

"""When somebody works, in the local time of where they are; and how long work takes that stops when they go home.

It is working time whenever the clock on the wall shows it: an hour that comes twice is worked twice, one that is left
out is not worked at all. Minutes of work are real ones.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.kernel.errors import InvalidArgument
from services.routing.domain.local_time import DAY, naive, offsets

# Whoever does not open within so many days is taken to be closed for good.
HORIZON_DAYS = 400
_MIDNIGHT = time()
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LAST = datetime.max.replace(tzinfo=UTC)


class NeverOpen(InvalidArgument):
    reason = "NEVER_OPEN"


class UnusableCalendar(InvalidArgument):
    reason = "UNUSABLE_CALENDAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """From `start` until just before `end`; an end of 00:00 is the end of the day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The hours of a week, Monday first; the days that are closed, by name; the days with hours of their own."""

    calendar_id: str
    hours: tuple[tuple[Shift, ...], ...]
    closed: Mapping[date, str] = field(default_factory=dict)
    special: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)

    def shifts(self, day: date) -> tuple[Shift, ...]:
        """Return when that day is worked: its own hours, or else none if it is closed, or else those of its weekday."""
        special = self.special.get(day)
        if special is not None:
            return special
        return () if day in self.closed else self.hours[day.weekday()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Moments, `first` to `last`, for which it is known when work that begins at them is over.

    Where nobody works between them (`waits`) it is the same moment for all of them; otherwise to begin a minute later
    is to be done a minute later.
    """

    first: datetime
    last: datetime
    done: datetime
    waits: bool

    def done_at(self, start: datetime) -> datetime:
        return self.done if self.waits else self.done + (start - self.first)


_ALL_DAY = (Shift(start=_MIDNIGHT, end=_MIDNIGHT),)
ALWAYS = Calendar(calendar_id="always", hours=(_ALL_DAY,) * 7)
WEEKDAYS = Calendar(calendar_id="weekdays", hours=(_ALL_DAY,) * 5 + ((),) * 2)


def checked(calendar: Calendar) -> Calendar:
    """Return the calendar if it can be worked with.

    Raises:
        UnusableCalendar: a week is not of seven days, or shifts are empty, overlap or are out of order.
    """
    if len(calendar.hours) != len(_WEEKDAY_NAMES):
        message = f"hours: a week has seven days, Monday first, not {len(calendar.hours)}"
        raise UnusableCalendar(message, calendar_id=calendar.calendar_id, position="hours")
    for name, shifts in zip(_WEEKDAY_NAMES, calendar.hours, strict=True):
        _check(calendar, f"hours[{name}]", shifts)
    for day, shifts in calendar.special.items():
        _check(calendar, f"special[{day}]", shifts)
    return calendar


def work_done(start: datetime, minutes: int, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return when `minutes` of working time that begin at `start` are over; no work is over at once, even at night.

    Raises:
        NeverOpen: the calendar has no working time within HORIZON_DAYS.
    """
    return stretch(start, minutes, calendar, zone).done


def latest_start(end: datetime, minutes: int, calendar: Calendar, zone: ZoneInfo) -> datetime | None:
    """Return the last moment at which work must begin to be over by `end`, or None if that is beyond HORIZON_DAYS.

    It undoes `work_done`: what begins at `start` is over by `end` if and only if start <= latest_start(end).
    """
    left = timedelta(minutes=minutes)
    if not left:
        return end.astimezone(UTC)
    for opens, closes in _before(naive(end), calendar, zone):
        if left <= closes - opens:
            return (closes - left).replace(tzinfo=UTC)
        left -= closes - opens
    return None


def stretch(start: datetime, minutes: int, calendar: Calendar, zone: ZoneInfo) -> Stretch:
    """Return when work is over that begins at `start`, and until when later beginnings follow from that."""
    first = start.astimezone(UTC)
    if not minutes:
        return Stretch(first=first, last=_LAST, done=first, waits=False)
    moment, left, last = naive(start), timedelta(minutes=minutes), None
    waits = False
    for opens, closes in _after(moment, calendar, zone):
        if last is None:
            waits = moment < opens
            last = opens if waits else closes
        if left <= closes - opens:
            done = opens + left
            if not waits:
                last = min(last, moment + (closes - done))
            return Stretch(first=first, last=last.replace(tzinfo=UTC), done=done.replace(tzinfo=UTC), waits=waits)
        left -= closes - opens
    raise NeverOpen(
        f"calendar {calendar.calendar_id!r} has no working time within {HORIZON_DAYS} days; give it hours",
        calendar_id=calendar.calendar_id,
    )


def _after(moment: datetime, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield working time from the moment on, until there is none for HORIZON_DAYS."""
    day, idle = moment.date(), 0
    while idle <= HORIZON_DAYS:
        idle += 1
        for opens, closes in _periods(calendar, zone, day):
            if closes > moment:
                idle = 0
                yield max(opens, moment), closes
        day += DAY


def _before(moment: datetime, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield working time up to the moment, latest first, until there is none for HORIZON_DAYS."""
    day, idle = moment.date(), 0
    while idle <= HORIZON_DAYS:
        idle += 1
        for opens, closes in reversed(list(_periods(calendar, zone, day))):
            if opens < moment:
                idle = 0
                yield opens, min(closes, moment)
        day -= DAY


def _periods(calendar: Calendar, zone: ZoneInfo, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working time within a day of UTC, in order."""
    for begin, end, offset in offsets(zone, day):
        # While the offset stays, local time is a straight line; clocks that change begin another.
        here, there = begin + offset, end + offset
        midnight = datetime.combine(here, _MIDNIGHT)
        while midnight < there:
            for shift in calendar.shifts(midnight.date()):
                opens = max(datetime.combine(midnight, shift.start), here)
                closes = min(datetime.combine(midnight if shift.end != _MIDNIGHT else midnight + DAY, shift.end), there)
                if opens < closes:
                    yield opens - offset, closes - offset
            midnight += DAY


def _check(calendar: Calendar, position: str, shifts: Iterable[Shift]) -> None:
    free_from, full = _MIDNIGHT, False
    for number, shift in enumerate(shifts, start=1):
        place = f"{position}, shift {number}"
        wrong = ""
        if shift.start.tzinfo or shift.end.tzinfo:
            wrong = "times are local and name no zone"
        elif shift.end != _MIDNIGHT and shift.end <= shift.start:
            wrong = f"ends at {shift.end}, not after it starts at {shift.start}; a night is two shifts, one on each day"
        elif full or shift.start < free_from:
            wrong = f"starts at {shift.start}, before the one ahead of it has ended"
        if wrong:
            raise UnusableCalendar(f"{place}: {wrong}", calendar_id=calendar.calendar_id, position=place)
        free_from, full = shift.end, shift.end == _MIDNIGHT

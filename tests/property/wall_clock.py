"""Somebody who walks through time minute by minute and looks at the clock on the wall: slow, and obviously right.

The walk knows no arithmetic of zones: it asks what local time each instant of UTC is, and that is all. It goes around
changes of clocks: of an hour, of half an hour, over midnight, over a whole day, and one that puts a day back into the
one before.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.routing.domain.calendar import Calendar, Shift, checked
from services.routing.domain.delivery import Deliveries
from services.routing.domain.departures import Pickups

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
WALK = timedelta(days=6)
CHANGES = [
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("America/Nuuk", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Asia/Tehran", datetime(2021, 9, 21, 19, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 6, 1, tzinfo=UTC)),
]
# Here clocks went back over midnight, at one minute past it: a minute of Sunday, Saturday's last hour, Sunday again.
BACK_INTO_YESTERDAY = ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC))

minutes_of_day = st.one_of(st.integers(0, 24 * 60 - 1), st.sampled_from([0, 15, 30, 45, 60, 90, 120, 180, 23 * 60]))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def shifts(draw: st.DrawFn) -> tuple[Shift, ...]:
    marks = sorted(draw(st.sets(minutes_of_day, max_size=6)))
    pairs = [Shift(start=clock(a), end=clock(b)) for a, b in zip(marks[::2], marks[1::2], strict=False)]
    return (*pairs, Shift(start=clock(marks[-1]), end=time())) if len(marks) % 2 else tuple(pairs)


@st.composite
def calendars(draw: st.DrawFn, around: datetime) -> Calendar:
    near = st.integers(-3, 8).map(lambda number: (around + timedelta(days=number)).date())
    return checked(
        Calendar(
            calendar_id="drawn",
            hours=tuple(draw(st.tuples(*[shifts()] * 7))),
            closed=dict.fromkeys(draw(st.sets(near, max_size=2)), "a holiday"),
            special=draw(st.dictionaries(near, shifts(), max_size=2)),
        )
    )


def clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def moments(around: datetime, step: timedelta = MINUTE) -> st.SearchStrategy[datetime]:
    most = timedelta(days=2) // step
    far = st.integers(-most, most)
    return st.one_of(far, st.integers(-180 * (MINUTE // step), 180 * (MINUTE // step))).map(
        lambda number: around + number * step
    )


@st.composite
def pickups_around(draw: st.DrawFn, around: datetime, zone: ZoneInfo) -> Pickups:
    anywhen = st.builds(lambda minute, second: clock(minute).replace(second=second), minutes_of_day, st.integers(0, 59))
    return Pickups(
        cutoff=draw(st.one_of(anywhen, changing(around, zone))), days=draw(weekdays), closed=draw(holidays(around))
    )


@st.composite
def deliveries_around(draw: st.DrawFn, around: datetime, zone: ZoneInfo) -> Deliveries:
    by = st.one_of(st.just(time(23, 59, 59)), st.sampled_from([time(9), time(12)]), changing(around, zone))
    return Deliveries(delivers_on=draw(weekdays), closed=draw(holidays(around)), by=draw(by))


def changing(around: datetime, zone: ZoneInfo) -> st.SearchStrategy[time]:
    """Return times that clocks leave out or show twice when they change, or just miss."""
    old = (around - SECOND).astimezone(zone).replace(tzinfo=None)
    return st.integers(-4500, 4500).map(lambda number: (old + number * SECOND).time())


def holidays(around: datetime) -> st.SearchStrategy[dict[date, str]]:
    near = st.integers(-2, 5).map(lambda number: (around + timedelta(days=number)).date())
    return st.dictionaries(near, st.just("a holiday"), max_size=3)


def walk(start: datetime, zone: ZoneInfo, step: timedelta = MINUTE, length: timedelta = WALK) -> Iterator[datetime]:
    for number in range(length // step):
        yield (start + number * step).astimezone(zone)


def is_open(calendar: Calendar, local: datetime) -> bool:
    day, now = local.date(), local.time()
    if day in calendar.special:
        hours = calendar.special[day]
    elif day in calendar.closed:
        hours = ()
    else:
        hours = calendar.hours[day.weekday()]
    return any(shift.start <= now and (now < shift.end or shift.end == time()) for shift in hours)


def worked_through(
    start: datetime, work: timedelta, calendar: Calendar, zone: ZoneInfo, step: timedelta = MINUTE
) -> datetime | None:
    left = work
    if not left:
        return start
    for local in walk(start, zone, step, WALK * (step / MINUTE)):
        left -= step if is_open(calendar, local) else timedelta()
        if not left:
            return local.astimezone(UTC) + step
    return None


def watched_for(ready: datetime, pickups: Pickups, calendar: Calendar, zone: ZoneInfo) -> datetime | None:
    """Stand at the ramp each time the second hand is where the cut-off says, beside a clock nobody puts forward."""
    begin = (ready - timedelta(days=2)).replace(second=pickups.cutoff.second, microsecond=0)
    days = {local.date() for local in walk(begin, zone, 30 * MINUTE, WALK + timedelta(days=4))}
    before: timedelta | None = None
    unmoved, until = timedelta(), begin
    for local in walk(begin, zone, MINUTE, WALK + timedelta(days=2)):
        instant, offset = local.astimezone(UTC), offset_of(local)
        if before is not None and offset > before:
            unmoved, until = before, instant + (offset - before)
        before = offset
        shown = [local] if not local.fold else []
        if instant < until:
            shown.append((instant + unmoved).replace(tzinfo=None))
        for reading in shown:
            day = reading.date()
            collected = day.weekday() in pickups.days and day not in pickups.closed and day in days
            if instant >= ready and reading.time() == pickups.cutoff and collected and calendar.shifts(day):
                return instant
    return None


def seen_to_come(
    dispatch: datetime, days: int, deliveries: Deliveries, from_zone: ZoneInfo, to_zone: ZoneInfo
) -> datetime | None:
    """Count the mornings at the destination on which the van goes out."""
    left_on = dispatch.astimezone(from_zone).date()
    begin = dispatch.replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    dates = dict.fromkeys(local.date() for local in walk(begin, to_zone, 30 * MINUTE, timedelta(days=30)))
    out = [
        day
        for day in dates
        if (day > left_on or (day == left_on and not days))
        and day.weekday() in deliveries.delivers_on
        and day not in deliveries.closed
    ]
    for day in out[max(days - 1, 0) :]:
        there = last_seen(day, deliveries.by, to_zone)
        if there >= dispatch:
            return there
    return None


def last_seen(day: date, by: time, zone: ZoneInfo) -> datetime:
    """Return the last instant at which a clock there shows it, one put forward early if no other does."""
    begin = datetime.combine(day, time(0, 0, by.second), UTC) - timedelta(hours=15)
    locals_ = list(walk(begin, zone, MINUTE, timedelta(hours=44)))
    shown = [local for local in locals_ if local.date() == day and local.time() == by]
    if shown:
        return shown[-1].astimezone(UTC)
    latest = max(offset_of(local) for local in locals_)
    return (datetime.combine(day, by) - latest).replace(tzinfo=UTC)


def offset_of(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()

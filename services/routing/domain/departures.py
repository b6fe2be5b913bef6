"""When a parcel leaves a node: work first, then the carrier's next collection."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from threading import Lock
from zoneinfo import ZoneInfo

from services.routing.domain.calendar import HORIZON_DAYS, Calendar, NeverOpen, Stretch, latest_start, stretch
from services.routing.domain.local_time import DAY, exists

# What a node is asked about is now, and the dates on which its stock comes: a few weeks of collections cover both.
_KEPT = 48
_KEPT_STRETCHES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickups:
    """When a carrier service collects at a node: local time there, weekdays (Monday is 0), the carrier's holidays."""

    cutoff: time
    days: frozenset[int]
    closed: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """When it is ready, when it leaves, and the last moment to begin at which it would still leave then."""

    ready_time: datetime
    dispatch_time: datetime
    release_by: datetime


class Departures:
    """When parcels leave one node by one service; remembers, so that most questions cost no calendar at all."""

    def __init__(self, *, processing_minutes: int, node_calendar: Calendar, zone: ZoneInfo, pickups: Pickups) -> None:
        self._minutes = processing_minutes
        self._calendar = node_calendar
        self._zone = zone
        self._pickups = pickups
        self._one_at_a_time = Lock()
        self._stretches: list[Stretch] = []
        # Collections without a gap between them, and the first moment for which the first of them is the next.
        self._since: datetime | None = None
        self._leaves: list[_Leave] = []
        self._releases: list[datetime] = []

    def at(self, now: datetime, *, full: Callable[[date], bool] | None = None) -> Departure:
        """Return when it leaves if work on it begins now.

        `full` tells of a local day whether the node can send nothing more on it; release_by then holds as long as that
        stays as it is.

        Raises:
            NeverOpen: nobody works, nobody collects, or every day is full within HORIZON_DAYS.
        """
        # Large orders are planned in threads beside the others, and what is remembered is of several pieces.
        with self._one_at_a_time:
            ready = self._ready(now)
            index = self._first(now, ready)
            leave = self._leaves[index]
            if full is not None and full(leave.day):
                leave = self._not_full(index, full)
            return Departure(ready_time=ready, dispatch_time=leave.time, release_by=leave.release_by)

    def _ready(self, now: datetime) -> datetime:
        for known in self._stretches:
            if known.first <= now <= known.last:
                return known.done_at(now)
        new = stretch(now, self._minutes, self._calendar, self._zone)
        self._stretches = [new, *self._stretches[: _KEPT_STRETCHES - 1]]
        return new.done

    def _first(self, now: datetime, ready: datetime) -> int:
        """Return where the first collection stands that `now` is in time for, and see to it that it stands there."""
        if self._since is None or now < self._since:
            self._restart(now, ready)
        while self._releases[-1] < now:
            if len(self._leaves) >= _KEPT:
                self._restart(now, ready)
            else:
                self._extend()
        return bisect_left(self._releases, now)

    def _restart(self, now: datetime, ready: datetime) -> None:
        leave = self._leave(departure(ready, self._pickups, self._calendar, self._zone), now)
        self._since, self._leaves, self._releases = now, [leave], [leave.release_by]

    def _extend(self) -> None:
        last = self._leaves[-1]
        following = departure(last.time + datetime.resolution, self._pickups, self._calendar, self._zone)
        leave = self._leave(following, last.release_by)
        self._leaves.append(leave)
        self._releases.append(leave.release_by)

    def _leave(self, dispatch: datetime, least: datetime) -> "_Leave":
        release_by = latest_start(dispatch, self._minutes, self._calendar, self._zone)
        return _Leave(
            time=dispatch, day=dispatch.astimezone(self._zone).date(), release_by=max(release_by or least, least)
        )

    def _not_full(self, index: int, full: Callable[[date], bool]) -> "_Leave":
        limit = self._leaves[index].time + HORIZON_DAYS * DAY
        while self._leaves[index].time <= limit:
            if not full(self._leaves[index].day):
                return self._leaves[index]
            index += 1
            if index == len(self._leaves):
                self._extend()
        raise NeverOpen(f"every day is full for {HORIZON_DAYS} days", calendar_id=self._calendar.calendar_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leave:
    time: datetime
    day: date
    release_by: datetime


def departure(ready: datetime, pickups: Pickups, node_calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the first cut-off at or after `ready`, on a day on which the carrier collects and the node works.

    A cut-off that clocks leave out comes as much later as they are put forward; one that comes twice counts the first
    time.

    Raises:
        NeverOpen: there is none within HORIZON_DAYS.
    """
    # From the day before: its cut-off may be put forward past midnight.
    day = ready.astimezone(zone).date() - DAY
    for _ in range(HORIZON_DAYS + 2):
        if day.weekday() in pickups.days and day not in pickups.closed and node_calendar.shifts(day):
            # fold=0 is the rule above. A day that the zone leaves out has no cut-off that could come later.
            cutoff = datetime.combine(day, pickups.cutoff, zone).astimezone(UTC)
            if cutoff >= ready and exists(zone, day):
                return cutoff
        day += DAY
    raise NeverOpen(
        f"nothing is collected within {HORIZON_DAYS} days: the carrier's days and those of calendar "
        f"{node_calendar.calendar_id!r} have none in common",
        calendar_id=node_calendar.calendar_id,
    )

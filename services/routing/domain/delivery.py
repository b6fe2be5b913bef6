"""When a parcel that has left is there, and when it must leave to be there in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.domain.calendar import HORIZON_DAYS, NeverOpen
from services.routing.domain.local_time import DAY, exists


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """When a carrier service delivers at a destination: weekdays (Monday is 0), holidays there, by what local time."""

    delivers_on: frozenset[int]
    closed: Mapping[date, str] = field(default_factory=dict)
    by: time = time(23, 59, 59)

    def delivers(self, day: date, zone: ZoneInfo) -> bool:
        return day.weekday() in self.delivers_on and day not in self.closed and exists(zone, day)


def arrival(
    dispatch: datetime, days: int, deliveries: Deliveries, *, from_zone: ZoneInfo, to_zone: ZoneInfo
) -> datetime:
    """Return by when it is there.

    The day on which it leaves, at the node, is day 0; each later one on which the carrier delivers at the destination
    counts. With `days` of 0 it is there that same day, or on the first after it on which the carrier delivers. Nothing
    is there before it has left: what leaves too late for `by` comes on the next day of delivery.

    Raises:
        NeverOpen: the carrier does not deliver within HORIZON_DAYS.
    """
    day = dispatch.astimezone(from_zone).date() + (DAY if days else timedelta())
    left, idle = max(days, 1), 0
    while idle <= HORIZON_DAYS:
        idle += 1
        if deliveries.delivers(day, to_zone):
            left, idle = left - 1, 0
            if left <= 0 and (there := _moment(day, deliveries.by, to_zone)) >= dispatch:
                return there
        day += DAY
    raise NeverOpen(f"the carrier delivers on no day within {HORIZON_DAYS}; give it days on which it does")


def dispatch_by(
    arrival_limit: datetime, days: int, deliveries: Deliveries, *, from_zone: ZoneInfo, to_zone: ZoneInfo
) -> datetime | None:
    """Return the last moment at which it may leave to be there by the limit, or None if that is beyond HORIZON_DAYS.

    It undoes `arrival`: what leaves at `dispatch` is there by the limit if and only if dispatch <= dispatch_by(limit).
    """
    # From the day after: where clocks are put forward over midnight, `by` may come before its day.
    day = arrival_limit.astimezone(to_zone).date() + DAY
    there, left, idle = None, max(days, 1), 0
    while idle <= HORIZON_DAYS:
        idle += 1
        if deliveries.delivers(day, to_zone):
            moment = _moment(day, deliveries.by, to_zone)
            if there is None and moment <= arrival_limit:
                there = moment
            if there is not None:
                left, idle = left - 1, 0
                if not left:
                    return min(there, _end(day - DAY if days else day, from_zone))
        day -= DAY
    return None


def _moment(day: date, by: time, zone: ZoneInfo) -> datetime:
    # fold=1: where clocks go back over the last hour of a day, the day ends the second time. Where they leave `by` out,
    # it comes as much earlier as they are put forward, and with that still on its day.
    return datetime.combine(day, by, zone).replace(fold=1).astimezone(UTC)


def _end(day: date, zone: ZoneInfo) -> datetime:
    # Times are stored to the microsecond: there is none between this one and midnight.
    return datetime.combine(day + DAY, time(), zone).astimezone(UTC) - datetime.resolution

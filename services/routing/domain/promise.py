"""When a parcel should be at the customer's.

Working days are Monday to Friday in the node's time zone, all day long: neither holidays, shifts nor carriers' cut-off
times are known yet. The promise is the end of a day in the node's time zone.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5
_DAY = timedelta(days=1)


def promise_time(now: datetime, time_zone: str, processing_minutes: int, transit_days: int) -> datetime:
    """Return by when a parcel is there that a node begins to work on now."""
    zone = ZoneInfo(time_zone)
    day = hand_over_time(now, time_zone, processing_minutes).astimezone(zone).date()
    for _ in range(transit_days):
        day = _working_day(day + _DAY)
    # fold=1: where a clock goes back over the last hour of a day, the day ends the second time.
    return datetime.combine(day, time(23, 59, 59), zone).replace(fold=1).astimezone(UTC)


def hand_over_time(now: datetime, time_zone: str, processing_minutes: int) -> datetime:
    """Return when the carrier gets it: `processing_minutes` of working days later.

    Minutes are real ones: the day on which a clock goes forward has 23 hours.
    """
    zone = ZoneInfo(time_zone)
    left, moment = timedelta(minutes=processing_minutes), now.astimezone(UTC)
    while True:
        today = moment.astimezone(zone).date()
        day = _working_day(today)
        if day != today:
            moment = _midnight(day, zone)
        end = _midnight(day + _DAY, zone)
        # Strictly before midnight: what is ready as a day ends is handed over on the next.
        if moment + left < end:
            return moment + left
        left -= end - moment
        moment = end


def _working_day(day: date) -> date:
    while day.weekday() >= _SATURDAY:
        day += _DAY
    return day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)

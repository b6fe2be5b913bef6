"""What can be wrong with a calendar."""

from collections.abc import Iterable, Iterator
from datetime import date

from oms.routing.v1 import calendar_pb2
from oms.routing.v1.network_pb2 import Problem
from services.routing import public_holidays
from services.routing.problem import problem

_LATEST_DAY = 31


def calendar_problems(calendar: calendar_pb2.Calendar) -> Iterator[Problem]:
    """Yield everything that is wrong with a calendar."""
    if not calendar.hours and not calendar.special_days:
        yield problem(
            "hours", "nobody ever works here: there are no hours", '{day: MONDAY, start: "09:00", end: "17:00"}'
        )
    yield from _hours(calendar.hours)
    yield from _holidays(calendar)
    seen: set[str] = set()
    for number, day in enumerate(calendar.days_off):
        place = f"days_off[{number}].date"
        yield from _date(place, day.date)
        if day.date in seen:
            yield problem(place, f"{day.date} is off already", "leave one of them out")
        seen.add(day.date)
    yield from _special_days(calendar.special_days)


def _hours(hours: Iterable[calendar_pb2.Hours]) -> Iterator[Problem]:
    shifts = [(f"hours[{number}]", it.day, it.start, it.end) for number, it in enumerate(hours)]
    names = calendar_pb2.Calendar.Day
    yield from _shifts([(place, names.Name(day).removeprefix("DAY_"), start, end) for place, day, start, end in shifts])


def _special_days(days: Iterable[calendar_pb2.SpecialDay]) -> Iterator[Problem]:
    for number, day in enumerate(days):
        yield from _date(f"special_days[{number}].date", day.date)
    yield from _shifts([(f"special_days[{number}]", it.date, it.start, it.end) for number, it in enumerate(days)])


def _shifts(shifts: list[tuple[str, str, str, str]]) -> Iterator[Problem]:
    """Yield shifts that end before they start, and those that overlap on one day."""
    sound: dict[str, list[tuple[str, str, str]]] = {}
    for place, day, start, end in shifts:
        # Text compares as time does: "09:00" < "09:00:30" < "24:00".
        if end <= start:
            advice = "a night is two entries: until 24:00, and from 00:00 on the next day"
            yield problem(f"{place}.end", f"{day} ends at {end}, not after it starts at {start}", advice)
        else:
            sound.setdefault(day, []).append((start, end, place))
    for day, of_day in sound.items():
        latest, ahead = "", ""
        for start, end, place in sorted(of_day):
            if start < latest:
                message = f"{day} from {start} begins before {ahead} ends, at {latest}"
                yield problem(f"{place}.start", message, f"start at {latest}, or make one entry of both")
            if end > latest:
                latest, ahead = end, place


def _date(place: str, text: str) -> Iterator[Problem]:
    try:
        date.fromisoformat(text)
    except ValueError:
        yield problem(place, f"{text} is no day", _last_day_of(text))


def _last_day_of(text: str) -> str:
    """Return the last day of the month that is meant, where it is one."""
    month = text[:7]
    for day in range(_LATEST_DAY, 27, -1):
        try:
            return date.fromisoformat(f"{month}-{day}").isoformat()
        except ValueError:
            continue
    return ""


def _holidays(calendar: calendar_pb2.Calendar) -> Iterator[Problem]:
    country, subdivision = calendar.holiday_country_code, calendar.holiday_subdivision
    if subdivision and not country:
        yield problem("holiday_country_code", f"of which country is {subdivision!r} a part?")
    if country:
        try:
            public_holidays.check(country, subdivision)
        except public_holidays.UnknownHolidays as error:
            yield problem(error.field, error.message, error.suggestion)

from datetime import date

import pytest

from oms.routing.v1.calendar_pb2 import Calendar, DayOff, Hours, SpecialDay
from services.routing.public_holidays import UnknownHolidays, public_holidays
from services.routing.wire_network import to_calendar


def test_a_part_of_a_country_keeps_days_that_the_others_do_not():
    scotland, england = (public_holidays("GB", part, [2026]) for part in ("SCT", "ENG"))
    assert scotland[date(2026, 11, 30)] == "Saint Andrew's Day"
    assert date(2026, 11, 30) not in england
    assert england[date(2026, 12, 28)] == "Boxing Day (observed)"


def test_names_are_english_everywhere():
    assert public_holidays("DE", "BE", range(2026, 2027))[date(2026, 4, 3)] == "Good Friday"


@pytest.mark.parametrize(
    ("country", "part", "field", "suggestion"),
    [("UK", "", "holiday_country_code", "GB"), ("US", "NYC", "holiday_subdivision", "NY")],
)
def test_a_place_that_nobody_knows_is_refused_with_what_was_meant(country, part, field, suggestion):
    with pytest.raises(UnknownHolidays) as refused:
        public_holidays(country, part, [2026])
    assert (refused.value.field, refused.value.suggestion) == (field, suggestion)


def test_a_calendar_is_closed_on_holidays_and_days_off_and_special_days_win():
    calendar = to_calendar(
        Calendar(
            calendar_id="x",
            hours=[
                Hours(day=Calendar.DAY_FRIDAY, start="13:00", end="24:00"),
                Hours(day=Calendar.DAY_FRIDAY, start="08:00", end="12:00"),
            ],
            holiday_country_code="US",
            days_off=[DayOff(date="2026-07-10", name="Stocktaking")],
            special_days=[SpecialDay(date="2026-12-25", start="08:00", end="10:00")],
        ),
        [2026],
    )
    assert [(it.start.hour, it.end.hour) for it in calendar.shifts(date(2026, 7, 17))] == [(8, 12), (13, 0)]
    assert calendar.closed[date(2026, 7, 10)] == "Stocktaking"
    assert calendar.closed[date(2026, 7, 3)] == "Independence Day (observed)"
    assert calendar.shifts(date(2026, 7, 3)) == ()
    assert len(calendar.shifts(date(2026, 12, 25))) == 1

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.domain.calendar import (
    ALWAYS,
    WEEKDAYS,
    Calendar,
    NeverOpen,
    Shift,
    UnusableCalendar,
    checked,
    latest_start,
    work_done,
)

NEW_YORK, BERLIN, APIA = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")
NINE_TO_FIVE = (Shift(start=time(9), end=time(17)),)
CHRISTMAS, EVE = date(2026, 12, 25), date(2026, 12, 24)
OFFICE = Calendar(
    calendar_id="office",
    hours=(NINE_TO_FIVE,) * 5 + ((),) * 2,
    closed={CHRISTMAS: "Christmas Day", EVE: "Christmas Eve"},
    special={EVE: (Shift(start=time(9), end=time(12)),)},
)
NEVER = Calendar(calendar_id="never", hours=((),) * 7)


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]


def test_work_stops_at_night_and_over_the_weekend():
    assert work_done(at(2026, 3, 6, 16), 120, OFFICE, NEW_YORK) == at(2026, 3, 9, 10)


def test_work_that_comes_before_opening_waits_for_it():
    assert work_done(at(2026, 3, 2, 6), 30, OFFICE, NEW_YORK) == at(2026, 3, 2, 9, 30)


def test_what_is_done_as_a_shift_ends_is_done_then_and_not_the_next_morning():
    assert work_done(at(2026, 3, 6, 16), 60, OFFICE, NEW_YORK) == at(2026, 3, 6, 17)


def test_no_work_is_over_at_once_even_on_a_sunday():
    sunday = at(2026, 3, 8, 12)
    assert work_done(sunday, 0, NEVER, NEW_YORK) == latest_start(sunday, 0, NEVER, NEW_YORK) == sunday


def test_a_day_with_hours_of_its_own_has_those_even_if_it_is_closed_as_well():
    assert OFFICE.shifts(EVE) == (Shift(start=time(9), end=time(12)),)
    assert work_done(at(2026, 12, 24, 11), 120, OFFICE, NEW_YORK) == at(2026, 12, 28, 10)


def test_the_night_in_which_clocks_go_forward_has_an_hour_less_of_work():
    night = Calendar(calendar_id="night", hours=((Shift(start=time(), end=time(6)),),) * 7)
    sunday = at(2026, 3, 8)
    assert work_done(sunday, 5 * 60, night, NEW_YORK) == at(2026, 3, 8, 6)
    assert work_done(sunday, 6 * 60, night, NEW_YORK) == at(2026, 3, 9, 1)


def test_the_day_on_which_clocks_go_back_has_twenty_five_hours():
    assert work_done(at(2026, 10, 25, zone=BERLIN), 25 * 60, ALWAYS, BERLIN) == at(2026, 10, 26, zone=BERLIN)


def test_an_hour_that_comes_twice_is_worked_twice():
    early = Calendar(calendar_id="early", hours=((Shift(start=time(1), end=time(1, 30)),),) * 7)
    first = datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert work_done(first, 60, early, NEW_YORK) == first + timedelta(minutes=90)


def test_a_day_that_the_zone_leaves_out_is_not_worked():
    # Apia went from Thursday 29 to Saturday 31 December 2011.
    assert work_done(at(2011, 12, 29, 16, zone=APIA), 120, WEEKDAYS, APIA) == at(2011, 12, 29, 18, zone=APIA)
    assert work_done(at(2011, 12, 29, 23, zone=APIA), 120, WEEKDAYS, APIA) == at(2012, 1, 2, 1, zone=APIA)


def test_the_latest_start_for_monday_morning_is_on_friday():
    assert latest_start(at(2026, 3, 9, 8), 60, OFFICE, NEW_YORK) == at(2026, 3, 6, 16)


def test_where_the_same_work_is_done_by_beginning_at_closing_or_at_opening_the_latest_start_is_at_opening():
    assert latest_start(at(2026, 3, 9, 10), 60, OFFICE, NEW_YORK) == at(2026, 3, 9, 9)


def test_a_calendar_without_hours_says_so_and_does_not_hang():
    with pytest.raises(NeverOpen, match="'never'"):
        work_done(at(2026, 3, 2), 1, NEVER, NEW_YORK)
    assert latest_start(at(2026, 3, 2), 1, NEVER, NEW_YORK) is None


def test_a_calendar_that_opens_once_in_a_year_is_waited_for():
    yearly = Calendar(calendar_id="yearly", hours=((),) * 7, special={CHRISTMAS: NINE_TO_FIVE})
    assert work_done(at(2026, 1, 2), 60, yearly, NEW_YORK) == at(2026, 12, 25, 10)


def test_moments_may_be_in_any_zone_and_answers_are_in_utc():
    begin = datetime(2026, 3, 2, 9, tzinfo=NEW_YORK)
    assert work_done(begin, 60, OFFICE, NEW_YORK).tzinfo is UTC
    assert work_done(begin.astimezone(BERLIN), 60, OFFICE, NEW_YORK) == at(2026, 3, 2, 10)


@pytest.mark.parametrize(
    ("shifts", "position", "says"),
    [
        ((Shift(start=time(9), end=time(9)),), "hours[Tuesday], shift 1", "not after it starts"),
        ((Shift(start=time(22), end=time(6)),), "hours[Tuesday], shift 1", "a night is two shifts"),
        ((*NINE_TO_FIVE, Shift(start=time(16), end=time(18))), "hours[Tuesday], shift 2", "starts at 16:00:00, before"),
        ((Shift(start=time(9), end=time()), *NINE_TO_FIVE), "hours[Tuesday], shift 2", "before the one ahead"),
        ((Shift(start=time(9, tzinfo=UTC), end=time(10)),), "hours[Tuesday], shift 1", "name no zone"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_their_place(shifts: tuple[Shift, ...], position: str, says: str):
    with pytest.raises(UnusableCalendar) as refused:
        checked(Calendar(calendar_id="c", hours=(NINE_TO_FIVE, shifts, *[NINE_TO_FIVE] * 5)))
    assert says in refused.value.message
    assert refused.value.metadata == {"calendar_id": "c", "position": position}


def test_a_special_day_is_checked_too_and_a_week_has_seven_days():
    backwards = (Shift(start=time(9), end=time(8)),)
    with pytest.raises(UnusableCalendar, match=r"special\[2026-12-25\], shift 1"):
        checked(Calendar(calendar_id="c", hours=((),) * 7, special={CHRISTMAS: backwards}))
    with pytest.raises(UnusableCalendar, match="seven days"):
        checked(Calendar(calendar_id="c", hours=((),) * 5))


def test_two_shifts_that_touch_and_one_to_the_end_of_the_day_are_fine():
    touching = (Shift(start=time(), end=time(6)), Shift(start=time(6), end=time()))
    calendar = Calendar(calendar_id="c", hours=(touching,) * 7)
    assert checked(calendar) is calendar
    assert checked(OFFICE) is OFFICE
    assert checked(WEEKDAYS) is WEEKDAYS

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.routing.domain.promise import hand_over_time, promise_time

NEW_YORK = ZoneInfo("America/New_York")


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]


def test_a_promise_is_the_end_of_a_day_at_the_node():
    assert promise_time(at(2026, 3, 2, 12), "America/New_York", 60, 1) == at(2026, 3, 3, 23, 59, 59)


def test_nobody_carries_on_a_weekend():
    friday = at(2026, 3, 6, 9)
    assert promise_time(friday, "America/New_York", 60, 1) == at(2026, 3, 9, 23, 59, 59)


def test_nobody_works_on_a_weekend():
    saturday = at(2026, 3, 7, 9)
    assert hand_over_time(saturday, "America/New_York", 60) == at(2026, 3, 9, 1)


def test_work_that_friday_does_not_finish_goes_on_on_monday():
    assert hand_over_time(at(2026, 3, 13, 23), "America/New_York", 120) == at(2026, 3, 16, 1)


def test_what_is_ready_as_a_day_ends_is_handed_over_on_the_next():
    assert hand_over_time(at(2026, 3, 2, 23), "America/New_York", 60) == at(2026, 3, 3)
    assert hand_over_time(at(2026, 3, 6, 23), "America/New_York", 60) == at(2026, 3, 9)


def test_the_node_s_weekend_counts_and_not_the_caller_s():
    # Sunday in New York is Monday in Sydney.
    sunday = at(2026, 3, 1, 18)
    assert hand_over_time(sunday, "Australia/Sydney", 0) == sunday


def test_a_promise_over_the_change_to_summer_time_is_still_the_end_of_the_day():
    # Clocks go forward on Sunday 8 March 2026: midnight is at 04:00 UTC afterwards, and was at 05:00.
    promise = promise_time(at(2026, 3, 6, 9), "America/New_York", 60, 1)
    assert promise == datetime(2026, 3, 10, 3, 59, 59, tzinfo=UTC)


def test_a_promise_over_the_change_to_winter_time_is_still_the_end_of_the_day():
    promise = promise_time(datetime(2026, 10, 23, 9, tzinfo=UTC), "Europe/Berlin", 60, 1)
    assert promise == datetime(2026, 10, 26, 22, 59, 59, tzinfo=UTC)


def test_where_the_last_hour_of_a_day_comes_twice_the_day_ends_the_second_time():
    # In Tehran clocks went back from midnight to 23:00 as Tuesday 21 September 2021 ended.
    tehran = ZoneInfo("Asia/Tehran")
    promise = promise_time(at(2021, 9, 20, 9, zone=tehran), "Asia/Tehran", 0, 1)
    assert promise == datetime(2021, 9, 21, 20, 29, 59, tzinfo=UTC)


def test_a_working_day_of_twenty_three_hours_has_that_many():
    # In Amman clocks went forward as Friday 1 April 2016 began: two hours are left of Thursday, and the third, Friday's
    # first, ends at 02:00.
    amman = ZoneInfo("Asia/Amman")
    assert hand_over_time(at(2016, 3, 31, 22, zone=amman), "Asia/Amman", 3 * 60) == at(2016, 4, 1, 2, zone=amman)


def test_a_month_of_processing_is_thirty_working_days():
    assert hand_over_time(at(2026, 6, 1), "America/New_York", 43200) == at(2026, 7, 13)


def test_a_promise_within_the_day_needs_no_transit():
    assert promise_time(at(2026, 3, 2, 12), "America/New_York", 0, 0) == at(2026, 3, 2, 23, 59, 59)

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.domain.calendar import ALWAYS, Calendar, NeverOpen, Shift
from services.routing.domain.departures import Departures, Pickups, departure

NEW_YORK, NUUK, APIA = ZoneInfo("America/New_York"), ZoneInfo("America/Nuuk"), ZoneInfo("Pacific/Apia")
WEEK, EVERY_DAY = frozenset(range(5)), frozenset(range(7))
OFFICE = Calendar(
    calendar_id="office",
    hours=((Shift(start=time(8), end=time(18)),),) * 5 + ((),) * 2,
    closed={date(2026, 3, 4): "Inventory"},
)
AT_FIVE = Pickups(cutoff=time(17), days=WEEK, closed={date(2026, 3, 3): "Carrier's Day"})
TICK = datetime.resolution


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]


def office() -> Departures:
    return Departures(processing_minutes=60, node_calendar=OFFICE, zone=NEW_YORK, pickups=AT_FIVE)


def test_what_is_ready_at_the_cut_off_still_goes_and_a_microsecond_later_does_not():
    assert departure(at(2026, 3, 5, 17), AT_FIVE, OFFICE, NEW_YORK) == at(2026, 3, 5, 17)
    assert departure(at(2026, 3, 5, 17) + TICK, AT_FIVE, OFFICE, NEW_YORK) == at(2026, 3, 6, 17)


def test_nothing_goes_on_the_carrier_s_holiday_nor_on_the_node_s():
    assert departure(at(2026, 3, 2, 18), AT_FIVE, OFFICE, NEW_YORK) == at(2026, 3, 5, 17)


def test_nothing_goes_on_a_day_on_which_only_the_carrier_works():
    daily = Pickups(cutoff=time(17), days=EVERY_DAY)
    assert departure(at(2026, 3, 6, 18), daily, OFFICE, NEW_YORK) == at(2026, 3, 9, 17)


def test_a_cut_off_that_clocks_leave_out_comes_an_hour_later_by_the_clock():
    at_half_past_two = Pickups(cutoff=time(2, 30), days=EVERY_DAY)
    assert departure(at(2026, 3, 8), at_half_past_two, ALWAYS, NEW_YORK) == at(2026, 3, 8, 3, 30)


def test_a_cut_off_that_is_put_forward_over_midnight_is_not_lost():
    # In Nuuk clocks go from Saturday 23:00 to Sunday 00:00.
    at_eleven = Pickups(cutoff=time(23, 30), days=frozenset({5}))
    sunday = at(2024, 3, 31, 0, 10, zone=NUUK)
    assert departure(sunday, at_eleven, ALWAYS, NUUK) == at(2024, 3, 31, 0, 30, zone=NUUK)


def test_a_cut_off_that_comes_twice_counts_the_first_time():
    at_half_past_one = Pickups(cutoff=time(1, 30), days=EVERY_DAY)
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert departure(first, at_half_past_one, ALWAYS, NEW_YORK) == first
    assert departure(first + TICK, at_half_past_one, ALWAYS, NEW_YORK) == at(2026, 11, 2, 1, 30)


def test_nothing_goes_on_a_day_that_the_zone_leaves_out():
    fridays = Pickups(cutoff=time(17), days=frozenset({4}))
    assert departure(at(2011, 12, 29, 9, zone=APIA), fridays, ALWAYS, APIA) == at(2012, 1, 6, 17, zone=APIA)


def test_a_carrier_and_a_node_that_share_no_day_are_never_open():
    with pytest.raises(NeverOpen, match="none in common"):
        departure(at(2026, 3, 2), Pickups(cutoff=time(17), days=frozenset({6})), OFFICE, NEW_YORK)


def test_a_departure_says_when_it_is_ready_when_it_leaves_and_by_when_to_begin():
    found = office().at(at(2026, 3, 5, 9))
    assert found.ready_time == at(2026, 3, 5, 10)
    assert found.dispatch_time == at(2026, 3, 5, 17)
    assert found.release_by == at(2026, 3, 5, 16)


def test_one_that_begins_after_the_last_moment_leaves_the_next_time():
    departures = office()
    assert departures.at(at(2026, 3, 5, 16)).dispatch_time == at(2026, 3, 5, 17)
    assert departures.at(at(2026, 3, 5, 16) + TICK).dispatch_time == at(2026, 3, 6, 17)
    assert departures.at(at(2026, 3, 5, 16)).dispatch_time == at(2026, 3, 5, 17)


def test_a_full_day_is_passed_over_and_full_only_as_long_as_it_is_said_to_be():
    departures, now = office(), at(2026, 3, 5, 9)
    found = departures.at(now, full={date(2026, 3, 5), date(2026, 3, 6)}.__contains__)
    assert (found.ready_time, found.dispatch_time) == (at(2026, 3, 5, 10), at(2026, 3, 9, 17))
    assert found.release_by == at(2026, 3, 9, 16)
    assert departures.at(now).dispatch_time == at(2026, 3, 5, 17)


def test_a_node_that_is_full_for_good_says_so_and_does_not_hang():
    with pytest.raises(NeverOpen, match="full"):
        office().at(at(2026, 3, 5, 9), full=lambda _: True)


def test_a_year_of_questions_out_of_order_is_answered_right():
    departures, begin = office(), at(2026, 3, 5, 9)
    for number in range(400):
        now = begin + timedelta(days=number * 7919 % 400)
        fresh = office().at(now)
        assert departures.at(now) == fresh
        assert departures.at(begin).dispatch_time == at(2026, 3, 5, 17)


def test_departures_of_nobody_who_works_are_refused():
    idle = Calendar(calendar_id="idle", hours=((),) * 7)
    departures = Departures(processing_minutes=60, node_calendar=idle, zone=NEW_YORK, pickups=AT_FIVE)
    for _ in range(2):
        with pytest.raises(NeverOpen, match="idle"):
            departures.at(at(2026, 3, 5))

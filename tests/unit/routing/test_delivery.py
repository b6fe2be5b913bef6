from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.domain.calendar import NeverOpen
from services.routing.domain.delivery import Deliveries, arrival, dispatch_by

NEW_YORK, ANGELES, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin")
WEEK = Deliveries(delivers_on=frozenset(range(5)), closed={date(2026, 3, 4): "Founders' Day"})
DAILY = Deliveries(delivers_on=frozenset(range(7)))


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]


def test_a_parcel_is_there_by_the_end_of_a_day_at_the_destination():
    there = arrival(at(2026, 3, 2, 17), 1, WEEK, from_zone=NEW_YORK, to_zone=ANGELES)
    assert there == at(2026, 3, 3, 23, 59, 59, zone=ANGELES)


def test_weekends_and_holidays_at_the_destination_do_not_count():
    there = arrival(at(2026, 3, 3, 17), 3, WEEK, from_zone=NEW_YORK, to_zone=NEW_YORK)
    assert there == at(2026, 3, 9, 23, 59, 59)


def test_a_parcel_that_leaves_on_saturday_is_one_day_away_from_monday():
    assert arrival(at(2026, 3, 7, 12), 1, WEEK, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 9, 23, 59, 59)


def test_same_day_is_the_same_day_or_else_the_first_on_which_the_carrier_delivers():
    assert arrival(at(2026, 3, 6, 12), 0, WEEK, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 6, 23, 59, 59)
    assert arrival(at(2026, 3, 7, 12), 0, WEEK, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 9, 23, 59, 59)


def test_nothing_is_there_before_it_has_left():
    by_noon = Deliveries(delivers_on=frozenset(range(7)), by=time(12))
    assert arrival(at(2026, 3, 2, 12), 0, by_noon, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 2, 12)
    assert arrival(at(2026, 3, 2, 13), 0, by_noon, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 3, 12)
    # Midday of Monday is long over in Berlin by Monday evening in Los Angeles.
    late = at(2026, 3, 2, 23, zone=ANGELES)
    assert arrival(late, 0, by_noon, from_zone=ANGELES, to_zone=BERLIN) == at(2026, 3, 3, 12, zone=BERLIN)


def test_the_day_on_which_the_last_hour_comes_twice_ends_the_second_time():
    tehran = ZoneInfo("Asia/Tehran")
    there = arrival(at(2021, 9, 20, 9, zone=tehran), 1, DAILY, from_zone=tehran, to_zone=tehran)
    assert there == datetime(2021, 9, 21, 20, 29, 59, tzinfo=UTC)


def test_a_day_that_the_destination_leaves_out_does_not_count():
    apia = ZoneInfo("Pacific/Apia")
    there = arrival(at(2011, 12, 29, 9, zone=apia), 1, DAILY, from_zone=apia, to_zone=apia)
    assert there == at(2011, 12, 31, 23, 59, 59, zone=apia)


def test_a_carrier_that_delivers_on_no_day_is_never_open():
    never = Deliveries(delivers_on=frozenset())
    with pytest.raises(NeverOpen, match="delivers on no day"):
        arrival(at(2026, 3, 2), 1, never, from_zone=NEW_YORK, to_zone=NEW_YORK)
    assert dispatch_by(at(2026, 3, 2), 1, never, from_zone=NEW_YORK, to_zone=NEW_YORK) is None


def test_to_be_there_on_monday_by_a_service_of_two_days_it_must_leave_on_thursday():
    limit = at(2026, 3, 9, 23, 59, 59)
    latest = dispatch_by(limit, 2, WEEK, from_zone=NEW_YORK, to_zone=NEW_YORK)
    assert latest == at(2026, 3, 6) - datetime.resolution


def test_a_limit_a_second_before_the_day_ends_is_a_day_earlier():
    limit = at(2026, 3, 10, 23, 59, 59)
    assert dispatch_by(limit, 1, DAILY, from_zone=NEW_YORK, to_zone=NEW_YORK) == at(2026, 3, 10) - datetime.resolution
    earlier = dispatch_by(limit - timedelta(seconds=1), 1, DAILY, from_zone=NEW_YORK, to_zone=NEW_YORK)
    assert earlier == at(2026, 3, 9) - datetime.resolution


def test_a_time_of_delivery_that_clocks_leave_out_comes_earlier_and_the_limit_knows():
    # In São Paulo clocks went from Saturday's midnight to 01:00 on Sunday 4 November 2018.
    paulo = ZoneInfo("America/Sao_Paulo")
    deliveries = Deliveries(delivers_on=frozenset(range(7)), by=time(0, 15))
    there = arrival(at(2018, 11, 3, 9, zone=paulo), 1, deliveries, from_zone=paulo, to_zone=paulo)
    assert there == at(2018, 11, 3, 23, 15, zone=paulo)
    assert dispatch_by(there, 1, deliveries, from_zone=paulo, to_zone=paulo) == there

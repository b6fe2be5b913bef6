"""Calendars, departures and deliveries against somebody who walks through time (`wall_clock.py`)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.calendar import Calendar, NeverOpen, Shift, latest_start, work_done
from services.routing.domain.delivery import arrival, dispatch_by
from services.routing.domain.departures import Departure, Departures, Pickups, departure
from tests.property.wall_clock import (
    BACK_INTO_YESTERDAY,
    CHANGES,
    MINUTE,
    SECOND,
    WALK,
    calendars,
    deliveries_around,
    moments,
    pickups_around,
    seen_to_come,
    watched_for,
    worked_through,
)

TICK = datetime.resolution
ALL_CHANGES = [*CHANGES, BACK_INTO_YESTERDAY]
changes = st.sampled_from(ALL_CHANGES)
# Slow ones go around each change.
QUICK, SLOW = settings(max_examples=120, deadline=None), settings(max_examples=8, deadline=None)


def name(change: tuple[str, datetime]) -> str:
    return f"{change[0]} {change[1]:%Y-%m-%d}"


@pytest.mark.parametrize("change", ALL_CHANGES, ids=name)
@SLOW
@given(st.data(), st.one_of(st.integers(0, 90), st.integers(0, 1500)))
def test_work_is_over_when_so_many_minutes_of_it_have_been_walked_through(change, data, minutes):
    zone, around = ZoneInfo(change[0]), change[1]
    calendar, start = data.draw(calendars(around)), data.draw(moments(around))
    expected = worked_through(start, timedelta(minutes=minutes), calendar, zone)
    if expected is not None:
        assert work_done(start, minutes, calendar, zone) == expected
    else:
        assert (done(start, minutes, calendar, zone) or start + WALK * 2) > start + WALK


@pytest.mark.parametrize("change", ALL_CHANGES, ids=name)
@SLOW
@given(st.data(), st.integers(0, 60))
def test_work_is_over_to_the_second(change, data, minutes):
    zone, around = ZoneInfo(change[0]), change[1]
    start = data.draw(st.integers(-3600, 3600).map(lambda number: around + number * SECOND))
    marks = sorted(data.draw(st.sets(st.integers(-7200, 7200), min_size=4, max_size=4)))
    local = [(around + number * SECOND).astimezone(zone).time() for number in marks]
    day = tuple(Shift(start=a, end=b) for a, b in [local[:2], local[2:]] if a < b)
    calendar = Calendar(calendar_id="drawn", hours=(tuple(sorted(day, key=lambda shift: shift.start))[:1],) * 7)
    expected = worked_through(start, timedelta(minutes=minutes), calendar, zone, SECOND)
    if expected is not None:
        assert work_done(start, minutes, calendar, zone) == expected
    else:
        assert (done(start, minutes, calendar, zone) or start + WALK) > start + WALK / 60


def done(start: datetime, minutes: int, calendar: Calendar, zone: ZoneInfo) -> datetime | None:
    try:
        return work_done(start, minutes, calendar, zone)
    except NeverOpen:
        return None


@QUICK
@given(changes, st.data(), st.one_of(st.integers(0, 90), st.integers(0, 3000)))
def test_work_is_over_in_time_if_and_only_if_it_begins_by_the_latest_start(change, data, minutes):
    zone, around = ZoneInfo(change[0]), change[1]
    calendar, end = data.draw(calendars(around)), data.draw(moments(around, SECOND))
    latest = latest_start(end, minutes, calendar, zone)
    starts = data.draw(st.lists(moments(around, SECOND), max_size=5))
    for start in [*starts, *([latest - MINUTE, latest - TICK, latest, latest + TICK] if latest else [])]:
        over = done(start, minutes, calendar, zone)
        assert (over is not None and over <= end) == (latest is not None and start <= latest)


@pytest.mark.parametrize("change", ALL_CHANGES, ids=name)
@SLOW
@given(st.data())
def test_a_parcel_leaves_at_the_first_cut_off_that_is_seen_on_the_wall(change, data):
    zone, around = ZoneInfo(change[0]), change[1]
    calendar, collected = data.draw(calendars(around)), data.draw(pickups_around(around, zone))
    near = datetime.combine(around.astimezone(zone), collected.cutoff, zone).astimezone(UTC)
    ready = data.draw(st.one_of(moments(around, SECOND), st.sampled_from([near - TICK, near, near + TICK])))
    expected = watched_for(ready, collected, calendar, zone)
    found = leaves(ready, collected, calendar, zone)
    if expected is not None:
        assert found == expected
    else:
        assert found is None or found > ready + WALK - timedelta(hours=25)


def leaves(ready: datetime, collected: Pickups, calendar: Calendar, zone: ZoneInfo) -> datetime | None:
    try:
        return departure(ready, collected, calendar, zone)
    except NeverOpen:
        return None


@QUICK
@given(changes, st.data(), st.one_of(st.integers(0, 90), st.integers(0, 3000)))
def test_what_is_remembered_of_departures_is_what_would_be_reckoned_anew(change, data, minutes):
    zone, around = ZoneInfo(change[0]), change[1]
    calendar, collected = data.draw(calendars(around)), data.draw(pickups_around(around, zone))
    departures = Departures(processing_minutes=minutes, node_calendar=calendar, zone=zone, pickups=collected)
    full_days = data.draw(st.sets(st.integers(-2, 5).map(lambda number: (around + timedelta(days=number)).date())))
    far = st.integers(0, 200).map(lambda days: around + timedelta(days=days))
    for now in data.draw(st.lists(st.one_of(moments(around, SECOND), far), min_size=1, max_size=12)):
        full = data.draw(st.sampled_from([frozenset(), full_days]))
        expected = anew(now, minutes, calendar, collected, zone, full=full)
        asked = [now] if expected is None else [now, expected.release_by, expected.release_by + TICK, now]
        for moment in asked:
            found = remembered(departures, moment, full)
            assert found == anew(moment, minutes, calendar, collected, zone, full=full)
            assert found is None or moment <= found.release_by


def remembered(departures: Departures, now: datetime, full: set[date] | frozenset[date]) -> Departure | None:
    try:
        return departures.at(now, full=full.__contains__ if full else None)
    except NeverOpen:
        return None


def anew(now, minutes, calendar, collected, zone, *, full) -> Departure | None:
    ready = done(now, minutes, calendar, zone)
    leaving = leaves(ready, collected, calendar, zone) if ready else None
    while leaving and leaving.astimezone(zone).date() in full:
        leaving = leaves(leaving + TICK, collected, calendar, zone)
    if ready is None or leaving is None:
        return None
    release_by = latest_start(leaving, minutes, calendar, zone)
    assert release_by is not None
    return Departure(ready_time=ready, dispatch_time=leaving, release_by=release_by)


@pytest.mark.parametrize("there", CHANGES, ids=name)
@SLOW
@given(st.sampled_from(CHANGES), st.booleans(), st.data(), st.integers(0, 4))
def test_a_parcel_comes_on_the_day_that_counting_vans_gives(there, here, same, data, days):
    to_zone, around = ZoneInfo(there[0]), there[1]
    from_zone = to_zone if same else ZoneInfo(here[0])
    deliveries = data.draw(deliveries_around(around, to_zone))
    dispatch = data.draw(moments(around, SECOND))
    expected = seen_to_come(dispatch, days, deliveries, from_zone, to_zone)
    found = arrival(dispatch, days, deliveries, from_zone=from_zone, to_zone=to_zone)
    assert found == expected or (expected is None and found > dispatch + timedelta(days=20))
    assert found >= dispatch


@QUICK
@given(st.sampled_from(CHANGES), st.sampled_from(CHANGES), st.booleans(), st.data(), st.integers(0, 4))
def test_a_parcel_comes_in_time_if_and_only_if_it_leaves_by_the_last_moment_for_that(there, here, at_node, data, days):
    from_zone, to_zone = ZoneInfo(here[0]), ZoneInfo(there[0])
    around = here[1] if at_node else there[1]
    deliveries = data.draw(deliveries_around(around, to_zone))
    limit = data.draw(moments(around, SECOND))
    latest = dispatch_by(limit, days, deliveries, from_zone=from_zone, to_zone=to_zone)
    assert latest is not None
    for dispatch in [*data.draw(st.lists(moments(around, SECOND), max_size=5)), latest - TICK, latest, latest + TICK]:
        there_by = arrival(dispatch, days, deliveries, from_zone=from_zone, to_zone=to_zone)
        assert (there_by <= limit) == (dispatch <= latest)

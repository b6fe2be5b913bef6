"""The times of a plan: when it leaves, until when work may begin, when it is there."""

from datetime import UTC, date, datetime, time, timedelta

from services.routing.domain.demand import Destination
from services.routing.domain.geo import Place, Point, Precision
from services.routing.domain.node import Cutoff
from services.routing.domain.outcome import Assignment
from tests.unit.routing.build import NEW_YORK, demand, node, only, plan, service

CUTOFF = datetime(2026, 3, 2, 22, tzinfo=UTC)  # 17:00 in New York
STOCK = {"dc-east": {"TEE": 9}}


def planned(
    now: datetime, *, place: Place = NEW_YORK, country_code: str = "US", of_node=None, **of_service
) -> Assignment:
    wanted = demand(("TEE", 1), destination=Destination(country_code=country_code))
    nodes = [node("dc-east", **(of_node or {}))]
    made = plan(wanted, nodes, STOCK, place, services=[service("ground", **of_service)], now=now)
    return only(made)


def test_what_is_ready_at_the_cut_off_leaves_and_a_second_later_waits_a_day():
    ready_in_time = CUTOFF - timedelta(hours=1)
    assert planned(ready_in_time).dispatch_time == CUTOFF
    assert planned(ready_in_time + timedelta(seconds=1)).dispatch_time == CUTOFF + timedelta(days=1)


def test_work_may_begin_as_late_as_the_cut_off_allows():
    assert planned(CUTOFF - timedelta(hours=5)).release_by_time == CUTOFF - timedelta(hours=1)


def test_a_node_may_have_a_cut_off_of_its_own():
    early = {"cutoffs": (Cutoff(carrier_code="acme", time=time(12)),)}
    assert planned(CUTOFF - timedelta(hours=3), of_node=early).dispatch_time == CUTOFF + timedelta(hours=19)


def test_a_parcel_is_there_at_the_end_of_its_last_day_where_it_arrives():
    # Leaves on Monday; two days on the way; Wednesday ends in Los Angeles three hours after it does in New York.
    los_angeles = Place(Point(34.0, -118.2), Precision.POSTAL_CODE, "America/Los_Angeles")
    assert planned(CUTOFF - timedelta(hours=2), place=los_angeles).promise_time == datetime(
        2026, 3, 5, 7, 59, 59, tzinfo=UTC
    )


def test_nothing_is_delivered_on_days_on_which_the_carrier_does_not():
    friday = datetime(2026, 3, 6, 17, tzinfo=UTC)
    assert planned(friday, transit_days=1).promise_time.date() == date(2026, 3, 10)  # Monday ends on Tuesday in UTC
    every_day = frozenset(range(7))
    assert planned(friday, transit_days=1, delivery_days=every_day).promise_time.date() == date(2026, 3, 8)


def test_the_earliest_delivery_is_never_after_the_promise():
    both = planned(CUTOFF - timedelta(hours=2), transit_days=4, least_transit_days=2)
    assert both.promise_time - both.earliest_delivery_time == timedelta(days=2)
    one = planned(CUTOFF - timedelta(hours=2), transit_days=4)
    assert one.promise_time == one.earliest_delivery_time


def test_a_promise_over_the_change_to_summer_time_is_still_the_end_of_the_day():
    # Clocks go forward on Sunday 8 March 2026: midnight is at 04:00 UTC afterwards, and was at 05:00.
    new_york = Place(NEW_YORK.point, NEW_YORK.precision, "America/New_York")
    assert planned(datetime(2026, 3, 6, 14, tzinfo=UTC), place=new_york, transit_days=1).promise_time == datetime(
        2026, 3, 10, 3, 59, 59, tzinfo=UTC
    )


def test_people_read_the_day_of_the_promise_as_it_is_where_the_parcel_arrives():
    # Thursday ends in Los Angeles when Friday has begun in Sydney, from where it is sent.
    los_angeles = Place(Point(34.0, -118.2), Precision.POSTAL_CODE, "America/Los_Angeles")
    made = plan(
        demand(("TEE", 1)),
        [node("dc-east", country_code="AU", time_zone="Australia/Sydney")],
        STOCK,
        los_angeles,
        services=[service("air")],
        now=datetime(2026, 3, 3, 1, tzinfo=UTC),
    )
    assert only(made).promise_time == datetime(2026, 3, 6, 7, 59, 59, tzinfo=UTC)
    assert "promised 5 Mar 2026" in made.explanation

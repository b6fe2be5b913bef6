"""What may be promised, now and by date."""

from datetime import UTC, datetime, timedelta

from services.inventory.domain import atp
from services.inventory.domain.atp import Arrival, Due, Step, View
from services.inventory.domain.position import Pair, Position

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(node_id: str, **counters) -> Position:
    return Position(pair=Pair("TEE", node_id), update_time=NOW, **counters)


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 12, tzinfo=UTC)


def test_reserved_safety_threshold_queued_and_excluded_of_five_each_leave_75_of_100():
    positions = [at("good", on_hand=95, reserved=5, safety_stock=5), at("excluded", on_hand=5)]
    view = View(channel="shop", threshold=5, excluded_node_ids=frozenset({"excluded"}))
    assert atp.now(positions, view, unrouted=5) == 75


def test_ten_on_hand_and_ten_on_the_10th_and_ten_on_the_20th_serve_twenty_on_the_10th():
    steps = atp.by_date(10, [Arrival(day(20), 10), Arrival(day(10), 10)], [], NOW)
    assert steps == (Step(NOW, 10), Step(day(10), 20), Step(day(20), 30))
    assert atp.earliest(steps, 20) == day(10)


def test_units_that_cannot_be_sold_are_not_free():
    assert atp.free(at("east", on_hand=10, unsellable=3, quality_control=2, quarantine=1)) == 7


def test_a_pool_is_free_for_its_segment_only():
    position = at("east", on_hand=10, pools={"B2B": 6, "EU": 1})
    assert [atp.free(position, segment) for segment in ("", "B2B", "EU", "US")] == [3, 9, 4, 3]


def test_a_pool_larger_than_what_is_there_leaves_others_less_than_nothing_and_hides_no_other_node():
    positions = [at("east", on_hand=2, pools={"B2B": 6}), at("west", on_hand=3)]
    assert atp.free(positions[0]) == -4
    assert atp.now(positions, View()) == 3
    assert atp.now(positions, View(segment="B2B")) == 5


def test_a_channel_is_never_promised_less_than_nothing():
    assert atp.now([at("east", on_hand=2)], View(threshold=5)) == 0


def test_an_earlier_promise_holds_back_supply_that_came_before_it():
    steps = atp.by_date(10, [Arrival(day(10), 10)], [Due(day(15), 18)], NOW)
    assert steps == (Step(NOW, 2),)


def test_a_promise_that_later_supply_covers_holds_nothing_back():
    steps = atp.by_date(10, [Arrival(day(10), 10)], [Due(day(10), 10)], NOW)
    assert steps == (Step(NOW, 10),)


def test_whoever_waits_without_a_date_comes_before_every_new_promise():
    steps = atp.by_date(5, [Arrival(day(10), 10)], [Due(None, 8)], NOW)
    assert steps == (Step(NOW, 0), Step(day(10), 7))


def test_a_promise_that_is_overdue_counts_from_now():
    assert atp.by_date(5, [], [Due(day(1), 2)], NOW) == (Step(NOW, 3),)


def test_supply_that_is_late_is_not_here_and_never_comes_today():
    steps = atp.by_date(0, [Arrival(day(1), 4)], [], NOW)
    assert steps == (Step(NOW, 0), Step(NOW + atp.LATE_SUPPLY, 4))


def test_supply_that_comes_this_moment_is_here():
    assert atp.by_date(0, [Arrival(NOW, 4)], [], NOW) == (Step(NOW, 4),)


def test_more_than_all_supply_has_no_date():
    assert atp.earliest(atp.by_date(1, [Arrival(day(10), 1)], [], NOW), 3) is None


def test_demand_without_a_node_is_paid_by_supply_before_anything_is_promised_of_it():
    supply = {Pair("TEE", "east"): [Arrival(day(10), 10)]}
    steps = atp.timeline([at("east", on_hand=2)], supply, [], View(threshold=1), NOW, unrouted=5)
    assert steps == (Step(NOW, 0), Step(day(10), 6))


def test_supply_fills_the_gap_of_its_own_node_and_takes_nothing_from_another():
    positions = [at("east", on_hand=2, reserved=5), at("west", on_hand=10)]
    supply = {Pair("TEE", "east"): [Arrival(day(10), 2), Arrival(day(20), 4)]}
    assert atp.timeline(positions, supply, [], View(), NOW) == (Step(NOW, 10), Step(day(20), 13))


def test_supply_of_a_node_that_the_channel_does_not_see_is_not_promised():
    supply = {Pair("TEE", "east"): [Arrival(day(10), 2)], Pair("TEE", "west"): [Arrival(day(11), 3)]}
    view = View(excluded_node_ids=frozenset({"east"}))
    assert atp.timeline([], supply, [], view, NOW) == (Step(NOW, 0), Step(day(11), 3))


def test_the_first_step_by_date_is_what_can_be_promised_now():
    positions = [at("east", on_hand=9, reserved=1, pools={"EU": 2}), at("west", on_hand=1, reserved=4)]
    view = View(segment="US", threshold=1)
    assert atp.timeline(positions, {}, [], view, NOW)[0].quantity == atp.now(positions, view) == 5


def test_whoever_waits_gets_the_date_at_which_all_before_are_filled_too():
    arrivals = [Arrival(day(20), 5), Arrival(day(10), 4)]
    assert atp.promise_dates(2, arrivals, [2, 3, 1, 5, 1], NOW) == [NOW, day(10), day(10), day(20), None]


def test_nobody_behind_somebody_without_a_date_has_one():
    assert atp.promise_dates(0, [Arrival(day(10), 4)], [9, 1], NOW) == [None, None]


def test_a_date_moves_when_supply_moves():
    before = atp.promise_dates(0, [Arrival(day(10), 4)], [4], NOW)
    after = atp.promise_dates(0, [Arrival(day(10) + timedelta(days=3), 4)], [4], NOW)
    assert (before, after) == ([day(10)], [day(13)])


def test_units_that_are_missing_are_paid_by_supply_before_anybody_has_a_date():
    assert atp.promise_dates(-3, [Arrival(day(10), 4), Arrival(day(20), 4)], [2], NOW) == [day(20)]


def test_a_thousand_arrivals_and_promises_are_one_pass():
    arrivals = [Arrival(NOW + timedelta(hours=hour), 2) for hour in range(1, 5001)]
    dues = [Due(NOW + timedelta(hours=hour), 1) for hour in range(1, 5001)]
    steps = atp.by_date(0, arrivals, dues, NOW)
    assert len(steps) == 5001
    assert steps[-1].quantity == 5000

"""Who of those that wait gets what came."""

import random
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from services.inventory.domain.filling import Fill, Policy, Waiting, fill
from services.inventory.domain.position import Pair

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EAST = Pair("TEE", "east")
WEST = Pair("TEE", "west")
MUG = Pair("MUG", "east")


def waits(owner: str, quantity: int, *, after: int = 0, priority: int = 3, sku: str = "TEE", line: str = "1"):
    return Waiting(
        owner_id=owner,
        line_id=line,
        sku=sku,
        quantity=quantity,
        priority=priority,
        create_time=NOW + timedelta(seconds=after),
    )


def got(fills: Iterable[Fill]) -> dict[str, int]:
    units: dict[str, int] = {}
    for one in fills:
        units[one.owner_id] = units.get(one.owner_id, 0) + one.quantity
    return units


def test_first_come_is_first_served_and_the_last_one_gets_a_part():
    queue = [waits("c", 4, after=3, priority=1), waits("b", 4, after=2), waits("a", 4, after=1)]
    assert got(fill(queue, {EAST: 10}, {"TEE": Policy.FIRST_COME})) == {"a": 4, "b": 4, "c": 2}


def test_the_urgent_come_first_and_then_whoever_waits_longest():
    queue = [waits("a", 4, after=1), waits("b", 4, after=2), waits("c", 4, after=3, priority=1)]
    assert got(fill(queue, {EAST: 6}, {"TEE": Policy.PRIORITY})) == {"c": 4, "a": 2}


def test_a_sku_without_a_policy_goes_by_priority():
    queue = [waits("a", 4), waits("b", 4, after=1, priority=1)]
    assert got(fill(queue, {EAST: 4}, {})) == {"b": 4}


def test_an_order_that_cannot_be_completed_lets_the_next_one_pass():
    queue = [waits("a", 9), waits("b", 4, after=1), waits("c", 2, after=2)]
    assert got(fill(queue, {EAST: 5}, {"TEE": Policy.SHIP_COMPLETE})) == {"b": 4}


def test_an_order_is_complete_only_with_all_its_lines():
    queue = [waits("a", 1), waits("a", 1, sku="MUG", line="2"), waits("b", 1, after=1)]
    policy = {"TEE": Policy.SHIP_COMPLETE, "MUG": Policy.SHIP_COMPLETE}
    assert got(fill(queue, {EAST: 1}, policy)) == {"b": 1}
    assert got(fill(queue, {EAST: 1, MUG: 1}, policy)) == {"a": 2}


def test_a_line_under_another_policy_counts_for_completeness_and_is_filled_by_its_own():
    queue = [waits("a", 1), waits("a", 2, sku="MUG", line="2")]
    policy = {"TEE": Policy.SHIP_COMPLETE, "MUG": Policy.FIRST_COME}
    assert fill(queue, {EAST: 1, MUG: 1}, policy) == [Fill("a", "2", MUG, 1)]
    assert fill(queue, {EAST: 1, MUG: 2}, policy) == [Fill("a", "2", MUG, 2), Fill("a", "1", EAST, 1)]


def test_two_lines_of_one_order_cannot_both_be_completed_by_the_same_unit():
    queue = [waits("a", 3), waits("a", 3, line="2")]
    assert fill(queue, {EAST: 5}, {"TEE": Policy.SHIP_COMPLETE}) == []


def test_fair_shares_are_in_proportion_to_what_is_wanted():
    queue = [waits("a", 10), waits("b", 20), waits("c", 30)]
    assert got(fill(queue, {EAST: 30}, {"TEE": Policy.FAIR_SHARE})) == {"a": 5, "b": 10, "c": 15}


def test_the_unit_that_cannot_be_divided_goes_to_whoever_waits_longest():
    queue = [waits("a", 1, after=2), waits("b", 1, after=1), waits("c", 1, after=3)]
    assert got(fill(queue, {EAST: 1}, {"TEE": Policy.FAIR_SHARE})) == {"b": 1}


def test_a_fair_share_is_never_more_than_is_wanted():
    assert got(fill([waits("a", 2), waits("b", 3)], {EAST: 9}, {"TEE": Policy.FAIR_SHARE})) == {"a": 2, "b": 3}


@pytest.mark.parametrize("policy", Policy)
def test_one_node_is_taken_where_one_has_all(policy: Policy):
    fills = fill([waits("a", 5)], {EAST: 4, WEST: 5}, {"TEE": policy})
    assert fills == [Fill("a", "1", WEST, 5)]


@pytest.mark.parametrize("policy", Policy)
def test_the_fewest_nodes_are_taken_where_none_has_all(policy: Policy):
    north = Pair("TEE", "north")
    fills = fill([waits("a", 9)], {EAST: 1, north: 4, WEST: 5}, {"TEE": policy})
    assert fills == [Fill("a", "1", WEST, 5), Fill("a", "1", north, 4)]


@pytest.mark.parametrize("policy", Policy)
def test_of_nodes_with_as_many_units_the_first_by_id_is_taken(policy: Policy):
    assert fill([waits("a", 1)], {WEST: 3, EAST: 3}, {"TEE": policy}) == [Fill("a", "1", EAST, 1)]


@pytest.mark.parametrize("policy", Policy)
def test_a_node_that_lacks_units_gives_none_and_takes_none(policy: Policy):
    assert fill([waits("a", 1)], {EAST: -3, WEST: 1}, {"TEE": policy}) == [Fill("a", "1", WEST, 1)]


@pytest.mark.parametrize("policy", Policy)
def test_whoever_wants_nothing_more_gets_and_takes_nothing(policy: Policy):
    queue = [waits("a", -2), waits("b", 0), waits("c", 2)]
    assert fill(queue, {EAST: 2}, {"TEE": policy}) == [Fill("c", "1", EAST, 2)]


@pytest.mark.parametrize("policy", Policy)
def test_ten_thousand_that_wait_are_served_in_a_tenth_of_a_second(policy: Policy):
    dice = random.Random(7)
    queue = [waits(f"ord_{n:05}", dice.randint(1, 5), after=n, priority=dice.randint(1, 5)) for n in range(10_000)]
    dice.shuffle(queue)
    free = {Pair("TEE", f"n{n}"): dice.randint(1, 500) for n in range(100)}
    took: list[float] = []
    for _ in range(5):
        start = time.process_time()
        fill(queue, free, {"TEE": policy})
        took.append(time.process_time() - start)
    assert min(took) < 0.1

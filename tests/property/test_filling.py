"""Whatever came and whoever waits: nobody gets more than they want, and nothing is given twice."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.filling import Fill, Policy, Waiting, fill
from services.inventory.domain.position import Pair

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SKUS = ("A", "B")

wants = st.tuples(
    st.sampled_from(["o1", "o2", "o3", "o4"]),
    st.sampled_from(SKUS),
    st.integers(1, 7),
    st.integers(1, 3),
    st.integers(0, 3),
)
queues = st.lists(wants, max_size=10).map(
    lambda drawn: [
        Waiting(
            owner_id=owner,
            line_id=str(number),
            sku=sku,
            quantity=quantity,
            priority=priority,
            create_time=NOW + timedelta(seconds=after),
        )
        for number, (owner, sku, quantity, priority, after) in enumerate(drawn)
    ]
)
frees = st.dictionaries(st.builds(Pair, st.sampled_from(SKUS), st.sampled_from(["n1", "n2", "n3"])), st.integers(-2, 9))
policies = st.dictionaries(st.sampled_from(SKUS), st.sampled_from(Policy))


def got(fills: list[Fill]) -> Counter[str]:
    units: Counter[str] = Counter()
    for one in fills:
        units[one.line_id] += one.quantity
    return units


def there(free: dict[Pair, int], sku: str) -> int:
    return sum(max(0, units) for pair, units in free.items() if pair.sku == sku)


@given(queues, frees, policies)
def test_nobody_gets_more_than_wanted_and_nothing_is_given_that_is_not_free(
    queue: list[Waiting], free: dict[Pair, int], policy: dict[str, Policy]
):
    fills = fill(queue, free, policy)
    assert all(one.quantity > 0 for one in fills)
    assert len({(one.line_id, one.pair) for one in fills}) == len(fills)
    lines = {wait.line_id: wait for wait in queue}
    for line_id, units in got(fills).items():
        assert units <= lines[line_id].quantity
    given_out: Counter[Pair] = Counter()
    for one in fills:
        given_out[one.pair] += one.quantity
        assert (lines[one.line_id].sku, lines[one.line_id].owner_id) == (one.pair.sku, one.owner_id)
    assert all(units <= free[pair] for pair, units in given_out.items())


@given(queues, frees, policies)
def test_nothing_is_left_over_while_somebody_wants_it(
    queue: list[Waiting], free: dict[Pair, int], policy: dict[str, Policy]
):
    fills = fill(queue, free, policy)
    for sku in SKUS:
        if policy.get(sku) is not Policy.SHIP_COMPLETE:
            given_out = sum(one.quantity for one in fills if one.pair.sku == sku)
            assert given_out == min(there(free, sku), sum(wait.quantity for wait in queue if wait.sku == sku))


@given(queues, frees, policies, st.integers())
def test_the_order_in_which_they_are_named_changes_nothing(
    queue: list[Waiting], free: dict[Pair, int], policy: dict[str, Policy], seed: int
):
    dice = random.Random(seed)
    shuffled = dice.sample(queue, len(queue))
    pairs = dict(dice.sample(list(free.items()), len(free)))
    assert fill(shuffled, pairs, policy) == fill(queue, free, policy)


@given(queues, frees, st.sampled_from([Policy.FIRST_COME, Policy.PRIORITY]))
def test_nobody_gets_a_unit_before_those_in_front_have_all_of_theirs(
    queue: list[Waiting], free: dict[Pair, int], rule: Policy
):
    units = got(fill(queue, free, dict.fromkeys(SKUS, rule)))
    for sku in SKUS:
        line = sorted(
            (wait for wait in queue if wait.sku == sku),
            key=lambda one: (
                one.priority if rule is Policy.PRIORITY else 0,
                one.create_time,
                one.owner_id,
                one.line_id,
            ),
        )
        left = there(free, sku)
        for wait in line:
            assert units[wait.line_id] == min(left, wait.quantity)
            left -= units[wait.line_id]


@given(queues, frees, policies)
def test_ship_complete_gives_an_order_all_or_nothing_and_passes_over_none_that_fits(
    queue: list[Waiting], free: dict[Pair, int], policy: dict[str, Policy]
):
    units = got(fill(queue, free, policy))
    complete = [wait for wait in queue if policy.get(wait.sku) is Policy.SHIP_COMPLETE]
    left = {sku: there(free, sku) for sku in SKUS}
    for wait in complete:
        left[wait.sku] -= units[wait.line_id]
    for owner in {wait.owner_id for wait in complete}:
        lines = [wait for wait in queue if wait.owner_id == owner]
        full = all(units[wait.line_id] == wait.quantity for wait in lines)
        mine = [wait for wait in lines if wait in complete]
        if full:
            continue
        assert all(units[wait.line_id] == 0 for wait in mine)
        others_full = all(units[wait.line_id] == wait.quantity for wait in lines if wait not in complete)
        wanted: Counter[str] = Counter()
        for wait in mine:
            wanted[wait.sku] += wait.quantity
        assert not (others_full and all(number <= left[sku] for sku, number in wanted.items()))


@given(queues, frees)
def test_a_fair_share_is_within_one_unit_of_the_exact_one(queue: list[Waiting], free: dict[Pair, int]):
    units = got(fill(queue, free, dict.fromkeys(SKUS, Policy.FAIR_SHARE)))
    for sku in SKUS:
        wanted = sum(wait.quantity for wait in queue if wait.sku == sku)
        for wait in queue:
            if wait.sku == sku:
                exact = min(Fraction(wait.quantity), Fraction(wait.quantity * there(free, sku), wanted))
                assert abs(units[wait.line_id] - exact) < 1


@given(st.integers(1, 30), st.dictionaries(st.sampled_from(["n1", "n2", "n3", "n4"]), st.integers(1, 9)))
def test_a_line_is_split_over_as_few_nodes_as_can_be(quantity: int, nodes: dict[str, int]):
    wait = Waiting(owner_id="o", line_id="1", sku="A", quantity=quantity, priority=3, create_time=NOW)
    fills = fill([wait], {Pair("A", node): units for node, units in nodes.items()}, {"A": Policy.FIRST_COME})
    biggest = sorted(nodes.values(), reverse=True)
    fewest = next((n for n in range(1, len(biggest) + 1) if sum(biggest[:n]) >= quantity), len(biggest))
    assert len(fills) == fewest * bool(nodes)

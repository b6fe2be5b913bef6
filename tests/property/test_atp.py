"""Whatever comes and whatever was promised, no promise eats an earlier one."""

from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain import atp
from services.inventory.domain.atp import Arrival, Due, Step, View
from services.inventory.domain.position import Pair, Position

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST = 12


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


quantities = st.integers(0, 6)
arrivals = st.lists(st.builds(Arrival, st.integers(-3, LAST).map(day), quantities), max_size=6)
dues = st.lists(st.builds(Due, st.one_of(st.none(), st.integers(-3, LAST).map(day)), quantities), max_size=6)
asks = st.lists(st.tuples(st.integers(0, LAST), st.integers(1, 8)), max_size=12)


def promised(steps: tuple[Step, ...], when: datetime) -> int:
    return max(step.quantity for step in steps if step.time <= when)


def kept(there: int, arrivals: list[Arrival], dues: list[Due]) -> bool:
    """Hand out unit by unit, day by day, and say whether everybody had theirs in time. Slow and obvious."""
    shelf = there
    waiting: deque[datetime] = deque(sorted(due.time for due in dues if due.time for _ in range(due.quantity)))
    undated = sum(due.quantity for due in dues if due.time is None)
    for number in range(LAST + 2):
        for arrival in arrivals:
            comes = day(1) if arrival.time < NOW else arrival.time
            shelf += arrival.quantity if comes == day(number) else 0
        while shelf and undated:
            shelf, undated = shelf - 1, undated - 1
        while shelf and waiting and waiting[0] <= day(number):
            shelf -= 1
            waiting.popleft()
        if waiting and waiting[0] <= day(number):
            return False
    return True


@given(st.integers(-5, 15), arrivals, dues)
def test_steps_begin_now_and_only_grow(there: int, coming: list[Arrival], due: list[Due]):
    steps = atp.by_date(there, coming, due, NOW)
    assert steps[0].time == NOW
    assert steps[0].quantity >= 0
    for one, other in pairwise(steps):
        assert one.time < other.time
        assert one.quantity < other.quantity


@given(st.integers(0, 15), arrivals, st.lists(quantities, max_size=2), asks)
def test_every_promise_that_is_given_is_kept_and_none_that_could_be_kept_is_refused(
    there: int, coming: list[Arrival], undated: list[int], wanted: list[tuple[int, int]]
):
    given_out = [Due(None, quantity) for quantity in undated]
    for number, quantity in wanted:
        most = promised(atp.by_date(there, coming, given_out, NOW), day(number))
        assert not kept(there, coming, [*given_out, Due(day(number), most + 1)])
        if quantity <= most:
            given_out.append(Due(day(number), quantity))
        assert kept(there, coming, given_out)


@given(st.integers(-5, 15), arrivals, dues, st.integers(0, LAST), st.data())
def test_a_promise_takes_what_it_says_from_later_ones_and_no_more_than_that_from_earlier_ones(
    there: int, coming: list[Arrival], due: list[Due], number: int, data: st.DataObject
):
    before = atp.by_date(there, coming, due, NOW)
    quantity = data.draw(st.integers(0, promised(before, day(number))))
    after = atp.by_date(there, coming, [*due, Due(day(number), quantity)], NOW)
    for other in range(LAST + 2):
        was, is_now = promised(before, day(other)), promised(after, day(other))
        if other >= number:
            assert is_now == was - quantity
        else:
            assert is_now == min(was, promised(before, day(number)) - quantity)


@given(st.integers(0, 15), arrivals, dues, st.integers(1, 20))
def test_the_earliest_date_is_one_at_which_so_many_are_promised_and_no_day_before_is(
    there: int, coming: list[Arrival], due: list[Due], wanted: int
):
    steps = atp.by_date(there, coming, due, NOW)
    days = [number for number in range(LAST + 2) if promised(steps, day(number)) >= wanted]
    assert atp.earliest(steps, wanted) == (day(days[0]) if days else None)


@given(st.integers(-5, 15), arrivals, st.lists(st.integers(1, 6), max_size=6))
def test_whoever_waits_is_dated_as_if_each_before_had_been_promised_its_units(
    there: int, coming: list[Arrival], queue: list[int]
):
    ahead = 0
    for quantity, date in zip(queue, atp.promise_dates(there, coming, queue, NOW), strict=True):
        steps = atp.by_date(there, coming, [Due(None, ahead)], NOW)
        assert date == atp.earliest(steps, quantity)
        ahead += quantity


counters = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3), st.integers(0, 3))


@given(st.lists(counters, max_size=4), st.lists(st.tuples(st.integers(0, 3), st.integers(-1, LAST), quantities)))
def test_by_date_is_what_can_be_promised_now_once_the_supply_has_come(
    nodes: list[tuple[int, int, int, int]], coming: list[tuple[int, int, int]]
):
    view = View(segment="US", threshold=1, excluded_node_ids=frozenset({"n3"}))
    supply: dict[Pair, list[Arrival]] = {}
    for index, number, quantity in coming:
        supply.setdefault(Pair("S", f"n{index}"), []).append(Arrival(day(number), quantity))
    steps = atp.timeline(positions(nodes, {}), supply, [], view, NOW, unrouted=2)
    for number in range(LAST + 1):
        here: dict[int, int] = {}
        for index, when, quantity in coming:
            if (1 if when < 0 else when) <= number:
                here[index] = here.get(index, 0) + quantity
        assert promised(steps, day(number)) == atp.now(positions(nodes, here), view, unrouted=2)


def positions(nodes: list[tuple[int, int, int, int]], came: dict[int, int]) -> list[Position]:
    counted = dict(enumerate(nodes)) | {index: (0, 0, 0, 0) for index in came if index >= len(nodes)}
    return [
        Position(
            pair=Pair("S", f"n{index}"),
            on_hand=on_hand + came.get(index, 0),
            reserved=reserved,
            pools={"US": own, "EU": theirs},
            update_time=NOW,
        )
        for index, (on_hand, reserved, own, theirs) in counted.items()
    ]

"""The fulfillment machine under late, repeated and reordered reports: every unit ends in one place, once."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.state.fulfillment import (
    Arrive,
    Done,
    Event,
    Fact,
    FulfillmentState,
    Ship,
    Unship,
    Wait,
)
from workflows.state.units import RightToUnits, Work

LINES = ("lin_0", "lin_1")


def work(quantities):
    rights = tuple(
        RightToUnits(line_id, f"SKU-{line_id}", quantity, f"rsv_{line_id}_{n}")
        for line_id, parts in zip(LINES, quantities, strict=False)
        for n, quantity in enumerate(parts)
    )
    return Work("ful_1", "dc-east", rights)


@st.composite
def stories(draw):
    """A split of every line's units over shipments, rejections and cancellations, and the events that tell of it."""
    quantities = draw(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=2), min_size=1, max_size=2))
    events, number = [], 0
    for line_id, parts in zip(LINES, quantities, strict=False):
        left = sum(parts)
        while left:
            number += 1
            taken = draw(st.integers(1, left))
            left -= taken
            fact = draw(st.sampled_from([Fact.SHIPPED, Fact.SHIPPED, Fact.REJECTED, Fact.SHORT_PICKED, Fact.CANCELLED]))
            shipment = f"shp_{number}" if fact is Fact.SHIPPED else ""
            events.append(Event(f"evt_{number}", fact, ((line_id, taken),), shipment))
            if fact is Fact.SHIPPED:
                end = draw(st.sampled_from([Fact.DELIVERED, Fact.DELIVERED, Fact.LOST]))
                events.append(Event(f"evt_{number}_end", end, shipment_id=shipment))
                if draw(st.booleans()):
                    events.append(Event(f"evt_{number}_odd", Fact.EXCEPTION, shipment_id=shipment))
    repeated = draw(st.lists(st.sampled_from(events), max_size=4))
    return quantities, draw(st.permutations(events + repeated))


def carry_out(state):
    while not isinstance(step := state.next_step(), Wait | Done):
        match step:
            case Unship():
                state.unshipped(step)
            case Ship():
                state.shipped(step)
            case Arrive():
                state.arrived(step)
    return step


@given(stories())
def test_every_unit_ends_in_one_place_whatever_the_order_of_the_reports(story):
    quantities, events = story
    state = FulfillmentState.begin(work(quantities))
    for event in events:
        state.heard(event)
        carry_out(state)
    assert isinstance(state.next_step(), Done)
    for line_id, parts in zip(LINES, quantities, strict=False):
        ends = {"delivered": 0, "rejected": 0, "cancelled": 0, "lost": 0}
        for end in ends:
            ends[end] = sum(one.quantity for one in getattr(state, end) if one.line_id == line_id)
        assert sum(ends.values()) == sum(parts)


@given(stories())
def test_no_reservation_is_used_for_more_units_than_it_has(story):
    quantities, events = story
    state = FulfillmentState.begin(work(quantities))
    used = {}
    for event in events:
        state.heard(event)
        while not isinstance(step := state.next_step(), Wait | Done):
            match step:
                case Unship() | Ship():
                    for right in step.rights:
                        used[right.reservation_id] = used.get(right.reservation_id, 0) + right.quantity
                    state.unshipped(step) if isinstance(step, Unship) else state.shipped(step)
                case Arrive():
                    state.arrived(step)
    for right in work(quantities).lines:
        assert used[right.reservation_id] == right.quantity


def test_a_parcel_delivered_before_it_was_shipped_is_delivered_after():
    state = FulfillmentState.begin(work([[1]]))
    state.heard(Event("evt_2", Fact.DELIVERED, shipment_id="shp_1"))
    assert isinstance(state.next_step(), Wait)
    state.heard(Event("evt_1", Fact.SHIPPED, (("lin_0", 1),), "shp_1"))
    step = state.next_step()
    assert isinstance(step, Ship)
    state.shipped(step)
    assert isinstance(state.next_step(), Arrive)


def test_a_parcel_that_nobody_speaks_of_is_lost_after_four_silences():
    state = FulfillmentState.begin(work([[1]]))
    state.heard(Event("evt_1", Fact.SHIPPED, (("lin_0", 1),), "shp_1"))
    state.shipped(state.next_step())
    for _ in range(4):
        assert isinstance(state.next_step(), Wait)
        state.silent()
    step = state.next_step()
    assert isinstance(step, Arrive)
    assert step.lost


def test_the_order_is_told_of_rejected_units_while_the_rest_goes_on_and_only_once():
    state = FulfillmentState.begin(work([[3]]))
    state.heard(Event("evt_1", Fact.SHORT_PICKED, (("lin_0", 1),)))
    state.unshipped(state.next_step())
    sequence, rejected, cancelled = state.news()
    assert (sequence, [one.quantity for one in rejected], cancelled) == (1, [1], [])
    assert state.news() is None
    assert state.rejected == [], "what was told is not in the result again"

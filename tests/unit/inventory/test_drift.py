"""How far somebody's figures are from ours, and when that is too far."""

from datetime import UTC, datetime

import pytest

from services.inventory.domain.deciding import check, decide, impossible
from services.inventory.domain.drift import (
    DEFAULT_LIMIT,
    NO_LIMIT,
    Claim,
    DriftException,
    Figure,
    Limit,
    State,
    correct,
    measure,
)
from services.inventory.domain.messages import Message, added_up, counted_once
from services.inventory.domain.messages import check as checked
from services.inventory.domain.position import Pair, Position, Reason
from services.inventory.domain.problems import DuplicateSku, StockBelowZero
from services.inventory.domain.problems_sources import DriftExceptionDecided, InvalidPart, MixedFigures

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEE = Pair("TEE", "east")


def claim(counted: int, *, known: bool = True) -> Claim:
    return Claim(pair=TEE, counted=counted, known=known)


def there(**counters: int) -> Position:
    return Position(pair=TEE, update_time=NOW, **counters)


@pytest.mark.parametrize(
    ("ours", "theirs", "exceeded"),
    [
        (100, 80, False),  # 20 units and 20 percent: on the limit is within it
        (100, 120, False),
        (100, 79, True),
        (100, 121, True),
        (20, 10, False),  # half of it, and 10 units
        (20, 9, True),
        (1000, 801, False),  # many units, few percent
        (0, 10, False),
        (0, 11, True),
        (11, 0, True),
    ],
)
def test_a_difference_is_too_large_when_it_is_above_both_units_and_percent(ours, theirs, exceeded):
    assert DEFAULT_LIMIT.exceeded(claim(theirs), Figure(on_hand=ours)) is exceeded


def test_a_limit_of_nothing_lets_nothing_pass_but_agreement():
    limit = Limit(units=0, percent=0)
    assert limit.exceeded(claim(9), Figure(on_hand=10))
    assert not limit.exceeded(claim(10), Figure(on_hand=10))


def test_without_a_limit_everything_passes():
    assert not NO_LIMIT.exceeded(claim(1_000_000_000), Figure(on_hand=1))


def test_what_is_said_first_of_a_pair_of_nothing_is_no_difference():
    assert not DEFAULT_LIMIT.exceeded(claim(5000, known=False), Figure())


@pytest.mark.parametrize("figure", [Figure(on_hand=1), Figure(reserved=1), Figure(on_hand=0, moved=-7)])
def test_what_is_said_first_of_a_pair_that_has_something_is_one(figure):
    assert DEFAULT_LIMIT.exceeded(claim(5000, known=False), figure)


def test_the_figure_that_counts_is_that_of_the_moment_of_the_count():
    drift = measure(claim(8), Figure(on_hand=4, reserved=5, moved=-5))  # 9 then; 5 left since
    assert (drift.was_on_hand, drift.on_hand, drift.delta) == (9, 8, -1)
    assert drift.oversold == 2  # 3 are there now


def test_percents_are_of_the_figure_of_that_moment():
    assert not Limit(units=0, percent=10).exceeded(claim(90), Figure(on_hand=10, moved=-90))
    assert Limit(units=0, percent=10).exceeded(claim(89), Figure(on_hand=10, moved=-90))


def test_a_correction_takes_stock_to_zero_and_no_further():
    movement = correct(there(on_hand=3), -5, Reason.SNAPSHOT, "wms/1")
    assert (movement.on_hand, movement.reason, movement.reference) == (-3, Reason.SNAPSHOT, "wms/1")


@pytest.mark.parametrize(
    ("left", "unsellable", "quality_control", "quarantine"),
    [(9, 0, 0, 0), (6, -2, 0, 0), (4, -4, -1, 0), (1, -7, -2, -2), (0, -8, -2, -3)],
)
def test_damaged_units_go_first_then_those_in_quality_control_then_quarantine(
    left, unsellable, quality_control, quarantine
):
    position = there(on_hand=10, unsellable=8, quality_control=2, quarantine=3)
    found = correct(position, left - 10, Reason.COUNT, "")
    assert (found.unsellable, found.quality_control, found.quarantine) == (unsellable, quality_control, quarantine)


def test_more_units_make_none_unsellable():
    found = correct(there(on_hand=2, unsellable=2), 5, Reason.COUNT, "")
    assert (found.on_hand, found.unsellable) == (5, 0)


def waiting(proposed: int = -5) -> DriftException:
    return DriftException(
        drift_exception_id="dft_1",
        source="wms",
        pair=TEE,
        sequence=1,
        was_on_hand=10,
        on_hand=10 + proposed,
        proposed_delta=proposed,
        create_time=NOW,
    )


@pytest.mark.parametrize(("accept", "state"), [(True, State.ACCEPTED), (False, State.REJECTED)])
def test_a_decision_says_who_and_when_and_why(accept, state):
    decided = decide(waiting(), accept=accept, note="looked", actor="ann", now=NOW)
    assert (decided.state, decided.decide_actor, decided.decide_time, decided.note) == (state, "ann", NOW, "looked")


def test_what_was_decided_is_not_decided_again():
    decided = decide(waiting(), accept=False, note="", actor="ann", now=NOW)
    with pytest.raises(DriftExceptionDecided):
        decide(decided, accept=True, note="", actor="bob", now=NOW)


def test_a_correction_of_more_than_is_there_now_is_refused():
    check(waiting(-5), there(on_hand=5))
    with pytest.raises(StockBelowZero):
        check(waiting(-5), there(on_hand=4))


def test_what_went_although_it_was_not_there_is_told():
    (found,) = impossible({TEE: there(on_hand=3, reserved=2)}, {TEE: -4})
    assert (found.was_on_hand, found.on_hand, found.oversold) == (3, 0, 2)
    assert impossible({TEE: there(on_hand=3)}, {TEE: -3}) == []


def test_a_snapshot_cannot_count_a_sku_twice():
    with pytest.raises(DuplicateSku):
        counted_once([("TEE", 1), ("MUG", 1), ("TEE", 1)])


def test_what_changed_twice_is_added_up():
    assert added_up([("TEE", 4), ("MUG", 1), ("TEE", -1)]) == {"TEE": 3, "MUG": 1}


@pytest.mark.parametrize(("part", "part_count"), [(1, 0), (0, 2), (3, 2)])
def test_a_part_that_cannot_be_is_refused(part, part_count):
    with pytest.raises(InvalidPart):
        checked(Message(source="wms", node_id="east", sequence=1, part=part, part_count=part_count))


@pytest.mark.parametrize("also", [{"counts": {"MUG": 1}}, {"complete": True}])
def test_what_was_counted_and_what_has_changed_are_two_messages(also):
    with pytest.raises(MixedFigures):
        checked(Message(source="wms", node_id="east", sequence=1, deltas={"TEE": 1}, **also))

"""The life of units that will be there."""

from datetime import UTC, datetime, timedelta

import pytest

from services.inventory.domain.atp import Arrival
from services.inventory.domain.position import Pair
from services.inventory.domain.problems_supply import NothingReceived, SupplyNotOpen, SupplyTooSmall, SupplyUndated
from services.inventory.domain.supply import State, Supply, SupplyType, arrival, cancel, move, receive

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ETA = datetime(2026, 3, 10, tzinfo=UTC)


def supply(**other) -> Supply:
    fields = {"type": SupplyType.PURCHASE_ORDER, "quantity": 10, "expect_time": ETA, **other}
    return Supply(supply_id="sup_1", pair=Pair("TEE", "east"), create_time=NOW, update_time=NOW, **fields)


def seen(one: Supply) -> tuple[int, int, int, State]:
    return one.received, one.cancelled, one.open, one.state


def test_a_part_that_comes_leaves_the_rest_open():
    assert seen(receive(supply(), 4, LATER, final=False)) == (4, 0, 6, State.OPEN)


def test_the_last_units_that_come_end_it():
    after = receive(supply(received=4), 6, LATER, final=False)
    assert seen(after) == (10, 0, 0, State.RECEIVED)
    assert after.update_time == LATER


def test_more_than_was_announced_is_taken_in():
    assert seen(receive(supply(), 13, LATER, final=False)) == (13, 0, 0, State.RECEIVED)


def test_the_last_receipt_cancels_what_did_not_come():
    assert seen(receive(supply(), 4, LATER, final=True)) == (4, 6, 0, State.RECEIVED)


def test_a_last_receipt_of_nothing_is_a_cancellation():
    assert seen(receive(supply(), 0, LATER, final=True)) == (0, 10, 0, State.CANCELLED)


@pytest.mark.parametrize(("units", "final"), [(0, False), (-1, False), (-1, True)])
def test_a_receipt_of_nothing_is_refused(units: int, final: bool):
    with pytest.raises(NothingReceived):
        receive(supply(), units, LATER, final=final)


def test_some_units_can_be_cancelled_and_all_by_zero():
    assert seen(cancel(supply(), 4, LATER)) == (0, 4, 6, State.OPEN)
    assert seen(cancel(supply(), 0, LATER)) == (0, 10, 0, State.CANCELLED)


def test_what_came_in_part_and_is_cancelled_was_received():
    assert seen(cancel(supply(received=1), 0, LATER)) == (1, 9, 0, State.RECEIVED)


@pytest.mark.parametrize("units", [7, -1])
def test_no_more_can_be_cancelled_than_is_to_come(units: int):
    with pytest.raises(SupplyTooSmall):
        cancel(supply(received=4), units, LATER)


@pytest.mark.parametrize("state", [State.RECEIVED, State.CANCELLED])
def test_what_has_ended_does_not_change(state: State):
    ended = supply(state=state)
    for change in (
        lambda: receive(ended, 1, LATER, final=False),
        lambda: cancel(ended, 1, LATER),
        lambda: move(ended, ETA, LATER),
    ):
        with pytest.raises(SupplyNotOpen):
            change()


def test_open_units_arrive_when_they_are_announced():
    assert arrival(supply(received=4), NOW) == Arrival(ETA, 6)
    assert arrival(move(supply(), LATER, NOW), NOW) == Arrival(LATER, 10)


def test_a_suppliers_stock_arrives_a_lead_time_from_now_and_has_no_date_to_move():
    there = supply(type=SupplyType.SUPPLIER, expect_time=None, lead_time=timedelta(days=5))
    assert arrival(there, LATER) == Arrival(LATER + timedelta(days=5), 10)
    with pytest.raises(SupplyUndated):
        move(there, ETA, LATER)


@pytest.mark.parametrize(
    "other",
    [
        {"expect_time": None},
        {"state": State.CANCELLED, "cancelled": 10},
        {"received": 10},
    ],
)
def test_what_has_no_date_or_is_not_to_come_is_not_promised(other: dict):
    assert arrival(supply(**other), NOW) is None

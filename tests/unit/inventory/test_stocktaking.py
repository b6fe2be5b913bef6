"""How many there are."""

from datetime import UTC, datetime

import pytest

from services.inventory.domain.ledger import Sums, prove
from services.inventory.domain.position import Pair, Position, Reason
from services.inventory.domain.problems import StockBelowZero
from services.inventory.domain.stocktaking import Adjustment, adjust, depart

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEE = Pair("TEE", "east")


def there(**counters: int) -> dict[Pair, Position]:
    return {TEE: Position(pair=TEE, update_time=NOW, **counters)}


def change(on_hand: int = 0, unsellable: int = 0) -> Adjustment:
    return Adjustment(pair=TEE, on_hand=on_hand, unsellable=unsellable)


def test_available_is_what_is_left_after_everybody_elses_share():
    assert there(on_hand=100, reserved=20, safety_stock=5, unsellable=3)[TEE].available == 72


def test_no_more_can_be_taken_than_is_there():
    with pytest.raises(StockBelowZero) as caught:
        adjust(there(on_hand=2), [change(-1), change(-2)], Reason.LOSS, "")
    assert caught.value.metadata == {
        "sku": "TEE",
        "node_id": "east",
        "counter": "on_hand",
        "there": "2",
        "delta": "-3",
    }


def test_differences_of_one_pair_are_judged_by_their_sum():
    assert len(adjust(there(on_hand=2), [change(-3), change(+1)], Reason.COUNT, "")) == 2


def test_a_loss_may_leave_less_than_is_reserved():
    (movement,) = adjust(there(on_hand=5, reserved=5), [change(-4)], Reason.LOSS, "flood")
    assert (movement.on_hand, movement.reference) == (-4, "flood")


@pytest.mark.parametrize("units", [(0, 1), (-1, 0), (0, -3)])
def test_what_is_unsellable_is_always_between_nothing_and_what_is_on_hand(units):
    with pytest.raises(StockBelowZero) as caught:
        adjust(there(on_hand=2, unsellable=2), [change(*units)], Reason.CORRECTION, "")
    assert caught.value.metadata["counter"] == "unsellable"


def test_units_that_left_leave_their_right_and_their_stock():
    (movement,) = depart(there(on_hand=5, reserved=3), [(TEE, 2, "shp_1")], Reason.CONSUMED)
    assert (movement.on_hand, movement.reserved, movement.reference) == (-2, -2, "shp_1")


def test_units_that_left_although_fewer_were_counted_take_stock_to_zero_and_no_further():
    first, second = depart(there(on_hand=3, reserved=5, unsellable=1), [(TEE, 2, "a"), (TEE, 3, "b")], Reason.CONSUMED)
    assert (first.on_hand, first.reserved, first.unsellable) == (-2, -2, 0)
    assert (second.on_hand, second.reserved, second.unsellable) == (-1, -3, -1)


def test_a_counter_that_is_not_the_sum_of_its_rows_is_found():
    (position,) = there(on_hand=5, reserved=2).values()
    sums = Sums(position=position, on_hand=5, reserved=2, safety_stock=0, unsellable=0, live=1, live_reservations=1)
    (found,) = prove([sums])
    assert (found.counter, found.rows, found.counted, found.summed) == ("reserved", "reservations", 2, 1)

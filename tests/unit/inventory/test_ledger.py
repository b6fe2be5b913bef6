"""What does not add up, and what puts it right."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.inventory.domain.ledger import LotSum, Sums, prove, repair
from services.inventory.domain.position import Pair, Position

RIGHT = Sums(
    position=Position(
        pair=Pair("TEE", "east"), on_hand=9, reserved=4, safety_stock=1, unsellable=3, quality_control=1, quarantine=2,
        update_time=datetime(2026, 3, 2, tzinfo=UTC),
    ),
    on_hand=9, reserved=4, safety_stock=1, unsellable=3, quality_control=1, quarantine=2, live=4, live_reservations=2,
    lots=(LotSum(lot_id="L", on_hand=5, summed=5),),
)  # fmt: skip


def wrong(sums):
    return [(one.counter, one.rows, one.counted, one.summed) for one in prove([sums])]


def test_what_adds_up_is_neither_found_nor_repaired():
    assert (prove([RIGHT]), repair([RIGHT])) == ([], [])


@pytest.mark.parametrize(
    "counter", ["on_hand", "reserved", "safety_stock", "unsellable", "quality_control", "quarantine"]
)
def test_each_counter_is_compared_with_the_ledger_and_set_to_it(counter):
    right = getattr(RIGHT.position, counter)
    broken = replace(RIGHT, position=replace(RIGHT.position, **{counter: right + 1}))
    assert (counter, "ledger", right + 1, right) in wrong(broken)
    (found,) = repair([broken])
    assert (found.position, found.reserved_delta) == (RIGHT.position, 0)


def test_live_reservations_are_believed_more_than_the_ledger():
    (found,) = repair([replace(RIGHT, live=6)])
    assert (found.position.reserved, found.reserved_delta) == (6, 2)


def test_a_lot_becomes_what_its_entries_say():
    broken = replace(RIGHT, lots=(LotSum(lot_id="L", on_hand=0, summed=5),))
    assert wrong(broken) == [("lot L", "ledger", 0, 5)]
    (found,) = repair([broken])
    assert found.sums == RIGHT


def test_lots_of_more_than_is_there_are_found_and_no_repair_is_claimed():
    broken = replace(RIGHT, lots=(LotSum(lot_id="L", on_hand=10, summed=10),))
    assert wrong(broken) == [("lots", "on_hand", 10, 9)]
    assert repair([broken]) == []


@pytest.mark.parametrize("said", [{"on_hand": -1}, {"unsellable": 10}, {"quarantine": 3}, {"safety_stock": -1}])
def test_a_ledger_that_says_what_cannot_be_repairs_nothing(said):
    broken = replace(RIGHT, **said)
    assert wrong(broken)
    assert repair([broken]) == []

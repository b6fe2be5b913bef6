"""Who gets what."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.inventory.domain.position import Pair, Position
from services.inventory.domain.problems import ExpireTimePassed, InsufficientStock
from services.inventory.domain.reservation import State
from services.inventory.domain.reserving import Demand, Line, decide, movements
from services.inventory.domain.shelf import Shelf

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEE = Pair("TEE", "east")
MUG = Pair("MUG", "east")


def shelf(free: dict[Pair, int]) -> Shelf:
    return Shelf({pair: Position(pair=pair, on_hand=units, update_time=NOW) for pair, units in free.items()}, {})


def demand(
    *lines: tuple[Pair, int], best_effort: bool = False, expire_time: datetime | None = None, request_id: str = "r1"
) -> Demand:
    return Demand(
        request_id=request_id,
        owner_id="ord_1",
        lines=[Line(line_id=str(number), pair=pair, quantity=units) for number, (pair, units) in enumerate(lines)],
        best_effort=best_effort,
        expire_time=expire_time,
    )


def test_every_line_gets_a_reservation_in_the_order_of_the_request():
    made, shortfalls = decide(demand((MUG, 1), (TEE, 2)), shelf({TEE: 2, MUG: 5}), NOW)
    assert [(one.pair, one.quantity, one.line_id) for one in made] == [(MUG, 1, "0"), (TEE, 2, "1")]
    assert not shortfalls


def test_two_lines_of_one_pair_cannot_both_have_the_last_unit():
    with pytest.raises(InsufficientStock) as caught:
        decide(demand((TEE, 3), (TEE, 3)), shelf({TEE: 5}), NOW)
    assert caught.value.metadata["wanted"] == "6"
    assert caught.value.metadata["available"] == "5"


def test_all_short_pairs_are_named_and_the_first_in_full():
    with pytest.raises(InsufficientStock) as caught:
        decide(demand((MUG, 1), (TEE, 3)), shelf({TEE: 1}), NOW)
    assert caught.value.metadata["sku"] == "MUG"
    assert [row["sku"] for row in json.loads(caught.value.metadata["shortfalls"])] == ["MUG", "TEE"]


def test_a_list_of_many_short_pairs_stays_readable_json():
    lines = [(Pair("S" * 90 + str(number), "n" * 60), 1) for number in range(500)]
    with pytest.raises(InsufficientStock) as caught:
        decide(demand(*lines), shelf({}), NOW)
    assert caught.value.metadata["shortfall_count"] == "500"
    assert len(caught.value.metadata["shortfalls"]) <= 1000
    assert json.loads(caught.value.metadata["shortfalls"])


def test_stock_below_zero_is_said_to_be_nothing():
    with pytest.raises(InsufficientStock) as caught:
        decide(demand((TEE, 1)), shelf({TEE: -3}), NOW)
    assert caught.value.metadata["available"] == "0"


def test_best_effort_serves_lines_in_order_and_says_what_is_missing():
    made, shortfalls = decide(demand((TEE, 3), (TEE, 3), (MUG, 1), best_effort=True), shelf({TEE: 5}), NOW)
    assert [(one.line_id, one.quantity) for one in made] == [("0", 3), ("1", 2)]
    assert [(one.line_id, one.wanted, one.available) for one in shortfalls] == [("1", 3, 2), ("2", 1, 0)]


def test_every_reservation_has_an_id_of_its_own():
    made, _ = decide(demand((TEE, 1), (TEE, 1)), shelf({TEE: 5}), NOW)
    again, _ = decide(demand((TEE, 1), (TEE, 1)), shelf({TEE: 5}), NOW)
    assert len({one.reservation_id for one in (*made, *again)}) == 4


def test_a_reservation_with_an_end_is_soft_and_one_without_is_hard():
    soft, _ = decide(demand((TEE, 1), expire_time=NOW + timedelta(seconds=1)), shelf({TEE: 1}), NOW)
    hard, _ = decide(demand((TEE, 1)), shelf({TEE: 1}), NOW)
    assert (soft[0].state, hard[0].state) == (State.SOFT, State.HARD)


def test_a_reservation_cannot_end_before_it_begins():
    with pytest.raises(ExpireTimePassed):
        decide(demand((TEE, 1), expire_time=NOW), shelf({TEE: 1}), NOW)


def test_the_ledger_will_name_each_reservation():
    made, _ = decide(demand((TEE, 1), (TEE, 2)), shelf({TEE: 3}), NOW)
    assert [(one.reserved, one.reference) for one in movements(made)] == [
        (1, made[0].reservation_id),
        (2, made[1].reservation_id),
    ]

"""What expires first leaves first."""

from datetime import UTC, datetime, timedelta

from services.inventory.domain.lots import Lot, expired, pick, sellable_until

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lot(lot_id: str, on_hand: int, days: int | None = None) -> Lot:
    expire_time = None if days is None else NOW + timedelta(days=days)
    return Lot(lot_id=lot_id, on_hand=on_hand, expire_time=expire_time)


LOTS = [lot("keeps", 5), lot("late", 4, 9), lot("soon", 2, 1), lot("over", 7, 0)]


def test_what_expires_first_leaves_first_and_what_keeps_leaves_last():
    assert pick(LOTS, 7, NOW) == ([("soon", 2), ("late", 4), ("keeps", 1)], 0)


def test_units_without_a_lot_are_taken_last():
    assert pick(LOTS, 14, NOW) == ([("soon", 2), ("late", 4), ("keeps", 5)], 3)


def test_a_lot_that_expires_this_moment_is_not_touched():
    assert pick([lot("over", 7, 0)], 1, NOW) == ([], 1)


def test_a_chosen_lot_comes_before_all_others():
    assert pick(LOTS, 5, NOW, "late") == ([("late", 4), ("soon", 1)], 0)


def test_a_chosen_lot_may_be_over_because_somebody_has_it_in_hand():
    assert pick(LOTS, 8, NOW, "over") == ([("over", 7), ("soon", 1)], 0)


def test_a_lot_that_is_not_there_is_as_if_none_had_been_chosen():
    assert pick(LOTS, 2, NOW, "gone") == pick(LOTS, 2, NOW)


def test_an_empty_lot_gives_nothing():
    assert pick([lot("empty", 0, 1), lot("full", 1, 2)], 1, NOW) == ([("full", 1)], 0)


def test_lots_that_expire_together_leave_in_the_order_of_their_ids():
    assert pick([lot("b", 1, 1), lot("a", 1, 1)], 1, NOW) == ([("a", 1)], 0)


def test_only_lots_with_units_are_reported_as_over():
    assert expired([lot("empty", 0, -1), lot("b", 1, -1), lot("a", 1, -2), lot("good", 1, 1)], NOW) == [
        lot("a", 1, -2),
        lot("b", 1, -1),
    ]


def test_units_that_expire_before_a_day_must_be_sold_before_it():
    assert [sellable_until(LOTS, NOW + timedelta(days=days)) for days in (0, 1, 9)] == [7, 9, 13]

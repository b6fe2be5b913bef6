"""The life of a right."""

from datetime import UTC, datetime

import pytest

from services.inventory.domain.position import Pair
from services.inventory.domain.problems import ReservationNotFound, ReservationNotLive
from services.inventory.domain.reservation import Change, Reservation, State, consume, expire, release, summed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def right(quantity: int = 5, consumed: int = 0, released: int = 0, state: State = State.HARD) -> Reservation:
    return Reservation(
        reservation_id="rsv_1",
        owner_id="ord_1",
        line_id="1",
        pair=Pair("TEE", "east"),
        quantity=quantity,
        consumed=consumed,
        released=released,
        state=state,
        expire_time=NOW if state is State.SOFT else None,
        create_time=NOW,
        update_time=NOW,
    )


def only(changes: list[Change]) -> tuple[int, int, State]:
    (one,) = changes
    return one.units, one.reservation.live, one.reservation.state


def test_giving_back_some_units_leaves_the_others_in_force():
    assert only(release({"rsv_1": right()}, {"rsv_1": 2}, NOW)) == (2, 3, State.HARD)


def test_giving_back_all_ends_it():
    assert only(release({"rsv_1": right()}, {"rsv_1": 0}, NOW)) == (5, 0, State.RELEASED)


def test_giving_back_what_is_gone_gives_nothing():
    ended = right(released=5, state=State.RELEASED)
    assert only(release({"rsv_1": ended}, {"rsv_1": 5}, NOW)) == (0, 0, State.RELEASED)


def test_more_than_is_live_is_never_given_back():
    assert only(release({"rsv_1": right(consumed=4)}, {"rsv_1": 3}, NOW)) == (1, 0, State.CONSUMED)


def test_one_shipped_unit_makes_it_consumed_even_when_its_time_is_over():
    assert only(expire([right(consumed=1, state=State.SOFT)], NOW)) == (4, 0, State.CONSUMED)


def test_nothing_shipped_and_time_over_makes_it_expired():
    assert only(expire([right(released=1, state=State.SOFT)], NOW)) == (4, 0, State.EXPIRED)


def test_shipping_some_units_leaves_the_others_in_force():
    assert only(consume({"rsv_1": right()}, {"rsv_1": 2}, NOW)) == (2, 3, State.HARD)


@pytest.mark.parametrize("wanted", [0, 1])
def test_units_that_are_not_live_cannot_be_shipped(wanted):
    with pytest.raises(ReservationNotLive):
        consume({"rsv_1": right(consumed=5, state=State.CONSUMED)}, {"rsv_1": wanted}, NOW)


def test_more_than_is_live_cannot_be_shipped():
    with pytest.raises(ReservationNotLive) as caught:
        consume({"rsv_1": right(released=3)}, {"rsv_1": 3}, NOW)
    assert caught.value.metadata["live"] == "2"


@pytest.mark.parametrize("undo", [release, consume])
def test_a_reservation_that_does_not_exist_is_said_to_be_missing(undo):
    with pytest.raises(ReservationNotFound):
        undo({}, {"rsv_9": 1}, NOW)


def test_mentions_of_one_reservation_add_up_and_all_means_all():
    assert summed([("a", 1), ("b", 2), ("a", 3)]) == {"a": 4, "b": 2}
    assert summed([("a", 1), ("a", 0), ("a", 3)]) == {"a": 0}

"""A reservation: the right to ship units of one SKU from one node. live = quantity − consumed − released."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.inventory.domain.position import Pair
from services.inventory.domain.problems import ExpireTimePassed, ReservationNotFound, ReservationNotLive


class State(StrEnum):
    """Where a reservation is in its life."""

    SOFT = "SOFT"
    HARD = "HARD"
    CONSUMED = "CONSUMED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A right to units."""

    reservation_id: str
    owner_id: str
    line_id: str
    pair: Pair
    quantity: int
    consumed: int = 0
    released: int = 0
    state: State
    expire_time: datetime | None
    create_time: datetime
    update_time: datetime
    # For whom, and how many of its live units came out of that segment's pool.
    segment: str = ""
    pool_quantity: int = 0
    # What one unit of it is made of, where the SKU is a bundle.
    components: Mapping[str, int] = field(default_factory=dict)
    # Kept for a backorder, out of stock that arrived.
    backorder: bool = False

    @property
    def live(self) -> int:
        """Units that the right still holds."""
        return self.quantity - self.consumed - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A reservation afterwards, and how many units of it are not live any more."""

    reservation: Reservation
    units: int
    # Units that go back to the pool they came from.
    pooled: int = 0


def release(found: Mapping[str, Reservation], units: Mapping[str, int], now: datetime) -> list[Change]:
    """Give units back (0: all that are live). What is not live is left alone, so that giving back twice is once.

    Raises:
        ReservationNotFound: one of them does not exist.
    """
    return [_give_back(_named(found, one), wanted, now, State.RELEASED) for one, wanted in sorted(units.items())]


def expire(found: Iterable[Reservation], now: datetime) -> list[Change]:
    """End reservations whose time is over."""
    return [_give_back(one, 0, now, State.EXPIRED) for one in found]


def consume(found: Mapping[str, Reservation], units: Mapping[str, int], now: datetime) -> list[Change]:
    """Take units that were shipped (0: all that are live).

    A SOFT reservation whose time is over and that nobody has ended yet is still a right: its units are still there.

    Raises:
        ReservationNotFound: one of them does not exist.
        ReservationNotLive: fewer units are live than were shipped.
    """
    changes: list[Change] = []
    for reservation_id, wanted in sorted(units.items()):
        one = _named(found, reservation_id)
        taken = wanted or one.live
        if not 0 < taken <= one.live:
            raise ReservationNotLive(reservation_id, wanted=wanted, live=one.live)
        pool = min(one.pool_quantity, one.live - taken)
        after = replace(one, consumed=one.consumed + taken, pool_quantity=pool, update_time=now)
        changes.append(Change(reservation=_settled(after, State.CONSUMED), units=taken))
    return changes


def confirm(
    found: Mapping[str, Reservation], reservation_ids: Iterable[str], expire_time: datetime | None, now: datetime
) -> list[Change]:
    """Make rights HARD, or give SOFT ones until `expire_time`. What is HARD stays so.

    Raises:
        ExpireTimePassed: they would be over at once.
        ReservationNotFound: one of them does not exist.
        ReservationNotLive: one of them is over.
    """
    if expire_time is not None and expire_time <= now:
        raise ExpireTimePassed(expire_time.isoformat())
    changes: list[Change] = []
    for reservation_id in sorted(set(reservation_ids)):
        one = _named(found, reservation_id)
        if not one.live:
            raise ReservationNotLive(reservation_id, wanted=0, live=0)
        if one.state is State.SOFT:
            state = State.SOFT if expire_time else State.HARD
            one = replace(one, state=state, expire_time=expire_time, backorder=False, update_time=now)
        changes.append(Change(reservation=one, units=0))
    return changes


def hand_over(found: Mapping[str, Reservation], reservation_id: str, quantity: int, now: datetime) -> Change:
    """Give up units (0: all that are live) that are reserved elsewhere in the same step.

    Raises:
        ReservationNotFound: it does not exist.
        ReservationNotLive: fewer units are live.
    """
    one = _named(found, reservation_id)
    if not 0 < (quantity or one.live) <= one.live:
        raise ReservationNotLive(reservation_id, wanted=quantity, live=one.live)
    return _give_back(one, quantity, now, State.RELEASED)


def summed(units: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return how many units of each reservation are meant; all (0) where one mention of it says all."""
    wanted: dict[str, int] = {}
    for reservation_id, quantity in units:
        if quantity == 0 or wanted.get(reservation_id) == 0:
            wanted[reservation_id] = 0
        else:
            wanted[reservation_id] = wanted.get(reservation_id, 0) + quantity
    return wanted


def _give_back(one: Reservation, wanted: int, now: datetime, end: State) -> Change:
    given = min(wanted or one.live, one.live)
    if not given:
        return Change(reservation=one, units=0)
    pooled = min(given, one.pool_quantity)
    after = replace(one, released=one.released + given, pool_quantity=one.pool_quantity - pooled, update_time=now)
    return Change(reservation=_settled(after, end), units=given, pooled=pooled)


def _settled(one: Reservation, end: State) -> Reservation:
    """Return the reservation in the state that its numbers say: one shipped unit makes it CONSUMED."""
    if one.live:
        return one
    return replace(one, state=State.CONSUMED if one.consumed else end)


def _named(found: Mapping[str, Reservation], reservation_id: str) -> Reservation:
    if reservation_id not in found:
        raise ReservationNotFound(reservation_id)
    return found[reservation_id]

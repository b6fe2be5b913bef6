"""Who gets what: the decision to reserve, over stock that is locked already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.domain.problems import ExpireTimePassed, InsufficientStock
from services.inventory.domain.reservation import Reservation, State
from services.inventory.domain.shortfall import Shortfall
from services.kernel import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units that somebody wants."""

    line_id: str
    pair: Pair
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Everything that one request wants."""

    request_id: str
    owner_id: str
    lines: Sequence[Line]
    best_effort: bool
    expire_time: datetime | None


def decide(demand: Demand, free: Mapping[Pair, int], now: datetime) -> tuple[list[Reservation], list[Shortfall]]:
    """Return the reservations to be made, and what could not be reserved.

    The same pair on several lines is one demand. Ids come from the request and the line's place in it, so that a retry
    makes the same reservations.

    Raises:
        ExpireTimePassed: the reservations would be over before they began.
        InsufficientStock: something is short, and the caller wants all or nothing.
    """
    if demand.expire_time is not None and demand.expire_time <= now:
        raise ExpireTimePassed(demand.expire_time.isoformat())
    if not demand.best_effort and (short := _short(demand.lines, free)):
        raise InsufficientStock(short)
    left = {pair: max(0, number) for pair, number in free.items()}
    made: list[Reservation] = []
    shortfalls: list[Shortfall] = []
    for index, line in enumerate(demand.lines):
        there = left.get(line.pair, 0)
        got = min(line.quantity, there)
        left[line.pair] = there - got
        if got < line.quantity:
            shortfalls.append(Shortfall(line_id=line.line_id, pair=line.pair, wanted=line.quantity, available=there))
        if got:
            made.append(_reservation(demand, index, got, now))
    return made, shortfalls


def movements(made: Iterable[Reservation]) -> list[Movement]:
    """Return what the reservations take from their positions."""
    return [
        Movement(pair=one.pair, reason=Reason.RESERVED, reference=one.reservation_id, reserved=one.quantity)
        for one in made
    ]


def _short(lines: Sequence[Line], free: Mapping[Pair, int]) -> list[Shortfall]:
    wanted: dict[Pair, int] = {}
    for line in lines:
        wanted[line.pair] = wanted.get(line.pair, 0) + line.quantity
    return [
        Shortfall(pair=pair, wanted=number, available=max(0, free.get(pair, 0)))
        for pair, number in wanted.items()
        if number > free.get(pair, 0)
    ]


def _reservation(demand: Demand, index: int, quantity: int, now: datetime) -> Reservation:
    line = demand.lines[index]
    return Reservation(
        reservation_id=ids.derived(ids.RESERVATION, demand.request_id, str(index)),
        owner_id=demand.owner_id,
        line_id=line.line_id,
        pair=line.pair,
        quantity=quantity,
        state=State.SOFT if demand.expire_time else State.HARD,
        expire_time=demand.expire_time,
        create_time=now,
        update_time=now,
    )

"""Who gets what: the decision to reserve, over stock that is locked already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.domain.problems import ExpireTimePassed, InsufficientStock
from services.inventory.domain.reservation import Reservation, State
from services.inventory.domain.shelf import Shelf, parts
from services.inventory.domain.shortfall import Shortfall
from services.kernel import clock, ids


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
    segment: str = ""
    actor: str = ""


def decide(demand: Demand, shelf: Shelf, now: datetime) -> tuple[list[Reservation], list[Shortfall]]:
    """Take what the demand gets from the shelf; return the reservations to be made, and what could not be reserved.

    The same pair on several lines is one demand.

    Raises:
        ExpireTimePassed: the reservations would be over before they began.
        InsufficientStock: something is short, and the caller wants all or nothing.
    """
    if demand.expire_time is not None and demand.expire_time <= now:
        raise ExpireTimePassed(demand.expire_time.isoformat())
    if not demand.best_effort and (short := _short(demand, shelf)):
        raise InsufficientStock(short)
    made: list[Reservation] = []
    shortfalls: list[Shortfall] = []
    for index, line in enumerate(demand.lines):
        there = shelf.free(line.pair, demand.segment)
        got = min(line.quantity, there)
        if got < line.quantity:
            shortfalls.append(Shortfall(line_id=line.line_id, pair=line.pair, wanted=line.quantity, available=there))
        if got:
            pooled = shelf.take(line.pair, got, demand.segment)
            one = _reservation(demand, index, got, now)
            components = shelf.components(line.pair.sku)
            made.append(replace(one, pool_quantity=pooled, components=components) if pooled or components else one)
    return made, shortfalls


def movements(made: Iterable[Reservation]) -> list[Movement]:
    """Return what the reservations take from their positions."""
    return [
        Movement(pair=pair, reason=Reason.RESERVED, reference=one.reservation_id, reserved=units)
        for one in made
        for pair, units in parts(one.pair, one.quantity, one.components)
    ]


def _short(demand: Demand, shelf: Shelf) -> list[Shortfall]:
    """Return what is not there in full: of each pair as the lines want it together, and of bundles part by part."""
    if len(demand.lines) == 1:
        line = demand.lines[0]
        there = shelf.free(line.pair, demand.segment)
        return [Shortfall(pair=line.pair, wanted=line.quantity, available=there)] if line.quantity > there else []
    wanted: dict[Pair, int] = {}
    for line in demand.lines:
        for pair, units in parts(line.pair, line.quantity, shelf.components(line.pair.sku)):
            wanted[pair] = wanted.get(pair, 0) + units
    return [
        Shortfall(pair=pair, wanted=number, available=there)
        for pair, number in wanted.items()
        if number > (there := shelf.free(pair, demand.segment))
    ]


def _reservation(demand: Demand, index: int, quantity: int, now: datetime) -> Reservation:
    line = demand.lines[index]
    return Reservation(
        reservation_id=ids.new(ids.RESERVATION, clock.milliseconds(now)),
        owner_id=demand.owner_id,
        line_id=line.line_id,
        pair=line.pair,
        quantity=quantity,
        state=State.SOFT if demand.expire_time else State.HARD,
        expire_time=demand.expire_time,
        create_time=now,
        update_time=now,
        segment=demand.segment,
    )

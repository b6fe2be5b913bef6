"""Backorders: who waits for stock, and for whom units are kept that came.

    WAITING ──units are kept for it──► NOTIFIED ──registers again, or the time to take them is over──► WAITING
       └──────────────────────────────────┴──closed──► CLOSED ──registers again──► WAITING

Units that are kept for a line are a SOFT reservation of its owner. Whoever comes back without having taken them has
*passed*: they go to the next in line, and it is not offered the same stock again, only stock that comes later. Without
this an order that cannot use what is there (wrong node, ship complete) would spin.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.inventory.domain.filling import Fill
from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.domain.problems import DuplicateLine
from services.inventory.domain.reservation import Reservation
from services.inventory.domain.reservation import State as Right
from services.kernel import ids
from services.kernel.clock import milliseconds

DEFAULT_PRIORITY = 3

# How long units that came are kept for whom they were given to; then they go to the next in line.
HEAD_START = timedelta(minutes=10)
# A promise that moves by less than this is the same promise: nobody is told.
SAME_PROMISE = timedelta(minutes=1)


class State(StrEnum):
    """Where a backorder is in its life."""

    WAITING = "WAITING"
    NOTIFIED = "NOTIFIED"
    CLOSED = "CLOSED"


class Ending(StrEnum):
    """What became of units that were kept for a line."""

    TAKEN = "TAKEN"  # the order has them; what else comes may be offered to it
    PASSED = "PASSED"  # it could not use them
    OVER = "OVER"  # it did not come in time, and waits again


@dataclass(frozen=True, slots=True, kw_only=True)
class Backorder:
    """Units of one line that an order waits for; `filled` of them are kept for it."""

    owner_id: str
    line_id: str
    sku: str
    quantity: int
    priority: int
    state: State
    create_time: datetime
    promise_time: datetime | None = None
    filled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What an order says that it waits for."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """When the units that a line still waits for can be expected; None: nobody knows."""

    owner_id: str
    line_id: str
    sku: str
    before: datetime | None
    time: datetime | None

    @property
    def moved(self) -> bool:
        """Whether the owner must be told."""
        if self.before is None or self.time is None:
            return self.before is not self.time
        return abs(self.time - self.before) > SAME_PROMISE


_WORST = (Ending.TAKEN, Ending.PASSED, Ending.OVER)


def first_places(lines: Iterable[Backorder]) -> dict[str, tuple[int, datetime, str, str]]:
    """Return, for each SKU, a place in its queue that none of these lines is before, whatever the queue's order."""
    found: dict[str, tuple[int, datetime, str, str]] = {}
    for one in lines:
        place = one.priority, one.create_time, one.owner_id, one.line_id
        other = found.get(one.sku, place)
        if place[:2] == other[:2]:
            found[one.sku] = min(place, other)
        else:
            found[one.sku] = min(place[0], other[0]), min(place[1], other[1]), "", ""
    return found


def once_each(waits: Iterable[Wait]) -> list[Wait]:
    """Return the waits in the order of their lines.

    Raises:
        DuplicateLine: a line is there twice.
    """
    found: dict[str, Wait] = {}
    for wait in waits:
        if wait.line_id in found:
            raise DuplicateLine(wait.line_id)
        found[wait.line_id] = wait
    return [found[line_id] for line_id in sorted(found)]


def kept(fills: Iterable[Fill], now: datetime) -> list[Reservation]:
    """Return the rights that keep units for those who got them, until their time is over."""
    return [
        Reservation(
            reservation_id=ids.new(ids.RESERVATION, milliseconds(now)),
            owner_id=one.owner_id,
            line_id=one.line_id,
            pair=one.pair,
            quantity=one.quantity,
            state=Right.SOFT,
            expire_time=now + HEAD_START,
            create_time=now,
            update_time=now,
            backorder=True,
        )
        for one in fills
    ]


def movements(rights: Iterable[Reservation], note: str) -> list[Movement]:
    """Return what keeping these units takes from their positions."""
    return [
        Movement(pair=one.pair, reason=Reason.RESERVED, reference=one.reservation_id, note=note, reserved=one.quantity)
        for one in rights
    ]


def endings(ended: Iterable[Reservation], arrived: Collection[Pair]) -> dict[tuple[str, str], Ending]:
    """Return what became of units that were kept, by line; what is free again (`arrived`) was not taken."""
    found: dict[tuple[str, str], Ending] = {}
    for one in ended:
        line = one.owner_id, one.line_id
        ending = Ending.PASSED if one.pair in arrived else Ending.TAKEN
        ending = Ending.OVER if one.state is Right.EXPIRED else ending
        found[line] = max(found.get(line, ending), ending, key=_WORST.index)
    return found


def by_owner(fills: Iterable[Fill]) -> dict[str, list[str]]:
    """Return, for each owner that units are kept for, the SKUs that came."""
    skus: dict[str, set[str]] = {}
    for one in fills:
        skus.setdefault(one.owner_id, set()).add(one.pair.sku)
    return {owner: sorted(found) for owner, found in sorted(skus.items())}


def promises_by_owner(promises: Iterable[Promise]) -> dict[str, dict[str, datetime | None]]:
    """Return, for each owner whose promise moved, what it can expect when: of a SKU on two lines the later date."""
    told: dict[str, dict[str, datetime | None]] = {}
    lines: dict[tuple[str, str], list[Promise]] = {}
    for one in promises:
        lines.setdefault((one.owner_id, one.sku), []).append(one)
    for (owner_id, sku), found in sorted(lines.items()):
        before, after = _latest([one.before for one in found]), _latest([one.time for one in found])
        whole = Promise(owner_id=owner_id, line_id="", sku=sku, before=before, time=after)
        if whole.moved:
            told.setdefault(owner_id, {})[sku] = after
    return told


def _latest(times: Sequence[datetime | None]) -> datetime | None:
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None

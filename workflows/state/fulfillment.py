"""What the fulfillment process does next: one node's part of one order, from release to the customer's door.

Nodes and carriers report late, twice and in any order; every event counts once, and units only ever leave `waiting` for
one place. Reservations are used up in the order in which they were given.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from workflows.state.units import RightToUnits, Units, Work

# A node that says nothing for this long after release, or a carrier after hand-over, is news: somebody should ask.
NODE_SILENCE = timedelta(days=2)
CARRIER_SILENCE = timedelta(days=7)
# A parcel that no carrier has spoken of for this many silences is lost (AfterShip calls it expired after 30 days).
SILENCES_UNTIL_LOST = 4


class Fact(StrEnum):
    """What a node or a carrier may say that changes the process."""

    REJECTED = "REJECTED"
    SHORT_PICKED = "SHORT_PICKED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    EXCEPTION = "EXCEPTION"
    RETURNING = "RETURNING"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a node or a carrier said. Node events name units; tracking events name a parcel."""

    event_id: str
    fact: Fact
    units: tuple[tuple[str, int], ...] = ()
    shipment_id: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Unship:
    """Units that the node will not ship: give their rights back."""

    key: str
    rights: tuple[RightToUnits, ...]
    cancelled: bool
    missing: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Ship:
    """A parcel left: use up the rights, record it, take the money."""

    shipment_id: str
    rights: tuple[RightToUnits, ...]


@dataclass(frozen=True, slots=True)
class Arrive:
    """A parcel came to its end: delivered, or lost."""

    shipment_id: str
    units: tuple[Units, ...]
    lost: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until somebody says something, or for this long; `on` says who is being waited for."""

    limit: timedelta
    on: str


@dataclass(frozen=True, slots=True)
class Done:
    """Every unit has come to its end."""


Step = Unship | Ship | Arrive | Wait | Done


@dataclass(slots=True)
class FulfillmentState:
    """The machine: `heard` takes what was said, `next_step` says what to do, the `…ed` methods that it was done."""

    work: Work
    waiting: list[RightToUnits] = field(default_factory=list)
    parcels: dict[str, list[Units]] = field(default_factory=dict)
    delivered: list[Units] = field(default_factory=list)
    rejected: list[Units] = field(default_factory=list)
    cancelled: list[Units] = field(default_factory=list)
    lost: list[Units] = field(default_factory=list)
    troubled: set[str] = field(default_factory=set)
    silences: int = 0
    changes: int = 0
    _told: int = 0
    _heard: set[str] = field(default_factory=set)
    _queue: deque[Event] = field(default_factory=deque)
    _early: dict[str, Event] = field(default_factory=dict)

    @classmethod
    def begin(cls, work: Work) -> "FulfillmentState":
        """Return the state of work that the node has just been given."""
        return cls(work=work, waiting=list(work.lines))

    def heard(self, event: Event) -> None:
        """Take what a node or a carrier said; the same event again is nothing."""
        if event.event_id in self._heard:
            return
        self._heard.add(event.event_id)
        self._queue.append(event)
        self.silences = 0
        self.changes += 1

    def next_step(self) -> Step:
        """Return what to do now; events that ask for nothing are consumed on the way."""
        while self._queue:
            if step := self._step_for(self._queue[0]):
                return step
            self._queue.popleft()
        if self.waiting:
            return Wait(NODE_SILENCE, "node")
        if not self.parcels:
            return Done()
        if self.silences >= SILENCES_UNTIL_LOST:
            shipment_id, units = next(iter(self.parcels.items()))
            return Arrive(shipment_id, tuple(units), lost=True)
        return Wait(CARRIER_SILENCE, "carrier")

    def _step_for(self, event: Event) -> Step | None:
        match event.fact:
            case Fact.REJECTED | Fact.SHORT_PICKED | Fact.CANCELLED:
                rights = self._rights(event.units)
                cancelled = event.fact is Fact.CANCELLED
                missing = event.fact is Fact.SHORT_PICKED
                return Unship(event.event_id, rights, cancelled, missing, event.message) if rights else None
            case Fact.SHIPPED:
                rights = self._rights(event.units)
                return Ship(event.shipment_id, rights) if rights else None
            case Fact.DELIVERED | Fact.LOST:
                if units := self.parcels.get(event.shipment_id):
                    return Arrive(event.shipment_id, tuple(units), event.fact is Fact.LOST)
                # Said before the node said that it had shipped: kept until then.
                self._early[event.shipment_id] = event
            case Fact.EXCEPTION | Fact.RETURNING:
                self.troubled.add(event.shipment_id)
        return None

    def _rights(self, units: Iterable[tuple[str, int]]) -> tuple[RightToUnits, ...]:
        """Return the rights to these units, first given first used; units that do not wait are left out."""
        rest = {right.reservation_id: right.quantity for right in self.waiting}
        taken = []
        for line_id, quantity in units:
            left = quantity
            for right in self.waiting:
                part = min(left, rest[right.reservation_id]) if right.line_id == line_id else 0
                if part:
                    rest[right.reservation_id] -= part
                    left -= part
                    taken.append(replace(right, quantity=part))
        return tuple(taken)

    # What was done

    def refused(self) -> None:
        """Take note that the node refused everything at once; the rights have been given back."""
        self.rejected = _units(self.waiting)
        self.waiting = []

    def unshipped(self, step: Unship) -> None:
        """Take note that units were given back."""
        self._use(step.rights)
        (self.cancelled if step.cancelled else self.rejected).extend(_units(step.rights))
        self._queue.popleft()

    def shipped(self, step: Ship) -> None:
        """Take note that a parcel left, and hear now what was said of it too early."""
        self._use(step.rights)
        self.parcels.setdefault(step.shipment_id, []).extend(_units(step.rights))
        self._queue.popleft()
        if early := self._early.pop(step.shipment_id, None):
            self._queue.appendleft(early)

    def arrived(self, step: Arrive) -> None:
        """Take note that a parcel came to its end."""
        (self.lost if step.lost else self.delivered).extend(self.parcels.pop(step.shipment_id))
        if self._queue and self._queue[0].shipment_id == step.shipment_id:
            self._queue.popleft()
        self.troubled.discard(step.shipment_id)

    def silent(self) -> None:
        """Take note that nobody said anything for as long as a Wait allowed."""
        self.silences += 1

    def news(self) -> tuple[int, list[Units], list[Units]] | None:
        """Return what the order process should know before the end, once: number, units rejected, units cancelled."""
        if (self.rejected or self.cancelled) and (self.waiting or self.parcels):
            self._told += 1
            rejected, self.rejected = self.rejected, []
            cancelled, self.cancelled = self.cancelled, []
            return self._told, rejected, cancelled
        return None

    def status(self) -> str:
        """Return where the work stands, in the words of the search attribute."""
        if self.troubled & self.parcels.keys():
            return "Carrier exception"
        if self.silences:
            return "Node silent" if self.waiting else "Carrier silent"
        if self.waiting:
            return "Partly shipped" if self.parcels or self.delivered else "Released"
        if self.parcels:
            return "Shipped"
        if self.delivered:
            return "Delivered"
        if self.lost:
            return "Lost"
        return "Rejected" if self.rejected else "Cancelled"

    def _use(self, rights: Sequence[RightToUnits]) -> None:
        used: dict[str, int] = {}
        for right in rights:
            used[right.reservation_id] = used.get(right.reservation_id, 0) + right.quantity
        rest = [replace(right, quantity=right.quantity - used.get(right.reservation_id, 0)) for right in self.waiting]
        self.waiting = [right for right in rest if right.quantity]
        self.changes += 1


def _units(rights: Iterable[RightToUnits]) -> list[Units]:
    return [Units(right.line_id, right.sku, right.quantity) for right in rights]

"""The ledger as it is read, and the proof that counters are the sums of their rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.inventory.domain.position import Movement, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A movement that was written."""

    sequence: int
    movement: Movement
    actor: str
    create_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A position beside what its rows add up to, all read in one moment."""

    position: Position
    on_hand: int
    reserved: int
    safety_stock: int
    unsellable: int
    live: int
    live_reservations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A counter that is not the sum of its rows."""

    position: Position
    counter: str
    rows: str
    counted: int
    summed: int


def prove(sums: Iterable[Sums]) -> list[Discrepancy]:
    """Return what does not add up."""
    return [
        Discrepancy(position=one.position, counter=counter, rows=rows, counted=counted, summed=summed)
        for one in sums
        for counter, rows, counted, summed in (
            ("on_hand", "ledger", one.position.on_hand, one.on_hand),
            ("reserved", "ledger", one.position.reserved, one.reserved),
            ("safety_stock", "ledger", one.position.safety_stock, one.safety_stock),
            ("unsellable", "ledger", one.position.unsellable, one.unsellable),
            ("reserved", "reservations", one.position.reserved, one.live),
        )
        if counted != summed
    ]

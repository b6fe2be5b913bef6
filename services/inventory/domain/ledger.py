"""The ledger as it is read, the proof that counters are the sums of their rows, and what repairs one that is not."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
class LotSum:
    """What a lot says that it has, beside what its rows add up to."""

    lot_id: str
    on_hand: int
    summed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A position beside what its rows add up to, all read in one moment.

    A position that does not exist while rows of it do is all zeros, and `missing`. `entries` is how many ledger entries
    were added up for this, `last_sequence` and `last_time` are the newest of all that count.
    """

    position: Position
    missing: bool = False
    on_hand: int
    reserved: int
    safety_stock: int
    unsellable: int
    quality_control: int = 0
    quarantine: int = 0
    live: int
    live_reservations: int
    lots: tuple[LotSum, ...] = ()
    entries: int = 0
    last_sequence: int = 0
    last_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A counter that is not the sum of its rows."""

    position: Position
    counter: str
    rows: str
    counted: int
    summed: int

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Which counter of which position it is, and what it was compared with."""
        return self.position.pair.sku, self.position.pair.node_id, self.counter, self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A position as it should be, with what the ledger lacks of `reserved`."""

    sums: Sums
    reserved_delta: int
    repaired: tuple[Discrepancy, ...]

    @property
    def position(self) -> Position:
        """The counters to set."""
        return self.sums.position


def prove(sums: Iterable[Sums]) -> list[Discrepancy]:
    """Return what does not add up."""
    return [
        Discrepancy(position=one.position, counter=counter, rows=rows, counted=counted, summed=summed)
        for one in sums
        for counter, rows, counted, summed in _compared(one)
        if counted != summed
    ]


def repair(sums: Iterable[Sums]) -> list[Repair]:
    """Return what makes everything add up that can be made to.

    Counters become what the ledger says, `reserved` what live reservations say; where the ledger says something else of
    it, the ledger gets an entry of the difference. A ledger that says what cannot be (less than nothing on hand) was
    tampered with itself: such a position stays as it is, for somebody to look at.
    """
    return [found for one in sums if (found := _repair(one)) is not None]


def _compared(one: Sums) -> Iterable[tuple[str, str, int, int]]:
    position = one.position
    yield "on_hand", "ledger", position.on_hand, one.on_hand
    yield "reserved", "ledger", position.reserved, one.reserved
    yield "safety_stock", "ledger", position.safety_stock, one.safety_stock
    yield "unsellable", "ledger", position.unsellable, one.unsellable
    yield "quality_control", "ledger", position.quality_control, one.quality_control
    yield "quarantine", "ledger", position.quarantine, one.quarantine
    yield "reserved", "reservations", position.reserved, one.live
    for lot in one.lots:
        yield f"lot {lot.lot_id}", "ledger", lot.on_hand, lot.summed
    in_lots = sum(lot.on_hand for lot in one.lots)
    if in_lots > position.on_hand:
        yield "lots", "on_hand", in_lots, position.on_hand


def _repair(one: Sums) -> Repair | None:
    wrong = prove([one])
    if not wrong or not _possible(one):
        return None
    position = replace(
        one.position,
        on_hand=one.on_hand,
        reserved=one.live,
        safety_stock=one.safety_stock,
        unsellable=one.unsellable,
        quality_control=one.quality_control,
        quarantine=one.quarantine,
    )
    lots = tuple(replace(lot, on_hand=lot.summed) for lot in one.lots)
    after = replace(one, position=position, reserved=one.live, lots=lots)
    still = {found.place for found in prove([after])}
    repaired = tuple(found for found in wrong if found.place not in still)
    return Repair(sums=after, reserved_delta=one.live - one.reserved, repaired=repaired) if repaired else None


def _possible(one: Sums) -> bool:
    """Whether a position can be what the ledger says."""
    set_apart = one.quality_control + one.quarantine
    return (
        min(one.on_hand, one.safety_stock, one.quality_control, one.quarantine, one.live) >= 0
        and set_apart <= one.unsellable <= one.on_hand
        and all(lot.summed >= 0 for lot in one.lots)
    )

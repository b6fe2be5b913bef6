"""Lots: units of a pair that were made together and expire together. Whatever expires first leaves first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.inventory.domain.position import Movement, Pair, Position, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Units of one lot at one position; without `expire_time` they keep for ever.

    `quarantined`: it was found to be over, and its units are among those in quarantine.
    """

    lot_id: str
    expire_time: datetime | None = None
    on_hand: int = 0
    quarantined: bool = False

    def expired(self, when: datetime) -> bool:
        """Whether it is over at that moment; the moment of its expiry is too late."""
        return self.expire_time is not None and self.expire_time <= when


@dataclass(frozen=True, slots=True, kw_only=True)
class LotUnits:
    """Units that left, and the lot that they were of; empty for units without one."""

    pair: Pair
    lot_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Stack:
    """What is on hand at a position, and the lots that it has units of."""

    on_hand: int
    lots: Sequence[Lot]


def pick(
    lots: Iterable[Lot], quantity: int, now: datetime, chosen_lot_id: str = ""
) -> tuple[list[tuple[str, int]], int]:
    """Return how many units to take of which lots, and how many are left to be taken of units without a lot.

    First expired, first out; lots that are over are not touched, lots that keep come last. A lot that is chosen comes
    before all others and may be over: whoever names it has it in hand, be it to ship or to scrap. What it does not have
    is taken as if none had been chosen.
    """
    there = [lot for lot in lots if lot.lot_id == chosen_lot_id or not lot.expired(now)]
    there.sort(key=lambda lot: (lot.lot_id != chosen_lot_id, *_expiry(lot)))
    taken: list[tuple[str, int]] = []
    for lot in there:
        units = min(quantity, lot.on_hand)
        if units > 0:
            taken.append((lot.lot_id, units))
            quantity -= units
    return taken, quantity


def expired(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """Return the lots that are over and still have units, the longest over first."""
    return sorted((lot for lot in lots if lot.on_hand > 0 and lot.expired(now)), key=_expiry)


def sellable_until(lots: Iterable[Lot], when: datetime) -> int:
    """Return the units that must be sold before `when`, because their lots are over by then."""
    return sum(lot.on_hand for lot in expired(lots, when))


def expire(position: Position, lots: Iterable[Lot], now: datetime) -> list[Movement]:
    """Return the movements that put lots that are over into quarantine, and take out those that are not over any more.

    No more goes in than can be sold: units that were unsellable before their lot was over are not counted twice.
    """
    sellable, quarantine = position.on_hand - position.unsellable, position.quarantine
    movements: list[Movement] = []
    for lot in sorted(lots, key=_expiry):
        over = lot.expired(now)
        if over is lot.quarantined:
            continue
        units = min(lot.on_hand, max(0, sellable)) if over else -min(lot.on_hand, quarantine)
        sellable, quarantine = sellable - units, quarantine + units
        movements.append(
            Movement(
                pair=position.pair,
                reason=Reason.EXPIRED,
                reference=lot.lot_id,
                note="" if over else "its date was moved",
                unsellable=units,
                quarantine=units,
                lot_id=lot.lot_id,
            )
        )
    return movements


def _expiry(lot: Lot) -> tuple[bool, float, str]:
    return lot.expire_time is None, lot.expire_time.timestamp() if lot.expire_time else 0.0, lot.lot_id

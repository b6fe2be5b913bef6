"""Changes that say how many units there are: adjustments, and units that left or are missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.inventory.domain.picking import Picking, parted
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.problems import StockBelowZero
from services.inventory.domain.problems_lots import LotBelowZero


class Unsellable(StrEnum):
    """Why units cannot be sold. What is neither in quality control nor in quarantine is damaged."""

    DAMAGED = "DAMAGED"
    QUALITY_CONTROL = "QUALITY_CONTROL"
    QUARANTINE = "QUARANTINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A difference that somebody reports; `lot_expire_time` says until when the units of its lot may be sold."""

    pair: Pair
    on_hand: int
    unsellable: int
    unsellable_reason: Unsellable = Unsellable.DAMAGED
    lot_id: str = ""
    lot_expire_time: datetime | None = None


def adjust(
    positions: Mapping[Pair, Position],
    adjustments: Sequence[Adjustment],
    reason: Reason,
    reference: str,
    picking: Picking | None = None,
    *,
    note: str = "",
) -> list[Movement]:
    """Return the movements of these differences, all or none. `picking` knows the lots that are named.

    Stock may fall below what is reserved, because what is not there is not there; it may not fall below zero.

    Raises:
        StockBelowZero: more would be taken than is there.
        LotBelowZero: more would be taken of a lot than it has.
    """
    if picking:
        _check_lots(adjustments, picking)
    after = dict(positions)
    movements: list[Movement] = []
    for one in adjustments:
        movement = replace(_movement(one, after[one.pair], reason, picking), reference=reference, note=note)
        after[one.pair] = moved(after[one.pair], movement)
        movements.append(movement)
    for pair, position in positions.items():
        _check(position, after[pair])
    return movements


def depart(
    positions: Mapping[Pair, Position],
    units: Sequence[tuple[Pair, int, str]],
    reason: Reason,
    note: str = "",
    *,
    picking: Picking | None = None,
    chosen: Mapping[Pair, str] | None = None,
) -> list[Movement]:
    """Return the movements of reserved units that are not at their node any more: (pair, how many, reference).

    That they are gone is a fact. Where our figure says that fewer were there (an outside count said so, wrongly or too
    early), it goes down to zero and no further, and so does what was called unsellable. What was in quarantine for its
    lot and is shipped nevertheless is not in quarantine any more.
    """
    after = dict(positions)
    movements: list[Movement] = []
    for pair, quantity, reference in units:
        position = after[pair]
        taken = min(quantity, position.on_hand)
        lots = picking.ship(pair, taken, (chosen or {}).get(pair, "")) if picking else []
        kept_apart = sum(number for lot_id, number in lots if picking and picking.quarantined(pair, lot_id))
        scrapped = scrap(position, position.on_hand - taken, out_of_quarantine=kept_apart)
        movement = replace(scrapped, reason=reason, reference=reference, note=note, on_hand=-taken, reserved=-quantity)
        after[pair] = moved(position, movement)
        movements += parted(movement, lots)
    return movements


def scrap(position: Position, on_hand: int, *, out_of_quarantine: int = 0) -> Movement:
    """Return what must leave the unsellable units when so many are on hand: damaged ones first, quarantine last.

    `out_of_quarantine` units leave it in any case, as far as they are there.
    """
    freed = min(out_of_quarantine, position.quarantine)
    excess = max(0, position.unsellable - freed - on_hand)
    quality_control = min(position.quality_control, max(0, excess - position.damaged))
    quarantine = max(0, excess - position.damaged - quality_control)
    return Movement(
        pair=position.pair,
        reason=Reason.CORRECTION,
        on_hand=on_hand - position.on_hand,
        unsellable=-freed - excess,
        quality_control=-quality_control,
        quarantine=-freed - quarantine,
    )


def unsellable(reason: Unsellable, units: int, movement: Movement) -> Movement:
    """Return the movement with units more (or less, where below zero) that cannot be sold for this reason."""
    return replace(
        movement,
        unsellable=movement.unsellable + units,
        quality_control=movement.quality_control + (units if reason is Unsellable.QUALITY_CONTROL else 0),
        quarantine=movement.quarantine + (units if reason is Unsellable.QUARANTINE else 0),
    )


def moved(position: Position, movement: Movement) -> Position:
    """Return the position after a movement."""
    return replace(
        position,
        on_hand=position.on_hand + movement.on_hand,
        reserved=position.reserved + movement.reserved,
        safety_stock=position.safety_stock + movement.safety_stock,
        unsellable=position.unsellable + movement.unsellable,
        quality_control=position.quality_control + movement.quality_control,
        quarantine=position.quarantine + movement.quarantine,
    )


def _movement(one: Adjustment, position: Position, reason: Reason, picking: Picking | None) -> Movement:
    movement = Movement(pair=one.pair, reason=reason, on_hand=one.on_hand, lot_id=one.lot_id)
    movement = unsellable(one.unsellable_reason, one.unsellable, movement)
    if picking and picking.quarantined(one.pair, one.lot_id):
        return unsellable(Unsellable.QUARANTINE, _kept_apart(one, position), movement)
    return movement


def _kept_apart(one: Adjustment, position: Position) -> int:
    """Return how many more are in quarantine when units come to a lot that is over, or leave it.

    Whoever says how many unsellable units leave has said it all.
    """
    if one.on_hand > 0:
        return max(0, one.on_hand - max(0, one.unsellable))
    return -min(-one.on_hand, position.quarantine) if one.unsellable == 0 else 0


def _check(before: Position, after: Position) -> None:
    for counter, there, number in (
        ("on_hand", before.on_hand, after.on_hand),
        ("unsellable", before.unsellable, after.unsellable),
        ("damaged", before.damaged, after.damaged),
        ("quality_control", before.quality_control, after.quality_control),
        ("quarantine", before.quarantine, after.quarantine),
    ):
        if number < 0 or (counter == "unsellable" and number > after.on_hand):
            raise StockBelowZero(before.pair, counter, there=there, delta=number - there)


def _check_lots(adjustments: Sequence[Adjustment], picking: Picking) -> None:
    """Differences of one lot are judged by their sum."""
    deltas: Counter[tuple[Pair, str]] = Counter()
    for one in adjustments:
        if one.lot_id:
            deltas[one.pair, one.lot_id] += one.on_hand
    for (pair, lot_id), delta in deltas.items():
        there = picking.there(pair, lot_id)
        if there + delta < 0:
            raise LotBelowZero(pair, lot_id, there=there, delta=delta)

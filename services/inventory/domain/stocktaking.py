"""Changes that say how many units there are: adjustments, and units that left or are missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.problems import DuplicateSku, StockBelowZero


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A difference that somebody reports."""

    pair: Pair
    on_hand: int
    unsellable: int


def adjust(
    positions: Mapping[Pair, Position], adjustments: Sequence[Adjustment], reason: Reason, reference: str
) -> list[Movement]:
    """Return the movements of these differences, all or none.

    Stock may fall below what is reserved, because what is not there is not there; it may not fall below zero.

    Raises:
        StockBelowZero: more would be taken than is there.
    """
    on_hand = {pair: position.on_hand for pair, position in positions.items()}
    unsellable = {pair: position.unsellable for pair, position in positions.items()}
    for one in adjustments:
        on_hand[one.pair] += one.on_hand
        unsellable[one.pair] += one.unsellable
    for pair, position in positions.items():
        if on_hand[pair] < 0:
            delta = on_hand[pair] - position.on_hand
            raise StockBelowZero(pair, "on_hand", there=position.on_hand, delta=delta)
        if not 0 <= unsellable[pair] <= on_hand[pair]:
            delta = unsellable[pair] - position.unsellable
            raise StockBelowZero(pair, "unsellable", there=position.unsellable, delta=delta)
    return [
        Movement(pair=one.pair, reason=reason, reference=reference, on_hand=one.on_hand, unsellable=one.unsellable)
        for one in adjustments
    ]


def depart(
    positions: Mapping[Pair, Position], units: Sequence[tuple[Pair, int, str]], reason: Reason, note: str = ""
) -> list[Movement]:
    """Return the movements of reserved units that are not at their node any more: (pair, how many, reference).

    That they are gone is a fact. Where our figure says that fewer were there (an outside count said so, wrongly or too
    early), it goes down to zero and no further, and so does what was called unsellable.
    """
    on_hand = {pair: position.on_hand for pair, position in positions.items()}
    unsellable = {pair: position.unsellable for pair, position in positions.items()}
    movements: list[Movement] = []
    for pair, quantity, reference in units:
        taken = min(quantity, on_hand[pair])
        on_hand[pair] -= taken
        scrapped = max(0, unsellable[pair] - on_hand[pair])
        unsellable[pair] -= scrapped
        movements.append(
            Movement(
                pair=pair,
                reason=reason,
                reference=reference,
                note=note,
                on_hand=-taken,
                reserved=-quantity,
                unsellable=-scrapped,
            )
        )
    return movements

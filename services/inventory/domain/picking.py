"""Which lots units are taken of, so that lots never have more units than are on hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.inventory.domain.lots import Lot, Stack, expired, pick
from services.inventory.domain.position import Movement, Pair


class Picking:
    """Takes units out of lots, one after the other, and knows what is left."""

    def __init__(self, stacks: Mapping[Pair, Stack], now: datetime) -> None:
        self._now = now
        self._lots = {pair: {lot.lot_id: lot for lot in stack.lots} for pair, stack in stacks.items()}
        self._bare = {pair: stack.on_hand - sum(lot.on_hand for lot in stack.lots) for pair, stack in stacks.items()}

    def there(self, pair: Pair, lot_id: str) -> int:
        """Return the units of a lot."""
        lot = self._lots.get(pair, {}).get(lot_id)
        return lot.on_hand if lot else 0

    def quarantined(self, pair: Pair, lot_id: str) -> bool:
        """Whether the units of a lot are in quarantine."""
        lot = self._lots.get(pair, {}).get(lot_id)
        return lot is not None and lot.quarantined

    def add(self, pair: Pair, lot_id: str, units: int) -> None:
        """Put units to a lot, or take them out of it."""
        if lot_id:
            lots = self._lots.setdefault(pair, {})
            lot = lots.get(lot_id) or Lot(lot_id=lot_id)
            lots[lot_id] = replace(lot, on_hand=lot.on_hand + units)
        else:
            self._bare[pair] = self._bare.get(pair, 0) + units

    def ship(self, pair: Pair, units: int, chosen_lot_id: str = "") -> list[tuple[str, int]]:
        """Take units that are sent out: of the chosen lot, then what expires first, then what has no lot.

        Lots that are over come last, and only where nothing else is there: that the units are gone is a fact.
        """
        picked, left = pick(self._lots.get(pair, {}).values(), units, self._now, chosen_lot_id)
        return self._taken(pair, [*picked, *self._of_no_lot(pair, left), *self._over(pair, left)], units)

    def lose(self, pair: Pair, units: int) -> list[tuple[str, int]]:
        """Take units of which nobody knows the lot: those without one, then what expires first, then what is over."""
        bare = self._of_no_lot(pair, units)
        left = units - sum(number for _, number in bare)
        picked, left = pick(self._lots.get(pair, {}).values(), left, self._now)
        return self._taken(pair, [*bare, *picked, *self._over(pair, left)], units)

    def _of_no_lot(self, pair: Pair, units: int) -> list[tuple[str, int]]:
        number = min(units, max(0, self._bare.get(pair, 0)))
        return [("", number)] if number else []

    def _over(self, pair: Pair, units: int) -> list[tuple[str, int]]:
        return [(lot.lot_id, min(units, lot.on_hand)) for lot in expired(self._lots.get(pair, {}).values(), self._now)]

    def _taken(self, pair: Pair, wanted: Iterable[tuple[str, int]], units: int) -> list[tuple[str, int]]:
        """Take these units, as many as are wanted in all."""
        taken: dict[str, int] = {}
        for lot_id, wished in wanted:
            number = min(wished, units, self.there(pair, lot_id) if lot_id else wished)
            if number > 0:
                taken[lot_id] = taken.get(lot_id, 0) + number
                self.add(pair, lot_id, -number)
                units -= number
        if units:
            taken[""] = taken.get("", 0) + units
        return list(taken.items())


def spread(movements: Sequence[Movement], picking: Picking) -> list[Movement]:
    """Return the movements, those that take units without naming a lot in parts: one for each lot that is touched.

    What names a lot or adds units goes first, so that lots never have more than is on hand.
    """
    for one in movements:
        if one.lot_id or one.on_hand > 0:
            picking.add(one.pair, one.lot_id, one.on_hand)
    spread_out: list[Movement] = []
    for one in movements:
        bare = not one.lot_id and one.on_hand < 0
        spread_out += parted(one, picking.lose(one.pair, -one.on_hand)) if bare else [one]
    return spread_out


def parted(movement: Movement, taken: Sequence[tuple[str, int]]) -> list[Movement]:
    """Return a movement that takes units as one for each lot; what else it changes is in the first."""
    if not taken:
        return [movement]
    (lot_id, units), *others = taken
    return [
        replace(movement, lot_id=lot_id, on_hand=-units),
        *(
            Movement(
                pair=movement.pair,
                reason=movement.reason,
                reference=movement.reference,
                note=movement.note,
                on_hand=-number,
                lot_id=lot,
            )
            for lot, number in others
        ),
    ]

"""A shelf: positions as they were looked at or locked, and what one request after the other takes of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.inventory.domain import atp, bundles
from services.inventory.domain.bundles import Component
from services.inventory.domain.position import Pair, Position


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a position, how many units must be available for that, and its pools before and after."""

    pair: Pair
    quantity: int
    least_available: int
    seen: Mapping[str, int]
    pools: Mapping[str, int]


class Shelf:
    """What is free. A bundle is free as far as its components are."""

    def __init__(self, positions: Mapping[Pair, Position], made_of: Mapping[str, Mapping[str, int]]) -> None:
        """`made_of` says, for each SKU that is a bundle, how many units of which components one of it has."""
        self._positions = dict(positions)
        self._taken = dict.fromkeys(positions, 0)
        self._pools: dict[Pair, Mapping[str, int]] = {}
        self._made_of = made_of

    def components(self, sku: str) -> Mapping[str, int]:
        """Return what one unit of a bundle is made of; nothing where it is a SKU of its own."""
        return self._made_of.get(sku, {})

    def free(self, pair: Pair, segment: str = "") -> int:
        """Return how many can be taken for a segment; never below zero."""
        made_of = self._made_of.get(pair.sku)
        if not made_of:
            position = self._positions.get(pair)
            return max(0, atp.free(position, segment) - self._taken[pair]) if position else 0
        units = {sku: self.free(Pair(sku, pair.node_id), segment) for sku in made_of}
        return bundles.available(units, [Component(sku, quantity) for sku, quantity in made_of.items()])

    def take(self, pair: Pair, quantity: int, segment: str = "") -> int:
        """Take units that are free; return how many of them came out of the segment's own pool.

        The parts of a bundle come out of what is common: pools stay as they are, and protect what is left.
        """
        made_of = self._made_of.get(pair.sku)
        if made_of:
            for sku, units in made_of.items():
                self._taken[Pair(sku, pair.node_id)] += units * quantity
            return 0
        self._taken[pair] += quantity
        position = self._positions[pair]
        pooled = min(quantity, position.pools.get(segment, 0)) if segment else 0
        if pooled:
            self._pools.setdefault(pair, position.pools)
            pools = {**position.pools, segment: position.pools[segment] - pooled}
            self._positions[pair] = replace(position, pools=pools)
        return pooled

    def taken(self) -> "list[Taken]":
        """Return what has been taken of each position where something has, in the order in which rows are locked."""
        return [self._what(pair, units) for pair, units in sorted(self._taken.items()) if units]

    def _what(self, pair: Pair, units: int) -> "Taken":
        pools = self._positions[pair].pools
        seen = self._pools.get(pair, pools)
        if not seen:
            return Taken(pair, units, units, seen, pools)
        pooled = sum(seen.values()) - sum(pools.values())
        return Taken(pair, units, units - pooled + sum(seen.values()), seen, pools)

    def give_back(self, pair: Pair, quantity: int) -> None:
        """Put units back that were reserved."""
        for part, units in parts(pair, quantity, self.components(pair.sku)):
            self._taken[part] -= units


def parts(pair: Pair, quantity: int, components: Mapping[str, int]) -> Iterable[tuple[Pair, int]]:
    """Return what is really moved at positions when so many units of a SKU, or of a bundle of components, are."""
    if not components:
        return ((pair, quantity),)
    return [(Pair(sku, pair.node_id), units * quantity) for sku, units in components.items()]

"""The search for the best allocation.

Every set of one node is tried, then of two, then of three, and on while the limits of the rules allow it; each set is
priced exactly, to the last cent, with lines cut where that is cheaper. With up to eight nodes and a hundred lines that
means every set there is, so that the answer is the best one (with several lines of one SKU: the best that
`pieces.spread` finds). Of more than twelve nodes, twelve are tried. Greedy choices over all nodes compete with the
sets, and are the answer where no set covers everything.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from services.routing.domain import greedy
from services.routing.domain.demand import DemandLine, Strategy
from services.routing.domain.network import Offer
from services.routing.domain.pieces import Allocation, Quantities, cost, settle, spread
from services.routing.domain.rules import Rules

# (cost, pieces, units of each offer by its index): the smallest wins, which decides ties the same way every time.
Filling = tuple[int, int, tuple[tuple[int, int], ...]]


def allocate(lines: Sequence[DemandLine], offers: Sequence[Offer], strategy: Strategy, rules: Rules) -> Allocation:
    """Return who ships which pieces. There must be stock for all of it."""
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    offers = sorted((offer for offer in offers if offer.stock), key=lambda offer: offer.node_id)
    if not wanted:
        return {}
    if strategy is Strategy.NEAREST:
        return settle(greedy.nearest(offers, wanted), lines)
    if strategy is Strategy.MOST_STOCK:
        return settle(greedy.most_stock(offers, wanted), lines)
    found = [
        greedy.nearest(offers, wanted),
        greedy.most_stock(offers, wanted),
        greedy.most_stock(offers, wanted, prune=True),
        greedy.cheapest(offers, wanted),
    ]
    best_set = _Sets(lines, _shortlist(offers, wanted, rules), rules).best(strategy)
    if best_set is not None:
        found.append(best_set)
    by_id = {offer.node_id: offer for offer in offers}

    def worth(allocation: Allocation) -> tuple[int, int, tuple[str, ...]]:
        money, shipments = cost(allocation, by_id, rules), len(allocation)
        first, second = (money, shipments) if strategy is Strategy.LEAST_COST else (shipments, money)
        return first, second, tuple(allocation)

    return min((settle(quantities, lines) for quantities in found), key=worth)


def _shortlist(offers: Sequence[Offer], wanted: Mapping[str, int], rules: Rules) -> list[Offer]:
    """Half of the places for those who can ship most, the cheaper first; the rest for those whose units cost least."""
    price = {offer.node_id: greedy.cost_per_unit(offer, wanted) for offer in offers}
    shares = {
        offer.node_id: sum(min(units, offer.stock.get(sku, 0)) for sku, units in wanted.items()) for offer in offers
    }
    fullest = sorted(offers, key=lambda offer: (-shares[offer.node_id], price[offer.node_id]))
    chosen = fullest[: rules.shortlist // 2]
    cheap = sorted(fullest[rules.shortlist // 2 :], key=lambda offer: price[offer.node_id])
    chosen += cheap[: rules.shortlist - len(chosen)]
    return sorted(chosen, key=lambda offer: offer.node_id)


class _Sets:
    """Prices sets of nodes. What a SKU costs in a set is remembered, for the larger sets that contain it."""

    def __init__(self, lines: Sequence[DemandLine], offers: Sequence[Offer], rules: Rules) -> None:
        self._offers, self._rules = offers, rules
        self._lines: dict[str, list[int]] = {}
        for line in lines:
            self._lines.setdefault(line.sku, []).append(line.quantity)
        self._holders = {
            sku: frozenset(index for index, offer in enumerate(offers) if sku in offer.stock) for sku in self._lines
        }
        self._known: dict[tuple[str, frozenset[int]], Filling | None] = {}
        self._limit = max(len(offers), min(rules.set_limit, rules.work_limit // len(lines)))

    def best(self, strategy: Strategy) -> Quantities | None:
        """Return the quantities of the best set, or None where no set that was tried covers everything."""
        best: tuple[tuple[int, int, tuple[int, ...]], list[Filling]] | None = None
        for chosen in self._tried():
            fillings = self._fillings(frozenset(chosen))
            if fillings is None:
                continue
            money = sum(filling[0] for filling in fillings) + self._rules.split_penalty * (len(chosen) - 1)
            money += sum(self._offers[index].parcel_cost + self._offers[index].order_cost for index in chosen)
            least_cost = strategy is Strategy.LEAST_COST
            worth = (money, len(chosen), chosen) if least_cost else (len(chosen), money, chosen)
            if best is None or worth < best[0]:
                best = worth, fillings
        return None if best is None else self._quantities(best[1])

    def _tried(self) -> Iterator[tuple[int, ...]]:
        count, tried = len(self._offers), 0
        for size in range(1, count + 1):
            tried += math.comb(count, size)
            if tried > self._limit:
                return
            yield from itertools.combinations(range(count), size)

    def _fillings(self, chosen: frozenset[int]) -> list[Filling] | None:
        fillings: list[Filling] = []
        for sku, holders in self._holders.items():
            filling = self._filling(sku, chosen & holders)
            if filling is None:
                return None
            fillings.append(filling)
        return fillings

    def _filling(self, sku: str, chosen: frozenset[int]) -> Filling | None:
        """Return the cheapest way to have a SKU from these nodes or some of them."""
        if not chosen:
            return None
        key = sku, chosen
        if key not in self._known:
            ways = [self._filling(sku, chosen - {index}) for index in chosen]
            ways.append(self._filled_by_all(sku, chosen))
            self._known[key] = min((way for way in ways if way is not None), default=None)
        return self._known[key]

    def _filled_by_all(self, sku: str, chosen: frozenset[int]) -> Filling | None:
        """Return the cheapest way in which each of these nodes ships some of a SKU, or None where there is none better
        than with fewer of them: with the nodes given, the cheaper the unit the more of it."""
        order = sorted(chosen, key=lambda i: (self._offers[i].unit_cost, self._offers[i].line_cost, i))
        left = sum(self._lines[sku])
        units: list[int] = []
        for index in order:
            units.append(min(left, self._offers[index].stock[sku]))
            left -= units[-1]
        if left or not all(units):
            return None
        parts = spread(self._lines[sku], units)
        money = 0
        for index, taken, part in zip(order, units, parts, strict=True):
            money += self._offers[index].unit_cost * taken + self._offers[index].line_cost * len(part)
        return money, sum(map(len, parts)), tuple(zip(order, units, strict=True))

    def _quantities(self, fillings: Sequence[Filling]) -> Quantities:
        quantities: dict[str, dict[str, int]] = {}
        for sku, filling in zip(self._lines, fillings, strict=True):
            for index, units in filling[2]:
                quantities.setdefault(self._offers[index].node_id, {})[sku] = units
        return quantities

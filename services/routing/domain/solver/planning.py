"""Plans made in a hurry: the rows that a bound chooses, filled up where something is missing, thinned where it pays."""

import heapq
from collections.abc import Sequence

from services.routing.domain.solver.bound import Hill, Point
from services.routing.domain.solver.incumbent import Incumbent
from services.routing.domain.solver.instance import Instance
from services.routing.domain.solver.pricing import Priced, Pricing


def plan(instance: Instance, pricing: Pricing, incumbent: Incumbent, hill: Hill, point: Point) -> None:
    """Offer the plan that these prices suggest, if it keeps the rules."""
    chosen = [hill.best_column(point, place) for place in point.chosen]
    filling = _Filling(instance, point.prices)
    for number in chosen:
        filling.take(number)
    filling.fill_up(hill.numbers)
    priced = _thinned(pricing, pricing.price(sorted(filling.taken)), instance.max_shipments)
    if incumbent.keeps_the_rules(priced):
        incumbent.offer(priced)


def _thinned(pricing: Pricing, priced: Priced, most: int) -> Priced:
    """Leave columns out while that is cheaper, or while there are too many."""
    improved = True
    while improved:
        improved = False
        for number in priced[1]:
            other = pricing.price([one for one in priced[1] if one != number])
            if other[0] < priced[0] or 0 < most < len(priced[1]):
                priced, improved = other, True
                break
    return priced


class _Filling:
    def __init__(self, instance: Instance, prices: Sequence[float]) -> None:
        self._columns, self._caps, self._prices = instance.columns, instance.unserved_costs, prices
        self._left = list(instance.targets)
        self._sources: set[int] = set()
        self.taken: list[int] = []

    def take(self, number: int) -> None:
        column = self._columns[number]
        self.taken.append(number)
        self._sources.add(column.source)
        for want, units, _ in column.entries:
            self._left[want] = max(0, self._left[want] - units)

    def fill_up(self, numbers: Sequence[int]) -> None:
        """Take the column that is worth most for its cost, at these prices, while one saves more than it costs."""
        if not any(self._left):
            return
        # What a column is worth shrinks as others are taken, so that most need not be looked at again.
        heap = [(-worth, number) for number in numbers if (worth := self._worth(number)) > 0]
        heapq.heapify(heap)
        while heap and any(self._left):
            _, number = heapq.heappop(heap)
            worth = 0.0 if self._columns[number].source in self._sources else self._worth(number)
            if worth > 0:
                if heap and -worth > heap[0][0]:
                    heapq.heappush(heap, (-worth, number))
                else:
                    self.take(number)

    def _worth(self, number: int) -> float:
        column = self._columns[number]
        left, prices, caps = self._left, self._prices, self._caps
        cost, worth, saved = float(column.fixed), 0.0, 0.0
        for want, units, share in column.entries:
            rest = left[want]
            if rest:
                some = min(units, rest)
                cost += some * share
                worth += some * prices[want]
                saved += some * caps[want]
        return worth / max(1.0, cost) if saved > cost else 0.0

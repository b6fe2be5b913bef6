"""Small sets of rows, tried one and all."""

from collections.abc import Sequence
from itertools import product
from math import prod
from operator import mul

from services.routing.domain.solver.bound import Hill, Node, Point, Row
from services.routing.domain.solver.covers import listed
from services.routing.domain.solver.incumbent import Incumbent
from services.routing.domain.solver.instance import Instance
from services.routing.domain.solver.pricing import Pricing

# Sets of more than so many rows are not listed, and no more than so many sets are tried.
FEW = 8
_SETS = 1_000
_SAMPLE = 200
_PROMISING = 30


class Trial:
    """Lists the sets of rows that have all that must be served, and tries those that may be better than the best."""

    def __init__(self, instance: Instance, pricing: Pricing, incumbent: Incumbent) -> None:
        self._instance, self._pricing, self._incumbent = instance, pricing, incumbent
        least = [float(cost) for cost in instance.unserved_costs]
        for column in instance.columns:
            for want, _, share in column.entries:
                least[want] = min(least[want], share)
        self._least = least
        self._served: float = sum(map(mul, least, instance.targets))
        self._openings = sum([min(0, column.fixed) for column in instance.columns])

    def all_tried(self, node: Node, steps: int) -> tuple[bool, bool]:
        """Try the sets of this node; return whether these were all that may be better, and whether there were any."""
        needed = self._needed()
        if not needed:
            return False, False
        sets, complete = listed(self._instance, node, needed, self._budget, steps)
        return self._tried(node.rows, sets) and complete, bool(sets)

    def sample(self, hill: Hill, point: Point, steps: int) -> None:
        """Try the smallest sets of the rows that have most profit: a better plan now saves most of the search."""
        places = sorted(point.chosen + point.order[point.count : point.count + _PROMISING])
        rows = tuple([hill.node.rows[place] for place in places])
        needed = self._needed()
        for size in range(hill.node.low, min(hill.node.high, FEW) + 1 if needed else 0):
            sets, complete = listed(self._instance, Node(rows, size, size), needed, self._budget, steps)
            self._tried(rows, sets)
            if sets or not complete:
                break

    @property
    def _budget(self) -> float:
        """What a better plan can pay for opening, as each unit costs what it does where it is cheapest."""
        return self._incumbent.enough - self._served

    def _needed(self) -> list[int]:
        """Return the wants of which no better plan leaves a unit unserved."""
        instance = self._instance
        room = self._budget - self._openings
        needed = []
        for want, target in enumerate(instance.targets):
            fewest = 1 if instance.may_be_cut[want] else target
            if target and (instance.unserved_costs[want] - self._least[want]) * fewest >= room:
                needed.append(want)
        return needed

    def _tried(self, rows: Sequence[Row], sets: Sequence[tuple[int, ...]]) -> bool:
        """Try every set by every choice of columns if that is not too much, otherwise some; say whether all were."""
        choices = 0
        for count, one in enumerate(sets):
            choices += prod([len(rows[place].columns) for place in one])
            if choices > _SETS:
                self._try(rows, sets[: min(count, _SAMPLE)])
                return False
        self._try(rows, sets)
        return True

    def _try(self, rows: Sequence[Row], sets: Sequence[tuple[int, ...]]) -> None:
        columns = self._instance.columns
        shares = self._shares(
            [number for place in {it for one in sets for it in one} for number in rows[place].columns]
        )
        bounds = []
        for one in sets:
            for chosen in product(*[rows[place].columns for place in one]):
                # As if everybody had enough of what they have: few sets are then still worth an exact price.
                if len(chosen) == 1:
                    least = sum(shares[chosen[0]])
                else:
                    least = sum(map(min, *[shares[number] for number in chosen]))
                bounds.append((least + sum([columns[number].fixed for number in chosen]), chosen))
        bounds.sort()
        incumbent = self._incumbent
        for bound, chosen in bounds:
            if bound >= incumbent.enough:
                break
            incumbent.offer(self._pricing.price_all(sorted(chosen), incumbent.limit))

    def _shares(self, numbers: Sequence[int]) -> dict[int, list[float]]:
        """Return for each column what all of each want costs if it has enough of all that it has."""
        targets = self._instance.targets
        unserved = list(map(float, map(mul, self._instance.unserved_costs, targets)))
        shares = {}
        for number in numbers:
            shares[number] = mine = unserved[:]
            for want, _, share in self._instance.columns[number].entries:
                cost = share * targets[want]
                mine[want] = min(mine[want], cost)
        return shares

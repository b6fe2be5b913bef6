"""Branch and bound over the number of shipments, then over sources: exact, if the effort allows.

Where opening costs most (orders of many lines, most of which few nodes have), the best number of shipments is soon
known, and plans with that number, with fewer and with more are parted: each part has a far better bound than all of
them together. In a part the bound settles most sources at once; what is left is listed, set by set, or branched on.
"""

import heapq
from dataclasses import dataclass
from math import ceil

from services.routing.domain.solver.bound import Hill, Node, Point, Row, first_prices
from services.routing.domain.solver.incumbent import DOUBT, Incumbent
from services.routing.domain.solver.instance import Instance
from services.routing.domain.solver.planning import plan
from services.routing.domain.solver.pricing import Priced, Pricing
from services.routing.domain.solver.trial import FEW, Trial

# Steps of the climb in a part and in a node below it; it starts again, so often, from what the last has left.
_PART_STEPS = 20
_NODE_STEPS = 12
_ROUNDS = 3
# A node costs one effort, and one more for so many entries that the climb looks at.
_ENTRIES = 10_000
# So many times for each effort may an idle source be made to ship.
_FORCED_STEPS = 20
_LISTED_ROWS = 80
_LIST_STEPS = 1_500
_COVER_STEPS = 2_500
# Where there is no plan to better yet, climb towards this.
_FAR = 1e9


@dataclass(slots=True)
class Found:
    """The best plan there is, or was met, what none can cost less than, and how many nodes that took."""

    best: Priced | None
    lower_bound: int
    explored: int


class Search:
    """One search for the best plan of an instance."""

    def __init__(self, instance: Instance, effort: int) -> None:
        self._instance, self._effort = instance, effort
        self._pricing = Pricing(instance, effort * _FORCED_STEPS)
        self._incumbent = Incumbent(instance)
        self._trial = Trial(instance, self._pricing, self._incumbent)
        self._spent = 0
        self._explored = 0
        # The prices of the last part are good for the next.
        self._prices: list[float] = []

    def run(self) -> Found:
        incumbent = self._incumbent
        if not self._instance.required:
            incumbent.offer(self._pricing.price(()))
        # The lowest bound first, then the deepest: (bound, -depth, serial, node, prices)
        heap = [(value, 0, serial, part, prices) for serial, (value, part, prices) in enumerate(self._parts())]
        serial = len(heap)
        while heap:
            value, depth, _, node, prices = heapq.heappop(heap)
            if value >= incumbent.enough:
                break
            if self._spent > self._effort and incumbent.best is not None:
                return self._found(self._whole(value))
            self._explored += 1
            self._spent += 1
            for point, child in self._explore(node, prices, part=depth == 0):
                serial += 1
                heapq.heappush(heap, (point.value, depth - 1, serial, child, point.prices))
        return self._found(None)

    def _found(self, lower_bound: int | None) -> Found:
        best, doubtful = self._incumbent.best, self._pricing.doubtful
        bounds = [bound for bound in (best and best[0], lower_bound, doubtful) if bound is not None]
        return Found(best, min(bounds, default=0), self._explored)

    def _parts(self) -> list[tuple[float, Node, list[float]]]:
        """Part the plans by how many shipments they have, those with as many as the best has first."""
        instance = self._instance
        rows = tuple(
            [Row(source, mine, source in instance.required) for source, mine in enumerate(instance.columns_of)]
        )
        low, high = max(1, len(instance.required)), min(instance.max_shipments or len(rows), len(rows))
        if low > high:
            return []
        prices = first_prices(instance)
        hill = Hill(instance, Node(rows, low, high))
        point = hill.at(prices)
        plan(instance, self._pricing, self._incumbent, hill, point)
        count = self._incumbent.shipments
        if not 0 < count <= FEW:
            return [(point.value, hill.node, prices)]
        while low <= min(count, high):
            complete, some = self._trial.all_tried(Node(rows, low, low), _COVER_STEPS)
            low += complete
            if some or not complete:
                break
        bounds = [(count, count), (low, count - 1), (count + 1, high)] if count >= low else [(low, high)]
        bounds = [(max(low, least), min(high, most)) for least, most in bounds]
        return [(point.value, Node(rows, least, most), prices) for least, most in bounds if least <= most]

    def _explore(self, node: Node, prices: list[float], *, part: bool) -> list[tuple[Point, Node]]:
        """Return the nodes that are left of a node, with their bounds."""
        incumbent = self._incumbent
        for _ in range(_ROUNDS):
            hill = Hill(self._instance, node)
            if not hill.possible:
                return []
            if part and self._prices and hill.at(self._prices).value > hill.at(prices).value:
                prices = self._prices
            steps = _PART_STEPS if part else _NODE_STEPS
            self._spent += steps * hill.size // _ENTRIES
            point = hill.climb(prices, incumbent.enough if incumbent.best else _FAR, steps)
            prices = point.prices
            if part:
                self._prices = prices
            if point.value >= incumbent.enough:
                return []
            plan(self._instance, self._pricing, incumbent, hill, point)
            if part and node.low <= FEW:
                self._trial.sample(hill, point, _LIST_STEPS)
            narrowed = hill.narrowed(point, incumbent.enough)
            if narrowed is None or self._settled(narrowed):
                return []
            unchanged = len(narrowed.rows) == len(node.rows)
            node = narrowed
            if unchanged:
                break
        return [(point, child) for child in _children(node, hill, point)]

    def _settled(self, node: Node) -> bool:
        """Try all that there is in a node, where that is little."""
        if not node.rows:
            return True
        if all(row.must and len(row.columns) == 1 for row in node.rows):
            columns = [row.columns[0] for row in node.rows]
            self._incumbent.offer(self._pricing.price_all(columns, self._incumbent.limit))
            return True
        if len(node.rows) > _LISTED_ROWS or node.high > FEW:
            return False
        return self._trial.all_tried(node, _LIST_STEPS)[0]

    def _whole(self, value: float) -> int:
        true = value + self._instance.lost - self._instance.split_cost
        return ceil(true - DOUBT * abs(true))


def _children(node: Node, hill: Hill, point: Point) -> list[Node]:
    """Part a node by whether the source ships that the bound chose most often; where all are settled, by its column."""
    undecided = [row for row in node.rows if not row.must]
    if undecided:
        times = {row.source: count for row, count in zip(hill.node.rows, hill.times, strict=True)}
        row = max(undecided, key=lambda row: (times[row.source], -row.source))
        rest = tuple([other for other in node.rows if other is not row])
        return [Node(rest, node.low, min(node.high, len(rest))), _with(node, row, row.columns)]
    profits = dict(zip(hill.numbers, point.profits, strict=True))
    row = next(row for row in node.rows if len(row.columns) > 1)
    best = max(row.columns, key=lambda number: (profits[number], -number))
    others = tuple([number for number in row.columns if number != best])
    return [_with(node, row, (best,)), _with(node, row, others)]


def _with(node: Node, row: Row, columns: tuple[int, ...]) -> Node:
    """Return the plans of a node in which a row ships, by one of these columns."""
    rows = tuple([Row(row.source, columns, must=True) if other is row else other for other in node.rows])
    return Node(rows, node.low, node.high)

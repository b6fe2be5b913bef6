"""The lower bound: prices for units ("duals"), moved until they prove as much as they can.

For any prices v, no plan with low to high shipments costs less than

    L(v) = sum of target * v  -  the sum of the greatest profits of so many sources

where the profit of a column at v is the sum of units * max(0, v - share) less what it costs to open, a source takes its
best column, those that must ship count first, and of the others as many as have a profit, but not fewer than `low` in
all and not more than `high`. This is the Lagrangian dual of the strong linear relaxation of facility location (shipped
<= units * opened), see D. Erlenkotter, "A dual-based procedure for uncapacitated facility location", Operations
Research 26 (1978); saying how many shipments there are makes it strong where opening costs most. It is climbed by
subgradients with the step of B. Polyak, "Minimization of unsmooth functionals" (1969), towards the cost of the best
plan known, each direction bent towards the one before (P. Camerini, L. Fratta, F. Maffioli, "On improving relaxation
methods by modified gradient techniques", Mathematical Programming Study 3, 1975).
"""

from dataclasses import dataclass
from operator import mul

from services.routing.domain.solver.instance import Instance

_BEND = 0.4
_PATIENCE = 4
_SHORTER = 0.6
_SHORTEST = 0.02
# Sums of floats may be off by this part of their size, which a bound gives away.
_DOUBT = 1e-14


@dataclass(frozen=True, slots=True)
class Row:
    """A source that may still ship, by one of these columns; `must` where it is settled that it does."""

    source: int
    columns: tuple[int, ...]
    must: bool


@dataclass(frozen=True, slots=True)
class Node:
    """Part of all plans: those with low to high shipments, from these rows."""

    rows: tuple[Row, ...]
    low: int
    high: int


@dataclass(slots=True)
class Point:
    """Prices, the bound they prove, profits by local column and by row, the rows chosen (those that must ship first),
    all that need not by profit, and how many of those are chosen."""

    prices: list[float]
    value: float
    profits: list[float]
    bests: list[float]
    chosen: list[int]
    order: list[int]
    count: int


class Hill:
    """The bound of a node as a function of prices. What concerns a want is gathered once."""

    def __init__(self, instance: Instance, node: Node) -> None:
        self.instance, self.node = instance, node
        self.numbers = [number for row in node.rows for number in row.columns]
        columns = [instance.columns[number] for number in self.numbers]
        self._openings = [-float(column.fixed) for column in columns]
        self._by_want: list[list[tuple[int, int, float]]] = [[] for _ in instance.targets]
        for local, column in enumerate(columns):
            for want, units, share in column.entries:
                self._by_want[want].append((local, units, share))
        self._ends = []
        end = 0
        for row in node.rows:
            self._ends.append((end, end + len(row.columns)))
            end += len(row.columns)
        self._single = end == len(node.rows)
        self._musts = [place for place, row in enumerate(node.rows) if row.must]
        self._others = [place for place, row in enumerate(node.rows) if not row.must]
        self._low = max(0, node.low - len(self._musts))
        self._high = min(node.high - len(self._musts), len(self._others))
        self.size = sum(map(len, self._by_want))
        self.times: list[int] = [0] * len(node.rows)

    @property
    def possible(self) -> bool:
        """Say whether so few and so many shipments there can be."""
        return self._high >= 0 and self._low <= self._high

    def at(self, prices: list[float]) -> Point:
        profits = self._openings[:]
        for price, sellers in zip(prices, self._by_want, strict=True):
            for local, units, share in sellers:
                margin = price - share
                if margin > 0:
                    profits[local] += units * margin
        bests = profits if self._single else [max(profits[start:end]) for start, end in self._ends]
        order = sorted(self._others, key=bests.__getitem__, reverse=True)
        count = self._low
        while count < self._high and bests[order[count]] > 0:
            count += 1
        chosen = self._musts + order[:count]
        worth, profit = sum(map(mul, self.instance.targets, prices)), sum([bests[place] for place in chosen])
        value = worth - profit - _DOUBT * (abs(worth) + abs(profit))
        return Point(prices, value, profits, bests, chosen, order, count)

    def best_column(self, point: Point, place: int) -> int:
        """Return the column by which a row makes its profit."""
        start, end = self._ends[place]
        return self.numbers[start if end - start == 1 else point.profits.index(point.bests[place], start, end)]

    def climb(self, prices: list[float], goal: float, steps: int) -> Point:
        """Return the best of so many points. A goal is a value that, once reached, is enough."""
        caps, columns = self.instance.unserved_costs, self.instance.columns
        top = point = self.at(prices)
        stride, waited = 1.0, 0
        direction: list[float] = []
        for _ in range(steps):
            if top.value >= goal:
                break
            slope: list[float] = list(self.instance.targets)
            prices = point.prices
            for place in point.chosen:
                self.times[place] += 1
                for want, units, share in columns[self.best_column(point, place)].entries:
                    if prices[want] > share:
                        slope[want] -= units
            direction = [a + _BEND * b for a, b in zip(slope, direction, strict=True)] if direction else slope
            norm = sum(map(mul, direction, direction))
            if norm < 1e-9:
                break
            step = stride * (goal - point.value) / norm
            prices = [min(cap, price + step * it) for price, it, cap in zip(prices, direction, caps, strict=True)]
            point = self.at(prices)
            if point.value > top.value:
                top, waited = point, 0
            else:
                waited += 1
                if waited > _PATIENCE:
                    waited = 0
                    stride *= _SHORTER
                    if stride < _SHORTEST:
                        break
        return top

    def narrowed(self, point: Point, enough: float) -> Node | None:
        """Leave out columns that only plans of this value or above use, and settle sources that all others use."""
        node, value = self.node, point.value
        count, order, bests = point.count, point.order, point.bests
        last = bests[order[count - 1]] if count else 0.0
        following = bests[order[count]] if count < len(order) else None
        # What is saved when another row comes in, and what one that goes is replaced by; None where that cannot be.
        entry: float | None = 0.0
        if count == self._high:
            entry = last if count else None
        elif count == self._low and count:
            entry = min(0.0, last)
        leave = following if count == self._low else max(0.0, following or 0.0)
        chosen = frozenset(point.chosen)
        rows: list[Row] = []
        for place, row in enumerate(node.rows):
            start, end = self._ends[place]
            must = row.must
            base = bests[place] if place in chosen else entry
            if place in chosen and not must:
                must = leave is None or value + bests[place] - leave >= enough
            if base is None:
                continue
            room = value + base - enough
            columns = tuple([n for n, p in zip(row.columns, point.profits[start:end], strict=True) if room < p])
            if columns:
                rows.append(Row(row.source, columns, must) if must != row.must or len(columns) < end - start else row)
            elif must:
                return None
        settled = sum(row.must for row in rows)
        if settled > node.high or len(rows) < node.low:
            return None
        if settled == node.high:
            rows = [row for row in rows if row.must]
        return Node(tuple(rows), max(node.low, settled), min(node.high, len(rows)))


def first_prices(instance: Instance) -> list[float]:
    """Return prices at which nobody makes a profit: each want bears its part of what it costs to open."""
    prices = [float(cost) for cost in instance.unserved_costs]
    for column in instance.columns:
        part = max(0, column.fixed) / len(column.entries)
        for want, units, share in column.entries:
            price = share + part / units
            prices[want] = min(prices[want], price)
    return prices

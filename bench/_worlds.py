"""A year planned by one policy, in a world of its own: what it ships is gone from its shelves and no others."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench._orders import built, demand
from bench._year import WEEKS, Placed, Units, Year
from services.routing import geocode
from services.routing.domain.demand import Method
from services.routing.domain.geo import Point, distance_km
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Network
from services.routing.domain.outcome import Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.product import Product
from services.routing.domain.rules import Profile, Rules, Strategy

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """How to plan. `whole`: the nearest node that has everything, if any has; else as the method says."""

    name: str
    method: Method
    whole: bool = False
    split_cost: int = 500


POLICIES = (
    Policy("least cost", Method.LEAST_COST),
    Policy("fewest splits", Method.FEWEST_SPLITS),
    Policy("nearest", Method.NEAREST),
    Policy("nearest whole", Method.NEAREST, whole=True),
    Policy("most stock", Method.MOST_STOCK),
)

# What is counted of each week.
COUNTS = ("orders", "several", "shipments", "split", "extra", "paid", "days", "units", "left", "carried", "out")


@dataclass(slots=True)
class Weeks:
    """What came of a policy, by week: one row of COUNTS for each."""

    name: str
    table: NDArray[np.float64] = field(default_factory=lambda: np.zeros((WEEKS, len(COUNTS))))

    def add(self, week: int, **counts: float) -> None:
        for name, count in counts.items():
            self.table[week, COUNTS.index(name)] += count

    def sums(self, name: str) -> NDArray[np.float64]:
        return self.table[:, COUNTS.index(name)]


class World:
    """The shelves, and who plans what leaves them."""

    def __init__(self, year: Year, own: Policy) -> None:
        self._year, self._own = year, own
        self._network: Network = built(year.network)
        self._products = {_sku(sku): Product(sku=_sku(sku), grams=grams) for sku, grams in enumerate(year.grams)}

    def run(
        self, others: Sequence[Policy] = (), *, weeks: int = WEEKS, told: Callable[[], None] = lambda: None
    ) -> list[Weeks]:
        """Plan a year by the world's own policy, and let others say what they would do with the same shelves."""
        year, stock = self._year, self._year.empty()
        found = [Weeks(policy.name) for policy in (self._own, *others)]
        day = -1
        for order in year.orders:
            if order.week >= weeks:
                break
            today = order.week * 7 + order.time.weekday()
            while day < today:
                day += 1
                if day % 7 == 0:
                    stock = year.delivered(day // 7, stock)
                stock = year.walked_out(day, stock)
                found[0].add(day // 7, carried=year.carried.sum(), out=(year.carried & (stock == 0)).sum())
            plan = self._plan(order, self._own, stock)
            for weeks_of, policy in zip(found[1:], others, strict=True):
                _count(weeks_of, order, self._plan(order, policy, stock))
            _count(found[0], order, plan)
            self._take(plan, stock)
            told()
        return found

    def _plan(self, order: Placed, policy: Policy, stock: Units) -> Plan:
        asked = demand({_sku(sku): units for sku, units in order.units.items()}, order.to)
        place = geocode.locate(asked.destination)
        rows = list(range(len(self._year.node_ids)))
        if policy.whole and place is not None:
            rows = self._nearest_with_all(order, place.point, stock) or rows
        shelves = {}
        for row in rows:
            had = {_sku(sku): int(stock[row, sku]) for sku in order.units if stock[row, sku]}
            if had:
                shelves[self._year.node_ids[row]] = had
        return make_plan(
            Inputs(
                demand=asked,
                network=self._network,
                stock=shelves,
                place=place,
                now=order.time,
                rules=_rules(policy),
                products={line.sku: self._products[line.sku] for line in asked.lines},
            )
        )

    def _nearest_with_all(self, order: Placed, to: Point, stock: Units) -> list[int]:
        holders = [
            row
            for row in range(len(self._year.node_ids))
            if all(stock[row, sku] >= units for sku, units in order.units.items())
        ]
        sites = self._network.by_id
        return sorted(holders, key=lambda row: distance_km(sites[self._year.node_ids[row]].node.point, to))[:1]

    def _take(self, plan: Plan, stock: Units) -> None:
        for one in plan.assignments:
            row = self._year.node_ids.index(one.node.node_id)
            for piece in one.pieces:
                stock[row, int(piece.sku)] -= piece.quantity


@functools.cache
def _rules(policy: Policy) -> Rules:
    strategy = Strategy(name=policy.name, method=policy.method, split_cost=policy.split_cost)
    return Rules(version="bench@1", profiles=(Profile(name="all", strategies=(strategy,)),))


def _count(weeks: Weeks, order: Placed, plan: Plan) -> None:
    shipments = len(plan.assignments)
    paid = sum(amount.minor for name, amount in plan.terms.items() if name != "splitting")
    last = max((one.promise_time for one in plan.assignments), default=order.time)
    weeks.add(
        order.week,
        orders=1,
        several=len(order.units) > 1,
        shipments=shipments,
        split=shipments > 1,
        extra=max(0, shipments - 1),
        paid=paid / 100,
        days=(last - order.time).total_seconds() / DAY,
        units=sum(order.units.values()),
        left=sum(one.quantity for one in plan.unplanned),
    )


def _sku(number: int) -> str:
    return f"{number:06d}"

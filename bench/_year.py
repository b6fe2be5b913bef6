"""A generated year of a shop: orders, what nodes carry, what is brought every Monday, what walks out of the stores.

What is assumed, and where it is from:

* Three distribution centres, 27 stores that ship (`_us.network`); customers live as people do. Any 500 ZIP codes.
* How well SKUs sell falls with their rank as a power law, exponent 0.9: the best fifth makes some 70 % of sales. Online
  it is less than Pareto's 80 % (E. Brynjolfsson, Y. Hu, D. Simester, "Goodbye Pareto Principle, Hello Long Tail",
  Management Science 57, 2011).
* Half of the orders have one line; 2.1 lines on average, up to ten. Nobody publishes this: `--single` changes it, and
  the tables say what becomes of orders of several lines.
* Centres carry nine tenths of the SKUs, stores two thirds of what sells best and a quarter of the rest. Every Monday
  each is filled up to the sales expected in a week and a safety stock, but one delivery in seven does not come. Stores
  also sell to those who walk in. That leaves some 7 % of what is carried out of stock; T. Gruen, D. Corsten and
  S. Bharadwaj found 8.3 % in shops ("Retail Out-of-Stocks: A Worldwide Examination", 2002).
* November and December sell twice as much. Orders come at any minute of the day.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bench import _us
from bench._us import Home
from oms.routing.v1.network_pb2 import Network

NODES = 30
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEKS = 52
_PEAK = range(44, 52)
_EXPONENT = 0.9
_HOMES = 500
_UNITS = (1, 2, 3), (85, 12, 3)
# Of several lines: two, three, … ten.
_SEVERAL = (44, 24, 14, 8, 4, 2, 2, 1, 1)
_CENTRES_SELL = 0.7
_WALK_IN = 0.10
_COMES = 0.85
_SAFETY = 0.5

Units = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order: when, to where, and how many of which SKUs, by number."""

    week: int
    time: datetime
    to: Home
    units: dict[int, int]


class Year:
    """All that happens, whatever is planned. The same seed, the same year."""

    def __init__(self, *, orders: int, skus: int, single: float, seed: int) -> None:
        self.skus, self._seed = skus, seed
        self.network: Network = _us.network(NODES, seed)
        self.node_ids = [node.node_id for node in self.network.nodes]
        self.popularity = np.arange(1, skus + 1) ** -_EXPONENT
        self.popularity /= self.popularity.sum()
        self.grams = [
            min(15_000, round(random.Random(f"{seed} {sku}").lognormvariate(6.2, 0.9))) for sku in range(skus)
        ]
        self.orders = self._orders(orders, single)
        units = sum(sum(order.units.values()) for order in self.orders) / WEEKS
        rng = np.random.default_rng([seed, 1])
        centres = np.array([node_id.startswith("dc") for node_id in self.node_ids])
        best = np.arange(skus) < skus // 5
        share = np.where(centres[:, None], 0.9, np.where(best, 2 / 3, 1 / 4))
        self.carried = rng.random((NODES, skus)) < share
        online = np.where(centres, _CENTRES_SELL / centres.sum(), (1 - _CENTRES_SELL) / (~centres).sum())
        self._walk_in = np.where(centres[:, None], 0.0, self.popularity * units * _WALK_IN) * self.carried
        weekly = online[:, None] * self.popularity * units + self._walk_in
        self._levels: Units = (np.ceil(weekly + _SAFETY * np.sqrt(weekly)) * self.carried).astype(np.int64)

    def delivered(self, week: int, stock: Units) -> Units:
        """Return the stock after what came on Monday; before the peak weeks, twice as much is kept."""
        comes = np.random.default_rng([self._seed, 2, week]).random(stock.shape) < _COMES
        levels = self._levels * (2 if week in _PEAK else 1)
        return np.where(comes, np.maximum(stock, levels), stock)

    def walked_out(self, day: int, stock: Units) -> Units:
        """Return the stock after what a day's customers took from the stores."""
        rate = self._walk_in / 7 * (2 if day // 7 in _PEAK else 1)
        left: Units = np.maximum(0, stock - np.random.default_rng([self._seed, 3, day]).poisson(rate))
        return left

    def empty(self) -> Units:
        return np.zeros((NODES, self.skus), dtype=np.int64)

    def _orders(self, count: int, single: float) -> list[Placed]:
        chance = random.Random(f"year {self._seed}")
        homes = [_us.home(chance) for _ in range(_HOMES)]
        weeks = chance.choices(range(WEEKS), [2 if week in _PEAK else 1 for week in range(WEEKS)], k=count)
        moments = sorted((week, chance.randrange(7 * 24 * 60)) for week in weeks)
        found = []
        for week, minute in moments:
            lines = 1 if chance.random() < single else chance.choices(range(2, 11), _SEVERAL)[0]
            skus = set(chance.choices(range(self.skus), self.popularity.tolist(), k=lines))
            units = {sku: chance.choices(*_UNITS)[0] for sku in sorted(skus)}
            time = START + timedelta(weeks=week, minutes=minute)
            found.append(Placed(week, time, chance.choice(homes), units))
        return found

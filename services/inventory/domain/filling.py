"""Who of those that wait gets the units that came.

    FIRST_COME      whoever waits longest; the last one may get a part
    PRIORITY        1 before 2, then whoever waits longest; the last one may get a part
    SHIP_COMPLETE   in the order of PRIORITY, an order only when everything it waits for is there, else the next one
    FAIR_SHARE      everybody in proportion to what they wait for

A policy belongs to a SKU. SKUs that may be filled in part are shared out first, so that nothing of them lies idle while
somebody wants it; a SHIP_COMPLETE line then sees whether the other lines of its order got all they want.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heapreplace

from services.inventory.domain.position import Pair
from services.kernel.money import allocate


class Policy(StrEnum):
    """How units of a SKU are shared out."""

    FIRST_COME = "FIRST_COME"
    PRIORITY = "PRIORITY"
    SHIP_COMPLETE = "SHIP_COMPLETE"
    FAIR_SHARE = "FAIR_SHARE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Units that a line still waits for."""

    owner_id: str
    line_id: str
    sku: str
    quantity: int
    priority: int
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Fill:
    """Units that a line gets from a node."""

    owner_id: str
    line_id: str
    pair: Pair
    quantity: int


def fill(waits: Iterable[Waiting], free: Mapping[Pair, int], policy: Mapping[str, Policy]) -> list[Fill]:
    """Return who gets what: the same for the same input in any order, at most one fill for each line and pair.

    A SKU without a policy has PRIORITY. Units are taken from the node that has most of them, then the first by id: one
    node where one has all, the fewest otherwise.
    """
    shelves = _shelves(free)
    by_sku: dict[str, list[Waiting]] = {}
    for wait in waits:
        if wait.quantity > 0:
            by_sku.setdefault(wait.sku, []).append(wait)
    fills: list[Fill] = []
    complete: list[Waiting] = []
    for sku, queue in sorted(by_sku.items()):
        rule = policy.get(sku, Policy.PRIORITY)
        if rule is Policy.SHIP_COMPLETE:
            complete += queue
        elif sku in shelves:
            queue.sort(key=_ORDERS[rule])
            fills += _shared_out(queue, shelves[sku], fair=rule is Policy.FAIR_SHARE)
    if complete:
        fills += _complete(complete, shelves, _short_owners(by_sku, policy, fills))
    return fills


class _Shelf:
    """The units of one SKU, the node with most of them on top."""

    def __init__(self) -> None:
        self.units = 0
        self.nodes: list[tuple[int, str, Pair]] = []

    def give(self, wait: Waiting, wanted: int) -> list[Fill]:
        """Take as many of the wanted units as there are."""
        fills: list[Fill] = []
        while wanted and self.nodes:
            less, node_id, pair = self.nodes[0]
            taken = min(wanted, -less)
            wanted -= taken
            self.units -= taken
            if less + taken:
                heapreplace(self.nodes, (less + taken, node_id, pair))
            else:
                heappop(self.nodes)
            fills.append(Fill(wait.owner_id, wait.line_id, pair, taken))
        return fills


def _shelves(free: Mapping[Pair, int]) -> dict[str, _Shelf]:
    shelves: dict[str, _Shelf] = {}
    for pair, units in free.items():
        if units > 0:
            shelf = shelves.setdefault(pair.sku, _Shelf())
            shelf.units += units
            shelf.nodes.append((-units, pair.node_id, pair))
    for shelf in shelves.values():
        heapify(shelf.nodes)
    return shelves


def _shared_out(queue: Sequence[Waiting], shelf: _Shelf, *, fair: bool) -> list[Fill]:
    """Fill in the order of the queue, in part where it must be; fairly where everybody cannot have all."""
    wants = [wait.quantity for wait in queue]
    if fair and shelf.units < sum(wants):
        wants = allocate(shelf.units, wants)
    fills: list[Fill] = []
    for wait, wanted in zip(queue, wants, strict=True):
        fills += shelf.give(wait, wanted)
        if not shelf.nodes:
            break
    return fills


def _complete(waits: Iterable[Waiting], shelves: Mapping[str, _Shelf], short: set[str]) -> list[Fill]:
    """Fill the orders of which everything is there, the most urgent first."""
    orders: dict[str, list[Waiting]] = {}
    for wait in sorted(waits, key=_ORDERS[Policy.SHIP_COMPLETE]):
        orders.setdefault(wait.owner_id, []).append(wait)
    fills: list[Fill] = []
    for owner_id, lines in orders.items():
        if owner_id not in short and _all_there(lines, shelves):
            for wait in lines:
                fills += shelves[wait.sku].give(wait, wait.quantity)
    return fills


def _all_there(lines: Iterable[Waiting], shelves: Mapping[str, _Shelf]) -> bool:
    wanted: dict[str, int] = {}
    for wait in lines:
        wanted[wait.sku] = wanted.get(wait.sku, 0) + wait.quantity
    return all(sku in shelves and units <= shelves[sku].units for sku, units in wanted.items())


def _short_owners(
    by_sku: Mapping[str, Iterable[Waiting]], policy: Mapping[str, Policy], fills: Iterable[Fill]
) -> set[str]:
    """Return who did not get all it wants of the SKUs that may be filled in part."""
    missing: dict[str, int] = {}
    for sku, queue in by_sku.items():
        if policy.get(sku) is not Policy.SHIP_COMPLETE:
            for wait in queue:
                missing[wait.owner_id] = missing.get(wait.owner_id, 0) + wait.quantity
    for one in fills:
        missing[one.owner_id] -= one.quantity
    return {owner_id for owner_id, units in missing.items() if units}


def _first_come(wait: Waiting) -> tuple[datetime, str, str, str]:
    return wait.create_time, wait.owner_id, wait.line_id, wait.sku


def _urgent(wait: Waiting) -> tuple[int, datetime, str, str, str]:
    return wait.priority, wait.create_time, wait.owner_id, wait.line_id, wait.sku


_ORDERS: Mapping[Policy, Callable[[Waiting], tuple[object, ...]]] = {
    Policy.FIRST_COME: _first_come,
    Policy.PRIORITY: _urgent,
    Policy.SHIP_COMPLETE: _urgent,
    Policy.FAIR_SHARE: _first_come,
}

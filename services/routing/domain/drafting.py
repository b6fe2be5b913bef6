"""Drafts of promises: what would be shipped now, and what once supply has come, for each level of service.

An option is made as plans are, with one level of service asked for. What is there now ships now. Units that nobody has
yet are planned for the moment at which supply brings enough of their SKU: work on them begins then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.kernel.money import Money
from services.routing.domain.choices import HANDLING, SHIPPING
from services.routing.domain.demand import Demand, ServiceLevel
from services.routing.domain.inputs import Inputs
from services.routing.domain.lead_times import Lane, area
from services.routing.domain.network import Network
from services.routing.domain.node import NodeType
from services.routing.domain.order import Order
from services.routing.domain.outcome import Assignment, Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.reach import Reach, Way, reaches

PICKUP = "PICKUP"
LEVELS = tuple(level.value for level in ServiceLevel)
# Units that there are from a moment on, those of earlier moments among them.
Steps = Sequence[tuple[datetime, int]]
_NOTHING: Mapping[str, Steps] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What will be there later, by SKU and node; the stock of now is among it."""

    later: Mapping[str, Mapping[str, Steps]] = field(default_factory=dict)

    def of(self, sku: str) -> Mapping[str, Steps]:
        return self.later.get(sku, _NOTHING)

    def times(self, sku: str) -> list[datetime]:
        """Return when there is more of a SKU, in order."""
        return sorted({time for steps in self.of(sku).values() for time, _ in steps})

    def at(self, moment: datetime, sku: str, now: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Return what will be there of a SKU at a moment by node, where this is there now."""
        found = {node_id: skus[sku] for node_id, skus in now.items() if sku in skus}
        for node_id, steps in self.of(sku).items():
            reached = [units for time, units in steps if time <= moment]
            if reached:
                found[node_id] = reached[-1]
        return found

    def from_time(self, node_id: str, sku: str, units: int, there: int) -> datetime | None:
        """Return from when so many units are there; None where they are there now."""
        if units <= there:
            return None
        return next((time for time, reached in self.of(sku).get(node_id, ()) if reached >= units), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedPiece:
    """Units of a line in a parcel, and from when they are there where that is still to come."""

    line_id: str
    sku: str
    quantity: int
    available_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A node's part of an option, with the way that it goes; None where customers collect it there."""

    assignment: Assignment
    pieces: tuple[PromisedPiece, ...]
    start: datetime
    way: Way | None
    # Where it goes, as transit times are counted.
    area: str

    @property
    def lane(self) -> Lane:
        """What its transit time is learned by."""
        return Lane(self.assignment.node.node_id, self.way.key if self.way else "", self.area)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An option before anything that was learned is looked at."""

    service_level: str
    parcels: tuple[Parcel, ...]
    cost: Money
    # Units that it leaves out, by line.
    short: Mapping[str, int]


def drafts(inputs: Inputs, supply: Supply, levels: Iterable[str]) -> list[Draft]:
    """Return the options of these levels: those that leave out the fewest units.

    `inputs` have the stock of now, and the node for those who collect.
    """
    delivered = replace(inputs, demand=replace(inputs.demand, pickup_node_id=""))
    found = [
        _Drafting(_at_level(inputs if level == PICKUP else delivered, level), supply).draft(level)
        for level in levels
        if level != PICKUP or hands_over(inputs.network, inputs.demand.pickup_node_id)
    ]
    least = min((sum(one.short.values()) for one in found), default=0)
    return [one for one in found if sum(one.short.values()) == least]


def hands_over(network: Network, node_id: str) -> bool:
    """Tell whether customers can collect at a node."""
    site = network.by_id.get(node_id)
    if site is None or site.node.disabled:
        return False
    return site.node.type is NodeType.PICKUP_POINT or "pickup" in site.node.capabilities


def _at_level(inputs: Inputs, level: str) -> Inputs:
    asked = ServiceLevel.STANDARD if level == PICKUP else ServiceLevel(level)
    return replace(inputs, demand=replace(inputs.demand, service_level=asked))


class _Drafting:
    """Makes one option: a plan for now, and one for each moment at which more of what is left has come."""

    def __init__(self, inputs: Inputs, supply: Supply) -> None:
        self._inputs, self._supply = inputs, supply
        self._left = {line.line_id: line.quantity for line in inputs.demand.lines}
        self._taken: dict[tuple[str, str], int] = {}
        self._parcels: list[Parcel] = []
        self._reaches: dict[str, Reach] | None = None
        self._area = ""
        self._complete = inputs.demand.ship_complete

    def draft(self, level: str) -> Draft:
        demand = self._inputs.demand
        if not self._complete:
            plan = self._plan(demand, self._inputs.now)
            # Rules may ask for it, too.
            self._complete = any(one.reason == "SHIP_COMPLETE" for one in plan.unplanned)
        if self._complete:
            self._all_at_once()
        else:
            self._later()
        return Draft(
            service_level=level,
            parcels=tuple(self._parcels),
            cost=_cost(self._parcels, self._inputs.rules.currency_code),
            short=self._short(),
        )

    def _all_at_once(self) -> None:
        """Ship everything as soon as all of it is there."""
        demand, now = self._inputs.demand, self._inputs.now
        moments = {time for line in demand.lines for time in self._supply.times(line.sku) if time > now}
        for moment in (now, *sorted(moments)):
            if self._enough(moment):
                self._plan(demand, moment)
                if self._parcels:
                    return

    def _later(self) -> None:
        """Ship each SKU that is left when enough of it has come, or all that will."""
        lines = {line.line_id: line for line in self._inputs.demand.lines}
        times = {sku: self._supply.times(sku) for sku in self._missing()}
        coming: dict[datetime, set[str]] = {}
        for sku, moments in times.items():
            for moment in moments:
                if moment > self._inputs.now:
                    coming.setdefault(moment, set()).add(sku)
        for moment, skus in sorted(coming.items()):
            missing = self._missing()
            ripe = {
                sku
                for sku in skus & missing.keys()
                if moment == times[sku][-1] or sum(self._there(moment, sku).values()) >= missing[sku]
            }
            left = [
                replace(lines[line_id], quantity=units)
                for line_id, units in self._left.items()
                if lines[line_id].sku in ripe
            ]
            if left:
                self._plan(replace(self._inputs.demand, lines=tuple(left)), moment)

    def _plan(self, demand: Demand, moment: datetime) -> Plan:
        inputs = self._inputs
        if moment != inputs.now:
            stock: dict[str, dict[str, int]] = {}
            for sku in {line.sku for line in demand.lines}:
                for node_id, units in self._there(moment, sku).items():
                    stock.setdefault(node_id, {})[sku] = units
            inputs = replace(inputs, now=moment, stock=stock)
        plan = make_plan(replace(inputs, demand=demand))
        for assignment in plan.assignments:
            self._add(assignment, moment)
        return plan

    def _add(self, assignment: Assignment, moment: datetime) -> None:
        node_id = assignment.node.node_id
        pieces = []
        for piece in assignment.pieces:
            key = node_id, piece.sku
            self._taken[key] = self._taken.get(key, 0) + piece.quantity
            there = self._inputs.stock.get(node_id, {}).get(piece.sku, 0)
            available = self._supply.from_time(*key, self._taken[key], there)
            pieces.append(
                PromisedPiece(line_id=piece.line_id, sku=piece.sku, quantity=piece.quantity, available_time=available)
            )
            self._left[piece.line_id] -= piece.quantity
            if not self._left[piece.line_id]:
                del self._left[piece.line_id]
        self._parcels.append(
            Parcel(
                assignment=assignment, pieces=tuple(pieces), start=moment, way=self._way(assignment), area=self._area
            )
        )

    def _way(self, assignment: Assignment) -> Way | None:
        if assignment.pickup:
            return None
        if self._reaches is None:
            order, network = Order(self._inputs), self._inputs.network
            found = reaches(network, order.destination, order.place, order.currency_code)
            self._area = area(order.destination)
            self._reaches = {reach.site.node_id: reach for reach in found}
        key = f"{assignment.carrier_code}/{assignment.service_code}"
        return next(way for way in self._reaches[assignment.node.node_id].ways if way.key == key)

    def _there(self, moment: datetime, sku: str) -> dict[str, int]:
        """Return what is there of a SKU at a moment, by node, beyond what was taken for this option."""
        there = self._supply.at(moment, sku, self._inputs.stock)
        return {node_id: max(0, units - self._taken.get((node_id, sku), 0)) for node_id, units in there.items()}

    def _enough(self, moment: datetime) -> bool:
        return all(sum(self._there(moment, sku).values()) >= units for sku, units in self._missing().items())

    def _missing(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self._inputs.demand.lines:
            if line.line_id in self._left:
                found[line.sku] = found.get(line.sku, 0) + self._left[line.line_id]
        return found

    def _short(self) -> dict[str, int]:
        """Return what is left out, by line: of what must be complete, what it lacks, where it lacks anything."""
        if not self._complete or not self._left:
            return dict(self._left)
        had = {
            sku: sum(self._there(max([self._inputs.now, *self._supply.times(sku)]), sku).values())
            for sku in self._missing()
        }
        missing: dict[str, int] = {}
        for line in self._inputs.demand.lines:
            units = min(line.quantity, had[line.sku])
            had[line.sku] -= units
            if units < line.quantity:
                missing[line.line_id] = line.quantity - units
        return missing or dict(self._left)


def _cost(parcels: Iterable[Parcel], currency_code: str) -> Money:
    nothing = Money(0, currency_code)
    terms = [one.assignment.terms.get(name, nothing) for one in parcels for name in (SHIPPING, HANDLING)]
    return sum(terms, nothing)

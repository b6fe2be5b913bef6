"""What a node could do for an order: the ways that its units may go, and what each costs, by name. In mills."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.routing.domain.facts import NodeFacts
from services.routing.domain.reach import Reach, Way
from services.routing.domain.solver import Option, Source

SHIPPING, HANDLING, SPLITTING, LATENESS, LANDED = "shipping", "handling", "splitting", "lateness", "duty and tax"


# A criterion's name, what it counts for a unit, and what once, of each wanted SKU.
LineScores = list[tuple[str, list[int], list[int]]]


@dataclass(frozen=True, slots=True)
class Times:
    """When a parcel leaves and arrives if it is begun now."""

    dispatch_time: datetime
    release_by_time: datetime
    earliest_delivery_time: datetime
    delivery_time: datetime


@dataclass(slots=True, eq=False)
class Choice:
    """One way that an offer may take: its costs by wanted SKU, and by name. None is a SKU that may not go this way."""

    way: Way | None
    fixed: dict[str, int]
    # Of a unit, of each wanted SKU, by name.
    unit: list[int | None]
    # Of that, what the carrier asks; the rest is duty and tax.
    shipping_unit: list[int]
    # The same for all ways of a node.
    scores: LineScores
    line_cost: int

    @property
    def key(self) -> str:
        return self.way.key if self.way else "pickup"

    def option(self) -> Option:
        """Return it as the solver knows it."""
        count = len(self.unit)
        unit, pick = self.unit, [self.line_cost] * count
        for _, per_unit, once in self.scores:
            unit = [None if a is None else a + b for a, b in zip(unit, per_unit, strict=True)]
            pick = [a + b for a, b in zip(pick, once, strict=True)]
        return Option(key=self.key, fixed=sum(self.fixed.values()), unit=unit, pick=pick)

    def terms(self, units: Sequence[int]) -> dict[str, int]:
        """Return what these units cost by this way, by name."""
        found = dict(self.fixed)
        shipping = landed = picks = 0
        for price, ship, count in zip(self.unit, self.shipping_unit, units, strict=True):
            if count:
                picks += 1
                shipping += ship * count
                landed += ((price or 0) - ship) * count
        found[SHIPPING] = found.get(SHIPPING, 0) + shipping
        found[HANDLING] = found.get(HANDLING, 0) + self.line_cost * picks
        if landed:
            found[LANDED] = found.get(LANDED, 0) + landed
        for name, per_unit, once in self.scores:
            amount = sum(a * count + b for a, b, count in zip(per_unit, once, units, strict=True) if count)
            if amount:
                found[name] = found.get(name, 0) + amount
        return found


@dataclass(slots=True, eq=False)
class Offer:
    """A node that may ship some of an order."""

    reach: Reach
    stock: tuple[int, ...]
    choices: list[Choice]
    facts: NodeFacts | None = None
    node_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.node_id = self.reach.node_id

    def source(self) -> Source:
        """Return it as the solver knows it."""
        return Source(key=self.node_id, stock=self.stock, options=tuple(choice.option() for choice in self.choices))

    def choice(self, key: str) -> Choice:
        """Return the choice of this key."""
        return next(one for one in self.choices if one.key == key)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node that does not come into question, and why."""

    reach: Reach
    reason: str
    explanation: str


@dataclass(slots=True)
class Offers:
    """All that come into question, by node id, and all that do not."""

    offers: list[Offer] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

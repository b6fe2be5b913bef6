"""Which nodes come into question, and what each of them could ship at what price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.kernel.money import Money
from services.routing.domain import carriers, rates
from services.routing.domain.carriers import Quote
from services.routing.domain.demand import Demand, Exclusion
from services.routing.domain.geo import Place, distance_km
from services.routing.domain.node import Node
from services.routing.domain.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A node that does not come into question, whatever it has in stock."""

    node: Node
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a node could ship, and its prices in minor units of the plan's currency."""

    node: Node
    distance_km: float | None
    quote: Quote
    parcel_cost: int
    unit_cost: int
    order_cost: int
    line_cost: int
    # Of the wanted SKUs, without those that are excluded here; only what is above zero.
    stock: Mapping[str, int]

    @property
    def node_id(self) -> str:
        return self.node.node_id

    def shipping_cost(self, units: int) -> int:
        """Return what a parcel with so many units costs."""
        return self.parcel_cost + self.unit_cost * units

    def handling_cost(self, pieces: int) -> int:
        """Return what work on so many lines costs."""
        return self.order_cost + self.line_cost * pieces


def qualify(nodes: Iterable[Node], demand: Demand) -> tuple[tuple[Node, ...], tuple[Refusal, ...]]:
    """Part the nodes that may ship this from those that may not, both by id."""
    serving: list[Node] = []
    refusals: list[Refusal] = []
    for node in sorted(nodes, key=lambda node: node.node_id):
        verdict = _objection(node, demand)
        if verdict is None:
            serving.append(node)
        else:
            refusals.append(Refusal(node=node, reason=verdict[0], explanation=verdict[1]))
    return tuple(serving), tuple(refusals)


def offer(node: Node, demand: Demand, stock: Mapping[str, int], place: Place | None, rules: Rules) -> Offer:
    """Return what a node that qualifies could ship, and at what price."""
    wanted = {line.sku: None for line in demand.lines}
    distance = None if place is None else distance_km(node.point, place.point)
    zone = carriers.zone(node.country_code, demand.destination.country_code, distance)
    quote = carriers.quote(zone, demand.service_level)
    return Offer(
        node=node,
        distance_km=distance,
        quote=quote,
        parcel_cost=rates.convert(Money(quote.parcel, carriers.CURRENCY_CODE), rules.cost_currency),
        unit_cost=rates.convert(Money(quote.unit, carriers.CURRENCY_CODE), rules.cost_currency),
        order_cost=rates.convert(node.order_cost, rules.cost_currency),
        line_cost=rates.convert(node.line_cost, rules.cost_currency),
        stock={
            sku: stock[sku]
            for sku in wanted
            if stock.get(sku, 0) > 0 and Exclusion(node_id=node.node_id, sku=sku) not in demand.exclusions
        },
    )


def _objection(node: Node, demand: Demand) -> tuple[str, str] | None:
    country = demand.destination.country_code
    if node.disabled:
        return "DISABLED", f"gets no new work: {node.disabled_reason or 'it is disabled'}"
    if not node.ships:
        return "DOES_NOT_SERVE_DESTINATION", "hands over to customers on the spot and ships nothing"
    if not node.serves(country):
        return "DOES_NOT_SERVE_DESTINATION", f"does not ship to {country}"
    if demand.excludes(node.node_id):
        return "EXCLUDED", "was tried in vain and left out"
    return None

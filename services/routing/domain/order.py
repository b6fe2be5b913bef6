"""An order as planning sees it: what is wanted of each SKU, where it goes, and the facts that rules look at."""

from dataclasses import dataclass
from functools import cached_property

from services.kernel.money import Money, exponent
from services.routing.domain import rates
from services.routing.domain.builtin_carriers import CUSTOMS_UNION
from services.routing.domain.demand import Demand, DemandLine, Destination
from services.routing.domain.facts import FAR, CustomerFacts, DestinationFacts, LineFacts, OrderFacts
from services.routing.domain.geo import Place, Precision, distance_km
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Site
from services.routing.domain.node import Node
from services.routing.domain.product import Product

_DAY_SECONDS = 86_400
# What a carrier service must be able to, too; anything else ("gift-wrap") is the node's alone.
CARRIED = frozenset({"hazmat", "cold"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Units of a SKU: its lines are asked of the same kind of node, and travel together where they can."""

    sku: str
    quantity: int
    product: Product
    required_capabilities: frozenset[str]
    # Of a unit, in minor units of the plan's currency; the dearest line counts.
    unit_price: int


class Order:
    """What is to be planned, prepared once for all strategies."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.demand: Demand = inputs.demand
        self.currency_code = inputs.rules.currency_code
        self.exponent = exponent(self.currency_code)
        self.now = inputs.now
        self.wants = tuple(self._wants())
        self.skus = tuple(want.sku for want in self.wants)
        self.pickup: Site | None = inputs.network.by_id.get(self.demand.pickup_node_id)
        # The clock is read to the second by rules, too: equal inputs, equal facts.
        self.due_time = self.demand.due_time
        self.excluded = self._excluded()

    @property
    def destination(self) -> Destination:
        """Where parcels go: to the customer, or to the node where the customer collects."""
        if self.pickup is None:
            return self.demand.destination
        node = self.pickup.node
        return Destination(
            country_code=node.country_code, administrative_area=node.administrative_area, postal_code=node.postal_code
        )

    @property
    def place(self) -> Place | None:
        """Where that is."""
        if self.pickup is None:
            return self.inputs.place
        return Place(self.pickup.node.point, Precision.NODE, self.pickup.node.time_zone)

    def money(self, minor: int) -> Money:
        """Return money of the plan's currency."""
        return Money(minor, self.currency_code)

    @cached_property
    def goods_value(self) -> int:
        """What the goods are worth, in minor units; each line at its own price."""
        priced = [(line.unit_price, line.quantity) for line in self.demand.lines if line.unit_price]
        return sum(rates.convert(price, self.currency_code) * quantity for price, quantity in priced)

    @cached_property
    def return_node_id(self) -> str:
        """Where goods of this destination come back to: as the rules say, else the nearest that takes returns."""
        country, place = self.demand.destination.country_code, self.place
        for path in self.inputs.rules.return_paths:
            if not path.country_codes or country in path.country_codes:
                return path.node_id
        able = [site.node for site in self.inputs.network.sites if "returns" in site.node.capabilities]

        def rank(node: Node) -> tuple[bool, float, str]:
            away = 0.0 if place is None else distance_km(node.point, place.point)
            return node.country_code != country, away, node.node_id

        return min(able, key=rank).node_id if able else ""

    @cached_property
    def facts(self) -> OrderFacts:
        """What rules may know of the order."""
        demand, scale = self.demand, 10**self.exponent
        destination = demand.destination
        lines = tuple(
            LineFacts(
                sku=want.sku,
                units=want.quantity,
                required_capabilities=tuple(sorted(want.required_capabilities)),
                unit_price=want.unit_price / scale,
                unit_weight_kg=want.product.grams / 1000,
            )
            for want in self.wants
        )
        due = self.due_time
        had: dict[str, int] = {}
        for skus in self.inputs.stock.values():
            for sku, units in skus.items():
                had[sku] = had.get(sku, 0) + units
        return OrderFacts(
            channel=demand.channel,
            program=demand.program,
            priority=demand.priority,
            customer=CustomerFacts(tier=demand.customer_tier, has_sla=due is not None),
            destination=DestinationFacts(
                country_code=destination.country_code,
                administrative_area=destination.administrative_area,
                postal_area=destination.postal_area,
                eu=destination.country_code in CUSTOMS_UNION,
            ),
            service_level=demand.service_level.value,
            lines=lines,
            units=sum(want.quantity for want in self.wants),
            goods_value=self.goods_value / scale,
            weight_kg=sum(want.product.grams * want.quantity for want in self.wants) / 1000,
            days_until_due=FAR if due is None else (due - self.now).total_seconds() / _DAY_SECONDS,
            has_due_time=due is not None,
            ship_complete=demand.ship_complete,
            pickup=self.pickup is not None,
            short_units=sum(max(0, want.quantity - had.get(want.sku, 0)) for want in self.wants),
        )

    def _wants(self) -> list[Wanted]:
        lines: dict[str, list[DemandLine]] = {}
        for line in self.demand.lines:
            lines.setdefault(line.sku, []).append(line)
        found = []
        for sku, same in lines.items():
            product = self.inputs.products.get(sku) or Product(sku=sku)
            asked = frozenset(product.required_capabilities).union(*(line.required_capabilities for line in same))
            prices = [rates.convert(line.unit_price, self.currency_code) for line in same if line.unit_price]
            found.append(
                Wanted(
                    sku=sku,
                    quantity=sum(line.quantity for line in same),
                    product=product,
                    required_capabilities=asked,
                    unit_price=max(prices, default=0),
                )
            )
        return found

    def _excluded(self) -> frozenset[tuple[str, str]]:
        return frozenset((one.node_id, one.sku) for one in self.demand.exclusions)

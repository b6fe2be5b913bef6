"""What each node could do for an order under one strategy: the question that the solver is asked."""

from services.routing.domain.choices import Offer, Offers, Refusal
from services.routing.domain.facts import NodeFacts
from services.routing.domain.order import Order
from services.routing.domain.pricing import Pricing
from services.routing.domain.reach import Reach, reaches
from services.routing.domain.rules import Strategy
from services.routing.domain.sight import Sight


class Offering:
    """Makes the offers of a strategy for an order."""

    def __init__(self, order: Order, strategy: Strategy, *, careful: bool = False) -> None:
        self._order, self._strategy = order, strategy
        self._reaches = reaches(order.inputs.network, order.destination, order.place, order.currency_code)
        self.sight = Sight(order)
        self.pricing = Pricing(order, strategy, self.sight, careful=careful)
        self._looks_at_nodes = "node" in strategy.words
        self._nothing = (0,) * len(order.wants)
        self._anything = any(want.required_capabilities for want in order.wants)

    def make(self) -> Offers:
        """Return offers, and refusals: nodes that do not come into question.

        Raises:
            RuleFailed: an expression could not be worked out.
        """
        found = Offers()
        for reach in self._reaches:
            outcome = self._consider(reach)
            if isinstance(outcome, Offer):
                found.offers.append(outcome)
            else:
                found.refusals.append(outcome)
        return found

    def _consider(self, reach: Reach) -> Offer | Refusal:
        objection = self._objection(reach)
        if objection is not None:
            return Refusal(reach, *objection)
        stock = self._stock(reach)
        if not any(stock):
            lacking = self._lacking(reach) if self._anything else []
            if lacking:
                return Refusal(reach, "NO_CAPABILITY", f"cannot do {' and '.join(lacking)}")
            return Offer(reach, stock, [])
        strategy = self._strategy
        facts = self.sight.node(reach, stock) if self._looks_at_nodes else None
        if strategy.nodes is not None and not strategy.nodes(self.sight.words(node=facts)):
            return Refusal(reach, "NOT_ALLOWED", f"is not a node that strategy {strategy.name!r} allows")
        stock = self._allowed(reach, stock, facts)
        if not any(stock):
            return Refusal(reach, "NOT_ALLOWED", f"keeps what it has, by strategy {strategy.name!r}")
        choices = self.pricing.choices(reach, stock, facts)
        if not choices:
            reason = "no carrier service that may be used collects here for this destination"
            return Refusal(reach, "NO_CARRIER", reason)
        return Offer(reach, stock, choices, facts)

    def _objection(self, reach: Reach) -> tuple[str, str] | None:
        order, node = self._order, reach.site.node
        if node.disabled:
            return "DISABLED", f"gets no new work: {node.disabled_reason or 'it is disabled'}"
        if order.pickup is reach.site:
            if "pickup" not in node.capabilities:
                return "NO_CAPABILITY", "does not hand over to customers"
        elif order.pickup and (order.pickup.node.disabled or "pickup" not in order.pickup.node.capabilities):
            return "DOES_NOT_SERVE_DESTINATION", f"has no way to {order.pickup.node_id}, where nobody can collect now"
        elif not node.ships:
            return "DOES_NOT_SERVE_DESTINATION", "hands over to customers on the spot and ships nothing"
        elif not node.serves(order.destination.country_code):
            return "DOES_NOT_SERVE_DESTINATION", f"does not ship to {order.destination.country_code}"
        if node.programs and order.demand.program and order.demand.program not in node.programs:
            return "OTHER_PROGRAM", f"does not ship for programme {order.demand.program!r}"
        if order.demand.exclusions and order.demand.excludes(node.node_id):
            return "EXCLUDED", "was tried in vain and left out"
        return None

    def _stock(self, reach: Reach) -> tuple[int, ...]:
        order, node = self._order, reach.site.node
        stock = order.inputs.stock.get(node.node_id)
        if not stock:
            return self._nothing
        units = [max(0, stock.get(sku, 0)) for sku in order.skus]
        if self._anything or order.excluded:
            for index, want in enumerate(order.wants):
                if (node.node_id, want.sku) in order.excluded or not want.required_capabilities.issubset(
                    node.capabilities
                ):
                    units[index] = 0
        return tuple(units)

    def _lacking(self, reach: Reach) -> list[str]:
        stock = self._order.inputs.stock.get(reach.site.node_id, {})
        lacking: set[str] = set()
        for want in self._order.wants:
            if want.required_capabilities and stock.get(want.sku, 0) > 0:
                lacking |= want.required_capabilities.difference(reach.site.node.capabilities)
        return sorted(lacking)

    def _allowed(self, reach: Reach, stock: tuple[int, ...], facts: NodeFacts | None) -> tuple[int, ...]:
        """Return what of its stock the strategy lets a node use."""
        allowed = self._strategy.stock
        if allowed is None:
            return stock
        return tuple(
            units if units and allowed(self.sight.words(node=facts, stock=self.sight.stock(reach, index, units))) else 0
            for index, units in enumerate(stock)
        )

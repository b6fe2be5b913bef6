"""What the ways from a node cost an order under one strategy, and when what goes by them is there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from services.routing.domain.calendar import NeverOpen
from services.routing.domain.choices import HANDLING, LANDED, LATENESS, SHIPPING, Choice, LineScores, Offer, Times
from services.routing.domain.facts import NodeFacts, PromiseFacts
from services.routing.domain.order import CARRIED, Order
from services.routing.domain.reach import MILLS, Reach, Way, fast_enough, lateness_days
from services.routing.domain.rules import Criterion, Per, Strategy
from services.routing.domain.sight import BASIS, Sight

_DAY_SECONDS = 86_400


class Pricing:
    """Prices ways. What no rule looks at is not worked out: most orders need neither times nor facts."""

    def __init__(self, order: Order, strategy: Strategy, sight: Sight, *, careful: bool = False) -> None:
        self._order, self._strategy, self._sight, self._loads = order, strategy, sight, order.inputs.loads
        self._late_day_cost = strategy.late_day_cost if order.due_time is not None else 0
        of_shipments = [one for one in strategy.criteria if one.per is Per.SHIPMENT]
        # What looks at nothing of a way is worked out once for a node.
        self._of_nodes = [one for one in of_shipments if one.score.words <= {"order", "node"}]
        self._of_ways = [one for one in of_shipments if one not in self._of_nodes]
        self._by_node: dict[str, dict[str, int]] = {}
        self._of_lines = [one for one in strategy.criteria if one.per is not Per.SHIPMENT]
        self._asks = strategy.services is not None or bool(self._of_ways)
        # Whatever looks at ways one by one must see them all; else those that nothing is better than are enough.
        self._all_ways = careful or bool(self._late_day_cost) or not strategy.words.isdisjoint({"service", "promise"})
        # Whether ways are left out by which nothing ever leaves.
        self._careful = careful
        self._grams: dict[int, list[int]] = {}
        self._special = [
            (index, want.required_capabilities & CARRIED, want.product.grams) for index, want in enumerate(order.wants)
        ]
        self._ordinary = not any(required for _, required, _ in self._special)
        self._scale = 10**order.exponent

    def choices(self, reach: Reach, stock: tuple[int, ...], facts: NodeFacts | None) -> list[Choice]:
        """Return the ways that this node may use.

        Raises:
            RuleFailed: an expression could not be worked out.
        """
        order = self._order
        scores = self._line_scores(reach, stock, facts)
        if order.pickup is reach.site:
            if self._careful and not self.leaves(reach, None):
                return []
            nothing = [0] * len(order.wants)
            fixed = {HANDLING: reach.order_cost}
            _add(fixed, self._node_scores(reach, facts))
            return [Choice(None, fixed, list(nothing), nothing, scores, reach.line_cost)]
        level = order.demand.service_level.value
        if self._all_ways:
            ways = [way for way in reach.ways if not way.service.disabled and fast_enough(way.service, level)]
        else:
            ways = list(reach.frontiers[level])
        if self._careful:
            ways = [way for way in ways if self.leaves(reach, way)]
        found = [self._choice(reach, way, scores, facts) for way in ways]
        return [choice for choice in found if choice is not None and _carries_any(choice.unit, stock)]

    def priced(self, offer: Offer, way: Way) -> Choice | None:
        """Return what a way would cost that was left out because another is better; None where it is not allowed."""
        return self._choice(offer.reach, way, offer.choices[0].scores, offer.facts)

    def leaves(self, reach: Reach, way: Way | None) -> bool:
        """Tell whether anything leaves and arrives by this way, ever."""
        try:
            self.times(reach, way)
        except NeverOpen:
            return False
        return True

    def times(self, reach: Reach, way: Way | None) -> Times:
        """Return when a parcel leaves and arrives that is begun now, or as soon as the node has room."""
        site = reach.site
        start = self._loads.start(site, self._order.now)
        if way is None:
            departure, full = site.ready.at(start), self._full(reach, None)
            ready = departure.ready_time
            if full is not None and full(ready.astimezone(site.zone).date()):
                # By the end of the first day that has room.
                ready = site.ready.at(start, full=full).dispatch_time
            return Times(ready, start, ready, ready)
        departure = way.departures.at(start, full=self._full(reach, way))
        leaves = departure.dispatch_time
        return Times(leaves, departure.release_by, way.arrival(leaves, least=True), way.arrival(leaves))

    def _choice(self, reach: Reach, way: Way, scores: LineScores, facts: NodeFacts | None) -> Choice | None:
        shipping = self._unit_prices(way)
        unit = self._carried(way, shipping)
        if unit is None:
            return None
        fixed = {SHIPPING: way.parcel, HANDLING: reach.order_cost}
        if self._of_nodes:
            _add(fixed, self._node_scores(reach, facts))
        border = self._sight.border(reach)
        if border is not None:
            duty, tax = border.duty_basis_points, border.tax_basis_points
            fixed[LANDED] = border.clearance_cost * MILLS + way.parcel * tax // BASIS
            # Tax is on the goods, their duty, and what it costs to carry them.
            worth = [want.unit_price * MILLS for want in self._order.wants]
            dutiable = [one * duty // BASIS for one in worth]
            unit = [
                None if price is None else price + more + (one + more + price) * tax // BASIS
                for price, one, more in zip(unit, worth, dutiable, strict=True)
            ]
        late = 0
        if self._late_day_cost:
            late = lateness_days(self.times(reach, way).delivery_time, self._order.due_time)
            if late:
                fixed[LATENESS] = late * self._late_day_cost * MILLS
        if self._asks and not self._allowed(reach, way, facts, fixed):
            return None
        return Choice(way, fixed, unit, shipping, scores, reach.line_cost)

    def _carried(self, way: Way, shipping: Sequence[int]) -> list[int | None] | None:
        """Return the prices of what may go this way, None for what may not; None where nothing may."""
        unit: list[int | None] = list(shipping)
        capabilities, heaviest = way.service.capabilities, way.service.max_unit_grams
        if self._ordinary and not heaviest:
            return unit
        for index, required, grams in self._special:
            if (required and not required <= capabilities) or (heaviest and grams > heaviest):
                unit[index] = None
        return None if all(price is None for price in unit) else unit

    def _allowed(self, reach: Reach, way: Way, facts: NodeFacts | None, fixed: dict[str, int]) -> bool:
        """Tell whether the strategy allows a way, and count what it thinks of it."""
        words = self._sight.words(
            node=facts, service=self._sight.service(reach, way), promise=self._promise(reach, way)
        )
        if self._strategy.services is not None and not self._strategy.services(words):
            return False
        for criterion in self._of_ways:
            # People may call theirs "shipping", too.
            fixed[criterion.name] = fixed.get(criterion.name, 0) + self._mills(criterion, words)
        return True

    def _promise(self, reach: Reach, way: Way) -> PromiseFacts | None:
        if "promise" not in self._strategy.words:
            return None
        times, now = self.times(reach, way), self._order.now
        return PromiseFacts(
            days_until_dispatch=(times.dispatch_time - now).total_seconds() / _DAY_SECONDS,
            days_until_delivery=(times.delivery_time - now).total_seconds() / _DAY_SECONDS,
            days_late=float(lateness_days(times.delivery_time, self._order.due_time)),
        )

    def _full(self, reach: Reach, way: Way | None) -> Callable[[date], bool] | None:
        node = reach.site.node
        orders = self._loads.days.get(node.node_id) if node.daily_capacity else None
        capacity = way.service.daily_capacity if way else 0
        parcels = self._loads.parcels.get((node.node_id, way.key)) if way and capacity else None
        if not orders and not parcels:
            return None

        def full(day: date) -> bool:
            return bool(orders and orders.get(day, 0) >= node.daily_capacity) or bool(
                parcels and parcels.get(day, 0) >= capacity
            )

        return full

    def _unit_prices(self, way: Way) -> list[int]:
        divisor = way.service.dimensional_divisor
        grams = self._grams.get(divisor)
        if grams is None:
            grams = self._grams[divisor] = [want.product.billed_grams(divisor) for want in self._order.wants]
        part, each = way.gram_part, way.unit
        return [(one * part + BASIS // 2) // BASIS + each for one in grams] if part else [each] * len(grams)

    def _node_scores(self, reach: Reach, facts: NodeFacts | None) -> dict[str, int]:
        known = self._by_node.get(reach.node_id)
        if known is None:
            words = self._sight.words(node=facts)
            known = {one.name: self._mills(one, words) for one in self._of_nodes}
            self._by_node[reach.node_id] = known
        return known

    def _line_scores(self, reach: Reach, stock: tuple[int, ...], facts: NodeFacts | None) -> LineScores:
        scores: LineScores = []
        for criterion in self._of_lines:
            each = [self._line_score(criterion, reach, index, units, facts) for index, units in enumerate(stock)]
            nothing = [0] * len(stock)
            scores.append(
                (criterion.name, each, nothing) if criterion.per is Per.UNIT else (criterion.name, nothing, each)
            )
        return scores

    def _line_score(self, criterion: Criterion, reach: Reach, index: int, units: int, facts: NodeFacts | None) -> int:
        if not units:
            return 0
        uses = criterion.score.words
        line = self._order.facts.lines[index] if "line" in uses else None
        had = self._sight.stock(reach, index, units) if "stock" in uses else None
        return self._mills(criterion, self._sight.words(node=facts, line=line, stock=had))

    def _mills(self, criterion: Criterion, words: Mapping[str, object]) -> int:
        mills: int = round(criterion.score(words) * self._scale * MILLS)
        return mills


def _carries_any(unit: Sequence[int | None], stock: Sequence[int]) -> bool:
    """Tell whether anything that a node has may go this way."""
    return None not in unit or any(had and price is not None for price, had in zip(unit, stock, strict=True))


def _add(costs: dict[str, int], more: Mapping[str, int]) -> None:
    """Add costs by name: a criterion may be called what a cost is called."""
    for name, amount in more.items():
        costs[name] = costs.get(name, 0) + amount

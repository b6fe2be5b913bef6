"""What rules may look at, made from an order and what is known: nodes, carrier services, stock."""

from collections.abc import Mapping

from services.routing.domain.facts import FAR, NodeFacts, ServiceFacts, StockFacts
from services.routing.domain.order import Order
from services.routing.domain.reach import MILLS, Reach, Way
from services.routing.domain.rules import Border

BASIS = 10_000


class Sight:
    """The facts of one order."""

    def __init__(self, order: Order) -> None:
        self._order, self._inputs = order, order.inputs
        self._scale = 10**order.exponent
        self._holders: list[int] | None = None

    def words(self, **facts: object) -> Mapping[str, object]:
        """Return these facts beside those of the order."""
        return {"order": self._order.facts, **facts}

    def border(self, reach: Reach) -> Border | None:
        """Return what the border between a node and the destination asks for; None where there is nothing."""
        start, end = reach.site.node.country_code, self._order.destination.country_code
        for border in self._inputs.rules.borders:
            # Within a country there is one only where somebody says so of both its sides: Great Britain, to Belfast.
            if start == end and not (border.from_country_codes and border.to_country_codes):
                continue
            if border.from_country_codes and start not in border.from_country_codes:
                continue
            if border.to_country_codes and end not in border.to_country_codes:
                continue
            if border.when is None or border.when(self.words()):
                return border
        return None

    def node(self, reach: Reach, stock: tuple[int, ...]) -> NodeFacts:
        """Return what rules may know of a node."""
        order, node = self._order, reach.site.node
        had = sum(min(units, want.quantity) for units, want in zip(stock, order.wants, strict=True))
        return NodeFacts(
            node_id=node.node_id,
            type=node.type.value,
            country_code=node.country_code,
            administrative_area=node.administrative_area,
            capabilities=node.capabilities,
            programs=node.programs,
            distance_km=FAR if reach.distance_km is None else reach.distance_km,
            same_country=node.country_code == order.destination.country_code,
            order_cost=reach.order_cost / MILLS / self._scale,
            line_cost=reach.line_cost / MILLS / self._scale,
            processing_minutes=node.processing_minutes,
            load=self._inputs.loads.load(reach.site, order.now),
            share_in_stock=had / sum(want.quantity for want in order.wants),
            pickup_here=order.pickup is reach.site,
        )

    def service(self, reach: Reach, way: Way) -> ServiceFacts:
        """Return what rules may know of a carrier service from a node."""
        service, lane, node_id = way.service, way.lane, reach.site.node_id
        today = self._order.now.astimezone(reach.site.zone).date()
        capacity = service.daily_capacity
        parcels = self._inputs.loads.parcels.get((node_id, way.key), {}).get(today, 0)
        border = self.border(reach)
        landed = 0.0
        if border is not None:
            points = border.duty_basis_points + border.tax_basis_points
            landed = (self._order.goods_value * points / BASIS + border.clearance_cost) / self._scale
        return ServiceFacts(
            carrier_code=service.carrier_code,
            service_code=service.service_code,
            service_level=service.service_level,
            zone=lane.zone,
            parcel_price=way.parcel / MILLS / self._scale,
            kilogram_price=way.gram_part / BASIS / self._scale,
            transit_days=lane.transit_days,
            load=parcels / capacity if capacity else 0.0,
            on_time_rate=self._inputs.on_time.get((node_id, way.key), service.on_time_rate),
            landed_cost=landed,
        )

    def stock(self, reach: Reach, index: int, units: int) -> StockFacts:
        """Return what rules may know of a SKU at a node."""
        want = self._order.wants[index]
        if self._holders is None:
            self._holders = [
                sum(1 for skus in self._inputs.stock.values() if skus.get(one.sku, 0) > 0) for one in self._order.wants
            ]
        daily = self._inputs.loads.daily_demand.get((want.sku, reach.site.node_id), 0.0)
        return StockFacts(
            available=units,
            wanted=want.quantity,
            left=max(0, units - want.quantity),
            daily_demand=daily,
            days_of_cover=units / daily if daily else FAR,
            nodes=self._holders[index],
        )

"""What a decision was made from, as it is stored and read back: with it, and the network of then, it can be made again.

Of the destination as much is kept as decided anything: country, area, the beginning of the postal code that a tariff or
a rule could look at, and a point rounded to a hundredth of a degree.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.kernel.money import Money
from services.routing.domain.demand import Demand, DemandLine, Destination, Exclusion, Method, ServiceLevel
from services.routing.domain.geo import Place, Point, Precision
from services.routing.domain.inputs import Inputs, Loads
from services.routing.domain.network import Network
from services.routing.domain.product import Product
from services.routing.domain.rules import Rules


def to_document(inputs: Inputs, order_id: str) -> dict[str, Any]:
    """Return it as JSON."""
    demand, place, loads = inputs.demand, inputs.place, inputs.loads
    return {
        "order_id": order_id,
        "now": inputs.now.isoformat(),
        "rule_version": inputs.rules.version,
        "promise": inputs.promise,
        "demand": {
            "lines": [_line(line) for line in demand.lines],
            "destination": [
                demand.destination.country_code,
                demand.destination.administrative_area,
                inputs.network.kept_postal_code(demand.destination),
            ],
            "service_level": demand.service_level.value,
            "exclusions": sorted([one.node_id, one.sku] for one in demand.exclusions),
            "method": demand.method.value if demand.method else "",
            "ship_complete": demand.ship_complete,
            "channel": demand.channel,
            "program": demand.program,
            "priority": demand.priority,
            "customer_tier": demand.customer_tier,
            "due_time": demand.due_time.isoformat() if demand.due_time else "",
            "pickup_node_id": demand.pickup_node_id,
        },
        "place": None
        if place is None
        else [place.point.latitude, place.point.longitude, place.precision.value, place.time_zone],
        "stock": {node_id: dict(skus) for node_id, skus in inputs.stock.items()},
        "products": [_product(one) for one in inputs.products.values()],
        "loads": {
            "hours": {
                node: {hour.isoformat(): orders for hour, orders in taken.items()}
                for node, taken in loads.hours.items()
            },
            "days": {
                node: {day.isoformat(): orders for day, orders in taken.items()} for node, taken in loads.days.items()
            },
            "parcels": [
                [node, service, {day.isoformat(): count for day, count in taken.items()}]
                for (node, service), taken in loads.parcels.items()
            ],
            "daily_demand": [[sku, node, units] for (sku, node), units in loads.daily_demand.items()],
        },
        "on_time": [[node, service, share] for (node, service), share in inputs.on_time.items()],
    }


def from_document(document: Mapping[str, Any], network: Network, rules: Rules) -> Inputs:
    """Return what it says, with the network of then and any rules."""
    demand, place, loads = document["demand"], document["place"], document["loads"]
    country, area, postal_code = demand["destination"]
    return Inputs(
        demand=Demand(
            lines=tuple(_read_line(line) for line in demand["lines"]),
            destination=Destination(country_code=country, administrative_area=area, postal_code=postal_code),
            service_level=ServiceLevel(demand["service_level"]),
            exclusions=frozenset(Exclusion(node_id=node_id, sku=sku) for node_id, sku in demand["exclusions"]),
            method=Method(demand["method"]) if demand["method"] else None,
            ship_complete=demand["ship_complete"],
            channel=demand["channel"],
            program=demand["program"],
            priority=demand["priority"],
            customer_tier=demand["customer_tier"],
            due_time=datetime.fromisoformat(demand["due_time"]) if demand["due_time"] else None,
            pickup_node_id=demand["pickup_node_id"],
        ),
        network=network,
        stock=document["stock"],
        place=None if place is None else Place(Point(place[0], place[1]), Precision(place[2]), place[3]),
        now=datetime.fromisoformat(document["now"]),
        rules=rules,
        products={row[0]: read_product(row) for row in document["products"]},
        loads=Loads(
            hours={
                node: {datetime.fromisoformat(hour): orders for hour, orders in taken.items()}
                for node, taken in loads["hours"].items()
            },
            days={
                node: {date.fromisoformat(day): orders for day, orders in taken.items()}
                for node, taken in loads["days"].items()
            },
            parcels={
                (node, service): {date.fromisoformat(day): count for day, count in taken.items()}
                for node, service, taken in loads["parcels"]
            },
            daily_demand={(sku, node): units for sku, node, units in loads["daily_demand"]},
        ),
        on_time={(node, service): share for node, service, share in document["on_time"]},
        promise=document["promise"],
    )


def _line(line: DemandLine) -> list[Any]:
    price = [line.unit_price.minor, line.unit_price.currency_code] if line.unit_price else None
    return [line.line_id, line.sku, line.quantity, price, list(line.required_capabilities)]


def _read_line(row: list[Any]) -> DemandLine:
    line_id, sku, quantity, price, capabilities = row
    return DemandLine(
        line_id=line_id,
        sku=sku,
        quantity=quantity,
        unit_price=Money(*price) if price else None,
        required_capabilities=tuple(capabilities),
    )


def _product(one: Product) -> list[Any]:
    size = [one.length_mm, one.width_mm, one.height_mm]
    return [one.sku, one.grams, *size, list(one.required_capabilities), one.origin_country_code, one.hs_code]


def read_product(row: Sequence[Any]) -> Product:
    """Return a product as it is written in a row: SKU, grams, box, capabilities, origin, HS code."""
    sku, grams, length, width, height, capabilities, origin, hs_code = row
    return Product(
        sku=sku,
        grams=grams,
        length_mm=length,
        width_mm=width,
        height_mm=height,
        required_capabilities=tuple(capabilities),
        origin_country_code=origin,
        hs_code=hs_code,
    )

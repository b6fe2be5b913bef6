"""Small networks and demands, of which a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any

from services.kernel.money import Money
from services.routing.domain.demand import Demand, DemandLine, Destination
from services.routing.domain.geo import Place, Point, Precision
from services.routing.domain.node import Node, NodeType
from services.routing.domain.outcome import Candidate, Plan
from services.routing.domain.plan import Inputs, make_plan
from services.routing.domain.rules import BUILTIN

# A Monday's noon in New York.
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
NEW_YORK = Place(Point(40.75, -74.0), Precision.POSTAL_CODE)


def node(node_id: str, **changes: Any) -> Node:
    """Return a distribution centre in New Jersey that ships everywhere for 1.00 an order and 0.10 a line."""
    values: dict[str, Any] = {
        "node_id": node_id,
        "display_name": node_id,
        "type": NodeType.DC,
        "country_code": "US",
        "administrative_area": "NJ",
        "city": "Edison",
        "postal_code": "08817",
        "point": Point(40.52, -74.39),
        "time_zone": "America/New_York",
        "processing_minutes": 60,
        "order_cost": Money(100, "USD"),
        "line_cost": Money(10, "USD"),
        "serves_country_codes": (),
        "capabilities": (),
        "disabled": False,
        "disabled_reason": "",
    }
    return Node(**(values | changes))


def demand(*lines: tuple[str, int], **changes: Any) -> Demand:
    """Return a demand for these SKUs and quantities, to New York; the lines are l1, l2, …"""
    values: dict[str, Any] = {
        "lines": tuple(
            DemandLine(line_id=f"l{number}", sku=sku, quantity=quantity)
            for number, (sku, quantity) in enumerate(lines, start=1)
        ),
        "destination": Destination(country_code="US", postal_code="10001"),
    }
    return Demand(**(values | changes))


def inputs(
    wanted: Demand, nodes: list[Node], stock: dict[str, dict[str, int]], place: Place | None = NEW_YORK
) -> Inputs:
    return Inputs(demand=wanted, nodes=tuple(nodes), stock=stock, place=place, now=NOW, rules=BUILTIN)


def plan(wanted: Demand, nodes: list[Node], stock: dict[str, dict[str, int]], place: Place | None = NEW_YORK) -> Plan:
    return make_plan(inputs(wanted, nodes, stock, place))


def shipped(made: Plan) -> dict[str, dict[str, int]]:
    """Return units per node and line."""
    return {it.node.node_id: {piece.line_id: piece.quantity for piece in it.pieces} for it in made.assignments}


def candidate(made: Plan, node_id: str) -> Candidate:
    return next(one for one in made.candidates if one.node_id == node_id)

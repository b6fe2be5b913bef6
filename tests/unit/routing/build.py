"""Small networks and demands, of which a test names only what it is about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from oms.routing.v1.rule_set_pb2 import RuleSet
from services.kernel.money import Money
from services.routing import rules_reading
from services.routing.domain.builtin_carriers import SERVICES
from services.routing.domain.calendar import Calendar
from services.routing.domain.carrier import CarrierService, Lane, Surcharge
from services.routing.domain.demand import Demand, DemandLine, Destination
from services.routing.domain.geo import Place, Point, Precision
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Network
from services.routing.domain.node import Node, NodeType
from services.routing.domain.outcome import Assignment, Candidate, Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.rules import BUILTIN, Rules
from services.routing.files import documents

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


def service(service_code: str, **changes: Any) -> CarrierService:
    """Return a ground service of carrier "acme" that carries anything anywhere in two days for 5.00 a parcel."""
    lane = {name: changes.pop(name) for name in list(changes) if name in Lane.__dataclass_fields__}
    values: dict[str, Any] = {
        "carrier_code": "acme",
        "service_code": service_code,
        "service_level": "STANDARD",
        "capabilities": frozenset({"hazmat", "cold"}),
        "lanes": (a_lane(**lane),),
        "cutoff": time(17),
    }
    return CarrierService(**(values | changes))


def a_lane(**changes: Any) -> Lane:
    """Return a lane from anywhere to anywhere: 5.00 a parcel, two days."""
    values: dict[str, Any] = {
        "zone": "any",
        "parcel_price": Money(500, "USD"),
        "kilogram_price": Money(0, "USD"),
        "unit_price": Money(0, "USD"),
        "transit_days": 2,
    }
    return Lane(**(values | changes))


def surcharge(**changes: Any) -> Surcharge:
    values: dict[str, Any] = {"name": "surcharge", "amount": Money(0, "USD")}
    return Surcharge(**(values | changes))


def rules(*strategies: Mapping[str, Any], **changes: Any) -> Rules:
    """Return the rules of a document as people write it, with one profile of these strategies where it names none."""
    profile: dict[str, Any] = {"name": "all", "strategies": [_named(n, one) for n, one in enumerate(strategies)]}
    if "fallback" in changes:
        profile["fallback"] = changes.pop("fallback")
    document = {"rule_set_id": "test", "profiles": [profile]} | changes
    message, problems = documents.read(document, RuleSet())
    assert not problems, problems
    return rules_reading.read(message, "test@1")


def _named(number: int, strategy: Mapping[str, Any]) -> dict[str, Any]:
    criteria = [{"name": f"criterion {at}", **one} for at, one in enumerate(strategy.get("criteria", []))]
    return {"name": f"strategy {number}", **strategy, **({"criteria": criteria} if criteria else {})}


def inputs(
    wanted: Demand,
    nodes: Sequence[Node],
    stock: Mapping[str, Mapping[str, int]],
    place: Place | None = NEW_YORK,
    *,
    services: Sequence[CarrierService] = SERVICES,
    calendars: Mapping[str, Calendar] | None = None,
    **changes: Any,
) -> Inputs:
    """Return what a plan is made from: the built-in rules, the sandbox carrier and a Monday's noon, unless told."""
    network = Network(nodes, calendars or {}, services)
    values: dict[str, Any] = {"now": NOW, "rules": BUILTIN}
    return Inputs(demand=wanted, network=network, stock=stock, place=place, **(values | changes))


def plan(
    wanted: Demand,
    nodes: Sequence[Node],
    stock: Mapping[str, Mapping[str, int]],
    place: Place | None = NEW_YORK,
    **changes: Any,
) -> Plan:
    return make_plan(inputs(wanted, nodes, stock, place, **changes))


def shipped(made: Plan) -> dict[str, dict[str, int]]:
    """Return units per node and line."""
    return {it.node.node_id: {piece.line_id: piece.quantity for piece in it.pieces} for it in made.assignments}


def only(made: Plan) -> Assignment:
    """Return the one part of a plan that must be of one."""
    (assignment,) = made.assignments
    return assignment


def cents(terms: Mapping[str, Money]) -> dict[str, int]:
    """Return what something costs, by name, in minor units."""
    return {name: amount.minor for name, amount in terms.items()}


def trials(made: Plan) -> list[tuple[str, str]]:
    """Return what each strategy came to."""
    return [(one.strategy, one.reason) for one in made.trials]


def left(made: Plan) -> list[tuple[str, int, str]]:
    """Return what nobody ships: line, units, reason."""
    return [(line.line_id, line.quantity, line.reason) for line in made.unplanned]


def candidate(made: Plan, node_id: str) -> Candidate:
    return next(one for one in made.candidates if one.node_id == node_id)

"""Networks, orders and rules of every kind, for what must hold of all plans."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st

from services.kernel.money import Money
from services.routing.domain.demand import Demand, DemandLine, Destination, Exclusion, Method, ServiceLevel
from services.routing.domain.geo import Point
from services.routing.domain.inputs import Inputs
from services.routing.domain.node import Node, NodeType
from services.routing.domain.outcome import Plan
from services.routing.domain.product import Product
from services.routing.domain.rules import BUILTIN, Rules
from tests.unit.routing.build import a_lane, inputs, node, rules, service, surcharge

# The machine may be busy with others.
QUIET = settings(deadline=None)
SKUS = ("A", "B", "C")
# Where lines may be left behind or cut otherwise than cost alone would have it.
LIMITED = (
    rules({"max_shipments": 1}),
    rules({"max_shipments": 2, "method": "FEWEST_SPLITS"}),
    rules({"whole_lines": True}),
    rules({"stock": "stock.left >= 2", "nodes": "node.type != 'THIRD_PARTY'"}),
    rules({"name": "complete", "ship_complete": True}, {"name": "any"}),
    rules(
        {"name": "cheap", "accept": "plan.cost < 20.0 && plan.left_units == 0"}, {"name": "near", "method": "NEAREST"}
    ),
    rules(
        {"criteria": [{"score": "node.type == 'STORE' ? -9.0 : 0.0"}, {"name": "u", "per": "UNIT", "score": "-0.5"}]}
    ),
)
SERVICES = (
    service("air", service_level="NEXT_DAY", parcel_price=Money(2000, "USD"), transit_days=1),
    service("freight", parcel_price=Money(3000, "USD"), transit_days=5, capabilities=frozenset()),
    service(
        "parcel",
        lanes=(
            a_lane(parcel_price=Money(400, "USD"), kilogram_price=Money(20, "USD"), domestic=True),
            a_lane(parcel_price=Money(900, "USD"), unit_price=Money(150, "USD")),
        ),
        surcharges=(surcharge(basis_points=1000),),
        max_unit_grams=5000,
    ),
)
PRODUCTS = {"A": Product(sku="A", grams=500), "B": Product(sku="B", grams=2000), "C": Product(sku="C", grams=9000)}


@st.composite
def networks(draw: st.DrawFn, least: int = 0, most: int = 6) -> list[Node]:
    return [
        node(
            f"n{number}",
            type=draw(st.sampled_from([*NodeType, NodeType.DC, NodeType.DC, NodeType.DC])),
            country_code=draw(st.sampled_from(["US", "DE", "GB"])),
            point=Point(draw(st.integers(-60, 70)), draw(st.integers(-170, 170))),
            order_cost=Money(draw(st.integers(0, 900)), "USD"),
            line_cost=Money(draw(st.integers(0, 300)), "USD"),
            serves_country_codes=draw(st.sampled_from([(), (), (), ("US",), ("DE", "GB")])),
            capabilities=draw(st.sampled_from([("ship-from-store", "cold"), ("ship-from-store",), ()])),
            programs=draw(st.sampled_from([(), (), (), ("main",), ("other",)])),
            disabled=draw(st.sampled_from([False, False, False, False, True])),
        )
        for number in range(draw(st.integers(least, most)))
    ]


@st.composite
def worlds(draw: st.DrawFn, known: tuple[Rules, ...] = (BUILTIN,)) -> Inputs:
    nodes = draw(networks())
    quantities = draw(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 12)), min_size=1, max_size=5))
    exclusion = st.builds(
        Exclusion, node_id=st.sampled_from([f"n{number}" for number in range(7)]), sku=st.sampled_from(["", *SKUS])
    )
    wanted = Demand(
        lines=tuple(
            DemandLine(
                line_id=f"l{i}",
                sku=sku,
                quantity=q,
                required_capabilities=draw(st.sampled_from([(), (), (), ("cold",)])),
            )
            for i, (sku, q) in enumerate(quantities)
        ),
        destination=Destination(country_code="US"),
        service_level=draw(st.sampled_from(ServiceLevel)),
        exclusions=frozenset(draw(st.lists(exclusion, max_size=3))),
        method=draw(st.sampled_from([None, None, *Method])),
        ship_complete=draw(st.booleans()),
        program=draw(st.sampled_from(["", "main"])),
    )
    stock = {one.node_id: {sku: draw(st.integers(0, 9)) for sku in SKUS} for one in nodes}
    return inputs(wanted, nodes, stock, services=SERVICES, products=PRODUCTS, rules=draw(st.sampled_from(known)))


def taken(plan: Plan) -> Counter[tuple[str, str]]:
    """Return units by node and SKU."""
    units: Counter[tuple[str, str]] = Counter()
    for assignment in plan.assignments:
        for piece in assignment.pieces:
            units[assignment.node.node_id, piece.sku] += piece.quantity
    return units

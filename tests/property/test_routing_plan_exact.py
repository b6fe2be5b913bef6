"""A plan is the best of all there are: every allocation is tried, and priced by itself."""

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from services.kernel.money import Money
from services.routing.domain.carrier import CarrierService
from services.routing.domain.demand import Demand, DemandLine, Destination, Method, ServiceLevel
from services.routing.domain.inputs import Inputs
from services.routing.domain.node import Node, NodeType
from services.routing.domain.planning import make_plan
from tests.property.routing_worlds import PRODUCTS, SERVICES, SKUS, taken
from tests.unit.routing.build import inputs, node, rules


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_a_plan_is_the_best_of_all_allocations_there_are(first: int):
    for seed in range(first, first + 40):
        world = small_world(Random(seed))
        made = make_plan(world)
        fewest = world.rules.profiles[0].strategies[0].method is Method.FEWEST_SPLITS
        units, shipments, cost = min(_every_allocation(world, fewest=fewest))
        found = -sum(taken(made).values()), len(made.assignments) if fewest else 0, made.total_cost.minor
        assert found == (units, shipments, cost), f"seed {seed}"
        if made.assignments:
            assert made.proven, f"seed {seed}"
            assert made.least_cost == made.total_cost, f"seed {seed}"


def small_world(random: Random) -> Inputs:
    """Return two to four nodes that all come into question, near and far, cheap and dear, and lines that are too large
    for most of them: few enough to try every single allocation, and hard enough that it matters."""
    nodes = [
        node(
            f"n{number}",
            type=random.choice([NodeType.DC, NodeType.THIRD_PARTY]),
            country_code=random.choice(["US", "US", "DE"]),
            order_cost=Money(random.choice([0, 100, 400, 1500]), "USD"),
            line_cost=Money(random.choice([0, 50, 600]), "USD"),
        )
        for number in range(random.randint(2, 4))
    ]
    most_skus, most_units = {2: (3, 3), 3: (2, 3), 4: (2, 2)}[len(nodes)]
    skus = random.sample(SKUS, random.randint(1, most_skus))
    wanted = Demand(
        lines=tuple(DemandLine(line_id=sku, sku=sku, quantity=random.randint(1, 5)) for sku in skus),
        destination=Destination(country_code="US"),
        service_level=random.choice([ServiceLevel.STANDARD, ServiceLevel.STANDARD, ServiceLevel.NEXT_DAY]),
    )
    stock = {one.node_id: {sku: random.randint(0, most_units) for sku in SKUS} for one in nodes}
    known = rules(
        {
            "method": random.choice(["LEAST_COST", "FEWEST_SPLITS"]),
            "split_cost": random.choice(["0.00 USD", "5.00 USD"]),
            "max_shipments": random.choice([0, 0, 0, 1, 2]),
            "whole_lines": random.choice([False, False, True]),
            "criteria": [
                {"name": "a", "score": "node.type == 'DC' ? 0.0 : 1.5"},
                {"name": "b", "per": "LINE", "score": "stock.left > 0 ? 0.0 : 0.4"},
                {"name": "c", "per": "UNIT", "score": "line.sku == 'B' ? -0.3 : 0.1"},
            ],
        }
    )
    return inputs(wanted, nodes, stock, services=SERVICES, products=PRODUCTS, rules=known)


def _every_allocation(world: Inputs, *, fewest: bool) -> Iterator[tuple[int, int, int]]:
    """Yield (units, negative; shipments, where they count; cost) of every allocation that the rules allow."""
    strategy, lines = world.rules.profiles[0].strategies[0], world.demand.lines
    sites = world.network.sites
    ways = []
    for line in lines:
        had = [world.stock[site.node_id][line.sku] for site in sites]
        fitting = [units for units in product(*(range(one + 1) for one in had)) if sum(units) <= line.quantity]
        if strategy.whole_lines:
            whole = min(line.quantity, sum(had))
            fitting = [units for units in fitting if sum(units) == 0 or max(units) == whole]
        ways.append(fitting)
    for allocation in product(*ways):
        prices = [
            _price(world, site.node, units) for site, units in zip(sites, zip(*allocation, strict=True), strict=True)
        ]
        shipments = [price for price in prices if price != 0.5]
        if any(price is None for price in prices) or 0 < strategy.max_shipments < len(shipments):
            continue
        cost = sum(price or 0 for price in shipments) + strategy.split_cost * max(0, len(shipments) - 1)
        yield -sum(map(sum, allocation)), len(shipments) if fewest else 0, round(cost)


def _price(world: Inputs, one: Node, units: tuple[int, ...]) -> float | None:
    """Return what a node asks for these units, in cents; None where no service carries them all, 0.5 for no units."""
    if not any(units):
        return 0.5
    handling = one.order_cost.minor + (0 if one.type is NodeType.DC else 150)
    for line, some in zip(world.demand.lines, units, strict=True):
        if some:
            left = max(0, world.stock[one.node_id][line.sku] - line.quantity)
            handling += one.line_cost.minor + (0 if left else 40) + some * (-30 if line.sku == "B" else 10)
    carried = [(PRODUCTS[line.sku].grams, some) for line, some in zip(world.demand.lines, units, strict=True) if some]
    prices = [_carriage(used, one, carried) for used in SERVICES if _may_carry(world, used, carried)]
    return handling + min(prices) if prices else None


def _may_carry(world: Inputs, used: CarrierService, carried: list[tuple[int, int]]) -> bool:
    if world.demand.service_level is ServiceLevel.NEXT_DAY and used.service_code != "air":
        return False
    return used.service_code != "parcel" or all(grams <= 5000 for grams, _ in carried)


def _carriage(used: CarrierService, one: Node, carried: list[tuple[int, int]]) -> float:
    if used.service_code == "air":
        return 2000
    if used.service_code == "freight":
        return 3000
    if one.country_code == "US":
        return 440 + sum(grams * some * 22 / 1000 for grams, some in carried)
    return 990 + sum(165 * some for _, some in carried)

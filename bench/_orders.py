"""Orders to plan, and what the nodes have of them: each SKU at a tenth to six tenths of them."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from bench._us import Home, home
from oms.routing.v1.network_pb2 import Network
from services.kernel.money import Money
from services.routing import geocode, memory
from services.routing.domain.demand import Demand, DemandLine, Destination
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Network as Built
from services.routing.domain.product import Product
from services.routing.domain.rules import BUILTIN, Rules

# A Tuesday, eleven o'clock in New York.
NOW = datetime(2026, 3, 3, 16, tzinfo=UTC)
_SCARCE, _COMMON = 0.1, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An order with what there is of it."""

    demand: Demand
    stock: dict[str, dict[str, int]]
    products: dict[str, Product]


def built(message: Network) -> Built:
    """Return a network as the service builds it."""
    return memory.build(message, "bench", NOW.year)


def case(message: Network, lines: int, seed: int) -> Case:
    """Return an order of so many lines to anywhere, with stock for all of it."""
    chance = random.Random(f"order {lines} {len(message.nodes)} {seed}")
    skus = [f"SKU-{number:04d}" for number in range(1, lines + 1)]
    stock: dict[str, dict[str, int]] = {node.node_id: {} for node in message.nodes}
    for sku in skus:
        holders = max(1, round(len(stock) * chance.uniform(_SCARCE, _COMMON)))
        for node_id in chance.sample(list(stock), holders):
            stock[node_id][sku] = chance.randint(5, 50) if node_id.startswith("dc") else chance.randint(1, 8)
    return Case(
        demand=demand({sku: _units(chance) for sku in skus}, home(chance)),
        # As inventory answers: nodes without any are left out.
        stock={node_id: skus for node_id, skus in stock.items() if skus},
        products={sku: Product(sku=sku, grams=min(15_000, round(chance.lognormvariate(6.2, 0.9)))) for sku in skus},
    )


def demand(units: dict[str, int], to: Home) -> Demand:
    """Return an order of these units."""
    return Demand(
        lines=tuple(
            DemandLine(line_id=f"line-{number}", sku=sku, quantity=count, unit_price=Money(2499, "USD"))
            for number, (sku, count) in enumerate(units.items(), start=1)
        ),
        destination=Destination(country_code="US", administrative_area=to.state, postal_code=to.postal_code),
    )


def inputs(case: Case, network: Built, rules: Rules = BUILTIN) -> Inputs:
    """Return what a plan is made from, as the service puts it together: the ZIP code is looked up here, too."""
    return Inputs(
        demand=case.demand,
        network=network,
        stock=case.stock,
        place=geocode.locate(case.demand.destination),
        now=NOW,
        rules=rules,
        products=case.products,
    )


def _units(chance: random.Random) -> int:
    return chance.choices((1, 2, 3), (7, 2, 1))[0]

"""What a decision was made from, in one word."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.domain.digest import inputs_digest
from services.routing.domain.inputs import Loads
from services.routing.domain.network import Network
from services.routing.domain.product import Product
from tests.unit.routing.build import (
    NOW,
    demand,
    inputs,
    node,
)

EAST, WEST = node("dc-east"), node("dc-west")


def test_the_digest_tells_other_stock_apart_and_not_another_order_of_the_nodes():
    wanted = demand(("TEE", 1))
    one = inputs_digest(inputs(wanted, [EAST, WEST], {"dc-east": {"TEE": 1}}))
    assert inputs_digest(inputs(wanted, [WEST, EAST], {"dc-east": {"TEE": 1}})) == one
    assert inputs_digest(inputs(wanted, [EAST, WEST], {"dc-east": {"TEE": 2}})) != one


def test_the_digest_tells_other_networks_rules_and_demands_apart():
    world = inputs(demand(("TEE", 1)), [EAST], {"dc-east": {"TEE": 1}})
    others = [
        replace(world, network=Network([EAST], {}, [], digest="other")),
        replace(world, rules=replace(world.rules, version="other@1")),
        replace(world, demand=replace(world.demand, priority=1)),
        replace(world, products={"TEE": Product(sku="TEE", grams=1)}),
    ]
    assert len({inputs_digest(one) for one in [world, *others]}) == 5
    assert inputs_digest(replace(world, now=NOW + timedelta(hours=1))) == inputs_digest(world)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"loads": Loads(days={"dc-east": {NOW.date(): 5}})}, id="loads"),
        pytest.param({"on_time": {("dc-east", "sandbox/ground"): 0.5}}, id="on time"),
        pytest.param({"required": frozenset({"dc-east"})}, id="required"),
    ],
)
def test_the_digest_tells_apart_whatever_decides(changes):
    world = inputs(demand(("TEE", 1)), [EAST], {"dc-east": {"TEE": 1}})
    assert inputs_digest(replace(world, **changes)) != inputs_digest(world)

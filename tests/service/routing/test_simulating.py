"""Simulations: the orders that were, planned by another rule set, beside what is active."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from oms.common.v1.address_pb2 import Destination
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.kernel.clock import ManualClock
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World, key, order
from tests.service.routing.rule_sets import activated, move, profile, rule_set, saved, simulated, steps, strategy

RENO = Point(39.5, -119.8)
WEST = strategy("west", nodes="node.node_id == 'dc-west'")


@pytest.fixture
async def two(world: World) -> World:
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=5000)
    await world.stock("dc-west", TEE=5000, MUG=5000)
    return world


async def plan(world: World, order_id: str, *lines: tuple[str, int], **changes: Any) -> rpc.PlanOrderResponse:
    request = order(*(lines or (("TEE", 2),)), **changes)
    request.order_id = order_id
    return await world.routing.PlanOrder(request)


def trial(one: RuleSet | None = None, **changes: Any) -> rpc.SimulateRuleSetRequest:
    return rpc.SimulateRuleSetRequest(**({"request_id": key(), "rule_set": one or rule_set(profile(WEST))} | changes))


async def test_every_order_is_planned_by_both_as_it_was_seen(two: World, clock: ManualClock):
    await plan(two, "ord_old")
    clock.advance(timedelta(days=40))
    for number in range(4):
        await plan(two, f"ord_{number}")
    await plan(two, "ord_split", ("TEE", 1), ("MUG", 1))
    await two.stock("dc-west", TEE=-5000)  # as it was seen, not as it is
    request = trial()
    request.start_time.FromDatetime(clock.now() - timedelta(days=30))
    comparison = (await simulated(two, request)).comparison
    assert (comparison.rule_version, comparison.orders, comparison.changed_orders) == ("us@0", 5, 4)
    assert dict(comparison.tally.node_shipments) == {"dc-west": 5}
    assert dict(comparison.baseline.node_shipments) == {"dc-east": 4, "dc-west": 1}
    assert comparison.tally.cost.units > comparison.baseline.cost.units
    assert comparison.tally.average_delivery_days > comparison.baseline.average_delivery_days
    assert [(one.profile, one.strategy, one.orders) for one in comparison.strategies] == [("all", "west", 5)]
    assert {one.order_id for one in comparison.changes} == {f"ord_{number}" for number in range(4)}


async def test_of_an_order_that_was_planned_again_the_newest_decision_counts(two: World, clock: ManualClock):
    await plan(two, "ord_1")
    clock.advance(timedelta(hours=1))
    last = await plan(two, "ord_1", ("TEE", 1))
    comparison = (await simulated(two, trial())).comparison
    assert (comparison.orders, comparison.changes[0].decision_id) == (1, last.decision.decision_id)


async def test_the_same_set_on_both_sides_changes_nothing(two: World):
    version = await saved(two, rule_set())
    for number in range(3):
        await plan(two, f"ord_{number}", ("TEE", 1), ("MUG", number + 1))
    comparison = (await simulated(two, trial(rule_set(), baseline_version=f"us@{version}"))).comparison
    assert (comparison.orders, comparison.changed_orders, list(comparison.changes)) == (3, 0, [])
    assert comparison.tally == comparison.baseline


async def test_orders_that_nobody_has_thought_of_are_shown(two: World):
    await plan(two, "ord_1", channel="web")
    await plan(two, "ord_2", channel="edi")
    await plan(two, "ord_3", ("TEE", 7))
    web = profile(strategy("odd", criteria=[{"name": "odd", "score": "double(10 / (order.units - 7))"}]), name="most")
    comparison = (await simulated(two, trial(rule_set({**web, "when": "order.channel != 'edi'"})))).comparison
    assert (comparison.uncovered_orders, list(comparison.uncovered_order_ids)) == (1, ["ord_2"])
    assert comparison.failed_orders == 1
    assert "divi" in comparison.failures[0]
    assert dict(comparison.tally.fallback_units) == {"PARK": 9}


async def test_only_orders_of_its_scope_are_counted(two: World):
    await plan(two, "ord_us")
    await plan(two, "ord_de", destination=Destination(country_code="DE", postal_code="10115"))
    comparison = (await simulated(two, trial(rule_set(scope={"country_codes": ["DE"]})))).comparison
    assert comparison.orders == 1
    with pytest.raises(FailedPrecondition, match="NO_ORDERS"):
        await simulated(two, trial(rule_set(scope={"country_codes": ["FR"]})))


async def test_orders_can_be_made_up_and_meet_the_stock_of_now(two: World):
    made_up = order(("TEE", 2))
    comparison = (await simulated(two, trial(orders=[made_up, made_up]))).comparison
    assert (comparison.orders, comparison.changed_orders) == (2, 2)
    assert (await two.routing.ListDecisions(rpc.ListDecisionsRequest())).decisions == []


async def test_it_tells_how_far_it_has_come_and_the_same_request_gets_the_same_answer(two: World):
    for number in range(60):
        await plan(two, f"ord_{number}")
    request = trial(max_orders=55)
    told = await steps(two, request)
    done = [one.done for one in told]
    # At least every fifty orders; more often where they are slow.
    assert done[-1] == 55
    assert all(0 <= later - before <= 50 for before, later in pairwise([0, *done]))
    assert all(one.total == 55 for one in told)
    assert [one.HasField("simulation") for one in told] == [False] * (len(told) - 1) + [True]
    await plan(two, "ord_new")
    assert await steps(two, request) == told[-1:]
    request.max_orders = 3
    with pytest.raises(AlreadyExists, match="REQUEST_ID_REUSED"):
        await steps(two, request)


async def test_other_calls_go_on_meanwhile(two: World):
    for number in range(100):
        await plan(two, f"ord_{number}")
    simulating = asyncio.ensure_future(steps(two, trial()))
    answered = 0
    while not simulating.done():
        await plan(two, "ord_meanwhile")
        answered += 1
    assert answered > 2
    assert (await simulating)[-1].simulation.comparison.orders >= 100


async def test_what_failed_for_an_order_that_came_is_not_validated(two: World):
    await plan(two, "ord_7", ("TEE", 7))
    odd = strategy("odd", criteria=[{"name": "odd", "score": "double(10 / (order.units - 7))"}])
    version = await saved(two, rule_set(profile(odd)))
    with pytest.raises(FailedPrecondition, match="RULE_SET_FAILED") as refused:
        await move(two, "us", version, "VALIDATED")
    assert "for order ord_7" in refused.value.message


async def test_a_set_that_was_simulated_and_looked_at_plans_orders(two: World):
    await plan(two, "ord_1")
    assert await activated(two, rule_set(profile(WEST))) == "us@1"
    decision = (await plan(two, "ord_2")).decision
    assert (decision.rule_version, decision.assignments[0].node_id) == ("us@1", "dc-west")


async def test_what_cannot_be_simulated_is_refused(two: World):
    await plan(two, "ord_1")
    with pytest.raises(NotFound, match="RULE_SET_NOT_FOUND"):
        await steps(two, trial(rule_set=None, rule_set_id="nobody"))
    with pytest.raises(NotFound, match="RULE_SET_NOT_FOUND"):
        await steps(two, trial(baseline_version="nobody@1"))
    with pytest.raises(InvalidArgument, match="INVALID_RULE_SET"):
        await steps(two, trial(rule_set(profile(strategy(nodes="node.nobody")))))
    with pytest.raises(InvalidArgument, match="NO_RULE_SET"):
        await steps(two, trial(rule_set=None))

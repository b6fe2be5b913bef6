"""Explanations over a real socket: what else could have been, and what is said of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.client import Channels
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition, NotFound
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World, order
from tests.service.routing.rule_sets import activated, profile, rule_set, strategy

RENO, AUSTIN = Point(39.5, -119.8), Point(30.3, -97.7)


@pytest.fixture
def routing_database(migrated_database: Callable[..., str]) -> str:
    return migrated_database("routing")


@pytest.fixture
async def world(
    service: Callable[..., Awaitable[Any]], channels: Channels, clock: ManualClock, routing_database: str
) -> World:
    inventory = await service("inventory", clock=clock)
    routing = await service("routing", clock=clock, inventory_address=inventory.address, database_url=routing_database)
    stubs: Any = (
        channels.connect(RoutingServiceStub, routing.address),
        channels.connect(InventoryServiceStub, inventory.address),
    )
    return World(*stubs)


async def explained(world: World, decision_id: str) -> rpc.ExplainDecisionResponse:
    return await world.routing.ExplainDecision(rpc.ExplainDecisionRequest(decision_id=decision_id))


async def test_every_loser_is_told_with_what_the_cheapest_plan_through_it_costs(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.node("dc-empty", point=AUSTIN)
    await world.node("dc-off", point=AUSTIN, disabled=True, disabled_reason="flooded")
    for node_id in ("dc-east", "dc-west"):
        await world.stock(node_id, TEE=5)
    decision = (await world.routing.PlanOrder(order(("TEE", 2)))).decision
    answer = await explained(world, decision.decision_id)
    west = next(one for one in answer.decision.candidates if one.node_id == "dc-west")
    west_alone = (
        await world.routing.PlanOrder(order(("TEE", 2), exclusions=[rpc.Exclusion(node_id="dc-east")]))
    ).decision
    assert west.total_cost_with == west_alone.total_cost
    assert west.promise_time == west_alone.assignments[0].promise_time
    said = " ".join(answer.sentences)
    assert "dc-west lost because the cheapest plan with it costs " in said
    assert "Out of the question: dc-off, which gets no new work: flooded." in said
    assert "Out of the question: dc-empty, which has none of it." in said
    assert "It is proved that no plan of this strategy costs less." in said
    assert await explained(world, decision.decision_id) == answer


async def test_a_split_is_told_with_why_nobody_ships_it_alone(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.node("dc-south", point=AUSTIN)
    await world.stock("dc-east", TEE=5)
    await world.stock("dc-west", MUG=5)
    await world.stock("dc-south", MUG=5)
    decision = (await world.routing.PlanOrder(order(("TEE", 2), ("MUG", 1), ("CAP", 1)))).decision
    answer = await explained(world, decision.decision_id)
    said = " ".join(answer.sentences)
    assert "It is split into 2 shipments because no plan in one shipment serves as much." in said
    assert "1 × CAP is not shipped now: nobody who may ship it has it." in said
    assert "What is not shipped waits for stock." in said
    assert "5.00 USD splitting" in said


async def test_what_rules_tried_before_is_told_with_what_it_came_to(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=1)
    await world.stock("dc-west", TEE=2)
    await world.routing.PlanOrder(order(("TEE", 1)))
    cheap = strategy("cheap", accept="plan.cost < 0.5")
    await activated(world, rule_set(profile(cheap, strategy("any", method="METHOD_NEAREST"), name="everybody")))
    decision = (await world.routing.PlanOrder(order(("TEE", 2)))).decision
    answer = await explained(world, decision.decision_id)
    said = " ".join(answer.sentences)
    assert "It was decided by strategy 'any' of profile 'everybody' in the rules us@1" in said
    assert "Strategy 'cheap' was tried before and would have " in said
    assert "Cost did not decide" in said
    assert not any(one.HasField("total_cost_with") for one in answer.decision.candidates)


async def test_a_decision_without_its_inputs_is_told_from_the_record_and_not_replayed(
    world: World, routing_database: str
):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=2)
    await world.stock("dc-west", TEE=2)
    decision = (await world.routing.PlanOrder(order(("TEE", 2)))).decision
    connection = await asyncpg.connect(routing_database)
    await connection.execute("DELETE FROM routing.decision_inputs")
    await connection.close()
    answer = await explained(world, decision.decision_id)
    assert answer.decision == decision
    assert answer.sentences[0] == decision.explanation
    assert answer.sentences[1].startswith("dc-west would cost ")
    assert "cannot be made again" in answer.sentences[-1]
    with pytest.raises(FailedPrecondition, match="DECISION_NOT_REPLAYABLE") as refused:
        await world.routing.ReplayDecision(rpc.ReplayDecisionRequest(decision_id=decision.decision_id))
    assert "PlanOrder decides anew" in refused.value.message


async def test_a_decision_that_is_not_there_is_not_explained(world: World):
    with pytest.raises(NotFound, match="DECISION_NOT_FOUND"):
        await explained(world, "dec_0")

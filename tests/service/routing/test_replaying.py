"""Decisions made again: the same to the byte from what was seen, and others where something is different."""

import random
from datetime import timedelta

import pytest
from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Destination
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.decision_pb2 import Decision
from services.kernel.clock import ManualClock
from services.kernel.errors import NotFound
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World, key, order
from tests.service.routing.rule_sets import profile, rule_set, saved, strategy

RENO, AUSTIN = Point(39.5, -119.8), Point(30.3, -97.7)


async def planned(world: World, *lines: tuple[str, int], **changes: object) -> Decision:
    return (await world.routing.PlanOrder(order(*lines, **changes))).decision


async def replayed(world: World, decision: Decision, **changes: object) -> rpc.ReplayDecisionResponse:
    return await world.routing.ReplayDecision(
        rpc.ReplayDecisionRequest(decision_id=decision.decision_id, **changes)  # type: ignore[arg-type]
    )


async def test_from_what_was_seen_every_decision_is_the_same_to_the_byte(world: World, clock: ManualClock):
    chance = random.Random(7)
    skus = ["TEE", "MUG", "CAP"]
    for node_id, point in (("dc-east", None), ("dc-west", RENO), ("store-austin", AUSTIN)):
        changes = {} if point is None else {"point": point}
        await world.node(node_id, daily_capacity=chance.randint(2, 9), hourly_capacity=2, **changes)
        await world.stock(node_id, **{sku: chance.randint(1, 4) for sku in skus})
    made = []
    for number in range(40):
        lines = [(sku, chance.randint(1, 4)) for sku in chance.sample(skus, chance.randint(1, 3))]
        code = chance.choice(["10001", "94103", "73301", "60601-1234", " 33101"])
        request = order(*lines, destination=Destination(country_code="US", postal_code=code))
        request.strategy = chance.randint(0, 4)  # type: ignore[assignment]
        request.ship_complete = chance.random() < 0.2
        request.service_level = chance.choice(["", "EXPEDITED", "NEXT_DAY"])
        request.order_id = f"ord_{number}"
        for line in request.lines:
            line.unit_price.CopyFrom(Money(currency_code="EUR", units=chance.randint(1, 90)))
        if chance.random() < 0.5:
            request.due_time.FromDatetime(clock.now() + timedelta(days=chance.randint(0, 6)))
        if chance.random() < 0.3:
            request.exclusions.add(node_id="dc-west", sku=chance.choice(["", "TEE"]))
        made.append((await world.routing.PlanOrder(request)).decision)
        clock.advance(timedelta(minutes=chance.randint(0, 300)))
    for node_id in ("dc-east", "dc-west", "store-austin"):  # whatever has happened since
        await world.stock(node_id, TEE=50)
        node = (await world.routing.GetNode(rpc.GetNodeRequest(node_id=node_id))).node
        node.order_cost.units += 7
        await world.routing.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=node))
    clock.advance(timedelta(days=90))
    for decision in made:
        answer = await replayed(world, decision)
        assert answer.recorded == decision
        assert answer.replayed.SerializeToString(deterministic=True) == decision.SerializeToString(deterministic=True)
        assert (answer.same_plan, list(answer.differences)) == (True, [])


async def test_with_the_stock_of_now_it_is_the_plan_of_now(world: World, clock: ManualClock):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-west", TEE=2)
    decision = await planned(world, ("TEE", 2))
    await world.stock("dc-east", TEE=2)
    clock.advance(timedelta(days=1))
    answer = await replayed(world, decision, stock=rpc.ReplayDecisionRequest.STOCK_NOW)
    assert not answer.same_plan
    assert [one.node_id for one in answer.replayed.assignments] == ["dc-east"]
    assert answer.replayed.assignments[0].distance_km < 100
    assert answer.differences[0] == f"dc-west does not ship 2 × TEE by {by(decision)} for {money(decision)}"
    assert any(one.startswith("it costs ") and "less" in one for one in answer.differences)
    assert answer.replayed.inputs_digest != decision.inputs_digest
    listed = await world.routing.ListDecisions(rpc.ListDecisionsRequest())
    assert list(listed.decisions) == [decision]


async def test_without_a_node_it_says_what_that_would_have_cost(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=2)
    await world.stock("dc-west", TEE=1)
    decision = await planned(world, ("TEE", 2))
    answer = await replayed(world, decision, excluded_node_ids=["dc-east"])
    assert [one.node_id for one in answer.replayed.assignments] == ["dc-west"]
    assert next(one for one in answer.replayed.candidates if one.node_id == "dc-east").reason == "EXCLUDED"
    assert "1 × TEE is shipped by nobody, instead of nothing" in answer.differences


async def test_by_other_rules_it_is_what_they_make_of_it(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=1, MUG=1)
    await world.stock("dc-west", TEE=1)
    decision = await planned(world, ("TEE", 1), ("MUG", 1))
    version = await saved(world, rule_set(profile(strategy("west only", nodes="node.node_id == 'dc-west'"))))
    answer = await replayed(world, decision, rule_version=f"us@{version}")
    assert answer.replayed.rule_version == "us@1"
    assert [one.node_id for one in answer.replayed.assignments] == ["dc-west"]
    assert answer.differences[-1] == (
        "it is decided by 'west only' of profile 'all' in us@1 instead of 'least cost' of profile 'every order' in "
        "builtin@2"
    )


async def test_rules_and_decisions_that_are_not_there_are_not_found(world: World):
    await world.node("dc-east")
    decision = await planned(world, ("TEE", 1))
    with pytest.raises(NotFound, match="RULE_SET_NOT_FOUND"):
        await replayed(world, decision, rule_version="us@9")
    with pytest.raises(NotFound, match="DECISION_NOT_FOUND"):
        await replayed(world, Decision(decision_id="dec_0"))


def money(decision: Decision) -> str:
    return f"{decision.total_cost.units}.{decision.total_cost.nanos // 10_000_000:02} USD"


def by(decision: Decision) -> str:
    return f"{decision.assignments[0].carrier_code} {decision.assignments[0].service_code}"

"""Rule sets over the wire: tried, reviewed, switched on and off, and by whom."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.rule_set_pb2 import RuleSetReview
from services.chassis.client import Channels
from services.chassis.database import Database
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition, NotFound
from services.routing import store_rules
from tests.service.routing.rule_desk import (
    ACTIVE,
    DRAFT,
    ITEMS,
    RETIRED,
    SHADOW,
    VALIDATED,
    Desk,
    open_desk,
    rule_set,
)


@pytest.fixture
async def desk(service: Any, migrated_database: Any, channels: Channels, clock: ManualClock) -> Desk:
    return await open_desk(service, migrated_database, channels, clock)


async def test_a_version_walks_from_draft_to_active_and_every_step_has_its_actor(desk: Desk, clock: ManualClock):
    number = await desk.reviewed(rule_set())
    clock.advance(timedelta(hours=1))
    await desk.move(number, SHADOW)
    version = await desk.move(number, ACTIVE, note="agreed")
    assert [event.state for event in version.events] == [DRAFT, VALIDATED, SHADOW, ACTIVE]
    assert all(event.actor for event in version.events)
    assert version.events[-1].note == "agreed"
    assert version.events[-1].time.ToDatetime() == clock.now().replace(tzinfo=None)
    assert [review.item for review in version.reviews] == sorted(ITEMS, key=RuleSetReview.Item.Name)


async def test_what_fails_for_some_orders_is_not_validated(desk: Desk):
    await desk.save(rule_set(criteria=[{"name": "load", "score": "1.0 / node.load"}]))
    with pytest.raises(FailedPrecondition) as refused:
        await desk.move(1, VALIDATED)
    assert refused.value.reason == "RULE_SET_FAILED"
    assert "it divides by zero" in refused.value.metadata["failure_1"]
    assert "profiles[0].strategies[0].criteria[0].score" in refused.value.metadata["failure_1"]
    assert await desk.states() == ["DRAFT"]


async def test_nothing_is_switched_on_that_nobody_has_looked_at(desk: Desk):
    await desk.save(rule_set())
    await desk.move(1, VALIDATED)
    simulation_id = await desk.simulate(1)
    await desk.review(1, RuleSetReview.ITEM_SPLITS, simulation_id)
    with pytest.raises(FailedPrecondition) as refused:
        await desk.move(1, ACTIVE)
    assert refused.value.reason == "REVIEW_MISSING"
    assert refused.value.metadata["missing"] == "EXCEPTIONS, UNCOVERED_ORDERS"
    assert await desk.states() == ["VALIDATED"]


async def test_a_review_needs_a_simulation_of_that_version(desk: Desk):
    await desk.save(rule_set())
    await desk.save(rule_set(nodes="node.load < 1.0"))
    with pytest.raises(NotFound) as unknown:
        await desk.review(1, RuleSetReview.ITEM_SPLITS, "sim_nowhere")
    assert unknown.value.reason == "SIMULATION_NOT_FOUND"
    of_the_second = await desk.simulate(2)
    with pytest.raises(FailedPrecondition) as refused:
        await desk.review(1, RuleSetReview.ITEM_SPLITS, of_the_second)
    assert refused.value.reason == "OTHER_VERSION"
    of_another = await desk.simulate(1, "other")
    with pytest.raises(FailedPrecondition):
        await desk.review(1, RuleSetReview.ITEM_SPLITS, of_another)


async def test_a_part_is_looked_at_again_and_the_last_word_counts(desk: Desk):
    await desk.save(rule_set())
    simulation_id = await desk.simulate(1)
    await desk.review(1, RuleSetReview.ITEM_SPLITS, simulation_id)
    version = await desk.review(1, RuleSetReview.ITEM_SPLITS, simulation_id)
    assert len(version.reviews) == 1


async def test_an_active_version_retires_the_one_before_and_a_shadow_too(desk: Desk):
    for load in (1, 2):
        number = await desk.reviewed(rule_set(nodes=f"node.load < {load}.0"))
        await desk.move(number, ACTIVE)
    assert await desk.states() == ["RETIRED", "ACTIVE"]
    first = (await desk.routing.GetRuleSet(rpc.GetRuleSetRequest(rule_set_id="test", version=1))).rule_set_version
    assert first.events[-1].note == "test@2 took its place"
    for load in (3, 4):
        number = await desk.reviewed(rule_set(nodes=f"node.load < {load}.0"))
        await desk.move(number, SHADOW)
    assert await desk.states() == ["RETIRED", "ACTIVE", "RETIRED", "SHADOW"]


async def test_a_version_that_planned_orders_once_comes_back_at_once(desk: Desk):
    for load in (1, 2):
        await desk.move(await desk.reviewed(rule_set(nodes=f"node.load < {load}.0")), ACTIVE)
    version = await desk.move(1, ACTIVE, note="back")
    assert [event.state for event in version.events[-2:]] == [RETIRED, ACTIVE]
    assert await desk.states() == ["ACTIVE", "RETIRED"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ((), SHADOW),
        ((), ACTIVE),
        ((VALIDATED,), VALIDATED),
        ((VALIDATED, SHADOW), VALIDATED),
        ((RETIRED,), RETIRED),
        ((RETIRED,), VALIDATED),
        ((RETIRED,), ACTIVE),
        ((VALIDATED, ACTIVE), SHADOW),
        ((VALIDATED, ACTIVE), ACTIVE),
    ],
)
async def test_a_step_that_does_not_exist_is_refused_with_those_that_do(desk: Desk, path, wanted):
    await desk.save(rule_set())
    simulation_id = await desk.simulate(1)
    for item in ITEMS:
        await desk.review(1, item, simulation_id)
    await desk.move(1, *path)
    before = await desk.states()
    with pytest.raises(FailedPrecondition) as refused:
        await desk.move(1, wanted)
    assert refused.value.reason == "RULE_SET_STATE"
    assert "possible" in refused.value.metadata
    assert await desk.states() == before


async def test_of_two_activations_at_once_each_is_whole_and_one_is_left_active(desk: Desk):
    numbers = [await desk.reviewed(rule_set(nodes=f"node.load < {load}.0")) for load in range(1, 5)]
    await asyncio.gather(*(desk.move(number, ACTIVE) for number in numbers))
    states = await desk.states()
    assert sorted(states) == ["ACTIVE", "RETIRED", "RETIRED", "RETIRED"]
    for number in numbers:
        answer = await desk.routing.GetRuleSet(rpc.GetRuleSetRequest(rule_set_id="test", version=number))
        activations = [event for event in answer.rule_set_version.events if event.state == ACTIVE]
        assert len(activations) == 1


async def test_what_planning_reads_is_what_was_switched_on(desk: Desk):
    await desk.move(await desk.reviewed(rule_set()), ACTIVE)
    second = await desk.reviewed(rule_set(nodes="node.load < 1.0"))
    await desk.move(second, SHADOW)
    async with AsyncExitStack() as stack:
        database = Database(desk.database_url)
        stack.push_async_callback(database.dispose)
        conn = await stack.enter_async_context(database.connect())
        assert [(version, one.rule_set_id) for one, version in await store_rules.active(conn)] == [("test@1", "test")]
        assert [version for _, version in await store_rules.shadows(conn)] == ["test@2"]
        assert await store_rules.find(conn, "test@1") == rule_set()
        for version in ("test@3", "test@", "test", "@1", "test@x", "test@99999999999"):
            with pytest.raises(NotFound):
                await store_rules.find(conn, version)


async def test_the_same_step_sent_again_has_its_answer_though_the_version_has_gone_on(desk: Desk):
    number = (await desk.save(rule_set())).version
    step = rpc.ChangeRuleSetStateRequest(request_id="validate", rule_set_id="test", version=number, state=VALIDATED)
    first = await desk.routing.ChangeRuleSetState(step)
    await desk.move(number, SHADOW)
    assert await desk.routing.ChangeRuleSetState(step) == first

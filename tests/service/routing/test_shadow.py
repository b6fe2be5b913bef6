"""Shadows: what they would have done is written down, and whatever they do hurts nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from oms.common.v1.address_pb2 import Destination
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.client import Channels
from services.kernel.clock import ManualClock
from services.kernel.errors import NotFound
from services.routing import shadowing
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World, order
from tests.service.routing.rule_sets import activated, move, profile, rule_set, saved, strategy

RENO = Point(39.5, -119.8)
WEST = strategy("west", nodes="node.node_id == 'dc-west'")


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


async def report(world: World, rule_set_id: str = "us", version: int = 0) -> rpc.GetShadowReportResponse:
    return await world.routing.GetShadowReport(rpc.GetShadowReportRequest(rule_set_id=rule_set_id, version=version))


@pytest.fixture
async def two(world: World) -> World:
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    for node_id in ("dc-east", "dc-west"):
        await world.stock(node_id, TEE=500)
    return world


async def plan(world: World, order_id: str, **changes: object) -> rpc.PlanOrderResponse:
    request = order(("TEE", 2), **changes)
    request.order_id = order_id
    return await world.routing.PlanOrder(request)


async def test_a_shadow_tells_what_it_would_have_done_and_decides_nothing(two: World):
    version = await saved(two, rule_set(profile(WEST)))
    await plan(two, "ord_before")
    await move(two, "us", version, "VALIDATED", "SHADOW")
    made = [(await plan(two, f"ord_{number}")).decision for number in range(3)]
    assert {one.rule_version for one in made} == {"builtin@2"}
    told = (await report(two)).comparison
    assert (told.rule_version, told.orders, told.changed_orders) == ("us@1", 3, 3)
    assert dict(told.tally.node_shipments) == {"dc-west": 3}
    assert dict(told.baseline.node_shipments) == {"dc-east": 3}
    assert {one.decision_id for one in told.changes} == {one.decision_id for one in made}
    change = told.changes[0]
    assert change.baseline_plan.startswith("dc-east by sandbox ground: 2 × TEE")
    assert change.plan.startswith("dc-west by ")
    assert change.cost_difference.units > 0
    assert change.days_difference > 0
    assert (await report(two)).start_time.seconds == made[0].create_time.seconds


async def test_a_shadow_is_only_tried_on_what_it_would_plan(two: World):
    await plan(two, "ord_0", channel="web")
    await activated(two, rule_set(rule_set_id="web", scope={"channels": ["web"], "country_codes": ["US"]}))
    version = await saved(two, rule_set(profile(WEST), scope={"country_codes": ["US"]}))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    await plan(two, "ord_1", channel="web")
    await plan(two, "ord_2", channel="shop")
    await plan(two, "ord_3", destination=Destination(country_code="DE", postal_code="10115"))
    told = (await report(two)).comparison
    assert [one.order_id for one in told.changes] == ["ord_2"]
    assert told.orders == 1


async def test_a_shadow_that_fails_is_told_and_hurts_nobody(two: World):
    # Nothing of this kind has come yet, so that it could be validated.
    score = "double(10 / (order.units - 7))"
    dividing = strategy("divides", criteria=[{"name": "odd", "score": score}])
    version = await saved(two, rule_set(profile(dividing)))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    request = order(("TEE", 7))
    decision = (await two.routing.PlanOrder(request)).decision
    assert decision.assignments[0].node_id == "dc-east"
    assert decision.warnings == []
    told = (await report(two)).comparison
    assert (told.orders, told.failed_orders, told.tally.unplanned_orders) == (1, 1, 1)
    assert "divi" in told.failures[0]


async def test_where_nothing_can_be_written_down_orders_are_planned_all_the_same(two: World, routing_database: str):
    version = await saved(two, rule_set(profile(WEST)))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    connection = await asyncpg.connect(routing_database)
    await connection.execute("ALTER TABLE routing.shadow_results RENAME TO hidden")
    made = [(await plan(two, f"ord_{number}")).decision for number in range(3)]
    await connection.execute("ALTER TABLE routing.hidden RENAME TO shadow_results")
    await connection.close()
    assert [one.assignments[0].node_id for one in made] == ["dc-east"] * 3
    await plan(two, "ord_last")
    told = (await report(two)).comparison
    assert "ord_last" in {one.order_id for one in told.changes}


async def test_where_there_is_too_much_to_do_shadows_are_left_out(two: World, monkeypatch: pytest.MonkeyPatch):
    version = await saved(two, rule_set(profile(WEST)))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    monkeypatch.setattr(shadowing, "_MOST_WAITING", 0)
    assert (await plan(two, "ord_1")).decision.assignments[0].node_id == "dc-east"
    assert (await report(two)).comparison.orders == 0


async def test_the_same_order_is_counted_once_however_often_it_is_asked_for(two: World):
    version = await saved(two, rule_set(profile(WEST)))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    request = order(("TEE", 2))
    await asyncio.gather(*(two.routing.PlanOrder(request) for _ in range(5)))
    assert (await report(two)).comparison.orders == 1


async def test_a_trial_by_another_version_is_no_traffic(two: World):
    version = await saved(two, rule_set(profile(WEST)))
    await move(two, "us", version, "VALIDATED", "SHADOW")
    await plan(two, "ord_1", rule_version="us@1")
    assert (await report(two)).comparison.orders == 0


async def test_a_rule_set_that_is_not_there_has_no_report(two: World):
    with pytest.raises(NotFound, match="RULE_SET_NOT_FOUND"):
        await report(two)

"""Where somebody works on rules, over the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import asyncpg
from google.protobuf.json_format import ParseDict

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from oms.routing.v1.rule_set_pb2 import RuleSet, RuleSetReview, RuleSetVersion
from services.chassis.client import Channels
from services.kernel.clock import ManualClock
from tests.service.routing.conftest import key

if TYPE_CHECKING:
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

State = RuleSetVersion.State
DRAFT, VALIDATED, SHADOW, ACTIVE, RETIRED = (
    RuleSetVersion.STATE_DRAFT,
    RuleSetVersion.STATE_VALIDATED,
    RuleSetVersion.STATE_SHADOW,
    RuleSetVersion.STATE_ACTIVE,
    RuleSetVersion.STATE_RETIRED,
)
ITEMS = (RuleSetReview.ITEM_SPLITS, RuleSetReview.ITEM_EXCEPTIONS, RuleSetReview.ITEM_UNCOVERED_ORDERS)


def rule_set(rule_set_id: str = "test", **strategy: Any) -> RuleSet:
    strategies = [{"name": "cheapest"} | strategy]
    document = {"rule_set_id": rule_set_id, "profiles": [{"name": "all", "strategies": strategies}]}
    return ParseDict(document, RuleSet())


class Desk:
    """Where somebody works on rules."""

    def __init__(self, routing: "RoutingServiceAsyncStub", database_url: str) -> None:
        self.routing = routing
        self.database_url = database_url

    async def save(self, message: RuleSet, note: str = "") -> RuleSetVersion:
        request = rpc.SaveRuleSetRequest(request_id=key(), rule_set=message, note=note)
        answer: rpc.SaveRuleSetResponse = await self.routing.SaveRuleSet(request)
        return answer.rule_set_version

    async def move(
        self, number: int, *states: State.ValueType, rule_set_id: str = "test", note: str = ""
    ) -> RuleSetVersion:
        answer = rpc.ChangeRuleSetStateResponse()
        for state in states:
            answer = await self.routing.ChangeRuleSetState(
                rpc.ChangeRuleSetStateRequest(
                    request_id=key(), rule_set_id=rule_set_id, version=number, state=state, note=note
                )
            )
        return answer.rule_set_version

    async def simulate(self, number: int, rule_set_id: str = "test") -> str:
        """Leave a simulation as one that was run leaves it."""
        simulation_id = f"sim_{rule_set_id}_{number}"
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(
                "INSERT INTO routing.simulations (simulation_id, rule_set_id, version, document, actor, create_time) "
                "VALUES ($1, $2, $3, '{}', 'test', now())",
                simulation_id,
                rule_set_id,
                number,
            )
        finally:
            await connection.close()
        return simulation_id

    async def review(self, number: int, item: RuleSetReview.Item.ValueType, simulation_id: str) -> RuleSetVersion:
        answer: rpc.ReviewRuleSetResponse = await self.routing.ReviewRuleSet(
            rpc.ReviewRuleSetRequest(
                request_id=key(),
                rule_set_id="test",
                version=number,
                item=item,
                simulation_id=simulation_id,
                note="looks right",
            )
        )
        return answer.rule_set_version

    async def reviewed(self, message: RuleSet) -> int:
        """Save a version and take it to where it may be switched on."""
        number = (await self.save(message)).version
        await self.move(number, VALIDATED)
        simulation_id = await self.simulate(number)
        for item in ITEMS:
            await self.review(number, item, simulation_id)
        return number

    async def states(self, rule_set_id: str = "test") -> list[str]:
        """Return the states of all versions, oldest first."""
        answer = await self.routing.ListRuleSets(rpc.ListRuleSetsRequest(rule_set_id=rule_set_id))
        return [State.Name(one.state).removeprefix("STATE_") for one in reversed(answer.rule_set_versions)]


async def open_desk(
    service: Callable[..., Awaitable[Any]],
    migrated_database: Callable[..., str],
    channels: Channels,
    clock: ManualClock,
) -> Desk:
    """Run routing with nobody where inventory should be."""
    url = await asyncio.to_thread(migrated_database, "routing")
    running = await service("routing", clock=clock, database_url=url, inventory_address="127.0.0.1:9")
    return Desk(cast("RoutingServiceAsyncStub", channels.connect(RoutingServiceStub, running.address)), url)

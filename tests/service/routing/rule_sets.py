"""Small rule sets, of which a test names only what it is about, and the way they go until they plan orders."""

from typing import Any

from google.protobuf.json_format import ParseDict

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.rehearsal_pb2 import Simulation
from oms.routing.v1.rule_set_pb2 import RuleSet, RuleSetReview, RuleSetVersion
from tests.service.routing.conftest import World, key


def rule_set(*profiles: dict[str, Any], rule_set_id: str = "us", **changes: Any) -> RuleSet:
    return ParseDict({"rule_set_id": rule_set_id, "profiles": profiles or [profile()], **changes}, RuleSet())


def profile(*strategies: dict[str, Any], name: str = "all", **changes: Any) -> dict[str, Any]:
    return {"name": name, "strategies": strategies or [strategy()], **changes}


def strategy(name: str = "only", **changes: Any) -> dict[str, Any]:
    return {"name": name, **changes}


async def saved(world: World, one: RuleSet) -> int:
    """Save a rule set and return its version."""
    request = rpc.SaveRuleSetRequest(request_id=key(), rule_set=one)
    return (await world.routing.SaveRuleSet(request)).rule_set_version.version


async def move(world: World, rule_set_id: str, version: int, *states: str) -> None:
    for state in states:
        request = rpc.ChangeRuleSetStateRequest(request_id=key(), rule_set_id=rule_set_id, version=version)
        request.state = RuleSetVersion.State.Value(f"STATE_{state}")
        await world.routing.ChangeRuleSetState(request)


async def simulated(world: World, request: rpc.SimulateRuleSetRequest) -> Simulation:
    return (await steps(world, request))[-1].simulation


async def steps(world: World, request: rpc.SimulateRuleSetRequest) -> list[rpc.SimulateRuleSetResponse]:
    return [answer async for answer in world.routing.SimulateRuleSet(request)]


async def reviewed(world: World, rule_set_id: str, version: int, simulation_id: str) -> None:
    for item in ("SPLITS", "EXCEPTIONS", "UNCOVERED_ORDERS"):
        request = rpc.ReviewRuleSetRequest(
            request_id=key(), rule_set_id=rule_set_id, version=version, simulation_id=simulation_id, note="seen"
        )
        request.item = RuleSetReview.Item.Value(f"ITEM_{item}")
        await world.routing.ReviewRuleSet(request)


async def activated(world: World, one: RuleSet) -> str:
    """Take a rule set all the way; there must be an order to simulate. Return its version, "id@n"."""
    version = await saved(world, one)
    await move(world, one.rule_set_id, version, "VALIDATED")
    simulation = await simulated(
        world, rpc.SimulateRuleSetRequest(request_id=key(), rule_set_id=one.rule_set_id, version=version)
    )
    await reviewed(world, one.rule_set_id, version, simulation.simulation_id)
    await move(world, one.rule_set_id, version, "ACTIVE")
    return f"{one.rule_set_id}@{version}"

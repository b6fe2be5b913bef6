"""`oms route promise`, against the real services."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services import cli_output
from services.chassis.client import Channels
from services.routing.cli import app
from services.routing.domain.node import NodeType
from tests.service.routing.conftest import World, order

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the services' logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def world(
    logs_apart: None, service: Callable[..., Awaitable[Any]], channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> World:
    inventory = await service("inventory")
    routing = await service("routing", inventory_address=inventory.address)
    monkeypatch.setenv("OMS_ROUTING_ADDRESS", routing.address)
    stubs: list[Any] = [
        channels.connect(RoutingServiceStub, routing.address),
        channels.connect(InventoryServiceStub, inventory.address),
    ]
    return World(*stubs)


@pytest.fixture
async def oms_route(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(cli_output.out, "width", 300)
    runner = CliRunner()
    await world.node("shop", type=NodeType.STORE, capabilities=("pickup", "ship-from-store"))
    await world.stock("shop", TEE=2)

    async def run(*arguments: str) -> tuple[int, str]:
        # In a thread: a command has an event loop of its own.
        result = await asyncio.to_thread(runner.invoke, app, ("promise", *arguments))
        return result.exit_code, result.stdout + result.stderr

    return run


async def test_a_promise_is_made_and_shown_with_its_versions(oms_route: Run, world: World):
    code, out = await oms_route("--sku", "TEE=3", "--to", "US:10001", "--pickup", "shop")
    assert code == 0
    assert "PICKUP" in out
    assert "shop by sandbox ground: 2 × TEE" in out
    assert "Nobody can promise" in out
    _, out = await oms_route("--sku", "TEE=2", "--to", "US:10001", "--level", "NEXT_DAY", "--json")
    promise = json.loads(out)["promise"]
    assert [one["service_level"] for one in promise["options"]] == ["NEXT_DAY"]
    await world.routing.PlanOrder(order(("TEE", 2), promise_id=promise["promise_id"], service_level="NEXT_DAY"))
    code, out = await oms_route("show", promise["promise_id"])
    assert code == 0
    assert "version 2, kept" in out
    assert "ord_1" in out
    _, out = await oms_route("show", promise["promise_id"], "--version", "1", "--json")
    assert [one["version"] for one in json.loads(out)["history"]] == [1, 2]
    assert json.loads(out)["promise"] == promise


async def test_a_promise_of_nothing_or_to_nowhere_is_not_asked_for(oms_route: Run):
    for arguments in ((), ("--sku", "TEE=1"), ("--to", "US"), ("--sku", "TEE=x", "--to", "US")):
        code, out = await oms_route(*arguments)
        assert code == 2
        assert "TEE" in out
    assert (await oms_route("show", "prm_0"))[0] == 1

"""The commands of rehearsals: a rule set from its file to its first order and back, and why a decision is as it is."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from typer.testing import CliRunner

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services import cli_output
from services.chassis.client import Channels
from services.routing.cli import app
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World

WEST = """
rule_set_id: west
profiles:
  - name: all
    strategies:
      - {name: west first, nodes: node.node_id == 'dc-west'}
      - {name: anybody}
"""
PLAN = ("plan", "--sku", "TEE=2", "--to", "US:10001", "--order")


class Shell:
    """Where commands are typed."""

    def __init__(self, address: str) -> None:
        self._runner = CliRunner(env={"OMS_ROUTING_ADDRESS": address})

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        # In a thread: a command has an event loop of its own.
        result = await asyncio.to_thread(self._runner.invoke, app, arguments)
        return result.exit_code, result.stdout, result.stderr

    async def good(self, *arguments: str) -> str:
        code, out, err = await self.run(*arguments)
        assert code == 0, (out, err)
        return out

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self.good(*arguments, "--json"))


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the services' logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def shell(
    logs_apart: None,
    service: Callable[..., Awaitable[Any]],
    channels: Channels,
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    inventory = await service("inventory")
    routing = await service("routing", inventory_address=inventory.address)
    stubs = cast(
        "tuple[Any, Any]",
        (
            channels.connect(RoutingServiceStub, routing.address),
            channels.connect(InventoryServiceStub, inventory.address),
        ),
    )
    world = World(*stubs)
    await world.node("dc-east")
    await world.node("dc-west", point=Point(39.5, -119.8))
    for node_id in ("dc-east", "dc-west"):
        await world.stock(node_id, TEE=100)
    monkeypatch.setattr(cli_output.out, "width", 240)
    return Shell(routing.address)


async def node_of(shell: Shell, order_id: str) -> tuple[str, str]:
    decision = (await shell.json(*PLAN, order_id))["decision"]
    return decision["rule_version"], decision["assignments"][0]["node_id"]


async def test_a_rule_set_goes_from_its_file_to_its_first_order_and_back(shell: Shell, tmp_path: Path):
    assert await node_of(shell, "ord_1") == ("builtin@2", "dc-east")
    file = tmp_path / "west.yaml"
    file.write_text(WEST.replace("      - {name: west first, nodes: node.node_id == 'dc-west'}\n", ""))
    await shell.good("rules", "save", str(file))
    file.write_text(WEST)
    await shell.good("rules", "save", str(file))
    for version in ("west@1", "west@2"):
        await shell.good("rules", "validate", version)
        code, _, err = await shell.run("rules", "activate", version)
        assert (code, "REVIEW_MISSING" in err) == (1, True)
        simulation = (await shell.json("rules", "simulate", version))["simulation"]
        for item in ("splits", "exceptions", "uncovered-orders"):
            await shell.good(
                "rules", "review", version, item, "--simulation", simulation["simulation_id"], "--note", "fine"
            )
    await shell.good("rules", "activate", "west@1")
    assert await node_of(shell, "ord_2") == ("west@1", "dc-east")
    await shell.good("rules", "shadow", "west@2")
    assert await node_of(shell, "ord_3") == ("west@1", "dc-east")
    report = await shell.good("rules", "shadow-report", "west")
    assert "west@2 in shadow since " in report
    assert "1 order by west@2 and by what is active; 1 change (100.0 %)" in report
    await shell.good("rules", "activate", "west@2")
    assert await node_of(shell, "ord_4") == ("west@2", "dc-west")
    await shell.good("rules", "activate", "west@1", "--note", "back")
    assert await node_of(shell, "ord_5") == ("west@1", "dc-east")


async def test_a_file_is_simulated_against_a_version_before_it_is_saved(shell: Shell, tmp_path: Path):
    await node_of(shell, "ord_1")
    file = tmp_path / "west.yaml"
    file.write_text(WEST)
    code, out, _ = await shell.run("rules", "simulate", str(file), "--against", "builtin@2", "--since", "1h")
    assert code == 0
    assert "1 order by west@0 and by builtin@2; 1 change (100.0 %)" in out
    assert "dc-west by sandbox ground: 2 × TEE" in out
    assert "no profile fits" in out
    code, _, err = await shell.run("rules", "simulate", str(file), "--since", "yesterday")
    assert (code, "30d" in err) == (2, True)


async def test_a_decision_is_explained_and_made_again(shell: Shell):
    await node_of(shell, "ord_1")
    out = await shell.good("explain", "ord_1")
    assert "dc-west lost because the cheapest plan with it costs " in out
    assert "It is proved that no plan of this strategy costs less." in out
    assert "█" in out
    assert "░░░░" in out
    told = await shell.json("explain", "ord_1")
    assert len(told["sentences"]) > 4
    decision_id = told["decision"]["decision_id"]
    assert "It is the same to the last detail." in await shell.good("replay", decision_id)
    out = await shell.good("replay", decision_id, "--now", "--without", "dc-east")
    assert "dc-west ships 2 × TEE by sandbox ground for " in out
    again = await shell.json("replay", decision_id, "--rules", "builtin@2")
    assert again["same_plan"] is True

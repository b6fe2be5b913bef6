"""The commands, against the real services."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml
from typer.testing import CliRunner

from services import cli_output
from services.routing.cli import app

NETWORK = "deploy/local/demo/network.yaml"
_NETWORK_TEXT = Path(NETWORK).read_text(encoding="utf-8")

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the services' logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def oms_route(logs_apart: None, service: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch) -> Run:
    inventory = await service("inventory")
    routing = await service("routing", inventory_address=inventory.address)
    monkeypatch.setattr(cli_output.out, "width", 240)
    runner = CliRunner(env={"OMS_ROUTING_ADDRESS": routing.address})

    async def run(*arguments: str) -> tuple[int, str, str]:
        # In a thread: a command has an event loop of its own.
        result = await asyncio.to_thread(runner.invoke, app, arguments)
        return result.exit_code, result.stdout, result.stderr

    return run


async def test_the_demonstration_network_is_imported_once_and_exported_whole(oms_route: Run, tmp_path: Path):
    code, out, _ = await oms_route("nodes", "import", NETWORK, "--json")
    assert code == 0
    assert {entry["outcome"] for entry in json.loads(out)} == {"added"}
    _, out, _ = await oms_route("nodes", "import", NETWORK, "--json")
    assert {entry["outcome"] for entry in json.loads(out)} == {"unchanged"}
    _, exported, _ = await oms_route("nodes", "export")
    assert len(yaml.safe_load(exported)["nodes"]) == 10
    copy = tmp_path / "copy.yaml"
    copy.write_text(exported)
    _, out, _ = await oms_route("nodes", "import", str(copy), "--json")
    assert {entry["outcome"] for entry in json.loads(out)} == {"unchanged"}


async def test_a_node_is_disabled_and_enabled_again(oms_route: Run):
    await oms_route("nodes", "import", NETWORK)
    assert (await oms_route("nodes", "disable", "store-austin", "--reason", "flooded"))[0] == 0
    assert "disabled: flooded" in (await oms_route("nodes", "list"))[1]
    assert (await oms_route("nodes", "enable", "store-austin"))[0] == 0
    assert "flooded" not in (await oms_route("nodes", "show", "store-austin"))[1]


async def test_a_plan_is_shown_and_explained_by_order_and_by_decision(oms_route: Run):
    await oms_route("nodes", "import", NETWORK)
    code, out, _ = await oms_route("plan", "--sku", "TEE=2", "--to", "US:10001", "--order", "ord_9", "--json")
    assert code == 0
    decision = json.loads(out)["decision"]
    assert len(decision["candidates"]) == 10
    for subject in ("ord_9", decision["decision_id"]):
        code, out, _ = await oms_route("explain", subject)
        assert code == 0
        assert "Nobody has 2 × TEE" in out
        assert "DOES_NOT_SERVE_DESTINATION" in out


async def test_no_is_norway(oms_route: Run, tmp_path: Path):
    _, exported, _ = await oms_route("nodes", "export")
    assert yaml.safe_load(exported) == {"nodes": []}
    node = yaml.safe_load(_NETWORK_TEXT)["nodes"][0] | {"disabled": True}
    text = yaml.safe_dump({"nodes": [node]}) + "  serves_country_codes: [NO, SE]\n"
    (tmp_path / "north.yaml").write_text(text)
    await oms_route("nodes", "import", str(tmp_path / "north.yaml"))
    _, out, _ = await oms_route("nodes", "show", node["node_id"], "--json")
    assert json.loads(out)["node"]["serves_country_codes"] == ["NO", "SE"]
    assert json.loads(out)["node"]["disabled"] is True


async def test_what_the_service_refuses_ends_with_one_and_its_reason(oms_route: Run):
    code, _, said = await oms_route("nodes", "show", "nowhere")
    assert code == 1
    assert "NODE_NOT_FOUND" in said
    assert (await oms_route("explain", "ord_unknown"))[0] == 1


async def test_what_the_user_writes_wrongly_ends_with_two(oms_route: Run, tmp_path: Path):
    assert (await oms_route("plan", "--sku", "TEE", "--to", "US"))[0] == 2
    broken = tmp_path / "broken.yaml"
    for text in ("nodes: [{node_id: 5, no_such_field: 1}]", "- 1", "", "{", "nodes: 7"):
        broken.write_text(text)
        assert (await oms_route("nodes", "import", str(broken)))[0] == 2

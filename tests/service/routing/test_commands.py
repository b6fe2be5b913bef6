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


async def outcomes(oms_route: Run, *arguments: str) -> set[str]:
    code, out, _ = await oms_route("nodes", "import", *arguments, "--json")
    assert code == 0
    return {change["outcome"] for change in json.loads(out)["changes"]}


async def test_the_demonstration_network_is_imported_once_and_exported_whole(oms_route: Run, tmp_path: Path):
    assert await outcomes(oms_route, NETWORK, "--check") == {"added"}
    assert await outcomes(oms_route, NETWORK) == {"added"}
    assert await outcomes(oms_route, NETWORK) == {"unchanged"}
    _, exported, _ = await oms_route("nodes", "export")
    assert {name: len(entries) for name, entries in yaml.safe_load(exported).items()} == {
        "calendars": 7,
        "nodes": 10,
        "carrier_services": 7,
    }
    copy = tmp_path / "copy.yaml"
    copy.write_text(exported)
    assert await outcomes(oms_route, str(copy)) == {"unchanged"}
    _, exported, _ = await oms_route("nodes", "export", "--format", "csv")
    table = tmp_path / "nodes.csv"
    table.write_text(exported)
    assert await outcomes(oms_route, str(table)) == {"unchanged"}
    table.write_text(exported.replace("dc-east,East Distribution Center", "dc-east,East"))
    assert await outcomes(oms_route, str(table)) == {"unchanged", "replaced"}


async def test_a_file_with_problems_shows_them_all_and_changes_nothing(oms_route: Run, tmp_path: Path):
    wrong = tmp_path / "wrong.yaml"
    for place, mistake, meant in (
        ("nodes[0].calendar_id", ("calendar_id: us-dc\n    daily", "calendar_id: us-cd\n    daily"), "us-dc"),
        ("nodes[0].calender_id", ("    calendar_id: us-dc\n    daily", "    calender_id: x\n    daily"), "calendar_id"),
        ("nodes[0].latitude", ("latitude: 40.52", "latitude: 140.52"), ""),
    ):
        wrong.write_text(_NETWORK_TEXT.replace(*mistake, 1).replace("Europe/Paris", "Europe/Pariss"))
        code, out, _ = await oms_route("nodes", "import", str(wrong))
        assert code == 1
        assert place in out
        assert meant in out
        code, out, _ = await oms_route("nodes", "import", str(wrong), "--check", "--json")
        assert code == 1
        assert json.loads(out)[0]["place"] == place
    assert "Nodes: nothing" in (await oms_route("nodes", "list"))[1]


async def test_calendars_and_carriers_are_listed(oms_route: Run):
    await oms_route("nodes", "import", NETWORK)
    _, out, _ = await oms_route("calendars", "list")
    assert "us-dc" in out
    assert "GB-ENG" in out
    _, out, _ = await oms_route("carriers", "list")
    assert "sandbox/uk-by-noon" in out
    assert "12:00" in out


async def test_products_are_imported_from_csv_and_from_yaml(oms_route: Run, tmp_path: Path):
    table = tmp_path / "products.csv"
    table.write_text("sku,grams,required_capabilities,hs_code\nTEE,180,,610910\nPAINT,900,hazmat cold,\n")
    assert (await oms_route("products", "import", str(table)))[1] == "2 products, 2 of them new or different\n"
    document = tmp_path / "products.yaml"
    document.write_text("products: [{sku: TEE, grams: 181, hs_code: 610910}]")
    _, out, _ = await oms_route("products", "import", str(document), "--json")
    assert json.loads(out) == {"products": 1, "changed": 1}
    _, out, _ = await oms_route("products", "list", "--sku", "PAINT")
    assert "cold hazmat" in out
    assert "TEE" not in out
    table.write_text("sku,gramms\nTEE,1\n")
    code, out, _ = await oms_route("products", "import", str(table))
    assert code == 1
    assert "grams" in out


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
    assert yaml.safe_load(exported) == {"calendars": [], "nodes": [], "carrier_services": []}
    document = yaml.safe_load(_NETWORK_TEXT)
    document["nodes"] = [document["nodes"][0] | {"disabled": True}]
    order = ("calendars", "carrier_services", "nodes")
    text = yaml.safe_dump({name: document[name] for name in order}, sort_keys=False)
    (tmp_path / "north.yaml").write_text(text + "  serves_country_codes: [NO, SE]\n")
    await oms_route("nodes", "import", str(tmp_path / "north.yaml"))
    _, out, _ = await oms_route("nodes", "show", "dc-east", "--json")
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
    for text in ("{", "a: b: c"):
        broken.write_text(text)
        assert (await oms_route("nodes", "import", str(broken)))[0] == 2

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import typer
from google.protobuf.json_format import MessageToJson
from typer.testing import CliRunner

from services.intake import cli
from tests.service.intake.drafts import PENDING, draft, line
from tests.service.intake.test_documents import shop_order


@pytest.fixture
def oms(running: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run a command of intake as a person would, and return what it printed."""
    monkeypatch.setenv("OMS_INTAKE_ADDRESS", running.address)
    # The service is in this process, and its log would go where the command prints.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    app = typer.Typer()
    for name, group in cli.GROUPS.items():
        app.add_typer(group, name=name)
    for command in cli.COMMANDS:
        app.command()(command)

    async def invoke(*words: str, code: int = 0) -> Any:
        # The command has an event loop of its own.
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    yield invoke
    structlog.reset_defaults()


async def test_an_order_is_submitted_shown_held_and_followed_from_the_command_line(oms, tmp_path):
    file = tmp_path / "order.json"
    file.write_text(MessageToJson(draft(line("A", 2), payment=PENDING, external_id="77")))
    order = (await oms("order", "submit", str(file), "--json"))["order"]
    order_id = order["order_id"]
    assert order["status"] == "ORDER_STATUS_ON_HOLD"
    for words in [
        ("order", "list"),
        ("order", "list", "--status", "on-hold", "--sku", "A"),
        ("order", "show", order_id),
        ("order", "lookup", "shopify-us", "77"),
        ("order", "timeline", order_id),
        ("order", "count"),
        ("hold", "list", "--queue", "payments"),
        ("hold", "place", order_id, "risk", "--type", "HIGH_RISK_OF_FRAUD"),
        ("hold", "release", order_id, "payment", "--reason", "paid"),
        ("hold", "reject", order_id, "risk"),
    ]:
        await oms(*words)
        await oms(*words, "--json")
    shown = (await oms("order", "show", order_id, "--json"))["order"]
    assert {hold["handle"]: hold["state"] for hold in shown["holds"]} == {
        "payment": "STATE_RELEASED",
        "risk": "STATE_REJECTED",
    }


async def test_what_the_system_refuses_is_1_and_what_was_mistyped_is_2(oms, tmp_path):
    await oms("order", "show", "ord_x", code=1)
    await oms("order", "list", "--status", "nowhere", code=2)
    await oms("hold", "place", "ord_x", "h", "--type", "nothing", code=2)
    await oms("order", "cancel", "ord_x", "--line", "a=b", code=2)
    (tmp_path / "order.json").write_text("{")
    await oms("order", "submit", str(tmp_path / "order.json"), code=2)


async def test_a_folder_of_documents_is_delivered_and_nothing_is_lost(oms, tmp_path):
    (tmp_path / "1.json").write_text(json.dumps(shop_order(1)))
    (tmp_path / "2.json").write_text(json.dumps({"orders": [shop_order(2), shop_order(3)]}))
    (tmp_path / "3.json").write_text("not JSON")
    for outcome in ("Accepted", "Repeated"):
        result = await oms("ingest", str(tmp_path), "--channel", "shopify-us", "--json")
        assert result == {"documents": 3, "orders": {outcome: 3}, "problems": {"NOT_JSON": 1}, "failed": []}
    (quarantined,) = (await oms("document", "list", "--quarantined", "--json"))["documents"]
    await oms("document", "list")
    assert "NOT_JSON" in await oms("document", "show", quarantined["document_id"])
    await oms("document", "replay", quarantined["document_id"])
    assert await oms("document", "show", quarantined["document_id"], "--content") == "not JSON"


async def test_a_document_that_cannot_be_delivered_is_said_with_1(oms, tmp_path):
    (tmp_path / "1.json").write_text("{}")
    await oms("ingest", str(tmp_path), "--channel", "fax", code=1)

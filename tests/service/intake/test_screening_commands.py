"""`oms hold rules`, `oms channel skus` and `oms channel locations` say what happened, or what is wrong."""

import asyncio
import json
from typing import Any

import pytest
import typer
from google.protobuf.json_format import MessageToJson
from typer.testing import CliRunner

from services.intake import cli, cli_holds, cli_screening
from tests.service.intake.drafts import draft, line


@pytest.fixture
def oms(running: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command as a person would, and return what it printed."""
    monkeypatch.setenv("OMS_INTAKE_ADDRESS", running.address)
    app, channel = typer.Typer(), typer.Typer()
    channel.add_typer(cli_screening.skus, name="skus")
    channel.add_typer(cli_screening.locations, name="locations")
    for name, group in {"hold": cli_holds.app, "channel": channel, "order": cli.app}.items():
        app.add_typer(group, name=name)

    async def invoke(*words: str, code: int = 0) -> Any:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        assert result.exit_code == code, result.output
        # The log of the service, which is in this process, may stand before it.
        return json.loads(result.stdout[result.stdout.index("{") :]) if "--json" in words else result.output

    return invoke


async def test_rules_and_names_come_from_files_all_or_nothing(oms, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("name: us\nrules: [{name: big, when: order.units > 1, hold: APPROVAL, approvals: [a, b]}]")
    bad.write_text("name: us\nrules: [{name: big, when: order.unit > 1, hold: APPROVAL}]")
    assert "order.units?" in await oms("hold", "rules", "check", str(bad), code=1)
    assert "no problems" in await oms("hold", "rules", "check", str(good))
    assert "order.units?" in await oms("hold", "rules", "set", str(bad), code=1)
    assert (await oms("hold", "rules", "set", str(good), "--json"))["state"] == "STATE_ACTIVE"
    assert "us@1" in await oms("hold", "rules", "list")
    assert "order.units > 1" in await oms("hold", "rules", "show", "us")

    skus = tmp_path / "skus.csv"
    skus.write_text("channel_sku,sku,units_each\nCASE,TEE,twelve\nCASE2,,1\n")
    told = await oms("channel", "skus", "import", "edi", str(skus), code=1)
    assert ("line 2" in told, "line 3" in told, "nothing was changed" in told) == (True, True, True)
    skus.write_text("channel_sku,sku,units_each\nCASE,TEE,12\n")
    assert "1 read, 1 changed" in await oms("channel", "skus", "import", "edi", str(skus))
    assert "CASE" in await oms("channel", "skus", "list", "edi")
    places = tmp_path / "places.csv"
    places.write_text("location_code,line1,city,postal_code,country_code\n0042,1 Main St,Troy,12180,us\n")
    assert "1 read, 1 changed" in await oms("channel", "locations", "import", "edi", str(places))
    assert "0042" in await oms("channel", "locations", "list", "edi")

    order = tmp_path / "order.json"
    order.write_text(MessageToJson(draft(line("CASE"), channel="edi", external_id="77")))
    made = (await oms("order", "submit", str(order), "--json"))["order"]
    assert (made["lines"][0]["sku"], made["holds"][0]["handle"]) == ("TEE", "us/big")
    assert "us/big" in await oms("hold", "rules", "try", made["order_id"])
    half = (await oms("hold", "approve", made["order_id"], "us/big", "--as", "a", "--json"))["hold"]
    assert half["owner_queue"] == "b"
    await oms("hold", "approve", made["order_id"], "us/big", "--as", "b", code=1)
    await oms("hold", "rules", "retire", "us")

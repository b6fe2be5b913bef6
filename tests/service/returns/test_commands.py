"""`oms return` and `oms refund`, against the running services."""

import asyncio
import json
import sys
from collections.abc import Iterator

import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from services import cli_output
from services.returns import cli
from tests.service.returns.shop import RETURN


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the services' logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
def oms(logs_apart, monkeypatch):
    """Return a function that runs a command line."""
    app = typer.Typer()
    for name, group in cli.GROUPS.items():
        app.add_typer(group, name=name)
    monkeypatch.setattr(cli_output.out, "width", 200)

    async def run(*words: str) -> Result:
        # In a thread: a command has an event loop of its own.
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, words))

    return run


@pytest.fixture
def open_shop(shop, monkeypatch):
    """The services, where the commands find them."""
    monkeypatch.setenv("OMS_RETURNS_ADDRESS", shop.returns_address)
    monkeypatch.setenv("OMS_INTAKE_ADDRESS", shop.intake_address)
    return shop


async def test_a_return_is_asked_for_received_inspected_and_shown(open_shop, oms):
    shop = open_shop
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    asked = await oms("return", "request", order.order_id, "--sku", "SKU-1=2", "--reason", "too small", "--json")
    assert asked.exit_code == 0, asked.output
    record = json.loads(asked.stdout)["return_record"]
    assert record["authorization"] == "AUTHORIZATION_AUTHORIZED"
    return_id, line_id = record["return_id"], record["lines"][0]["line_id"]
    assert (await oms("return", "receive", return_id)).exit_code == 0
    assert (await oms("return", "inspect", return_id, "--line", f"{line_id}=2", "--as", "RESTOCK")).exit_code == 0
    await shop.reimburse(order, RETURN, 2, return_id=return_id)
    shown = (await oms("return", "show", return_id)).stdout
    assert "2 restock" in shown
    assert "20.00 USD" in shown
    assert return_id in (await oms("return", "list", "--order", order.order_id)).stdout
    assert "reimbursed" in (await oms("refund", "list", "--order", order.order_id)).stdout


async def test_what_the_system_refuses_is_exit_code_1_with_the_reason(open_shop, oms):
    shop = open_shop
    order = await shop.buy((1, 1000))
    refused = await oms("return", "request", order.order_id, "--sku", "SKU-1=1")
    assert refused.exit_code == 1
    assert "NOT_RETURNABLE" in refused.stderr
    missing = await oms("return", "decline", "ret_unknown")
    assert (missing.exit_code, "RETURN_NOT_FOUND" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("return", "request", "ord_1"),
        ("return", "request", "ord_1", "--line", "lin"),
        ("return", "receive", "ret_1", "--line", "lin=0"),
        ("return", "inspect", "ret_1", "--line", "lin=1", "--as", "EAT"),
        ("refund", "list", "--state", "GONE"),
    ],
)
async def test_what_makes_no_sense_is_exit_code_2(oms, words):
    assert (await oms(*words)).exit_code == 2

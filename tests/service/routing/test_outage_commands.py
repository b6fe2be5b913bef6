"""`oms route off|on|outage|outages`, against a running service."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services import cli_output
from services.chassis.client import Channels
from services.routing.cli import app
from tests.service.routing.conftest import World
from tests.service.routing.test_outages import recorded, work

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the service's logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


async def test_an_operator_switches_a_node_off_and_sees_what_became_of_its_work(
    logs_apart: None, service, channels: Channels, monkeypatch: pytest.MonkeyPatch
):
    running = await service("routing", inventory_address="127.0.0.1:9")
    stub: Any = channels.connect(RoutingServiceStub, running.address)
    await World(stub, stub).node("store-austin")
    monkeypatch.setattr(cli_output.out, "width", 240)
    runner = CliRunner(env={"OMS_ROUTING_ADDRESS": running.address})

    async def run(*arguments: str) -> tuple[int, str, str]:
        result = await asyncio.to_thread(runner.invoke, app, arguments)
        return result.exit_code, result.stdout, result.stderr

    code, said, _ = await run("off", "node", "store-austin", "--reason", "flooded", "--replan")
    assert code == 0
    assert "node store-austin" in said
    assert "still off: flooded" in said
    outage_id = said.split(":")[0]
    code, _, refused = await run("off", "node", "store-austin", "--reason", "again")
    assert (code, "ALREADY_OFF" in refused) == (1, True)
    await stub.RecordOutageWork(recorded(outage_id, work("ful_1", 1, cents=250), work("ful_2", 2, cents=-100)))
    _, shown, _ = await run("outage", outage_id)
    assert "+2.50 USD" in shown
    assert "-1.00 USD" in shown
    assert "all together +1.50 USD" in shown
    assert shown.index("ful_1") < shown.index("ful_2")
    assert outage_id in (await run("outages", "--open"))[1]
    assert (await run("on", "node", "store-austin"))[0] == 0
    assert outage_id not in (await run("outages", "--open"))[1]
    assert (await run("off", "service", "ground", "--reason", "strike"))[0] == 2

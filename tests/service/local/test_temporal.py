"""The launcher of Temporal."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from deploy.local import ports
from deploy.local.temporal import Temporal
from workflows.search_attributes import SERVER_TYPES


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Temporal]:
    port, ui_port = ports.free(2)
    server = Temporal(tmp_path / "data", port, ui_port, SERVER_TYPES, log=tmp_path / "temporal.log")
    server.start()
    yield server
    server.stop()


async def test_a_started_workflow_outlives_kill_9(server: Temporal) -> None:
    client = await Client.connect(server.address)
    status = SearchAttributePair(SearchAttributeKey.for_keyword("OmsStatus"), "OPEN")
    await client.start_workflow(
        "Order", id="order/ord_1", task_queue="oms", search_attributes=TypedSearchAttributes([status])
    )
    assert server.process
    server.process.stop(signal.SIGKILL)
    server.start()
    description = await (await Client.connect(server.address)).get_workflow_handle("order/ord_1").describe()
    assert description.typed_search_attributes[SearchAttributeKey.for_keyword("OmsStatus")] == "OPEN"


def test_operators_get_the_web_ui(server: Temporal) -> None:
    assert server.ui_url
    assert "text/html" in httpx.get(server.ui_url, trust_env=False).headers["content-type"]


def test_a_taken_port_of_the_web_ui_is_named(server: Temporal, tmp_path: Path) -> None:
    other = Temporal(None, ports.free(1)[0], server.ui_port, log=tmp_path / "other.log")
    with pytest.raises(ports.PortTakenError, match=rf"temporal-ui.*{server.ui_port}.*pid {server.pid}"):
        other.start()


def test_without_a_port_there_is_no_web_ui(tmp_path: Path) -> None:
    server = Temporal(None, ports.free(1)[0], log=tmp_path / "temporal.log")
    assert server.ui_url is None

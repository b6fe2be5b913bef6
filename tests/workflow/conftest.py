"""Two houses: one in real time on the run's Temporal server, one on a test server in which days pass at once."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from services.inventory.leaks import audit_stock
from tests import conftest, servers
from tests.workflow.house import House, opened
from tests.workflow.life import Life


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def life() -> AsyncIterator[Life]:
    """Life in real time; at its end no unit of any order has been lost or made."""
    async with opened(*await namespace()) as house:
        yield Life(house)
        await _nothing_leaked(house)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def leaping() -> AsyncIterator[Life]:
    """Life in which days pass at once; at its end no unit of any order has been lost or made."""
    binary = Path(sys.executable).parent / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(binary)) as environment:
        await conftest._add_search_attributes(environment.client, environment.client.namespace)
        address = environment.client.service_client.config.target_host
        async with opened(address, environment.client.namespace, sleep=environment.sleep) as house:
            yield Life(house)
            await _nothing_leaked(house)


async def namespace() -> tuple[str, str]:
    """Return the address of the run's Temporal server and a new namespace there."""
    address = servers.temporal().address
    client = await Client.connect(address)
    name = conftest._unique("house")
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=24 * 3600))
    )
    await conftest._add_search_attributes(client, name)
    return address, name


async def _nothing_leaked(house: House) -> None:
    report = await audit_stock(house.services.inventory, house.services.intake)
    assert report.findings == []

"""What every test may ask for: real servers, started when first needed, and an empty corner of each for every test.

A test gets a database and a Temporal namespace of its own, so tests never see one another, whatever runs beside them.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from deploy.local.postgres import Postgres
from services.kernel import ids
from services.kernel.clock import ManualClock, SystemClock, milliseconds
from tests import servers
from workflows.search_attributes import SERVER_TYPES

# Errors as the services print them: drawing the local variables of one takes seconds.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.open_run()
        # `timeout` and continuous integration end us with SIGTERM: then, too, nothing may be left running. It becomes a
        # Ctrl-C, which asyncio turns into a cancellation; an exception in the middle of its loop skips every `finally`.
        # A script's background jobs are born deaf to Ctrl-C, so hearing is restored first.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.close_run()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at a Monday's noon until the test moves it."""
    return ManualClock(datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server() -> Postgres:
    """The PostgreSQL server of this run; `url_of("postgres")` is for its administrator."""
    return servers.postgres()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The address of a new, empty database."""
    yield from _database(postgres_server, "template0")


@pytest.fixture
def migrated_database(postgres_server: Postgres) -> Iterator[Callable[..., str]]:
    """Return a function: the services' names → the address of a new database with their schemas."""
    made: list[Iterator[str]] = []

    def make(*services: str) -> str:
        database = _database(postgres_server, _template(postgres_server, *sorted(services)))
        made.append(database)
        return next(database)

    yield make
    for database in reversed(made):
        next(database, None)


@pytest.fixture(scope="session")
def temporal_address() -> str:
    """Where the Temporal server of this run listens."""
    return servers.temporal().address


@pytest.fixture
async def temporal_namespace(temporal_address: str) -> str:
    """A new namespace that knows our search attributes."""
    client = await Client.connect(temporal_address)
    name = _unique("test")
    retention = Duration(seconds=24 * 3600)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    )
    await _add_search_attributes(client, name)
    return name


@pytest.fixture
async def temporal_client(temporal_address: str, temporal_namespace: str) -> Client:
    """A client of the test's own namespace (`client.namespace`); the task queue `oms` there is the test's alone."""
    return await Client.connect(temporal_address, namespace=temporal_namespace)


@pytest.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal test server in which waiting takes no time; it can neither list nor count."""
    binary = Path(sys.executable).parent / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(binary)) as environment:
        await _add_search_attributes(environment.client, environment.client.namespace)
        yield environment


@pytest.fixture
async def service(migrated_database: Callable[..., str]) -> AsyncIterator[Callable[..., Coroutine[Any, Any, Any]]]:
    """Return a function that runs a service over a socket, for as long as the test lasts.

    `running = await service("inventory")`, or with a `Service` of the test's own; `running.address` is where it
    listens. Keyword arguments are settings (`database_url=`, `temporal_address=`, `routing_address=` …), and `clock=`.
    """
    from services.chassis.service import start
    from services.chassis.settings import Settings

    async with AsyncExitStack() as stack:

        async def run(what: Any, *, clock: Any = None, **settings: Any) -> Any:
            if isinstance(what, str):
                settings.setdefault("database_url", await asyncio.to_thread(migrated_database, what))
                what = __import__(f"services.{what}.__main__", fromlist=["SERVICE"]).SERVICE
            # Nobody listens on port 9: a service must serve without Temporal, unless the test brings it, and inventory
            # without intake, whose demand it reads.
            nobody = "127.0.0.1:9"
            known = {"listen": "127.0.0.1:0", "temporal_address": nobody, "intake_address": nobody, **settings}
            return await stack.enter_async_context(start(what, Settings(**known), clock=clock or SystemClock()))

        yield run


def _database(server: Postgres, template: str) -> Iterator[str]:
    name = _unique("test")
    # Without fsync a copy of files is three times as quick as one through the log, which is the default.
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield server.url_of(name)
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _template(server: Postgres, *services: str) -> str:
    """Return a database with these services' schemas, migrated once in a run and copied from then on."""
    name = "_".join(("template", *services))
    with servers.locked(name):
        ready = servers.folder() / f"{name}.ready"
        if not ready.exists():
            from services.chassis.migration import upgrade

            _execute(server, f'DROP DATABASE IF EXISTS "{name}"')  # of an attempt that failed
            _execute(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
            for service_name in services:
                _apart(partial(upgrade, server.url_of(name), service_name))
            _execute(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            ready.touch()
    return name


def _execute(server: Postgres, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(server.url_of("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    _apart(execute)


def _apart(work: Callable[[], Any]) -> None:
    """Do the work in a thread of its own, where no event loop runs, whether it is a coroutine or not."""

    def do() -> None:
        result = work()
        if asyncio.iscoroutine(result):
            asyncio.run(result)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(do).result()


async def _add_search_attributes(client: Client, namespace: str) -> None:
    kinds = {name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}") for name, kind in SERVER_TYPES.items()}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=namespace, search_attributes=kinds)
    )


def _unique(prefix: str) -> str:
    return f"{prefix}-{ids.new('tst', milliseconds(SystemClock().now())).lower()}-{os.getpid()}"

"""A house: the five services, their partners' sandboxes and a worker, really running, on one database.

The services and the worker share the process of the test and speak over loopback sockets; the sandboxes are processes
of their own. Each test uses SKUs and orders of its own, so a house serves many tests.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import Worker

from deploy.local import ports
from deploy.local.demo.seed import document
from deploy.local.layout import SANDBOXES, SERVICES
from deploy.local.parts import Program, healthy
from oms.routing.v1.routing_service_pb2 import ImportNetworkRequest
from services.chassis.client import Channels
from services.chassis.service import Running, start
from services.chassis.settings import Settings
from services.kernel.clock import SystemClock
from tests import conftest, servers
from workflows import worker
from workflows.activities.calls import Stubs

# Two that are alike but for their place; east is nearer to where the orders go.
NODES = ("dc-east", "dc-west")
# Seconds that a partner takes for a step.
_SPEED = "0.03"
_STEP = timedelta(days=4)

# The sandboxes let go of a connection after five seconds: one that is older is not used again.
SHORT_LIVED = httpx.Limits(keepalive_expiry=2)


class LeapingClock:
    """The time on the wall, and as much later as the house has leapt; Temporal's test server goes by the same."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self._ahead

    def leap(self, by: timedelta) -> None:
        """Be later by this much."""
        self._ahead += by


@dataclass(slots=True)
class House:
    """What is running, and what can be done with it as a whole."""

    services: Stubs
    http: Mapping[str, httpx.AsyncClient]
    client: Client
    clock: LeapingClock
    relay: Callable[[], Coroutine[Any, Any, None]]
    database_url: str
    sleep: Callable[[timedelta], Awaitable[None]] | None = None
    _worker: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _relay: asyncio.Task[None] | None = None

    async def leap(self, by: timedelta) -> None:
        """Let time pass for everybody, in a house whose Temporal can."""
        assert self.sleep, "this house lives in real time"
        self.clock.leap(by)
        while by > timedelta():
            # Step by step: all that is to be done on the way has to be done while one call waits for its answer.
            await self.sleep(min(by, _STEP))
            by -= _STEP

    async def work(self, *, cached: int = worker.CACHED_WORKFLOWS) -> None:
        """Have a new worker do the work, in place of the one before it, which it knows nothing of."""
        await self._worker.aclose()
        self._worker = contextlib.AsyncExitStack()
        worker.CACHED_WORKFLOWS, before = cached, worker.CACHED_WORKFLOWS
        try:
            built: Worker = worker.build(self.client, self.services)
        finally:
            worker.CACHED_WORKFLOWS = before
        await self._worker.enter_async_context(built)

    async def rest(self) -> None:
        """Have nobody do the work."""
        await self._worker.aclose()

    @contextlib.asynccontextmanager
    async def intake_tells_nobody(self) -> AsyncIterator[None]:
        """Have intake's relay stand still: what it owes to processes is written, and not delivered."""
        await self._stop_relay()
        try:
            yield
        finally:
            self.start_relay()

    def start_relay(self) -> None:
        self._relay = asyncio.create_task(self.relay())

    async def _stop_relay(self) -> None:
        if self._relay:
            self._relay.cancel()
            await asyncio.gather(self._relay, return_exceptions=True)

    async def close(self) -> None:
        await self._stop_relay()
        await self._worker.aclose()


@contextlib.asynccontextmanager
async def opened(
    address: str, namespace: str, *, sleep: Callable[[timedelta], Awaitable[None]] | None = None
) -> AsyncIterator[House]:
    """Open a house on this Temporal server; `sleep` lets its time pass at once."""
    async with contextlib.AsyncExitStack() as stack:
        postgres = servers.postgres()
        database = contextlib.contextmanager(conftest._database)
        template = conftest._template(postgres, *sorted(SERVICES))
        url = stack.enter_context(database(postgres, template))
        names = (*SERVICES, *SANDBOXES)
        listen = {name: f"127.0.0.1:{port}" for name, port in zip(names, ports.free(len(names)), strict=True)}
        known: dict[str, Any] = {f"{name}_address": listen[name] for name in SERVICES}
        settings = Settings(database_url=url, temporal_address=address, temporal_namespace=namespace, **known)
        clock = LeapingClock()
        running = await stack.enter_async_context(_serving(settings, listen, clock))
        await asyncio.gather(*(stack.enter_async_context(_sandbox(name, listen)) for name in SANDBOXES))
        channels = await stack.enter_async_context(Channels(settings))
        http = {
            name: await stack.enter_async_context(
                httpx.AsyncClient(limits=SHORT_LIVED, base_url=f"http://{listen[name]}", timeout=10, trust_env=False)
            )
            for name in SANDBOXES
        }
        client = await Client.connect(address, namespace=namespace, interceptors=[TracingInterceptor()])
        relay = running["intake"].parts.relay.run
        house = House(worker.stubs(settings, channels), http, client, clock, relay, url, sleep)
        stack.push_async_callback(house.close)
        house.start_relay()
        await house.work()
        network = document()
        kept = [node for node in network.nodes if node.node_id in NODES]
        del network.nodes[:]
        network.nodes.extend(kept)
        await house.services.routing.ImportNetwork(ImportNetworkRequest(request_id="network", network=network))
        yield house


@contextlib.asynccontextmanager
async def _serving(
    settings: Settings, listen: Mapping[str, str], clock: LeapingClock
) -> AsyncIterator[dict[str, Running]]:
    """Run the services. Intake's relay is the house's to run."""
    async with contextlib.AsyncExitStack() as stack:
        with _environment({f"OMS_{name.upper()}_URL": f"http://{listen[name]}" for name in SANDBOXES}):
            running = {}
            for name in SERVICES:
                service = __import__(f"services.{name}.__main__", fromlist=["SERVICE"]).SERVICE
                own = settings.model_copy(update={"listen": listen[name], "relay_enabled": name != "intake"})
                running[name] = await stack.enter_async_context(start(service, own, clock=clock))
        yield running


@contextlib.asynccontextmanager
async def _sandbox(name: str, listen: Mapping[str, str]) -> AsyncIterator[None]:
    folder = servers.folder() / f"house-{listen['payment'].rpartition(':')[2]}"
    program = Program(
        name,
        f"deploy.local.sandbox.{name}",
        int(listen[name].rpartition(":")[2]),
        log=folder / f"{name}.log",
        environment={
            "OMS_LISTEN": listen[name],
            "OMS_STATE": str(folder / f"{name}.sqlite"),
            "OMS_SANDBOX_SPEED": _SPEED,
            **{f"OMS_{one.upper()}_ADDRESS": listen[one] for one in SERVICES},
            **{f"OMS_{one.upper()}_URL": f"http://{listen[one]}" for one in SANDBOXES},
        },
        probe=healthy,
    )
    program.launch()
    # So that it is stopped at the end of the run whatever becomes of us.
    servers._write(servers.folder() / f"{name}-{program.port}.process", program.process)
    try:
        await asyncio.to_thread(program.await_ready, 60.0)
        yield
    finally:
        await asyncio.to_thread(program.stop)


@contextlib.contextmanager
def _environment(names: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

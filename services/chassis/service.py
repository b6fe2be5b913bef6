"""A service as a process: settings in, server up, relay running, everything ended in order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from google.protobuf.descriptor import ServiceDescriptor
from sqlalchemy import MetaData, text
from temporalio.client import Client

from oms.common.v1 import outbox_service_pb2
from oms.common.v1.outbox_service_pb2_grpc import add_OutboxServiceServicer_to_server
from services.chassis import outbox as outboxes
from services.chassis import store_outbox, telemetry
from services.chassis.client import Channels
from services.chassis.database import Database, translate
from services.chassis.idempotency import Idempotency
from services.chassis.outbox import Outbox
from services.chassis.outbox_servicer import OutboxServicer
from services.chassis.relay import Relay, Sink
from services.chassis.server import Served, Server
from services.chassis.settings import Settings
from services.chassis.sinks.temporal import TemporalConnection, TemporalSink
from services.chassis.sinks.webhook import WebhookSink
from services.kernel.clock import Clock, SystemClock
from services.kernel.errors import OmsError

log = structlog.get_logger()


@dataclass(slots=True)
class Parts:
    """What a servicer is made of."""

    settings: Settings
    database: Database
    outbox: Outbox
    idempotency: Idempotency
    clock: Clock
    channels: Channels
    temporal: Callable[[], Awaitable[Client]]
    relay: Relay
    # What a servicer opened, to be closed after its last call.
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


def _nothing(_parts: Parts) -> Sequence[Coroutine[Any, Any, None]]:
    return ()


@dataclass(frozen=True)
class Service:
    """What the chassis must know of a service. The metadata has its outbox and its table of answers."""

    name: str
    metadata: MetaData
    descriptor: ServiceDescriptor
    register: Callable[..., None]
    build: Callable[[Parts], Any]
    background: Callable[[Parts], Sequence[Coroutine[Any, Any, None]]] = _nothing
    temporal_search_attributes: Mapping[str, type] = field(default_factory=dict)
    # Other gRPC services that the same servicer answers: how each is registered, and what it is.
    also: Sequence[tuple[Callable[..., None], ServiceDescriptor]] = ()


@dataclass(frozen=True)
class Running:
    """A service that is up. `broken` is done, with the error, if its background work ends by one."""

    address: str
    parts: Parts
    broken: asyncio.Future[None]


@contextlib.asynccontextmanager
async def start(
    service: Service, settings: Settings | None = None, *, clock: Clock | None = None
) -> AsyncIterator[Running]:
    """Bring a service up, and take it down in order: no new calls, calls in hand, relay, connections."""
    settings = settings or Settings()
    async with contextlib.AsyncExitStack() as stack:
        parts = await _parts(service, settings, clock or SystemClock(), stack)
        servicer = service.build(parts)
        server = Server(
            service.name,
            settings,
            [
                Served(service.register, servicer, service.descriptor),
                *(Served(register, servicer, descriptor) for register, descriptor in service.also),
                Served(
                    add_OutboxServiceServicer_to_server,
                    OutboxServicer(parts.database, _table(service, "outbox_events"), parts.clock, parts.relay),
                    outbox_service_pb2.DESCRIPTOR.services_by_name["OutboxService"],
                ),
            ],
        )
        stack.push_async_callback(_close, parts.closing)
        port = await server.start()
        stack.push_async_callback(server.stop)
        await _await_database(parts.database)
        background = [_watch_outbox(service, parts), *service.background(parts)]
        if settings.relay_enabled:
            background.append(parts.relay.run())
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stack.push_async_callback(_end, [asyncio.create_task(_keep(one, broken)) for one in background])
        # Ended before the tasks: a call in hand may still write what the relay should deliver.
        stack.push_async_callback(server.stop)
        await server.ready()
        address = f"{settings.listen.rsplit(':', 1)[0]}:{port}"
        log.info("listening", service=service.name, address=address)
        yield Running(address, parts, broken)


async def _parts(service: Service, settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack) -> Parts:
    database = Database(
        settings.database_url, pool_size=settings.database_pool_size, application_name=f"oms-{service.name}"
    )
    stack.push_async_callback(database.dispose)
    channels = await stack.enter_async_context(Channels(settings, actor=service.name))
    temporal = TemporalConnection(settings)
    stack.push_async_callback(temporal.close)
    sinks: dict[str, Sink] = {outboxes.TEMPORAL: TemporalSink(temporal, service.temporal_search_attributes)}
    if settings.webhook_url and settings.webhook_secret:
        secret = settings.webhook_secret.get_secret_value()
        webhook = WebhookSink(settings.webhook_url, secret, f"/oms/{service.name}", clock)
        stack.push_async_callback(webhook.close)
        sinks[outboxes.WEBHOOK] = webhook
    table = _table(service, "outbox_events")
    relay = Relay(database, table, sinks, clock)
    return Parts(
        settings=settings,
        database=database,
        outbox=Outbox(table, clock, publishes=outboxes.WEBHOOK in sinks, written=relay.wake),
        idempotency=Idempotency(database, _table(service, "idempotency_keys"), clock),
        clock=clock,
        channels=channels,
        temporal=temporal.client,
        relay=relay,
    )


def _table(service: Service, name: str) -> Any:
    return service.metadata.tables[f"{service.metadata.schema}.{name}"]


async def _await_database(database: Database) -> None:
    """Wait until the database answers; the server is up meanwhile and says that it is not ready."""
    wait = 0.1
    while True:
        try:
            async with database.connect() as connection:
                await connection.execute(text("SELECT 1"))
            return
        except Exception as error:
            known = error if isinstance(error, OmsError) else translate(error)
            if known is None:
                raise
            log.warning("waiting for the database", error=str(error)[:200])
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2.0)


async def _keep(work: Coroutine[Any, Any, None], broken: asyncio.Future[None]) -> None:
    try:
        await work
    except Exception as error:
        log.exception("background work ended")
        if not broken.done():
            broken.set_exception(error)
            broken.exception()  # whoever runs the service may look at it, nobody must


async def _watch_outbox(service: Service, parts: Parts) -> None:
    """Show every few seconds what the outbox still owes."""
    table = _table(service, "outbox_events")
    while True:
        with contextlib.suppress(Exception):
            async with parts.database.connect() as connection:
                rows = await store_outbox.backlog(connection, table)
            for sink, state, events, oldest in rows:
                age = (parts.clock.now() - oldest).total_seconds() if oldest else 0.0
                telemetry.show_backlog(service.name, sink, state, events, age)
        await asyncio.sleep(10)


async def _close(closing: Sequence[Callable[[], Awaitable[None]]]) -> None:
    for close in closing:
        await close()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=1.0)
    await asyncio.gather(*tasks, return_exceptions=True)


def run(service: Service) -> None:
    """Run a service until SIGTERM or SIGINT, with the settings of the environment."""
    settings = Settings()
    telemetry.configure(service.name, settings)
    asyncio.run(_until_told(service, settings))


async def _until_told(service: Service, settings: Settings) -> None:
    told, up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    serving = asyncio.create_task(_serve(service, settings, told, up))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not up.is_set():
        serving.cancel()  # it may wait for a database that never comes
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    log.info("stopped", service=service.name)


async def _serve(service: Service, settings: Settings, told: asyncio.Event, up: asyncio.Event) -> None:
    async with start(service, settings) as running:
        up.set()
        waiting = asyncio.ensure_future(told.wait())
        first: list[asyncio.Future[Any]] = [waiting, running.broken]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        log.info("draining", service=service.name, seconds=settings.drain_seconds)
    if running.broken.done():
        running.broken.result()  # a service that lost a part of itself is started anew by whoever runs it

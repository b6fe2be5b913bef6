"""A service as a process: it waits for its database, finishes what it has in hand, and always ends when told."""

import asyncio
import contextlib
import json
import os
import signal
import sys

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import make_url

from deploy.local import ports
from oms.routing.v1 import routing_service_pb2 as pb
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.client import Channels
from services.chassis.service import start
from services.chassis.settings import Settings
from services.kernel.errors import DeadlineExceeded, Unavailable
from tests.service.chassis import scratch
from tests.service.chassis.program import LOCK, SERVICE

NOBODY = "postgresql://oms@127.0.0.1:9/oms"


class Program:
    """The process and what it said so far."""

    def __init__(self, process):
        self.process = process

    async def says(self, event):
        """Return the next log line that says `event`."""
        async for line in self.process.stderr:
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("event") == event:
                    return said
        raise AssertionError(f"it ended without saying {event!r}")


@contextlib.asynccontextmanager
async def program(database_url, **environment):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.service.chassis.program",
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "OMS_LISTEN": "127.0.0.1:0",
            "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9",
            "OMS_DATABASE_URL": database_url,
            **environment,
        },
    )
    try:
        async with asyncio.timeout(60):
            yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def stub(address):
    async with Channels(Settings()) as channels:
        yield channels.connect(RoutingServiceStub, address)


async def until(database, query):
    """Wait until a query finds something: what a process does shows in the database."""
    while not await database.fetchval(query):  # noqa: ASYNC110 - it happens in another process
        await asyncio.sleep(0.02)


async def until_refused(stub):
    """Call until the listener is closed, which is a moment after the process has said so."""
    while True:
        with contextlib.suppress(DeadlineExceeded):
            await stub.ListNodes(pb.ListNodesRequest(), timeout=0.3)


async def test_told_to_end_it_finishes_the_call_in_hand_takes_no_other_and_ends_well(postgres_url):
    database = await asyncpg.connect(postgres_url)
    await database.execute("SELECT pg_advisory_lock($1)", LOCK)
    async with scratch.schema(postgres_url), program(postgres_url) as running:
        address = (await running.says("listening"))["address"]
        async with stub(address) as first, stub(address) as second:
            call = asyncio.ensure_future(first.ListNodes(pb.ListNodesRequest(), timeout=30))
            await until(database, "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            running.process.send_signal(signal.SIGTERM)
            await running.says("draining")
            with pytest.raises(Unavailable):
                await until_refused(second)
            await database.execute("SELECT pg_advisory_unlock($1)", LOCK)
            assert (await call).next_page_token == "done"
        assert await running.process.wait() == 0
    await database.close()


async def test_a_call_that_does_not_end_is_cut_at_the_drain_time(postgres_url):
    database = await asyncpg.connect(postgres_url)
    await database.execute("SELECT pg_advisory_lock($1)", LOCK)
    async with scratch.schema(postgres_url), program(postgres_url, OMS_DRAIN_SECONDS="0.3") as running:
        address = (await running.says("listening"))["address"]
        async with stub(address) as first:
            call = asyncio.ensure_future(first.ListNodes(pb.ListNodesRequest(), timeout=30))
            await until(database, "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            running.process.send_signal(signal.SIGTERM)
            assert await running.process.wait() == 0
            with pytest.raises(Unavailable):
                await call
    await database.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_end_while_it_waits_for_its_database_it_ends(number):
    async with program(NOBODY) as running:
        await running.says("waiting for the database")
        running.process.send_signal(number)
        async with asyncio.timeout(5):
            assert await running.process.wait() == 0


async def test_a_service_that_lost_a_part_of_itself_ends_with_an_error_so_that_it_is_started_anew(postgres_url):
    async with scratch.schema(postgres_url), program(postgres_url, SCRATCH_BREAKS="1") as running:
        assert (await running.says("background work ended"))["level"] == "error"
        assert await running.process.wait() == 1


async def test_it_is_up_before_its_database_and_says_so_and_serves_when_the_database_comes(postgres_url):
    real_port = make_url(postgres_url).port
    late, listen = ports.free(2)
    url = postgres_url.replace(f":{real_port}/", f":{late}/")
    settings = Settings(listen=f"127.0.0.1:{listen}", database_url=url, temporal_address="127.0.0.1:9")
    ended = asyncio.Event()

    async def serve():
        async with start(SERVICE, settings):
            await ended.wait()

    async def forward(reader, writer):
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", real_port)
        await asyncio.gather(_pipe(reader, other_writer), _pipe(other_reader, writer))

    async with scratch.schema(postgres_url), grpc.aio.insecure_channel(f"127.0.0.1:{listen}") as channel:
        serving = asyncio.create_task(serve())
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest()
        first = await health.Check(request, wait_for_ready=True, timeout=20)
        assert first.status == health_pb2.HealthCheckResponse.NOT_SERVING
        async with stub(f"127.0.0.1:{listen}") as caller:
            with pytest.raises(Unavailable) as refused:
                await caller.ListNodes(pb.ListNodesRequest())
            assert refused.value.reason == "DATABASE_UNAVAILABLE"
            proxy = await asyncio.start_server(forward, "127.0.0.1", late)
            async with asyncio.timeout(20):
                async for answer in health.Watch(request):
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        break
            assert (await caller.ListNodes(pb.ListNodesRequest())).next_page_token == "done"
        ended.set()
        await serving
        proxy.close()


async def _pipe(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()

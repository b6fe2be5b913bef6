"""The relay as it runs: at once when something is written, patient with a sink that is down, past one that hangs."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis import relay as relays
from services.chassis.outbox import Outbox, Publish, SignalWorkflow
from services.chassis.relay import Relay
from services.kernel.clock import SystemClock
from services.kernel.errors import Unavailable
from tests.service.chassis import scratch


class Receiver:
    def __init__(self, behaviour=None):
        self.behaviour = behaviour
        self.tries = 0
        self.taken = asyncio.Queue()

    async def deliver(self, event):
        self.tries += 1
        if self.behaviour:
            await self.behaviour()
        self.taken.put_nowait(event.key)
        return ""


@pytest.fixture
async def database(postgres_url):
    async with scratch.schema(postgres_url) as opened:
        yield opened


@contextlib.asynccontextmanager
async def running(relay):
    task = asyncio.create_task(relay.run())
    yield
    task.cancel()
    await asyncio.wait([task])


def signal(key):
    return SignalWorkflow(key=key, workflow_id=key, signal="s", payload=StockArrived())


async def test_what_was_committed_is_delivered_without_waiting_for_the_next_look(database):
    receiver = Receiver()
    relay = Relay(database, scratch.events, {"temporal": receiver}, SystemClock(), poll_seconds=3600)
    outbox = Outbox(scratch.events, SystemClock(), written=relay.wake)
    async with running(relay), asyncio.timeout(10):
        for key in "ab":
            async with database.begin() as connection:
                await outbox.add(connection, signal(key))
            assert await receiver.taken.get() == key


async def test_a_sink_that_hangs_does_not_delay_another_and_is_given_up(database, monkeypatch):
    monkeypatch.setattr(relays, "DELIVERY_SECONDS", 0.2)
    never, receiver = asyncio.Event(), Receiver()
    relay = Relay(
        database,
        scratch.events,
        {"webhook": Receiver(never.wait), "temporal": receiver},
        SystemClock(),
        poll_seconds=0.05,
    )
    outbox = Outbox(scratch.events, SystemClock(), written=relay.wake)
    async with running(relay), asyncio.timeout(10):
        async with database.begin() as connection:
            await outbox.add(connection, Publish(key="a", type="t", subject="a", data=StockArrived()), signal("a"))
        assert await receiver.taken.get() == "a"
        error = sa.select(scratch.events.c.last_error).where(scratch.events.c.sink == "webhook")
        while not await _scalar(database, error):  # noqa: ASYNC110 - it shows in the database
            await asyncio.sleep(0.02)
        assert "took longer" in await _scalar(database, error)


async def test_a_sink_that_is_down_is_tried_less_and_less_often_and_found_again_when_it_is_back(database, clock):
    up = asyncio.Event()

    async def down():
        if not up.is_set():
            raise Unavailable("down")

    receiver = Receiver(down)
    relay = Relay(database, scratch.events, {"temporal": receiver}, clock, poll_seconds=0.02)
    async with database.begin() as connection:
        await Outbox(scratch.events, clock).add(connection, *(signal(f"key {number}") for number in range(200)))
    async with running(relay):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while True:
                    relay.wake()  # whoever writes while the sink is down must not make the relay spin
                    clock.advance(timedelta(seconds=1))
                    await asyncio.sleep(0.001)
        assert receiver.tries <= 10 * relays.BATCH
        clock.advance(timedelta(seconds=relays.LONGEST_POSTPONED))
        up.set()
        async with asyncio.timeout(20):
            for _ in range(200):
                await receiver.taken.get()


async def test_an_event_that_a_sink_is_down_for_is_never_postponed_longer_than_ten_seconds(database, clock):
    async def down():
        raise Unavailable("down")

    receiver = Receiver(down)
    relay = Relay(database, scratch.events, {"temporal": receiver}, clock)
    async with database.begin() as connection:
        await Outbox(scratch.events, clock).add(connection, signal("a"))
    clock.advance(timedelta(days=2))
    for tries in range(1, 5):
        await relay.drain_once()
        assert receiver.tries == tries
        clock.advance(timedelta(seconds=10))


async def test_the_purge_takes_all_that_is_old_and_nothing_else(database, clock, monkeypatch):
    monkeypatch.setattr(relays, "PURGED_AT_ONCE", 3)
    relay = Relay(database, scratch.events, {"temporal": Receiver()}, clock)
    outbox = Outbox(scratch.events, clock)
    async with database.begin() as connection:
        await outbox.add(connection, *(signal(f"old {number}") for number in range(7)))
    await relay.drain_once()
    clock.advance(timedelta(days=8))
    async with database.begin() as connection:
        await outbox.add(connection, signal("new"))
    await relay.drain_once()
    assert await relay.purge() == 7
    assert await _scalar(database, sa.select(scratch.events.c.key)) == "new"


async def _scalar(database, query):
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()

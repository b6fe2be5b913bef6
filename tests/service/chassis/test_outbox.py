"""The relay delivers everything, in order for each key, whatever fails and however many relays there are."""

import asyncio
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis import store_outbox
from services.chassis.outbox import Outbox, SignalWorkflow
from services.chassis.relay import MAX_ATTEMPTS, Refused, Relay
from services.kernel.errors import OmsError, Unavailable
from tests.service.chassis import scratch


class Receiver:
    """A sink that does as the test says, and keeps what it took."""

    def __init__(self, behaviour=lambda event: None):
        self.taken = []
        self.behaviour = behaviour

    async def deliver(self, event):
        await asyncio.sleep(0)
        self.behaviour(event)
        self.taken.append((event.key, event.attributes["signal"]))
        return ""


@pytest.fixture
async def database(postgres_url):
    async with scratch.schema(postgres_url) as opened:
        yield opened


@pytest.fixture
def outbox(clock):
    return Outbox(scratch.events, clock)


def relay(database, clock, receiver):
    return Relay(database, scratch.events, {"temporal": receiver}, clock)


async def write(database, outbox, key, *signals):
    for signal in signals:
        async with database.begin() as connection:
            event = SignalWorkflow(key=key, workflow_id=key, signal=str(signal), payload=StockArrived(skus=["A"]))
            await outbox.add(connection, event)


async def states(database):
    async with database.connect() as connection:
        rows = await connection.execute(sa.select(scratch.events.c.state, sa.func.count()).group_by("state"))
        return dict(tuple(row) for row in rows)


async def test_what_is_rolled_back_is_never_delivered(database, outbox, clock):
    receiver = Receiver()

    async def fail():
        async with database.begin() as connection:
            await outbox.add(connection, SignalWorkflow(key="a", workflow_id="a", signal="1", payload=StockArrived()))
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        await fail()
    assert await relay(database, clock, receiver).drain_once() == 0
    assert receiver.taken == []


async def test_two_relays_that_fail_at_random_deliver_every_event_in_the_order_of_its_key(database, outbox, clock):
    dice = random.Random(7)

    def sometimes(event):
        if dice.random() < 0.3:
            raise OmsError("not this time")

    receiver = Receiver(sometimes)
    keys = [f"order/{number}" for number in range(6)]
    await asyncio.gather(*(write(database, outbox, key, *range(8)) for key in keys))
    relays = [relay(database, clock, receiver), relay(database, clock, receiver)]
    for _ in range(200):
        await asyncio.gather(*(one.drain_once() for one in relays))
        clock.advance(timedelta(seconds=61))
        if await states(database) == {"DELIVERED": 48}:
            break
    for key in keys:
        assert [signal for taken, signal in receiver.taken if taken == key] == [str(number) for number in range(8)]


async def test_a_refused_event_is_dead_and_holds_up_its_key_and_no_other(database, outbox, clock):
    def refuse(event):
        if event.attributes["signal"] == "bad":
            raise Refused("never")

    receiver = Receiver(refuse)
    await write(database, outbox, "a", "bad", "after")
    await write(database, outbox, "b", "fine")
    one = relay(database, clock, receiver)
    for _ in range(3):
        await one.drain_once()
    assert receiver.taken == [("b", "fine")]
    assert await states(database) == {"DEAD": 1, "PENDING": 1, "DELIVERED": 1}
    receiver.behaviour = lambda event: None
    async with database.begin() as connection:
        assert await store_outbox.replay(connection, scratch.events, [], clock.now()) == 1
    for _ in range(3):
        await one.drain_once()
    assert receiver.taken == [("b", "fine"), ("a", "bad"), ("a", "after")]


async def test_an_event_that_fails_too_often_is_dead(database, outbox, clock):
    def fail(event):
        raise OmsError("broken")

    await write(database, outbox, "a", "1")
    one = relay(database, clock, Receiver(fail))
    for _ in range(MAX_ATTEMPTS - 1):
        await one.drain_once()
        clock.advance(timedelta(seconds=61))
    assert await states(database) == {"PENDING": 1}
    await one.drain_once()
    assert await states(database) == {"DEAD": 1}


async def test_a_sink_that_is_down_uses_up_no_attempts(database, outbox, clock):
    def down(event):
        raise Unavailable("down")

    receiver = Receiver(down)
    await write(database, outbox, "a", "1")
    one = relay(database, clock, receiver)
    for _ in range(3 * MAX_ATTEMPTS):
        await one.drain_once()
        clock.advance(timedelta(seconds=61))
    assert await states(database) == {"PENDING": 1}
    receiver.behaviour = lambda event: None
    assert await one.drain_once() == 1


async def test_an_event_id_is_written_once(database, outbox, clock):
    for _ in range(2):
        async with database.begin() as connection:
            event = SignalWorkflow(
                key="a", workflow_id="a", signal="1", payload=StockArrived(), event_id="evt_of_the_business"
            )
            await outbox.add(connection, event)
    assert await states(database) == {"PENDING": 1}


async def test_what_was_delivered_long_ago_is_purged(database, outbox, clock):
    await write(database, outbox, "a", "1")
    await relay(database, clock, Receiver()).drain_once()
    async with database.begin() as connection:
        assert await store_outbox.purge(connection, scratch.events, clock.now(), 10) == 0
        later = clock.now() + timedelta(seconds=1)
        assert await store_outbox.purge(connection, scratch.events, later, 10) == 1

"""Whatever fails, wherever a relay dies: every event arrives, and those of a key in the order they were written."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.outbox import Outbox, SignalWorkflow
from services.chassis.relay import Relay
from services.kernel.errors import OmsError, Unavailable
from tests.service.chassis import scratch

DEATH = "takes it and dies"
FATES = {"fails": OmsError("not this time"), "down": Unavailable("down"), DEATH: asyncio.CancelledError()}


class Receiver:
    """A sink to whose deliveries fate comes in the order that it was drawn, and good luck afterwards."""

    def __init__(self, fates):
        self._fates = list(fates)
        self.taken = []

    async def deliver(self, event):
        await asyncio.sleep(0)
        fate = self._fates.pop() if self._fates else "well"
        if fate in ("well", DEATH):
            self.taken.append((event.key, int(event.attributes["signal"])))
        if fate != "well":
            raise FATES[fate]
        return ""


@pytest.fixture
async def database(postgres_url):
    async with scratch.schema(postgres_url) as opened:
        yield opened


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    fates=st.lists(st.sampled_from(["well", *FATES]), max_size=12),
)
async def test_two_relays_deliver_every_event_in_the_order_of_its_key(database, clock, keys, fates):
    outbox, receiver = Outbox(scratch.events, clock), Receiver(fates)
    async with database.begin() as connection:
        await connection.execute(sa.delete(scratch.events))
        for number, key in enumerate(keys):
            signal = SignalWorkflow(key=key, workflow_id=key, signal=str(number), payload=StockArrived())
            await outbox.add(connection, signal)
    relays = [Relay(database, scratch.events, {"temporal": receiver}, clock) for _ in range(2)]
    for _ in range(len(keys) + len(fates) + 1):
        await asyncio.gather(*(relay.drain_once() for relay in relays), return_exceptions=True)
        clock.advance(timedelta(seconds=61))
    async with database.connect() as connection:
        left = sa.select(sa.func.count()).where(scratch.events.c.state != "DELIVERED")
        assert (await connection.execute(left)).scalar_one() == 0
    for key in set(keys):
        written = [number for number, other in enumerate(keys) if other == key]
        taken = [number for other, number in receiver.taken if other == key]
        first_times = list(dict.fromkeys(taken))
        assert first_times == written  # all of them, in order …
        assert taken == written or DEATH in fates  # … once, unless a relay died with it in hand …
        assert taken == sorted(taken)  # … and what is repeated is repeated before the next one

"""The process of a channel, with a real intake and a real platform: days pass at once where a test needs them to."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import push_service_pb2 as push_rpc
from oms.intake.v1.channel_pb2 import Channel, ChannelPush
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceStub
from oms.intake.v1.push_pb2 import Partner
from oms.intake.v1.units_pb2 import ROOM_CANCELLED, ROOM_OPEN, ROOM_RESERVED, Move
from services.chassis.client import Channels
from services.chassis.service import start
from services.chassis.settings import Settings
from services.intake.__main__ import SERVICE
from services.intake.pushing_work import writer_of
from services.intake.wire_values import stamp
from tests import conftest, servers
from tests.service.intake.drafts import draft, line, submit
from tests.service.intake.told_platform import YES, Platform, Told, platform
from tests.service.settling import settle
from tests.workflow.house import LeapingClock
from workflows import contract, worker
from workflows.activities.calls import Stubs

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("channel")]

_numbers = count(1)
DAY = timedelta(days=1)


@dataclass
class Desk:
    """Intake, a platform for all its channels, and workers for the processes of channels."""

    services: Stubs
    channels: Any
    parts: Any
    platform: Platform
    environment: WorkflowEnvironment
    clock: LeapingClock
    workers: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def work(self, workers: int = 1, *, cached: int = worker.CACHED_CHANNELS) -> None:
        """Have new workers do the work, who know of nothing."""
        await self.workers.aclose()
        worker.CACHED_CHANNELS, before = cached, worker.CACHED_CHANNELS
        try:
            for _ in range(workers):
                # A client each: one has but one worker of a queue.
                host = self.environment.client.service_client.config.target_host
                client = await Client.connect(host, namespace=self.environment.client.namespace)
                built = worker.build_for_channels(client, self.services)
                await self.workers.enter_async_context(built)
        finally:
            worker.CACHED_CHANNELS = before

    async def leap(self, by: timedelta) -> None:
        self.clock.leap(by)
        await self.environment.sleep(by)

    async def channel(self, *, rate: float = 100) -> str:
        """Set up a channel of the test's own and return its name."""
        name = f"shop{next(_numbers)}"
        push = ChannelPush(url=self.platform.url(name), format="json", rate_per_second=rate)
        wanted = Channel(channel=name, format="shopify", push=push)
        await self.channels.SetChannel(channel_rpc.SetChannelRequest(request_id=name, channel=wanted))
        return name

    async def order(self, channel: str, number: str, *, promised_in: timedelta | None = None) -> Any:
        """Submit an order that the channel knows by this number."""
        sent = draft(line("A", 1), channel=channel, external_id=number)
        order = (await self.services.intake.SubmitOrder(submit(sent, f"{channel}/{number}"))).order
        if promised_in:
            promise = stamp(self.clock.now() + promised_in)
            await self._move(order, ROOM_OPEN, ROOM_RESERVED, promise_time=promise)
        return order

    async def cancel(self, order: Any, room: Any = ROOM_OPEN) -> None:
        await self._move(order, room, ROOM_CANCELLED)

    async def write(self) -> None:
        """Write what is to be told, and tell the processes."""
        await settle(self.parts.database)
        await writer_of(self.parts).write()
        async with self.parts.database.begin() as conn:
            # Nobody drives orders here, and no time passes on the server while a process waits for its worker.
            await conn.execute(text("DELETE FROM intake.outbox_events WHERE key NOT LIKE 'channel/%'"))
        while await self.parts.relay.drain_once():
            pass

    async def partner(self, channel: str) -> Partner:
        return (await self.services.pushes.ListPartners(push_rpc.ListPartnersRequest(channel=channel))).partners[0]

    async def switch(self, channel: str, *, paused: bool) -> None:
        request = push_rpc.SwitchPartnerRequest(
            request_id=f"switch/{next(_numbers)}", channel=channel, paused=paused, reason="a test"
        )
        await self.services.pushes.SwitchPartner(request)
        await self.write()

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until this holds."""
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - it is in another process
                await asyncio.sleep(0.02)

    async def is_(self, channel: str, state: Any, *, waiting: int) -> None:
        """Wait until the partner is like this, and so much waits."""

        async def holds() -> bool:
            partner = await self.partner(channel)
            return (partner.state, partner.waiting_count) == (state, waiting)

        await self.until(holds)

    async def somebody_waits(self, *, for_lock: bool) -> bool:
        """Tell whether somebody waits for a lock of the database, or nobody does."""
        async with self.parts.database.connect() as conn:
            found = await conn.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            return bool(found.scalar_one()) == for_lock

    async def _move(self, order: Any, old: Any, new: Any, **fields: Any) -> None:
        moves = [Move(line_id=order.lines[0].line_id, from_room=old, to_room=new, quantity=1)]
        request = rpc.RecordMovesRequest(
            request_id=f"{order.order_id}/{new}", order_id=order.order_id, moves=moves, **fields
        )
        await self.services.intake.RecordMoves(request)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_desk() -> AsyncIterator[Desk]:
    binary = Path(sys.executable).parent / "temporal-test-server"
    postgres, clock = servers.postgres(), LeapingClock()
    with contextlib.contextmanager(conftest._database)(postgres, conftest._template(postgres, "intake")) as url:
        async with contextlib.AsyncExitStack() as stack:
            environment = await stack.enter_async_context(
                await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(binary))
            )
            await conftest._add_search_attributes(environment.client, environment.client.namespace)
            shop = await stack.enter_async_context(platform())
            settings = Settings(
                database_url=url,
                listen="127.0.0.1:0",
                relay_enabled=False,
                temporal_address=environment.client.service_client.config.target_host,
                temporal_namespace=environment.client.namespace,
            )
            running = await stack.enter_async_context(start(SERVICE, settings, clock=clock))
            there = settings.model_copy(update={"intake_address": running.address})
            channels = await stack.enter_async_context(Channels(there))
            made = Desk(
                worker.stubs(there, channels),
                channels.connect(ChannelServiceStub, running.address),
                running.parts,
                shop,
                environment,
                clock,
            )
            stack.push_async_callback(made.workers.aclose)
            await settle(running.parts.database)
            await writer_of(running.parts).write()
            # One for all tests that let time pass: none passes while a task waits for a worker that is gone.
            await made.work()
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def desk(open_desk: Desk) -> Desk:
    open_desk.platform.answer = lambda _: YES
    for gate in open_desk.platform.gates.values():
        gate.set()
    open_desk.platform.gates.clear()
    open_desk.platform.told.clear()
    return open_desk


def orders_of(told: list[Told]) -> list[tuple[str, str]]:
    return [(one.order, one.body["kind"]) for one in told]


async def test_after_a_day_down_what_waited_is_told_by_promise_and_each_order_in_its_order(desk):
    shop, other = await desk.channel(), await desk.channel()
    # It is down for maintenance, and says so: it is tried once an hour, which spares the test 300 tries a day.
    desk.platform.answer = lambda told: (503, {"Retry-After": "7200"}) if told.path.startswith(f"/{shop}/") else YES
    late = await desk.order(shop, "late", promised_in=timedelta(days=9))
    await desk.order(shop, "never")
    soon = await desk.order(shop, "soon", promised_in=timedelta(days=2))
    await desk.write()
    await desk.is_(shop, Partner.STATE_DOWN, waiting=3)
    since = (await desk.partner(shop)).since_time
    await desk.leap(DAY)
    down = await desk.partner(shop)
    assert down.since_time == since
    assert list(down.blocked_order_ids)[:2] == [soon.order_id, late.order_id]
    assert 23 <= down.failure_count <= 26
    described = await desk.environment.client.get_workflow_handle(contract.channel_workflow_id(shop)).describe()
    assert described.search_attributes["OmsStatus"] == ["Down"]
    await desk.cancel(soon, ROOM_RESERVED)
    await desk.cancel(late, ROOM_RESERVED)
    await desk.write()
    await desk.platform.go()
    await desk.leap(timedelta(hours=1))
    assert (await desk.partner(shop)).reason == "ConnectError"
    tried = desk.platform.heard(shop)
    assert {one.order for one in tried} == {"soon"}
    desk.platform.told.clear()
    desk.platform.answer = lambda _: YES
    await desk.platform.come()
    desk.platform.gates[f"/{shop}/"] = asyncio.Event()
    # Time does not pass on while the platform thinks.
    leaping = asyncio.create_task(desk.leap(timedelta(minutes=6)))
    await desk.platform.until(1, shop)
    # Others are told meanwhile: this one hangs.
    await desk.order(other, "theirs")
    await desk.write()
    assert orders_of(await desk.platform.until(1, other)) == [("theirs", "acknowledge")]
    desk.platform.gates[f"/{shop}/"].set()
    await leaping
    await desk.is_(shop, Partner.STATE_UP, waiting=0)
    told = orders_of(desk.platform.heard(shop))
    assert told[0] == ("soon", "acknowledge")
    assert sorted(told) == sorted(
        [(number, kind) for number in ("soon", "late") for kind in ("acknowledge", "cancel")]
        + [("never", "acknowledge")]
    )
    assert told.index(("late", "acknowledge")) < told.index(("late", "cancel"))
    assert len({one.key for one in desk.platform.heard(shop)}) == len(told) == 5
    assert {one.key for one in tried} == {desk.platform.heard(shop)[0].key}


async def test_what_waited_is_told_one_after_the_other_by_promise_where_a_partner_bears_one_at_a_time(desk):
    shop = await desk.channel(rate=1.9)
    await desk.switch(shop, paused=True)
    for days in (3, 1, 2):
        await desk.cancel(await desk.order(shop, f"in-{days}", promised_in=timedelta(days=days)), ROOM_RESERVED)
    await desk.write()
    await desk.is_(shop, Partner.STATE_PAUSED, waiting=6)
    await desk.leap(DAY)
    assert not desk.platform.heard(shop)
    await desk.switch(shop, paused=False)
    await desk.leap(timedelta(seconds=30))
    await desk.is_(shop, Partner.STATE_UP, waiting=0)
    told = orders_of(desk.platform.heard(shop))
    assert told == [(f"in-{days}", kind) for days in (1, 2, 3) for kind in ("acknowledge", "cancel")]


async def test_a_partner_that_asks_for_time_is_left_alone_and_then_told_under_the_same_key(desk):
    shop = await desk.channel()
    desk.platform.answer = lambda told: (429, {"Retry-After": "3600"}) if told.path.startswith(f"/{shop}/") else YES
    await desk.order(shop, "1")
    await desk.write()
    await desk.is_(shop, Partner.STATE_DOWN, waiting=1)
    await desk.leap(timedelta(minutes=55))
    assert len(desk.platform.heard(shop)) == 1
    desk.platform.answer = lambda _: YES
    await desk.leap(timedelta(minutes=10))
    await desk.is_(shop, Partner.STATE_UP, waiting=0)
    first, second = desk.platform.heard(shop)
    assert first.key == second.key


async def test_one_push_that_a_partner_stumbles_over_does_not_keep_the_others_waiting(desk):
    shop = await desk.channel()
    desk.platform.answer = lambda told: (500, {}) if told.order == "bad" else YES
    for number in ("bad", "1", "2", "3"):
        await desk.order(shop, number)
    await desk.write()
    await desk.leap(timedelta(seconds=20))

    async def others_told() -> bool:
        return {one.order for one in desk.platform.heard(shop)} == {"bad", "1", "2", "3"}

    await desk.until(others_told)
    assert (await desk.partner(shop)).waiting_count == 1
    desk.platform.answer = lambda _: YES
    await desk.leap(timedelta(minutes=6))
    await desk.is_(shop, Partner.STATE_UP, waiting=0)
    assert len({one.key for one in desk.platform.heard(shop)}) == 4


async def test_two_workers_that_remember_nothing_tell_everything_once(desk):
    shop, other = await desk.channel(), await desk.channel()
    await desk.work(2, cached=0)
    for number in range(12):
        await desk.order((shop, other)[number % 2], str(number))
    await desk.write()
    for name in (shop, other):
        await desk.is_(name, Partner.STATE_UP, waiting=0)
        told = desk.platform.heard(name)
        assert len({one.key for one in told}) == len(told) == 6


async def test_a_worker_that_dies_between_the_answer_and_the_record_has_the_same_key_sent_again(desk, monkeypatch):
    monkeypatch.setattr(worker, "GRACE", timedelta())
    await desk.work()
    shop = await desk.channel()
    gate = desk.platform.gates[f"/{shop}/"] = asyncio.Event()
    await desk.order(shop, "1")
    await desk.write()
    await desk.platform.until(1, shop)
    async with desk.parts.database.begin() as conn:
        # The platform says yes; that it did cannot be written down for as long as this lasts.
        await conn.execute(text("LOCK TABLE intake.idempotency_keys IN EXCLUSIVE MODE"))
        gate.set()
        (first,) = await desk.platform.until(1, shop)
        await desk.until(lambda: desk.somebody_waits(for_lock=True))
        await desk.workers.aclose()
        await desk.until(lambda: desk.somebody_waits(for_lock=False))
    await desk.work()
    await desk.is_(shop, Partner.STATE_UP, waiting=0)
    assert [one.key for one in desk.platform.heard(shop)] == [first.key, first.key]

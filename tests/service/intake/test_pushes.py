"""What channels are told of their orders: written from the timeline once, sent in order, under one key."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select, text

from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import push_service_pb2 as push_rpc
from oms.intake.v1.channel_pb2 import Channel, ChannelPush
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceStub
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.push_pb2 import (
    PUSH_OUTCOME_AGAIN,
    PUSH_OUTCOME_DONE,
    PUSH_OUTCOME_HELD,
    PUSH_OUTCOME_REFUSED,
    Partner,
    Push,
)
from oms.intake.v1.push_service_pb2_grpc import PushServiceStub
from oms.intake.v1.units_pb2 import ROOM_CANCELLED, ROOM_OPEN, ROOM_RELEASED, ROOM_RESERVED, ROOM_SHIPPED
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake.pushing_work import writer_of
from services.intake.tables import outbox_events
from services.intake.wire_values import stamp
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.intake.drafts import draft, line, submit
from tests.service.intake.test_units_and_holds import moves
from tests.service.intake.told_platform import YES, Platform, platform
from tests.service.settling import settle

_keys = count(1)


@dataclass
class Desk:
    """Intake, whose pushes are written when the test says so, and the platform of its channel "shop"."""

    orders: Any
    pushes: Any
    channels: Any
    parts: Any
    platform: Platform
    clock: ManualClock

    async def set_up(self, channel: str = "shop", **push: Any) -> None:
        push = {"url": self.platform.url(channel), "rate_per_second": 5, "secret_name": "TELL"} | push
        wanted = Channel(channel=channel, format="shopify", push=ChannelPush(**({"format": "json"} | push)))
        await self.channels.SetChannel(channel_rpc.SetChannelRequest(request_id=key(), channel=wanted))

    async def submit(self, *lines: Any, **fields: Any) -> Any:
        return (await self.orders.SubmitOrder(submit(draft(*lines, **({"channel": "shop"} | fields))))).order

    async def move(self, order: Any, *steps: Any, **fields: Any) -> None:
        await self.orders.RecordMoves(moves(order, *steps, key=key(), **fields))

    async def write(self) -> int:
        await settle(self.parts.database)
        return await writer_of(self.parts).write()

    async def claim(self, channel: str = "shop", limit: int = 10) -> Any:
        request = push_rpc.ClaimPushesRequest(request_id=key(), channel=channel, limit=limit)
        return await self.pushes.ClaimPushes(request)

    async def send(self, push_id: str) -> Any:
        return await self.pushes.SendPush(push_rpc.SendPushRequest(request_id=key(), push_id=push_id))

    async def record(self, push_id: str, sent: Any) -> None:
        request = push_rpc.RecordPushRequest(
            request_id=key(),
            push_id=push_id,
            outcome=sent.outcome,
            reason=sent.reason,
            perhaps_this_only=sent.perhaps_this_only,
        )
        await self.pushes.RecordPush(request)

    async def tell(self, push_id: str) -> Any:
        sent = await self.send(push_id)
        await self.record(push_id, sent)
        return sent

    async def get(self, push_id: str) -> Push:
        return (await self.pushes.GetPush(push_rpc.GetPushRequest(push_id=push_id))).push

    async def listed(self, **filters: Any) -> list[Push]:
        return list((await self.pushes.ListPushes(push_rpc.ListPushesRequest(**filters))).pushes)

    async def partner(self, channel: str = "shop") -> Partner:
        return (await self.pushes.ListPartners(push_rpc.ListPartnersRequest(channel=channel))).partners[0]

    async def switch(self, *, paused: bool, reason: str = "") -> Partner:
        request = push_rpc.SwitchPartnerRequest(request_id=key(), channel="shop", paused=paused, reason=reason)
        return (await self.pushes.SwitchPartner(request)).partner

    async def signals(self) -> list[str]:
        async with self.parts.database.connect() as conn:
            found = select(outbox_events.c.type).where(outbox_events.c.key.like("channel/%"))
            return list((await conn.execute(found.order_by(outbox_events.c.sequence))).scalars())


def key() -> str:
    return f"key/{next(_keys)}"


@pytest.fixture
async def desk(service: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("OMS_SECRET_TELL", "token")
    running = await service("intake", clock=clock, relay_enabled=False)
    async with Channels(Settings()) as channels, platform() as shop:
        stubs = [
            channels.connect(stub, running.address) for stub in (IntakeServiceStub, PushServiceStub, ChannelServiceStub)
        ]
        made = Desk(*stubs, running.parts, shop, clock)
        await made.write()
        await made.set_up()
        yield made


def later(desk: Desk, **by: Any) -> Any:
    return stamp(desk.clock.now() + timedelta(**by))


async def test_an_order_is_told_from_acknowledged_to_refunded_once_and_onto_its_timeline(desk):
    order = await desk.submit(line("A", 3, external_line_id="a-1"))
    (one,) = (found.line_id for found in order.lines)
    await desk.move(order, (one, ROOM_OPEN, ROOM_RESERVED, 3), (one, ROOM_RESERVED, ROOM_RELEASED, 3))
    parcel = {"shipment_id": "shp_1", "tracking_number": "1Z", "carrier_code": "UPS"}
    await desk.move(order, (one, ROOM_RELEASED, ROOM_SHIPPED, 2), references=parcel)
    await desk.move(order, (one, ROOM_RELEASED, ROOM_CANCELLED, 1))
    assert await desk.write() == 3
    assert await desk.write() == 0
    assert await desk.signals() == ["start Channel", "signal pushes_waiting"]
    for _ in range(3):
        (push_id,) = (await desk.claim()).push_ids
        assert (await desk.tell(push_id)).outcome == PUSH_OUTCOME_DONE
    assert not (await desk.claim()).push_ids
    told = [(one.body["kind"], one.body["lines"]) for one in desk.platform.told]
    assert told == [
        ("acknowledge", []),
        ("fulfillment", [{"line_id": "a-1", "quantity": 2}]),
        ("cancel", [{"line_id": "a-1", "quantity": 1}]),
    ]
    assert desk.platform.told[1].body["tracking_number"] == "1Z"
    assert {one.headers["authorization"] for one in desk.platform.told} == {"Bearer token"}
    assert sorted(one.key for one in desk.platform.told) == sorted(one.push_id for one in await desk.listed())
    timeline = (await desk.orders.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    said = [one.references["kind"] for one in timeline if one.type == OrderEvent.TYPE_CHANNEL_TOLD]
    assert said == ["ACKNOWLEDGE", "FULFILLMENT", "CANCEL"]
    assert await desk.write() == 0


async def test_events_that_are_read_again_are_not_told_again_and_what_nobody_hears_is_not_written(desk):
    await desk.set_up("quiet", url="")
    await desk.submit()
    await desk.submit(channel="quiet")
    assert await desk.write() == 1
    async with desk.parts.database.begin() as conn:
        await conn.execute(text("UPDATE intake.message_cursors SET transaction_id = 0 WHERE reader = 'pushes'"))
    assert await desk.write() == 0
    assert len(await desk.listed()) == 1


async def test_of_each_order_the_first_is_told_and_the_earliest_promise_before_the_others(desk):
    unpromised, late, soon = [await desk.submit(line("A", 1)) for _ in range(3)]
    await desk.write()
    for order, days in ((late, 9), (soon, 1)):
        step = (order.lines[0].line_id, ROOM_OPEN, ROOM_RESERVED, 1)
        await desk.move(order, step, promise_time=later(desk, days=days))
        await desk.move(order, (order.lines[0].line_id, ROOM_RESERVED, ROOM_CANCELLED, 1))
    assert await desk.write() == 2
    claimed = await desk.claim()
    first = [(await desk.get(push_id)) for push_id in claimed.push_ids]
    assert [one.order_id for one in first] == [soon.order_id, late.order_id, unpromised.order_id]
    assert {one.kind for one in first} == {Push.KIND_ACKNOWLEDGE}
    assert (claimed.waiting_count, claimed.blocked_order_count, claimed.rate_per_second) == (5, 3, 5)
    assert list((await desk.claim(limit=1)).push_ids) == [first[0].push_id]
    assert list((await desk.partner()).blocked_order_ids) == [soon.order_id, late.order_id, unpromised.order_id]
    await desk.tell(first[0].push_id)
    assert (await desk.get((await desk.claim()).push_ids[0])).kind == Push.KIND_CANCEL


async def test_what_was_taken_and_not_written_down_is_sent_again_under_the_same_key(desk):
    order = await desk.submit()
    await desk.write()
    (push_id,) = (await desk.claim()).push_ids
    assert (await desk.send(push_id)).outcome == PUSH_OUTCOME_DONE  # and whoever asked for it dies
    assert list((await desk.claim()).push_ids) == [push_id]
    sent = await desk.tell(push_id)
    await desk.record(push_id, sent)
    assert [one.key for one in desk.platform.told] == [push_id, push_id]
    assert desk.platform.told[0].body == desk.platform.told[1].body
    assert (await desk.send(push_id)).outcome == PUSH_OUTCOME_DONE
    assert len(desk.platform.told) == 2
    found = await desk.get(push_id)
    assert (found.state, found.attempts, found.order_id) == (Push.STATE_DONE, 1, order.order_id)


async def test_a_refusal_is_kept_for_somebody_and_the_order_goes_on(desk):
    order = await desk.submit(line("A", 1))
    await desk.move(order, (order.lines[0].line_id, ROOM_OPEN, ROOM_CANCELLED, 1))
    await desk.write()
    desk.platform.answer = lambda told: (422, {}) if told.body["kind"] == "acknowledge" else YES
    (refused,) = (await desk.claim()).push_ids
    assert (await desk.tell(refused)).outcome == PUSH_OUTCOME_REFUSED
    (next_one,) = (await desk.claim()).push_ids
    await desk.tell(next_one)
    assert [one.push_id for one in await desk.listed(state=Push.STATE_REFUSED)] == [refused]
    assert ((await desk.partner()).refused_count, (await desk.get(refused)).last_error) == (1, "it answered 422")
    desk.platform.answer = lambda _: YES
    retry = push_rpc.RetryPushRequest(request_id=key(), push_id=refused)
    assert (await desk.pushes.RetryPush(retry)).push.state == Push.STATE_WAITING
    assert (await desk.signals())[-1] == "signal partner_switched"
    await desk.tell(refused)
    with pytest.raises(FailedPrecondition) as done:
        await desk.pushes.RetryPush(push_rpc.RetryPushRequest(request_id=key(), push_id=refused))
    assert done.value.reason == "PUSH_DONE"
    assert len({one.key for one in desk.platform.told}) == 2


async def test_no_usable_answer_keeps_the_push_and_only_one_that_may_be_at_fault_is_put_off(desk):
    for _ in range(2):
        await desk.submit()
    await desk.write()
    first, second = (await desk.claim()).push_ids
    desk.platform.answer = lambda _: (429, {"Retry-After": "90"})
    sent = await desk.tell(first)
    assert (sent.outcome, sent.retry_after.seconds) == (PUSH_OUTCOME_AGAIN, 90)
    assert list((await desk.claim()).push_ids) == [first, second]
    desk.platform.answer = lambda _: None
    assert (await desk.tell(first)).reason == "RemoteProtocolError"
    await desk.platform.go()
    assert (await desk.tell(first)).reason == "ConnectError"
    await desk.platform.come()
    desk.platform.answer = lambda _: (500, {})
    assert (await desk.tell(first)).perhaps_this_only
    assert list((await desk.claim()).push_ids) == [second]
    await desk.tell(second)
    claimed = await desk.claim()
    assert (list(claimed.push_ids), claimed.wait.seconds) == ([], 2)
    desk.clock.advance(timedelta(seconds=2))
    assert list((await desk.claim()).push_ids) == [second]


async def test_a_partner_that_is_down_or_paused_can_be_seen_with_what_it_blocks(desk):
    order = await desk.submit()
    began = desk.clock.now()
    await desk.write()
    report = {"channel": "shop", "reason": "it answered 503", "wait": timedelta(seconds=4)}
    for failures in (1, 2):
        request = push_rpc.RecordPartnerRequest(request_id=key(), failure_count=failures, **report)
        await desk.pushes.RecordPartner(request)
        desk.clock.advance(timedelta(minutes=20))
    down = await desk.partner()
    assert (down.state, down.since_time, down.reason, down.failure_count) == (
        Partner.STATE_DOWN,
        stamp(began),
        "it answered 503",
        2,
    )
    assert (down.waiting_count, list(down.blocked_order_ids), down.oldest_time) == (1, [order.order_id], stamp(began))
    paused = await desk.switch(paused=True, reason="they move")
    assert (paused.state, paused.reason) == (Partner.STATE_PAUSED, "they move")
    claimed = await desk.claim()
    assert (claimed.paused, list(claimed.push_ids)) == (True, [])
    (push,) = await desk.listed()
    assert (await desk.send(push.push_id)).outcome == PUSH_OUTCOME_HELD
    assert not desk.platform.told
    # What was put off by a partner that was down for long is due at once when it is back.
    await desk.record(push.push_id, push_rpc.SendPushResponse(outcome=PUSH_OUTCOME_AGAIN, perhaps_this_only=True))
    assert (await desk.switch(paused=False)).state == Partner.STATE_DOWN
    assert not (await desk.claim()).push_ids
    await desk.pushes.RecordPartner(push_rpc.RecordPartnerRequest(request_id=key(), channel="shop"))
    assert (await desk.partner()).state == Partner.STATE_UP
    assert list((await desk.claim()).push_ids) == [push.push_id]


async def test_what_does_not_exist_is_said_to(desk):
    with pytest.raises(NotFound):
        await desk.get("psh_0")
    with pytest.raises(NotFound):
        await desk.pushes.SwitchPartner(push_rpc.SwitchPartnerRequest(request_id=key(), channel="x", paused=True))
    with pytest.raises(InvalidArgument) as unknown:
        await desk.set_up("x12-big", format="x12")
    assert unknown.value.reason == "UNKNOWN_FORMAT"
    found = await desk.channels.GetChannel(channel_rpc.GetChannelRequest(channel="shop"))
    assert (found.channel.push.format, found.channel.push.rate_per_second) == ("json", 5)

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import typer
from google.protobuf.timestamp_pb2 import Timestamp
from standardwebhooks import Webhook
from typer.testing import CliRunner

from oms.intake.v1 import intake_service_pb2 as orders
from oms.intake.v1 import subscription_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import HoldType
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.subscription_pb2 import Subscription
from oms.intake.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.chassis.sinks.webhook import WebhookSink
from services.chassis.store_outbox import Delivery
from services.intake import cli
from services.intake.delivering import Deliverer
from services.intake.domain.events import Event, EventType, Fact
from services.intake.posting import NotTaken, Post
from services.intake.wire import event_message
from services.intake.wire_subscriptions import cloud_event
from services.kernel.errors import InvalidArgument, NotFound
from tests.service.intake.drafts import draft, line, submit
from tests.service.intake.subscriber import subscriber
from tests.service.settling import settle

DOWN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
GARBAGE = b"\x00\xffSPDY? \r\n\r\nno"
REDIRECT = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
ENDLESS = b"HTTP/1.1 500 No\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 100_000


_numbers = count(1)


class House:
    """Intake with its subscriptions, and delivery by hand."""

    def __init__(self, running: Any, channels: Any) -> None:
        self.parts = running.parts
        self.orders = channels.connect(IntakeServiceStub, running.address)
        self.feed = channels.connect(SubscriptionServiceStub, running.address)
        self.deliverer = Deliverer(running.parts, post_seconds=0.3)

    async def subscribe(self, name: str, url: str, **wanted: Any) -> Any:
        wanted = {"from_beginning": True, **wanted}
        return await self.feed.SetSubscription(
            rpc.SetSubscriptionRequest(request_id=f"{name}/{url}/{wanted}", name=name, url=url, **wanted)
        )

    async def order(self, **fields: Any) -> Any:
        """Submit an order like no other: nobody takes it for the same one twice."""
        sent = draft(line(f"SKU-{next(_numbers)}"), **fields)
        submitted = (await self.orders.SubmitOrder(submit(sent))).order
        await settle(self.parts.database)
        return submitted

    async def note(self, order: Any, count: int) -> None:
        """Have this many more events happen to the order."""
        for number in range(count):
            await self.orders.PlaceHold(_hold(order, f"h{number}"))
        await settle(self.parts.database)

    async def drain(self, name: str) -> None:
        await settle(self.parts.database)
        while await self.deliverer.turn(name):
            pass

    async def show(self, name: str) -> Any:
        return (await self.feed.GetSubscription(rpc.GetSubscriptionRequest(name=name))).subscription


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _hold(order: Any, handle: str) -> orders.PlaceHoldRequest:
    request = orders.PlaceHoldRequest(request_id=f"{order.order_id}/{handle}", order_id=order.order_id)
    request.hold.handle, request.hold.type = handle, HoldType.HOLD_TYPE_OTHER
    return request


@pytest.fixture
async def house(service, clock):
    running = await service("intake", clock=clock, relay_enabled=False)
    async with Channels(Settings()) as channels:
        one = House(running, channels)
        yield one
        await one.deliverer.close()


async def test_a_subscriber_that_is_down_for_a_day_catches_up_in_order_and_delays_nobody(house, clock):
    async with subscriber() as well, subscriber() as ill:
        secret = (await house.subscribe("well", well.url)).secret
        await house.subscribe("ill", ill.url)
        first, second = await house.order(), await house.order()
        for number, ill.answer in enumerate([DOWN, GARBAGE, REDIRECT, ENDLESS] * 13):
            if number % 10 == 0:
                await house.orders.PlaceHold(_hold(first, f"d{number}"))
            await asyncio.gather(house.drain("well"), house.drain("ill"))
            clock.advance(timedelta(minutes=30))
        # The one that is well has everything, once, while the other has taken nothing.
        assert (well.sequences(first.order_id), well.sequences(second.order_id)) == ([1, 2, 3, 4, 5, 6, 7], [1])
        shown = await house.show("ill")
        assert (shown.state, shown.delivered_count) == (Subscription.STATE_FAILING, 0)
        assert shown.attempts > 45
        assert "500" in shown.last_error
        assert shown.failing_event_id in {one["id"] for one in ill.events}
        assert shown.next_attempt_time.ToDatetime(tzinfo=UTC) - clock.now() <= timedelta(minutes=15)
        assert (
            len({(header["webhook-id"], one["id"]) for header, one in zip(ill.headers, ill.events, strict=True)}) <= 8
        )
        # A day later it is back.
        ids = {one["id"] for one in ill.events}
        ill.forget()
        ill.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        await house.drain("ill")
        assert (ill.sequences(first.order_id), ill.sequences(second.order_id)) == ([1, 2, 3, 4, 5, 6, 7], [1])
        assert ids <= {one["id"] for one in ill.events} == {one["id"] for one in well.events}
        shown = await house.show("ill")
        assert (shown.state, shown.attempts, shown.delivered_count) == (Subscription.STATE_ACTIVE, 0, 8)
        # Signed, and the same words and ids that whoever watches hears.
        for header, body in zip(well.headers, well.bodies, strict=True):
            assert header["webhook-signature"] == Webhook(secret).sign(
                header["webhook-id"], _at(int(header["webhook-timestamp"])), body
            )


async def test_a_slow_subscriber_delays_nobody_and_an_event_that_is_refused_holds_up_its_own_subscriber_only(house):
    async with subscriber() as well, subscriber() as slow, subscriber() as picky:
        for name, one in (("well", well), ("slow", slow), ("picky", picky)):
            await house.subscribe(name, one.url)
        bad, good = await house.order(), await house.order()
        slow.gate.clear()
        picky.answers[bad.order_id] = DOWN
        waiting = asyncio.create_task(house.deliverer.turn("slow"))
        await slow.until(1)
        await house.drain("well")
        await house.drain("picky")
        assert len(well.bodies) == 2
        await waiting
        assert "no answer within" in (await house.show("slow")).last_error
        # The position waits before the refused event; what was taken beyond it is not sent again.
        shown = await house.show("picky")
        assert (shown.attempts, picky.sequences(good.order_id)) == (1, [1])
        skipped = rpc.ReplaySubscriptionRequest(name="picky", after_cursor=shown.failing_cursor)
        assert (await house.feed.ReplaySubscription(skipped)).subscription.state == Subscription.STATE_ACTIVE
        await house.drain("picky")
        assert picky.sequences(good.order_id) == [1]


async def test_only_what_is_wanted_is_sent_and_a_replay_sends_it_again_under_the_same_ids(house, clock):
    async with subscriber() as eu, subscriber() as one_order, subscriber() as later:
        uk = await house.order(channel="shopify-uk")
        us = await house.order()
        await house.orders.PlaceHold(_hold(us, "h"))
        await house.subscribe("uk", eu.url, channels=["shopify-uk"], regions=["US"])
        await house.subscribe("one", one_order.url, order_ids=[us.order_id], event_types=[OrderEvent.TYPE_HOLD_PLACED])
        await house.subscribe("later", later.url, from_beginning=False)
        for name in ("uk", "one", "later"):
            await house.drain(name)
        assert [one["subject"] for one in eu.events] == [uk.order_id]
        assert [one["type"] for one in one_order.events] == ["oms.intake.order.hold_placed"]
        assert later.bodies == []
        moment = Timestamp()
        moment.FromDatetime(clock.now())
        clock.advance(timedelta(days=2))
        after = await house.order()
        await house.drain("later")
        assert [one["subject"] for one in later.events] == [after.order_id]
        before = [header["webhook-id"] for header in eu.headers]
        for point in ({"from_beginning": True}, {"from_time": moment}):
            await house.feed.ReplaySubscription(rpc.ReplaySubscriptionRequest(name="uk", **point))
            await house.drain("uk")
        assert [header["webhook-id"] for header in eu.headers] == before * 3
        moment.FromDatetime(clock.now())
        await house.feed.ReplaySubscription(rpc.ReplaySubscriptionRequest(name="later", from_time=moment))
        await house.drain("later")
        assert [one["subject"] for one in later.events] == [after.order_id] * 2


async def test_a_subscriber_that_is_gone_is_off_until_switched_on_and_a_paused_one_loses_nothing(house):
    async with subscriber() as one:
        await house.subscribe("erp", one.url)
        await house.order()
        one.answer = GONE
        await house.drain("erp")
        assert (await house.show("erp")).state == Subscription.STATE_OFF
        one.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        one.forget()
        await house.drain("erp")
        assert one.bodies == []
        for number, (state, sent) in enumerate([(Subscription.STATE_PAUSED, 0), (Subscription.STATE_ACTIVE, 1)]):
            switch = rpc.SwitchSubscriptionRequest(request_id=f"s{number}", name="erp", state=state)
            assert (await house.feed.SwitchSubscription(switch)).subscription.name == "erp"
            await house.drain("erp")
            assert len(one.bodies) == sent
        listed = await house.feed.ListSubscriptions(rpc.ListSubscriptionsRequest())
        assert [found.name for found in listed.subscriptions] == ["erp"]
        await house.feed.DeleteSubscription(rpc.DeleteSubscriptionRequest(request_id="d", name="erp"))
        with pytest.raises(NotFound):
            await house.show("erp")


async def test_a_renewed_secret_signs_beside_the_old_one_for_a_day(house, clock):
    async with subscriber() as one:
        old = (await house.subscribe("erp", one.url)).secret
        again = await house.subscribe("erp", one.url, channels=["shopify-us"])
        assert (old[:6], again.secret) == ("whsec_", "")
        new = (await house.subscribe("erp", one.url, rotate_secret=True)).secret
        await house.order()
        await house.drain("erp")
        clock.advance(timedelta(days=1, seconds=1))
        await house.order()
        await house.drain("erp")
        for number, secrets in enumerate([[new, old], [new]]):
            header, body = one.headers[number], one.bodies[number]
            sent = _at(int(header["webhook-timestamp"]))
            signed = [Webhook(secret).sign(header["webhook-id"], sent, body) for secret in secrets]
            assert header["webhook-signature"].split(" ") == signed


async def test_nobody_is_sent_where_only_machines_inside_may_go(house):
    for url in [
        "http://example.com/x",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://0.0.0.0/",
        "https://user:secret@example.com/",
        "ftp://example.com/",
        "https://",
    ]:
        with pytest.raises(InvalidArgument) as refused:
            await house.subscribe("evil", url)
        assert refused.value.reason == "ADDRESS_NOT_ALLOWED", url


async def test_two_replicas_deliver_each_event_once_and_in_order_as_it_happens(service, migrated_database, clock):
    database_url = await asyncio.to_thread(migrated_database, "intake")
    running = [await service("intake", clock=clock, database_url=database_url) for _ in range(2)]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(subscriber())
        channels = await stack.enter_async_context(Channels(Settings()))
        house = House(running[0], channels)
        await house.subscribe("erp", one.url, from_beginning=False)
        made = await asyncio.gather(*(house.order() for _ in range(10)))
        await asyncio.gather(*(house.note(order, 4) for order in made))
        await one.until(50)
        assert [one.sequences(order.order_id) for order in made] == [[1, 2, 3, 4, 5]] * 10
        assert len({event["id"] for event in one.events}) == len(one.events) == 50


async def test_an_event_is_said_in_the_words_of_the_webhook_of_the_relay(clock):
    fact = Fact(type=EventType.NOTED, key="k", actor="a", reason="ünïcode", references={"a": "b"})
    event = Event(fact=fact, event_id="evt_1", order_id="ord_1", sequence=3, create_time=clock.now(), transaction_id=7)
    message = event_message(event)
    delivery = Delivery(
        sequence=1,
        event_id=event.event_id,
        key=event.order_id,
        type="oms.intake.order.noted",
        attributes={"subject": event.order_id},
        message_type=message.DESCRIPTOR.full_name,
        message=message.SerializeToString(),
        trace={},
        attempts=0,
        create_time=clock.now(),
    )
    sink = WebhookSink("http://127.0.0.1:9", "whsec_" + "A" * 32, "/oms/intake", clock)
    assert cloud_event(event) == sink._body(delivery)
    await sink.close()


async def test_the_feed_and_messages_are_worked_from_the_command_line(running, monkeypatch):
    monkeypatch.setenv("OMS_INTAKE_ADDRESS", running.address)
    app = typer.Typer()
    for name in ("feed", "message"):
        app.add_typer(cli.GROUPS[name], name=name)

    async def oms(*words: str, code: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        assert result.exit_code == code, result.output
        return result.output

    async with subscriber() as one:
        assert "whsec_" in await oms("feed", "subscribe", "erp", one.url, "--type", "submitted")
    for words in [
        "feed list",
        "feed show erp",
        "feed pause erp",
        "feed resume erp",
        "feed replay erp --from 2026-03-01",
        "feed replay erp",
        "feed delete erp",
        "message list --state failed --kind shipped",
        "message template shipped --subject {{order_number}} --try",
        "message template shipped --subject {{order_number}}",
        "message templates",
        "message opt-out robin@example.com --kind shipped",
    ]:
        await oms(*words.split())
    assert "SUBMITTED" in await oms("feed", "subscribe", "erp", one.url, "--type", "nothing", code=2)
    assert "TEMPLATE_INVALID" in await oms("message", "template", "held", "--sms", "{{ x }}", code=1)


async def test_a_name_that_no_host_can_have_is_an_event_that_was_not_taken(clock):
    post = Post(f"https://{'a' * 64}.example/", clock, at_once=1)
    with pytest.raises(NotTaken, match="cannot be used"):
        await post.look_up()
    await post.close()

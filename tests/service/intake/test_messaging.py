import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from typing import Any

import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.sandbox.mail import Mailbox, application, listen
from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import intake_service_pb2 as orders
from oms.intake.v1 import message_service_pb2 as rpc
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.hold_pb2 import HoldSpec, HoldType
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.message_pb2 import Message, MessageKind, MessageMedium
from oms.intake.v1.message_service_pb2_grpc import MessageServiceStub
from oms.intake.v1.order_details_pb2 import OrderDetails
from oms.intake.v1.order_event_pb2 import OrderEvent
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake import messaging_work, store_messages
from services.intake.domain.events import EventType, Fact
from services.intake.domain.messages import Medium, MessageState
from services.intake.messages import Letter
from services.intake.recording import record
from services.intake.settings import IntakeSettings
from services.kernel.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)
from tests.service.intake.drafts import draft, line, submit
from tests.service.settling import settle

GOING = (units.ROOM_OPEN, units.ROOM_RESERVED, units.ROOM_RELEASED, units.ROOM_SHIPPED)


class CaughtTexts:
    """The sandbox's text messages, in this process: the same application, without a socket between."""

    keyed = True

    def __init__(self, mailbox: Mailbox) -> None:
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(application(mailbox)), base_url="http://sms")

    async def send(self, letter: Letter) -> None:
        body = {"to": letter.address, "text": letter.text}
        answer = await self._http.post("/messages", json=body, headers={"Idempotency-Key": letter.message_id})
        assert answer.is_success


class Shop:
    """Intake with customers: messages are written and sent by hand."""

    def __init__(self, running: Any, channels: Any, mailbox: Mailbox, settings: IntakeSettings) -> None:
        self.mailbox = mailbox
        self.orders = channels.connect(IntakeServiceStub, running.address)
        self.messages = channels.connect(MessageServiceStub, running.address)
        ports = {**messaging_work.ports_of(running.parts, settings), Medium.SMS: CaughtTexts(mailbox)}
        self.writer = messaging_work.writer_of(running.parts, settings, ports)
        self.sender = messaging_work.sender_of(running.parts, settings, ports)
        self.database = running.parts.database
        self.outbox = running.parts.outbox

    async def turn(self) -> int:
        await settle(self.database)
        await self.writer.write()
        return await self.sender.send()

    async def order(self, sku: str = "TEE", **fields: Any) -> Any:
        sent = draft(line(sku, 2, title="T-shirt <b>"), **{"email": "robin@example.com", **fields})
        return (await self.orders.SubmitOrder(submit(sent))).order

    async def move(self, order: Any, *rooms: Any, key: str = "", **references: str) -> None:
        for old, new in pairwise(rooms):
            move = units.Move(line_id=order.lines[0].line_id, from_room=old, to_room=new, quantity=1)
            name = f"{order.order_id}/{key}/{old}/{new}"
            request = orders.RecordMovesRequest(request_id=name, order_id=order.order_id, moves=[move])
            request.references.update(references)
            await self.orders.RecordMoves(request)

    async def listed(self, **filters: Any) -> list[Message]:
        return list((await self.messages.ListMessages(rpc.ListMessagesRequest(**filters))).messages)

    def subjects(self) -> list[str]:
        return [one["subject"] for one in reversed(self.mailbox.caught())]


@pytest.fixture
async def shop(service, clock, monkeypatch):
    async with AsyncExitStack() as stack:
        mailbox = Mailbox(":memory:")
        server = await listen(mailbox, "127.0.0.1", 0)
        stack.callback(server.close)
        monkeypatch.setenv("OMS_SMTP_URL", f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("OMS_MAIL_FROM", "orders@shop.example")
        monkeypatch.setenv("OMS_SMS_FOR", '["texted"]')
        monkeypatch.setenv("OMS_STATUS_LINK_KEY", "k" * 32)
        monkeypatch.setenv("OMS_STATUS_PAGE_URL", "https://shop.example/status")
        running = await service("intake", clock=clock, relay_enabled=False)
        channels = await stack.enter_async_context(Channels(Settings()))
        one = Shop(running, channels, mailbox, IntakeSettings())
        await settle(one.database)
        await one.writer.write()  # from now on
        yield one


async def test_each_event_is_one_mail_in_the_customers_language_and_on_the_timeline(shop, clock):
    order = await shop.order(
        order_number="#1001",
        ship_to=Address(name="Jörg Müller", lines=["Weg 1"], city="Köln", postal_code="50667", country_code="DE"),
    )
    await shop.move(order, *GOING, shipment_id="shp_1", tracking_number="EX1", tracking_url="https://track.example/EX1")
    await shop.move(order, *GOING, key="second", shipment_id="shp_2")
    await shop.move(order, units.ROOM_SHIPPED, units.ROOM_DELIVERED, units.ROOM_RETURNED)
    assert [await shop.turn(), await shop.turn()] == [5, 0]
    assert sorted(shop.subjects()) == [
        "Ihre Bestellung #1001 ist angekommen",
        "Ihre Bestellung #1001 ist unterwegs",
        "Ihre Bestellung #1001 ist unterwegs",
        "Ihre Rücksendung zur Bestellung #1001 ist da",
        "Wir haben Ihre Bestellung #1001",
    ]
    shipped = next(one for one in shop.mailbox.caught() if "EX1" in one["text"])
    mail = message_from_bytes(shop.mailbox.raw(shipped["id"]) or b"", policy=policy.default)
    page = mail.get_body(preferencelist=("html",))
    assert page is not None
    assert "T-shirt &lt;b&gt;" in page.get_content()
    assert "1 × T-shirt <b>" in shipped["text"]
    assert shipped["key"].endswith("@shop.example>")
    events = (await shop.orders.ListOrderEvents(orders.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events].count(OrderEvent.TYPE_MESSAGE_SENT) == 5
    listed = await shop.listed(order_id=order.order_id)
    assert {(one.state, one.text) for one in listed} == {(Message.STATE_SENT, "")}
    whole = (await shop.messages.GetMessage(rpc.GetMessageRequest(message_id=listed[0].message_id))).message
    assert whole.text
    async with shop.database.begin() as conn:
        assert await store_messages.erase_messages(conn, [order.order_id]) == 5
    whole = (await shop.messages.GetMessage(rpc.GetMessageRequest(message_id=listed[0].message_id))).message
    assert (whole.address, whole.subject, whole.text, whole.html) == ("", "", "", "")


async def test_a_later_day_is_a_delay_and_an_earlier_one_or_a_suspicion_is_nobodys_business(shop, clock):
    order = await shop.order()
    for number, days in enumerate([3, 5, 4, 4]):
        moment = Timestamp()
        moment.FromDatetime(clock.now() + timedelta(days=days))
        there = (units.ROOM_OPEN, units.ROOM_RESERVED)
        old, new = there if number % 2 == 0 else there[::-1]
        move = units.Move(line_id=order.lines[0].line_id, from_room=old, to_room=new, quantity=1)
        await shop.orders.RecordMoves(
            orders.RecordMovesRequest(
                request_id=f"p{number}", order_id=order.order_id, moves=[move], promise_time=moment
            )
        )
    for kind in (HoldType.HOLD_TYPE_HIGH_RISK_OF_FRAUD, HoldType.HOLD_TYPE_INCORRECT_ADDRESS):
        hold = HoldSpec(handle=f"h{kind}", type=kind)
        await shop.orders.PlaceHold(orders.PlaceHoldRequest(request_id=f"h{kind}", order_id=order.order_id, hold=hold))
    await shop.turn()
    kinds = [MessageKind.Name(one.kind).removeprefix("MESSAGE_KIND_") for one in await shop.listed()]
    assert sorted(kinds) == ["CONFIRMED", "DELAYED", "HELD"]
    assert "by 7 March 2026" in next(one["text"] for one in shop.mailbox.caught() if "later" in one["subject"])


async def test_what_is_picked_up_is_ready_not_shipped_and_a_refund_says_how_much(shop, clock):
    order = await shop.order(order_number="5", details=OrderDetails(pickup_location="Store 7"))
    await shop.move(order, *GOING)
    async with shop.database.begin() as conn:
        for number, kind in enumerate(["AUTHORIZED", "REFUNDED", "REFUNDED"]):
            references = {"kind": kind, "amount": f"{number}.00 USD", "state": "PARTLY_REFUNDED"}
            fact = Fact(type=EventType.PAYMENT_CHANGED, key=f"pay{number}", actor="bank", references=references)
            await record(conn, shop.outbox, order.order_id, [fact], clock.now())
    await shop.turn()
    subjects = ["We have your order 5", "Your order 5 is ready", *["Your refund for order 5"] * 2]
    assert sorted(shop.subjects()) == sorted(subjects)
    told = " ".join(one["text"] for one in shop.mailbox.caught())
    assert all(words in told for words in ("Store 7", "1.00 USD", "2.00 USD"))


async def test_two_replicas_and_a_crash_in_between_send_nothing_twice(shop, clock):
    made = [await shop.order(f"S{number}") for number in range(6)]
    await asyncio.gather(*(shop.turn() for _ in range(3)))
    await shop.turn()
    assert len(shop.mailbox.caught()) == shop.mailbox.taken == len(made)
    # A sender takes a message, the server takes the mail, and the sender dies.
    await shop.order("S6")
    await settle(shop.database)
    await shop.writer.write()
    async with shop.database.begin() as conn:
        (lost,) = await store_messages.claim(conn, clock.now(), until=clock.now() + timedelta(minutes=5), limit=9)
    await shop.sender.send()
    clock.advance(timedelta(minutes=6))
    await shop.turn()
    assert shop.mailbox.taken == len(made)
    (stuck,) = await shop.listed(state=Message.STATE_UNCERTAIN)
    assert stuck.message_id == lost.message_id
    # The dead one comes back to life and finds that others have decided.
    async with shop.database.begin() as conn:
        assert not await store_messages.end(conn, lost, MessageState.SENT, reason="")
    await shop.messages.RetryMessage(rpc.RetryMessageRequest(request_id="r", message_id=stuck.message_id))
    await shop.turn()
    assert shop.mailbox.taken == len(made) + 1
    with pytest.raises(FailedPrecondition):
        await shop.messages.RetryMessage(rpc.RetryMessageRequest(request_id="again", message_id=stuck.message_id))


async def test_a_server_that_refuses_puts_off_or_falls_silent_is_told_apart(shop, clock):
    for name in ("refused", "later", "silent"):
        await shop.order(name, email=f"{name}@example.com")
    await shop.order("none", email="")
    await shop.turn()
    states = {one.address.split("@")[0]: one for one in await shop.listed()}
    assert {name: one.state for name, one in states.items()} == {
        "refused": Message.STATE_FAILED,
        "later": Message.STATE_PENDING,
        "silent": Message.STATE_UNCERTAIN,
        "": Message.STATE_SUPPRESSED,
    }
    assert shop.mailbox.taken == 1
    assert not any("@" in one.reason for one in states.values())
    for _ in range(40):
        clock.advance(timedelta(hours=1))
        await shop.turn()
    (later,) = [one for one in await shop.listed() if one.address.startswith("later")]
    assert (later.state, later.attempts, shop.mailbox.taken) == (Message.STATE_FAILED, 30, 1)


async def test_a_text_message_waits_for_the_morning_and_who_opted_out_is_told_nothing_but_the_confirmation(shop, clock):
    texted = {"phone": "+1 (518) 555-0100", "details": OrderDetails(brand="texted")}
    clock.advance(timedelta(hours=13))  # 20:00 in New York, 17:00 in Los Angeles; an hour later it is night in one
    await shop.order("early", **texted)
    await shop.turn()
    clock.advance(timedelta(hours=1, minutes=30))
    night = await shop.order("night", **texted)
    await shop.turn()
    texts = [one for one in shop.mailbox.caught() if one["medium"] == "SMS"]
    assert (len(texts), texts[0]["recipient"]) == (1, "+15185550100")
    clock.advance(timedelta(hours=10))
    await shop.turn()
    (waiting,) = await shop.listed(order_id=night.order_id, state=Message.STATE_PENDING)
    assert (waiting.medium, waiting.reason) == (MessageMedium.MESSAGE_MEDIUM_SMS, "night")
    clock.advance(timedelta(hours=3, minutes=31))
    await shop.turn()
    assert len([one for one in shop.mailbox.caught() if one["medium"] == "SMS"]) == 2
    for address in ("Robin@Example.com ", "001 518-555-0100"):
        request = rpc.SetMessageConsentRequest(request_id=address, address=address, opted_out=True)
        await shop.messages.SetMessageConsent(request)
    quiet = await shop.order("quiet", **texted)
    await shop.move(quiet, *GOING)
    await shop.turn()
    states = {(one.kind, one.medium): (one.state, one.reason) for one in await shop.listed(order_id=quiet.order_id)}
    assert states.pop((MessageKind.MESSAGE_KIND_CONFIRMED, MessageMedium.MESSAGE_MEDIUM_EMAIL))[0] == Message.STATE_SENT
    assert set(states.values()) == {(Message.STATE_SUPPRESSED, "opted out")}
    assert len(states) == 3
    with pytest.raises(InvalidArgument):
        await shop.messages.SetMessageConsent(rpc.SetMessageConsentRequest(request_id="x", address="nobody"))


async def test_the_nearest_template_is_used_part_by_part_and_one_that_does_not_work_is_refused(shop):
    async def write(number: int, **fields: Any) -> Any:
        return await shop.messages.SetMessageTemplate(
            rpc.SetMessageTemplateRequest(request_id=f"t{number}", kind=MessageKind.MESSAGE_KIND_CONFIRMED, **fields)
        )

    await write(1, subject="Everybody: {{ order_number }}", text="for all")
    await write(2, brand="acme", language="fr", subject="Acme : {{ order_number }}")
    for number, words in enumerate(
        ["{{ secret }}", "{% for %}", "{{ ''.__class__.__mro__ }}", "{{ 'a' * 999999999 }}", "{{ items.nothing }}"]
    ):
        with pytest.raises(InvalidArgument) as refused:
            await write(100 + number, text=words)
        assert (refused.value.reason, refused.value.metadata["part"]) == ("TEMPLATE_INVALID", "text")
    details = OrderDetails(brand="acme", locale="fr-CA")
    await shop.order(order_number="7", details=details)
    await shop.turn()
    (mail,) = shop.mailbox.caught()
    assert (mail["subject"], mail["text"].strip()) == ("Acme : 7", "for all")
    checked = await shop.messages.CheckMessageTemplate(
        rpc.CheckMessageTemplateRequest(kind=MessageKind.MESSAGE_KIND_CONFIRMED, html="<p>{{ name }}</p>", brand="x")
    )
    assert (checked.subject, checked.html) == ("Everybody: 1001", "<p>Robin &lt;Example&gt; &amp; Söhne</p>")
    await write(3, brand="acme", language="fr")
    listed = (await shop.messages.ListMessageTemplates(rpc.ListMessageTemplatesRequest())).templates
    assert [(one.brand, one.language) for one in listed] == [("", "")]


async def test_a_customer_sees_the_order_by_number_and_mail_or_by_link_and_a_wrong_one_tells_nothing(shop, clock):
    order = await shop.order(order_number="#1001", external_id="ext-77", customer_reference="cust-5")
    await shop.move(order, *GOING, shipment_id="shp_9", carrier="Parcel & Co", tracking_url="javascript:alert(1)")

    async def view(number: str = "", email: str = "", token: str = "") -> Any:
        known = rpc.GetOrderStatusViewRequest.Known(order_number=number, email=email) if number else None
        request = rpc.GetOrderStatusViewRequest(known=known) if known else rpc.GetOrderStatusViewRequest(token=token)
        return (await shop.messages.GetOrderStatusView(request)).view

    seen = await view("1001", " ROBIN@example.com")
    assert (seen.status_text, seen.lines[0].status_text, len(seen.parcels)) == ("Partly on its way",) * 2 + (1,)
    told = seen.SerializeToString() + seen.html.encode()
    for internal in (order.order_id, order.lines[0].line_id, "shp_9", "ext-77", "cust-5", "javascript", "Main St"):
        assert internal.encode() not in told, internal
    assert "Parcel &amp; Co" in seen.html
    errors = []
    for number, email in [("1001", "someone@example.com"), ("1002", "robin@example.com")]:
        with pytest.raises(NotFound) as refused:
            await view(number, email)
        errors.append((refused.value.reason, refused.value.message, dict(refused.value.metadata)))
    assert errors[0] == errors[1]
    for number in ("1001", "1002"):
        for _ in range(9):
            with pytest.raises(NotFound):
                await view(number, "guess@example.com")
        with pytest.raises(ResourceExhausted):
            await view(number, "robin@example.com")
    clock.advance(timedelta(minutes=16))
    assert (await view("1001", "robin@example.com")).order_number == "#1001"
    link = await shop.messages.CreateStatusLink(
        rpc.CreateStatusLinkRequest(request_id="l", order_id=order.order_id, valid_days=1)
    )
    assert link.url == f"https://shop.example/status?token={link.token}"
    assert (await view(token=link.token)).order_number == "#1001"
    clock.advance(timedelta(days=1))
    for bad in (link.token, link.token[:-4], "x", "A" + link.token[1:]):
        with pytest.raises(PermissionDenied) as denied:
            await view(token=bad)
        assert denied.value.reason == "LINK_INVALID"

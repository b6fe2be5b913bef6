"""What the payment service says of an order's money, in any order, twice, and before the order is there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from deploy.local import ports
from oms.intake.v1 import payment_service_pb2 as pay
from oms.intake.v1.hold_pb2 import Hold, HoldSpec, HoldType
from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from oms.intake.v1.order_draft_pb2 import PaymentDraft
from oms.intake.v1.order_pb2 import Payment
from oms.intake.v1.payment_service_pb2_grpc import PaymentServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake import payments
from services.intake.paying import Till
from services.intake.renewing import Renewer
from services.intake.wire_values import stamp
from services.kernel.errors import AlreadyExists
from tests.service.intake.drafts import AUTHORIZED, PENDING, draft, line, submit, usd
from tests.service.intake.test_money import PaymentService

Event = pay.PaymentEvent


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaymentService]:
    service = PaymentService(tmp_path_factory.mktemp("payment"), f"127.0.0.1:{ports.free(1)[0]}")
    service.start()
    yield service
    service.process.stop()


@pytest.fixture
async def desk(running: Any) -> Any:
    async with Channels(Settings()) as channels:
        yield channels.connect(PaymentServiceStub, running.address)


async def place(intake: Any, reference: str, state: Any = PENDING, **payment: Any) -> str:
    sent = draft(line(cents=5000), payment=state)
    sent.payment.CopyFrom(PaymentDraft(state=state, reference=reference, **payment))
    return (await intake.SubmitOrder(submit(sent))).order.order_id


async def say(desk: Any, reference: str, kind: Any, cents: int = 5000, *, event_id: str = "", **more: Any) -> Any:
    name = event_id or f"{reference}/{Event.Kind.Name(kind)}"
    event = Event(event_id=name, reference=reference, kind=kind, amount=usd(cents), **more)
    return (await desk.RecordPaymentEvent(pay.RecordPaymentEventRequest(request_id=f"say/{name}", event=event))).event


async def look(intake: Any, order_id: str) -> tuple[str, int, list[str]]:
    """Return the payment's state, what was refunded, and the open payment holds."""
    order = (await intake.GetOrder(GetOrderRequest(order_id=order_id))).order
    held = [one.handle for one in order.holds if one.state == Hold.STATE_CREATED]
    refunded = order.payment.refunded_amount
    return Payment.State.Name(order.payment.state), refunded.units * 100 + refunded.nanos // 10_000_000, held


async def test_an_authorization_lets_go_of_what_waits_for_it_once(intake, desk):
    order_id = await place(intake, "p-1")
    assert (await look(intake, order_id)) == ("STATE_PENDING", 0, ["payment"])
    assert (await say(desk, "p-1", Event.KIND_AUTHORIZED)).state == Event.STATE_APPLIED
    assert (await look(intake, order_id)) == ("STATE_AUTHORIZED", 0, [])
    again = await say(desk, "p-1", Event.KIND_AUTHORIZED)
    assert (again.state, again.order_id) == (Event.STATE_APPLIED, order_id)
    with pytest.raises(AlreadyExists, match="something else"):
        await desk.RecordPaymentEvent(
            pay.RecordPaymentEventRequest(
                request_id="other",
                event=Event(event_id="p-1/KIND_AUTHORIZED", reference="p-1", kind=Event.KIND_VOIDED, amount=usd(5000)),
            )
        )


async def test_an_authorization_of_too_little_keeps_the_order_waiting(intake, desk):
    order_id = await place(intake, "p-2")
    await say(desk, "p-2", Event.KIND_AUTHORIZED, 4999)
    assert (await look(intake, order_id))[2] == ["payment"]


async def test_news_that_come_before_their_order_are_applied_when_it_comes(intake, desk, running):
    assert (await say(desk, "p-3", Event.KIND_AUTHORIZED)).state == Event.STATE_WAITING
    order_id = await place(intake, "p-3")
    renewer = Renewer(
        running.parts.database, running.parts.outbox, payments.connect(running.parts), running.parts.clock
    )
    assert await renewer.go_on() == 1
    assert (await look(intake, order_id)) == ("STATE_AUTHORIZED", 0, [])
    found = (await desk.ListPaymentEvents(pay.ListPaymentEventsRequest(order_id=order_id))).events
    assert [one.state for one in found] == [Event.STATE_APPLIED]


async def test_refunds_add_up_and_more_than_was_captured_is_refused(intake, desk):
    order_id = await place(intake, "p-4", Payment.STATE_CAPTURED)
    await say(desk, "p-4", Event.KIND_REFUNDED, 2000, event_id="r-1")
    assert (await look(intake, order_id))[:2] == ("STATE_PARTLY_REFUNDED", 2000)
    refused = await say(desk, "p-4", Event.KIND_REFUNDED, 3001, event_id="r-2")
    assert refused.state == Event.STATE_REFUSED
    assert "3000" in refused.message
    await say(desk, "p-4", Event.KIND_REFUNDED, 3000, event_id="r-3")
    assert (await look(intake, order_id))[:2] == ("STATE_REFUNDED", 5000)


async def test_money_that_is_set_aside_no_longer_holds_the_order_and_renewed_money_does_not(
    monkeypatch, service, clock, bank
):
    monkeypatch.setenv("OMS_PAYMENT_URL", f"http://{bank.address}")
    started = await service("intake", clock=clock)
    async with Channels(Settings()) as channels:
        from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub

        intake: Any = channels.connect(IntakeServiceStub, started.address)
        until = stamp(clock.now() + timedelta(days=1))
        lasting = await place(intake, "lasting", AUTHORIZED, expire_time=until)
        fleeting = await place(intake, "fleeting", AUTHORIZED, expire_time=until)
        renewer = Renewer(started.parts.database, started.parts.outbox, payments.connect(started.parts), clock)
        assert await renewer.go_on() == 0
        clock.advance(timedelta(hours=13))
        assert await renewer.go_on() == 2
        assert (await look(intake, fleeting)) == ("STATE_AUTHORIZED", 0, [])
        clock.advance(timedelta(hours=12))
        await renewer.go_on()
        assert (await look(intake, lasting)) == ("STATE_AUTHORIZED", 0, [])
        state, _, held = await look(intake, fleeting)
        assert (state, len(held)) == ("STATE_AUTHORIZATION_EXPIRED", 1)
        assert await renewer.go_on() == 0


async def money(running: Any, *order_ids: str) -> list[tuple[str, int, int, int, int]]:
    """Return (state, authorized, captured, voided, refunded) of each order."""
    columns = "state, authorized_minor, captured_minor, voided_minor, refunded_minor"
    statement = text(f"SELECT {columns} FROM intake.payments WHERE order_id = :order_id")
    async with running.parts.database.connect() as conn:
        return [tuple((await conn.execute(statement, {"order_id": one})).one()) for one in order_ids]


async def test_orders_that_share_an_authorization_have_each_their_part_and_no_cent_twice(intake, desk, running):
    both = sorted([await place(intake, "g-1"), await place(intake, "g-1")])
    await say(desk, "g-1", Event.KIND_AUTHORIZED, 7000)
    assert [await look(intake, one) for one in both] == [
        ("STATE_AUTHORIZED", 0, []),
        ("STATE_AUTHORIZED", 0, ["payment"]),
    ]
    await say(desk, "g-1", Event.KIND_AUTHORIZED, 10000, event_id="more")
    assert await money(running, *both) == [("AUTHORIZED", 5000, 0, 0, 0)] * 2
    assert (await say(desk, "g-1", Event.KIND_CAPTURED, 10001)).state == Event.STATE_REFUSED
    assert (await say(desk, "g-1", Event.KIND_CAPTURED, 6000, event_id="some")).state == Event.STATE_APPLIED
    assert await money(running, *both) == [("CAPTURED", 5000, 5000, 0, 0), ("PARTLY_CAPTURED", 5000, 1000, 0, 0)]
    await say(desk, "g-1", Event.KIND_VOIDED, 4000)
    await say(desk, "g-1", Event.KIND_REFUNDED, 6000)
    assert await money(running, *both) == [("REFUNDED", 5000, 5000, 0, 5000), ("REFUNDED", 5000, 1000, 4000, 1000)]


async def test_what_is_told_in_the_wrong_order_counts_when_the_rest_is_told(intake, desk, running):
    order_id = await place(intake, "late")
    for kind in (Event.KIND_REFUNDED, Event.KIND_CAPTURED):
        assert (await say(desk, "late", kind, 4000)).state == Event.STATE_REFUSED
    await say(desk, "late", Event.KIND_AUTHORIZED)
    assert await money(running, order_id) == [("PARTLY_CAPTURED", 5000, 4000, 0, 4000)]
    found = (await desk.ListPaymentEvents(pay.ListPaymentEventsRequest(order_id=order_id))).events
    assert {one.state for one in found} == {Event.STATE_APPLIED}


async def test_an_authorization_lets_go_of_no_hold_that_people_must_agree_to(intake, desk, running):
    await say(desk, "agreed", Event.KIND_AUTHORIZED)
    sent = draft(line(cents=5000), payment=PENDING)
    sent.payment.reference = "agreed"
    sent.holds.append(HoldSpec(handle="boss", type=HoldType.HOLD_TYPE_AWAITING_PAYMENT, approvals=["boss"]))
    order_id = (await intake.SubmitOrder(submit(sent))).order.order_id
    parts = running.parts
    assert await Renewer(parts.database, parts.outbox, payments.connect(parts), parts.clock).go_on() == 1
    assert await look(intake, order_id) == ("STATE_AUTHORIZED", 0, ["boss"])


async def test_money_that_expires_again_holds_the_order_again_whatever_the_events_are_called(intake, desk):
    order_id = await place(intake, "again", AUTHORIZED)
    for number in (1, 2):
        await say(desk, "again", Event.KIND_EXPIRED, event_id="e" * 150 + str(number))
        assert len((await look(intake, order_id))[2]) == 1
        await say(desk, "again", Event.KIND_AUTHORIZED, event_id=f"renewed-{number}")
        assert (await look(intake, order_id))[2] == []


async def test_what_is_given_back_while_a_capture_is_under_way_leaves_room_for_it(intake, desk, running):
    order_id = await place(intake, "v-1", AUTHORIZED)
    order = (await intake.GetOrder(GetOrderRequest(order_id=order_id))).order
    parts = running.parts

    class Voiding:
        """A payment service that says that the rest was given back before it answers."""

        async def capture(self, **_asked: Any) -> bool:
            await say(desk, "v-1", Event.KIND_VOIDED)
            return True

    till: Any = Till(database=parts.database, outbox=parts.outbox, payments=Voiding(), clock=parts.clock)
    state, _ = await till.capture(order_id, "shp_1", {order.lines[0].line_id: 1}, actor="a", key="k")
    assert state == "CAPTURED"
    assert await money(running, order_id) == [("CAPTURED", 5000, 5000, 0, 0)]


async def test_a_sale_that_nobody_authorized_before_pays_the_order(intake, desk):
    order_id = await place(intake, "p-9")
    assert (await say(desk, "p-9", Event.KIND_CAPTURED, 4999, event_id="c-1")).state == Event.STATE_REFUSED
    assert (await look(intake, order_id))[2] == ["payment"]
    await say(desk, "p-9", Event.KIND_CAPTURED, 5000, event_id="c-2")
    assert (await look(intake, order_id)) == ("STATE_CAPTURED", 0, [])

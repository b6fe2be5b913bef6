import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import ports, processes
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_draft_pb2 import PaymentDraft
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import Payment
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import FailedPrecondition, InvalidArgument, Unavailable
from tests.service.intake.drafts import AUTHORIZED, CAPTURED, PENDING, draft, line, submit, usd

Outcome = rpc.CapturePaymentResponse


@dataclass
class PaymentService:
    """The sandbox, as a process that can be stopped and started."""

    folder: Path
    address: str
    process: Any = None

    def start(self) -> None:
        log = self.folder / "payment.log"
        self.process = processes.launch(
            [sys.executable, "-m", "deploy.local.sandbox.payment"],
            log=log,
            environment={"OMS_LISTEN": self.address, "OMS_STATE": str(self.folder / "payment.sqlite")},
        )
        processes.await_ready("payment", self.process, self._ready, log=log, seconds=30)

    def account(self, reference: str) -> Any:
        return httpx.get(f"http://{self.address}/ledger/{reference}").json()

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://{self.address}/healthz").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaymentService]:
    service = PaymentService(tmp_path_factory.mktemp("payment"), f"127.0.0.1:{ports.free(1)[0]}")
    service.start()
    yield service
    service.process.stop()


@pytest.fixture
async def intake(bank: Any, service: Any, clock: Any, monkeypatch: Any) -> Any:
    monkeypatch.setenv("OMS_PAYMENT_URL", f"http://{bank.address}")
    running = await service("intake", clock=clock)
    async with Channels(Settings()) as channels:
        yield channels.connect(IntakeServiceStub, running.address)


async def paid(intake: Any, *lines: Any, reference: Any = "", state: Any = AUTHORIZED, **fields: Any) -> Any:
    payment = PaymentDraft(state=state, reference=reference)
    sent = draft(*lines, **fields)
    sent.payment.CopyFrom(payment)
    return (await intake.SubmitOrder(submit(sent))).order


def capture(order: Any, shipment: Any, *quantities: Any, key: Any = "") -> Any:
    lines = [
        LineQuantity(line_id=one.line_id, quantity=quantity)
        for one, quantity in zip(order.lines, quantities, strict=True)
        if quantity
    ]
    return rpc.CapturePaymentRequest(
        request_id=key or f"capture/{shipment}", order_id=order.order_id, shipment_id=shipment, lines=lines
    )


async def move_all(intake: Any, order: Any, *rooms: Any) -> Any:
    for old, new in pairwise(rooms):
        moves = [
            units.Move(line_id=one.line_id, from_room=old, to_room=new, quantity=one.quantity) for one in order.lines
        ]
        request_id = f"{order.order_id}/{old}/{new}"
        await intake.RecordMoves(rpc.RecordMovesRequest(request_id=request_id, order_id=order.order_id, moves=moves))


async def payment_of(intake: Any, order: Any) -> Any:
    return (await intake.GetOrder(rpc.GetOrderRequest(order_id=order.order_id))).order.payment


async def test_shipments_take_exactly_what_the_customer_saw(intake, bank):
    # 10.00 for three units does not divide; an order discount of 1.01 belongs to no line.
    order = await paid(
        intake,
        line("A", 3, 333),
        line("B", 1, 2000),
        reference="exact",
        shipping_amount=usd(499),
        shipping_tax_amount=usd(40),
        total_amount=usd(999 + 2000 + 499 + 40 - 101),
    )
    first = await intake.CapturePayment(capture(order, "shp_1", 1, 0))
    assert first.outcome == Outcome.OUTCOME_CAPTURED
    assert await intake.CapturePayment(capture(order, "shp_1", 1, 0)) == first
    assert (await payment_of(intake, order)).state == Payment.STATE_PARTLY_CAPTURED
    second = await intake.CapturePayment(capture(order, "shp_2", 2, 1))
    assert cents(first.amount) + cents(second.amount) == cents(order.total_amount) == 3437
    payment = await payment_of(intake, order)
    assert (payment.state, payment.captured_amount) == (Payment.STATE_CAPTURED, order.total_amount)
    assert bank.account("exact")["captured_minor"] == 3437
    # A reshipment of what was lost owes nothing again.
    again = await intake.CapturePayment(capture(order, "shp_3", 1, 0))
    assert again.outcome == Outcome.OUTCOME_NOTHING_DUE
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events].count(OrderEvent.TYPE_PAYMENT_CAPTURED) == 2


@pytest.mark.parametrize("state", [CAPTURED, PENDING, Payment.STATE_ON_TERMS])
async def test_nothing_is_captured_where_nothing_is_set_aside(intake, state):
    order = await paid(intake, line(), state=state)
    answer = await intake.CapturePayment(capture(order, "shp_1", 1))
    assert (answer.outcome, cents(answer.amount)) == (Outcome.OUTCOME_NOTHING_DUE, 0)


async def test_a_decline_is_an_answer_and_stays_visible(intake):
    order = await paid(intake, line(), reference="decline-1")
    for key in ("a", "a", "b"):
        answer = await intake.CapturePayment(capture(order, "shp_1", 1, key=key))
        assert answer.outcome == Outcome.OUTCOME_DECLINED
    assert (await payment_of(intake, order)).state == Payment.STATE_CAPTURE_DECLINED
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events][1:] == [OrderEvent.TYPE_PAYMENT_DECLINED]


async def test_two_shipments_under_one_request_id_are_two_captures(intake: Any) -> None:
    order = await paid(intake, line("A", 2), reference="two")
    for shipment in ("shp_1", "shp_2"):
        answer = await intake.CapturePayment(capture(order, shipment, 1, key="one"))
        assert (answer.outcome, cents(answer.amount)) == (Outcome.OUTCOME_CAPTURED, 1000)


async def test_units_of_a_line_that_the_order_does_not_have_are_refused(intake):
    order = await paid(intake, line())
    order.lines[0].line_id = "lin_x"
    with pytest.raises(InvalidArgument) as refused:
        await intake.CapturePayment(capture(order, "shp_1", 1))
    assert refused.value.reason == "UNKNOWN_LINE"


async def test_money_is_taken_once_however_often_the_payment_service_was_away(intake, bank):
    order = await paid(intake, line("A", 2), reference="away")
    bank.process.stop()
    try:
        with pytest.raises(Unavailable) as refused:
            await intake.CapturePayment(capture(order, "shp_1", 1))
        assert refused.value.reason == "PAYMENT_UNAVAILABLE"
        await move_all(intake, order, units.ROOM_OPEN, units.ROOM_CANCELLED)
        with pytest.raises(Unavailable) as waiting:
            await intake.VoidPayment(rpc.VoidPaymentRequest(request_id="void", order_id=order.order_id))
        assert waiting.value.reason == "CAPTURE_UNDER_WAY"
    finally:
        bank.start()
    assert (await intake.CapturePayment(capture(order, "shp_1", 1))).outcome == Outcome.OUTCOME_CAPTURED
    assert bank.account("away")["captured_minor"] == 1000


async def test_what_will_never_be_captured_is_given_back_once(intake, bank):
    order = await paid(intake, line("A", 2), reference="back")
    request = rpc.VoidPaymentRequest(request_id="void", order_id=order.order_id)
    with pytest.raises(FailedPrecondition) as refused:
        await intake.VoidPayment(request)
    assert refused.value.reason == "UNITS_LEFT"
    await intake.CapturePayment(capture(order, "shp_1", 1))
    await move_all(intake, order, units.ROOM_OPEN, units.ROOM_CANCELLED)
    first = await intake.VoidPayment(request)
    assert await intake.VoidPayment(request) == first
    assert (cents(first.payment.authorized_amount), cents(first.payment.captured_amount)) == (1000, 1000)
    assert bank.account("back")["voided_minor"] == 1000


async def test_a_cancelled_order_gives_everything_back(intake):
    order = await paid(intake, line("A", 2), reference="all")
    await move_all(intake, order, units.ROOM_OPEN, units.ROOM_CANCELLED)
    answer = await intake.VoidPayment(rpc.VoidPaymentRequest(request_id="void", order_id=order.order_id))
    assert (answer.payment.state, cents(answer.payment.authorized_amount)) == (Payment.STATE_VOIDED, 0)


def cents(money: Any) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)

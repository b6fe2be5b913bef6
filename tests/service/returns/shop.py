"""A customer's and an operator's life in few words: buy, deliver, send back, pay back."""

import itertools
from typing import Any

import asyncpg
from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import intake_service_pb2 as intake_rpc
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Order, Payment
from oms.intake.v1.units_pb2 import Move, Room
from oms.returns.v1 import returns_service_pb2 as rpc
from oms.returns.v1.return_pb2 import Disposition, Reimbursement, Return
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from services.chassis.client import Channels
from services.kernel import ids
from services.kernel.clock import SystemClock, milliseconds

RESTOCK = Disposition.DISPOSITION_RESTOCK
SCRAP = Disposition.DISPOSITION_SCRAP
INSPECT_AGAIN = Disposition.DISPOSITION_INSPECT_AGAIN
RETURN = Reimbursement.CAUSE_RETURN
CANCELLATION = Reimbursement.CAUSE_CANCELLATION
LOSS = Reimbursement.CAUSE_LOSS

_PATHS = {
    "shipped": ("reserved", "released", "shipped"),
    "delivered": ("reserved", "released", "shipped", "delivered"),
    "lost": ("reserved", "released", "shipped", "lost"),
    "cancelled": ("cancelled",),
}

# Every count that is kept, and the same counted again from the records.
_DISCREPANCIES = """
WITH claims AS (
    SELECT order_id, line_id, sum(CASE
        WHEN "authorization" IN ('DECLINED', 'CANCELLED') THEN 0 WHEN closed THEN received ELSE quantity END) AS claimed
    FROM returns.returns JOIN returns.return_lines USING (return_id) GROUP BY order_id, line_id
), paid AS (
    SELECT r.order_id, l.line_id, sum(l.settled) AS settled, sum(l.share_minor) AS minor
    FROM returns.reimbursements r JOIN returns.reimbursement_lines l USING (reimbursement_id)
    WHERE r.state <> 'REFUSED' GROUP BY r.order_id, l.line_id
), money AS (
    SELECT order_id, sum(amount_minor) AS minor FROM returns.reimbursements WHERE state <> 'REFUSED' GROUP BY order_id
)
SELECT b.order_id, b.line_id, b.claimed, c.claimed, b.settled, p.settled
FROM returns.balance_lines b LEFT JOIN claims c USING (order_id, line_id) LEFT JOIN paid p USING (order_id, line_id)
WHERE b.claimed <> coalesce(c.claimed, 0) OR b.settled <> coalesce(p.settled, 0)
    OR b.settled_minor <> coalesce(p.minor, 0)
UNION ALL
SELECT b.order_id, 'money', b.reimbursed_minor, m.minor, 0, 0
FROM returns.balances b LEFT JOIN money m USING (order_id) WHERE b.reimbursed_minor <> coalesce(m.minor, 0)
"""


class Shop:
    """The services over their sockets."""

    def __init__(self, *, intake: str, returns: str, channels: Channels, database_url: str) -> None:
        self.intake: Any = channels.connect(IntakeServiceStub, intake)
        self.stub: Any = channels.connect(ReturnsServiceStub, returns)
        self.intake_address, self.returns_address = intake, returns
        self._database_url = database_url
        self._number = itertools.count()

    def key(self) -> str:
        return f"key-{next(self._number)}"

    async def buy(
        self,
        *lines: tuple[int, int],
        shipping: int = 0,
        paid: int = Payment.STATE_CAPTURED,
        total: int | None = None,
        reference: str = "",
    ) -> Order:
        """Submit an order of lines (quantity, cents of one); a reference that nobody else has, unless named."""
        external_id = ids.new("ext", milliseconds(SystemClock().now()))
        whole = sum(quantity * cents for quantity, cents in lines) + shipping if total is None else total
        draft = OrderDraft(
            channel="shopify-us",
            external_id=external_id,
            order_number="#1001",
            currency_code="USD",
            ship_to=Address(
                name="Robin Example", lines=["1 Main St"], city="Troy", postal_code="12180", country_code="US"
            ),
            lines=[
                DraftLine(sku=f"SKU-{number}", quantity=quantity, unit_price=usd(cents))
                for number, (quantity, cents) in enumerate(lines, start=1)
            ],
            shipping_amount=usd(shipping),
            total_amount=usd(whole),
            payment=PaymentDraft(state=paid, reference=reference or external_id),  # type: ignore[arg-type]
        )
        request = intake_rpc.SubmitOrderRequest(request_id=self.key(), draft=draft)
        answer: intake_rpc.SubmitOrderResponse = await self.intake.SubmitOrder(request)
        return answer.order

    async def bring(self, order: Order, to: str, *units: int) -> None:
        """Move this many units of each line from where they were ordered to a room; all of them where none are said."""
        path = ("open", *_PATHS[to])
        for source, target in itertools.pairwise(path):
            await self.move(order, source, target, *(units or [line.quantity for line in order.lines]))

    async def move(self, order: Order, source: str, target: str, *units: int) -> None:
        moves = [
            Move(
                line_id=line.line_id,
                from_room=Room.Value(f"ROOM_{source.upper()}"),
                to_room=Room.Value(f"ROOM_{target.upper()}"),
                quantity=quantity,
            )
            for line, quantity in zip(order.lines, units, strict=False)
            if quantity
        ]
        request = intake_rpc.RecordMovesRequest(request_id=self.key(), order_id=order.order_id, moves=moves)
        await self.intake.RecordMoves(request)

    async def capture(self, order: Order, *units: int) -> None:
        lines = [
            LineQuantity(line_id=line.line_id, quantity=quantity)
            for line, quantity in zip(order.lines, units, strict=False)
            if quantity
        ]
        key = self.key()
        await self.intake.CapturePayment(
            intake_rpc.CapturePaymentRequest(
                request_id=key, order_id=order.order_id, shipment_id=f"shp_{key}", lines=lines
            )
        )

    async def ask_back(self, order: Order, *units: int, key: str = "", reason: str = "too small") -> Return:
        lines = [
            rpc.ReturnLineSpec(line_id=line.line_id, quantity=quantity, reason=reason)
            for line, quantity in zip(order.lines, units, strict=False)
            if quantity
        ]
        request = rpc.RequestReturnRequest(request_id=key or self.key(), order_id=order.order_id, lines=lines)
        answer: rpc.RequestReturnResponse = await self.stub.RequestReturn(request)
        return answer.return_record

    async def delivered_and_asked_back(self, *units: int) -> Return:
        """Return a return of an order whose lines have these units, all delivered and all asked back."""
        order = await self.buy(*((quantity, 1000) for quantity in units))
        await self.bring(order, "delivered")
        return await self.ask_back(order, *units)

    async def decide(self, record: Return, decision: str) -> Return:
        """Authorize, Decline or Cancel."""
        request = getattr(rpc, f"{decision}ReturnRequest")
        said = request(request_id=self.key(), return_id=record.return_id, reason=decision)
        decided: Return = (await getattr(self.stub, f"{decision}Return")(said)).return_record
        return decided

    async def receive(self, record: Return, *units: int, key: str = "") -> Return:
        request = rpc.RecordReceiptRequest(
            request_id=key or self.key(), return_id=record.return_id, lines=received(record, *units)
        )
        answer: rpc.RecordReceiptResponse = await self.stub.RecordReceipt(request)
        return answer.return_record

    async def inspect(self, record: Return, disposition: int, *units: int, key: str = "") -> Return:
        lines = [
            rpc.InspectedLine(line_id=line.line_id, quantity=line.quantity, disposition=disposition)  # type: ignore[arg-type]
            for line in received(record, *units)
        ]
        request = rpc.RecordInspectionRequest(request_id=key or self.key(), return_id=record.return_id, lines=lines)
        answer: rpc.RecordInspectionResponse = await self.stub.RecordInspection(request)
        return answer.return_record

    async def close(self, record: Return) -> Return:
        request = rpc.CloseReturnRequest(request_id=self.key(), return_id=record.return_id)
        answer: rpc.CloseReturnResponse = await self.stub.CloseReturn(request)
        return answer.return_record

    async def order_of(self, record: Return) -> Order:
        answer: intake_rpc.GetOrderResponse = await self.intake.GetOrder(
            intake_rpc.GetOrderRequest(order_id=record.order_id)
        )
        return answer.order

    async def get(self, record: Return) -> Return:
        answer: rpc.GetReturnResponse = await self.stub.GetReturn(rpc.GetReturnRequest(return_id=record.return_id))
        return answer.return_record

    async def reimburse(
        self, order: Order, cause: int, *units: int, return_id: str = "", key: str = ""
    ) -> Reimbursement:
        request = rpc.IssueReimbursementRequest(
            request_id=key or self.key(),
            order_id=order.order_id,
            return_id=return_id,
            cause=cause,  # type: ignore[arg-type]
            lines=received(order, *units),
        )
        answer: rpc.IssueReimbursementResponse = await self.stub.IssueReimbursement(request)
        return answer.reimbursement

    async def outbox(self, *, workflow_id: str) -> list[Any]:
        """Return what is owed to this process, in order."""
        connection = await asyncpg.connect(self._database_url)
        try:
            rows: list[Any] = await connection.fetch(
                "SELECT event_id, type, attributes::text, message FROM returns.outbox_events"
                " WHERE key = $1 ORDER BY sequence",
                workflow_id,
            )
            return rows
        finally:
            await connection.close()

    async def discrepancies(self) -> list[Any]:
        """Return every count that does not agree with the records it counts."""
        connection = await asyncpg.connect(self._database_url)
        try:
            rows: list[Any] = await connection.fetch(_DISCREPANCIES)
            return rows
        finally:
            await connection.close()


def received(what: Any, *units: int) -> list[rpc.ReceivedLine]:
    return [
        rpc.ReceivedLine(line_id=line.line_id, quantity=quantity)
        for line, quantity in zip(what.lines, units, strict=False)
        if quantity
    ]


def usd(cents: int) -> Money:
    return Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10_000_000)


def cents(money: Money) -> int:
    whole: int = money.units * 100 + money.nanos // 10_000_000
    return whole

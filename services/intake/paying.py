"""Taking and giving back money: the intent is written, then the payment service is asked, then its answer is written.

A crash in between leaves an intent, and the same request again asks the payment service with the same key, which takes
the money once. No transaction is open while somebody else is being asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.database import Connection, Database
from services.chassis.outbox import Outbox
from services.intake import store, store_payments
from services.intake.domain.charges import charge, voidable
from services.intake.domain.draft import PaymentState
from services.intake.domain.events import EventType, Fact
from services.intake.domain.order import Order
from services.intake.domain.payment_events import settled
from services.intake.payments import PaymentPort
from services.intake.recording import record
from services.intake.store_payments import CAPTURED, DECLINED, INTENDED, NOTHING_DUE, Capture
from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from services.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """Captures and voids, each once per key."""

    database: Database
    outbox: Outbox
    payments: PaymentPort
    clock: Clock

    async def capture(
        self, order_id: str, shipment_id: str, shipped: Mapping[str, int], *, actor: str, key: str
    ) -> tuple[str, Money]:
        """Take what the shipped units are due; return CAPTURED, NOTHING_DUE or DECLINED, and how much it is about.

        Raises:
            NotFound, InvalidArgument (UNKNOWN_LINE), Unavailable (PAYMENT_UNAVAILABLE).
        """
        async with self.database.begin() as conn:
            order, capture = await _intend(conn, order_id, shipment_id, shipped, now=self.clock.now(), key=key)
        money = Money(capture.amount, order.currency_code)
        if capture.state != INTENDED:
            return capture.state, money
        # The key of the intent, not of this request: another request for the same shipment is the same capture.
        captured = await self.payments.capture(
            reference=order.payment.reference or order_id,
            amount=money,
            authorized=Money(order.payment.authorized + order.payment.shared, order.currency_code),
            key=f"{order_id}/{shipment_id}/capture",
        )
        async with self.database.begin() as conn:
            return await self._resolve(conn, order_id, capture, money, captured=captured, actor=actor), money

    async def void(self, order_id: str, *, actor: str, key: str) -> Order:
        """Give back what will never be captured, and return the order.

        Raises:
            NotFound, FailedPrecondition (UNITS_LEFT), Unavailable (PAYMENT_UNAVAILABLE, CAPTURE_UNDER_WAY).
        """
        async with self.database.begin() as conn:
            await store.lock_order(conn, order_id)
            order = await store.get_order(conn, order_id)
            amount = voidable(order)
            if amount == 0:
                return order
            await _check_nothing_under_way(conn, order_id)
        # A refusal means that nothing was set aside any more: it comes to the same.
        given_back = await self.payments.void(
            reference=order.payment.reference or order_id,
            amount=Money(amount, order.currency_code),
            authorized=Money(order.payment.authorized + order.payment.shared, order.currency_code),
            key=f"{order_id}/void",
        )
        async with self.database.begin() as conn:
            return await self._write_void(conn, order_id, given_back=given_back, actor=actor, key=key)

    async def _resolve(
        self, conn: Connection, order_id: str, capture: Capture, money: Money, *, captured: bool, actor: str
    ) -> str:
        now = self.clock.now()
        await store.lock_order(conn, order_id)
        state = CAPTURED if captured else DECLINED
        if not await store_payments.resolve_capture(conn, order_id, capture.shipment_id, captured=captured, now=now):
            return state
        payment = (await store.get_order(conn, order_id)).payment
        if captured:
            after = settled(replace(payment, captured=payment.captured + money.minor)).state
            # A decline stays visible until somebody has looked.
            kept = PaymentState.CAPTURE_DECLINED if payment.state == PaymentState.CAPTURE_DECLINED else after
            await store_payments.write_captured(conn, order_id, money.minor, kept)
        else:
            await store_payments.write_state(conn, order_id, PaymentState.CAPTURE_DECLINED)
        fact = Fact(
            type=EventType.PAYMENT_CAPTURED if captured else EventType.PAYMENT_DECLINED,
            key=f"{capture.shipment_id}/capture",
            actor=actor,
            reason=f"{money} for {capture.shipment_id}",
            references={"shipment_id": capture.shipment_id, "amount": str(money)},
        )
        await record(conn, self.outbox, order_id, [fact], now)
        return state

    async def _write_void(self, conn: Connection, order_id: str, *, given_back: bool, actor: str, key: str) -> Order:
        await store.lock_order(conn, order_id)
        order = await store.get_order(conn, order_id)
        amount = voidable(order)
        if amount == 0:
            return order
        state = settled(replace(order.payment, voided=order.payment.voided + amount)).state
        declined = order.payment.state == PaymentState.CAPTURE_DECLINED
        await store_payments.write_voided(conn, order_id, amount, PaymentState.CAPTURE_DECLINED if declined else state)
        money = Money(amount, order.currency_code)
        reason = f"{money} given back" if given_back else f"{money} was not set aside any more"
        fact = Fact(
            type=EventType.PAYMENT_VOIDED, key=key, actor=actor, reason=reason, references={"amount": str(money)}
        )
        await record(conn, self.outbox, order_id, [fact], self.clock.now())
        return await store.get_order(conn, order_id)


async def _intend(
    conn: Connection, order_id: str, shipment_id: str, shipped: Mapping[str, int], *, now: datetime, key: str
) -> tuple[Order, Capture]:
    await store.lock_order(conn, order_id)
    order = await store.get_order(conn, order_id)
    first, under_way = await store_payments.captures_before(conn, order_id)
    due = charge(order, shipped, first=first, promised=under_way)
    existing = await store_payments.find_capture(conn, order_id, shipment_id)
    if existing:
        return order, existing
    state = INTENDED if due.amount else NOTHING_DUE
    capture = Capture(shipment_id=shipment_id, request_id=key, state=state, amount=due.amount)
    await store_payments.insert_capture(conn, order_id, capture, due.units, now)
    if due.units:
        await store.add_captured(conn, due.units)
    return order, capture


async def _check_nothing_under_way(conn: Connection, order_id: str) -> None:
    _, under_way = await store_payments.captures_before(conn, order_id)
    if under_way:
        raise Unavailable(
            "a capture has been asked for and not been answered: ask again later",
            reason="CAPTURE_UNDER_WAY",
            order_id=order_id,
        )

"""What the payment service says becomes what is known of the order's money, and holds follow it.

Money that is there lets go of the holds that wait for it; money that is set aside no longer holds what no node has yet.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import holding, store, store_payment_events, store_payments
from services.intake.domain.draft import HoldSpec, HoldType, PaymentState
from services.intake.domain.events import EventType, Fact
from services.intake.domain.order import Order, Payment
from services.intake.domain.payment_events import (
    SHARED,
    Contradiction,
    PaymentEvent,
    PaymentEventState,
    PaymentKind,
    Share,
    applied,
    shared_out,
)
from services.intake.recording import record
from services.kernel.errors import AlreadyExists, FailedPrecondition
from services.kernel.money import Money

# Money that is there for an order.
_MONEY = frozenset({PaymentKind.AUTHORIZED, PaymentKind.CAPTURED})
_OURS = frozenset({PaymentKind.CAPTURED, PaymentKind.VOIDED})
_HANDLE_LIMIT = 100


async def take_note(
    conn: Connection, outbox: Outbox, event: PaymentEvent, *, now: datetime, actor: str
) -> PaymentEvent:
    """Keep what the payment service says and apply it; the same event_id again has no effect.

    Raises:
        AlreadyExists: EVENT_ID_REUSED.
    """
    known = await store_payment_events.insert_event(conn, event)
    if known is not None:
        if (known.reference, known.kind, known.amount) != (event.reference, event.kind, event.amount):
            raise AlreadyExists(
                f"the payment event {event.event_id} said something else before",
                reason="EVENT_ID_REUSED",
                event_id=event.event_id,
            )
        return known
    return await apply(conn, outbox, event, now=now, actor=actor)


async def apply(conn: Connection, outbox: Outbox, event: PaymentEvent, *, now: datetime, actor: str) -> PaymentEvent:
    """Apply a kept event to the orders that have its reference; it waits where none has.

    Orders that share an authorization have each their part. What was refused before is tried again where this event
    made room for it: a capture may be told before its authorization.
    """
    after = await _apply(conn, outbox, event, now=now, actor=actor)
    progress = after.state == PaymentEventState.APPLIED
    while progress:
        progress = False
        for refused in await store_payment_events.refused_events(conn, after.reference):
            again = await _apply(conn, outbox, refused, now=now, actor=actor)
            progress = progress or again.state == PaymentEventState.APPLIED
    return after


async def _apply(conn: Connection, outbox: Outbox, event: PaymentEvent, *, now: datetime, actor: str) -> PaymentEvent:
    # What we found out ourselves is about one order; a service speaks of all that have its reference.
    own = event.order_id and event.state != PaymentEventState.REFUSED
    chosen = [event.order_id] if own else await store_payment_events.orders_with(conn, event.reference)
    for order_id in chosen:
        await store.lock_order(conn, order_id)
    orders = [await store.get_order(conn, order_id) for order_id in chosen]
    after = replace(event, state=PaymentEventState.WAITING)
    if orders:
        after = replace(event, order_id=orders[0].order_id, state=PaymentEventState.APPLIED, message="")
        try:
            done = await _apply_to(conn, outbox, event, orders, now=now, actor=actor)
            after = replace(after, order_id=done[0]) if done else replace(after, message="we did it ourselves")
        except Contradiction as contradiction:
            after = replace(after, state=PaymentEventState.REFUSED, message=str(contradiction))
    await store_payment_events.write_event(conn, after)
    return after


async def _apply_to(
    conn: Connection, outbox: Outbox, event: PaymentEvent, orders: Sequence[Order], *, now: datetime, actor: str
) -> list[str]:
    """Apply the event, all of it or nothing, and return the orders that it is about; none where it was our doing."""
    for order in orders:
        if event.kind in _OURS and event.key.startswith(f"{order.order_id}/"):
            return []
        if event.amount.currency_code != order.currency_code:
            raise Contradiction(f"the order is in {order.currency_code}, not in {event.amount.currency_code}")
        if event.kind in _MONEY and order.resting and order.payment.state == PaymentState.PENDING:
            raise Contradiction("the order is over: give the money back")
    shares = [await _share(conn, order) for order in orders]
    parts = shared_out(event.kind, event.amount.minor, shares)
    about = []
    for order, share, part in zip(orders, shares, parts, strict=True):
        if part or event.kind not in SHARED:
            its = replace(event, amount=Money(part, order.currency_code))
            about.append(
                (order, share, its, applied(order.payment, its, promised=share.promised, offered=share.offered))
            )
    for order, share, its, payment in about:
        if payment != order.payment or event.kind == PaymentKind.DECLINED:
            await _write(conn, outbox, order, its, payment, now=now, actor=actor)
            await _hold_or_let_go(conn, outbox, order, its, payment.state, offered=share.offered, now=now, actor=actor)
    return [order.order_id for order, *_ in about] or [orders[0].order_id]


async def _share(conn: Connection, order: Order) -> Share:
    _, promised = await store_payments.captures_before(conn, order.order_id)
    offered = await store_payment_events.offered(conn, order.order_id)
    return Share(payment=order.payment, offered=offered, promised=promised)


async def _write(
    conn: Connection,
    outbox: Outbox,
    order: Order,
    event: PaymentEvent,
    payment: Payment,
    *,
    now: datetime,
    actor: str,
) -> None:
    await store_payment_events.write_payment(conn, order.order_id, payment)
    fact = Fact(
        type=EventType.PAYMENT_CHANGED,
        key=event.event_id,
        actor=actor,
        reason=f"{event.kind.lower()}: {event.amount}",
        references={"kind": event.kind.value, "amount": str(event.amount), "state": payment.state.value},
    )
    await record(conn, outbox, order.order_id, [fact], now)


async def _hold_or_let_go(
    conn: Connection,
    outbox: Outbox,
    order: Order,
    event: PaymentEvent,
    state: PaymentState,
    *,
    offered: int,
    now: datetime,
    actor: str,
) -> None:
    there = event.kind == PaymentKind.AUTHORIZED or (event.kind, state) == (PaymentKind.CAPTURED, PaymentState.CAPTURED)
    if there and event.amount.minor >= offered:
        for hold in order.open_holds:
            # Where people must agree, or something else comes first, they let go of it.
            asks = hold.approvals or any(one.handle in hold.after for one in order.open_holds)
            if hold.type == HoldType.AWAITING_PAYMENT and not hold.line_id and not asks:
                await holding.resolve_hold(
                    conn,
                    outbox,
                    order.order_id,
                    hold.handle,
                    rejected=False,
                    reason=f"{event.amount} is {event.kind.lower()}",
                    now=now,
                    actor=actor,
                    key=f"{event.event_id}/{hold.handle}",
                )
    if state == PaymentState.AUTHORIZATION_EXPIRED:
        spec = HoldSpec(
            handle=_handle(event.event_id),
            type=HoldType.AWAITING_PAYMENT,
            note="the money is not set aside any more",
        )
        try:
            await holding.place_hold(
                conn, outbox, order.order_id, spec, now=now, actor=actor, key=f"{event.event_id}/hold"
            )
        except FailedPrecondition as error:
            if error.reason != "NOTHING_TO_HOLD":
                raise


def _handle(event_id: str) -> str:
    """Return a handle of the event alone: one that was released before would hold nothing."""
    whole = f"authorization/{event_id}"
    return whole if len(whole) <= _HANDLE_LIMIT else f"authorization/{hashlib.sha256(event_id.encode()).hexdigest()}"

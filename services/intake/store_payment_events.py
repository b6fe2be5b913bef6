"""Every SQL statement about what the payment service says, and about money that is set aside until a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.draft import PaymentState
from services.intake.domain.order import Payment
from services.intake.domain.payment_events import PaymentEvent, PaymentEventState, PaymentKind
from services.intake.tables import payments
from services.intake.tables_payments import payment_events
from services.kernel.money import Money

_SET_ASIDE = (PaymentState.AUTHORIZED, PaymentState.PARTLY_CAPTURED, PaymentState.CAPTURE_DECLINED)
_OUTSTANDING = payments.c.authorized_minor - payments.c.captured_minor - payments.c.voided_minor
_MOST_REFUSED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Money of an order that will not be set aside for long any more."""

    order_id: str
    expire_time: datetime


async def insert_event(conn: AsyncConnection, event: PaymentEvent) -> PaymentEvent | None:
    """Keep the event; return the one that has its id already, None where it is new."""
    written = await conn.execute(
        insert(payment_events).values(_row(event)).on_conflict_do_nothing().returning(payment_events.c.event_id)
    )
    if written.scalar_one_or_none() is not None:
        return None
    known = select(payment_events).where(payment_events.c.event_id == event.event_id)
    return _event((await conn.execute(known)).mappings().one())


async def write_event(conn: AsyncConnection, event: PaymentEvent) -> None:
    """Write what became of the event."""
    await conn.execute(
        update(payment_events)
        .where(payment_events.c.event_id == event.event_id)
        .values(order_id=event.order_id or None, state=event.state, message=event.message)
    )


async def waiting_events(conn: AsyncConnection, size: int) -> list[str]:
    """Return the ids of events whose order has come since, oldest first."""
    statement = (
        select(payment_events.c.event_id)
        .where(
            payment_events.c.state == PaymentEventState.WAITING,
            select(literal(1)).where(payments.c.reference == payment_events.c.reference).exists(),
        )
        .order_by(payment_events.c.create_time, payment_events.c.event_id)
        .limit(size)
    )
    return list((await conn.execute(statement)).scalars())


async def lock_waiting(conn: AsyncConnection, event_id: str) -> PaymentEvent | None:
    """Return the event, locked; None where another replica is at it, or was."""
    statement = (
        select(payment_events)
        .where(payment_events.c.event_id == event_id, payment_events.c.state == PaymentEventState.WAITING)
        .with_for_update(skip_locked=True)
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _event(row) if row else None


async def refused_events(conn: AsyncConnection, reference: str) -> list[PaymentEvent]:
    """Return events that could not be when they came, oldest first."""
    statement = (
        select(payment_events)
        .where(
            payment_events.c.order_id.in_(select(payments.c.order_id).where(payments.c.reference == reference)),
            payment_events.c.reference == reference,
            payment_events.c.state == PaymentEventState.REFUSED,
        )
        .order_by(payment_events.c.create_time, payment_events.c.event_id)
        .limit(_MOST_REFUSED)
    )
    return [_event(row) for row in (await conn.execute(statement)).mappings()]


async def list_events(
    conn: AsyncConnection, *, order_id: str, state: str, older_than: tuple[datetime, str] | None, limit: int
) -> list[PaymentEvent]:
    """Return events, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if order_id:
        conditions.append(payment_events.c.order_id == order_id)
    if state:
        conditions.append(payment_events.c.state == state)
    if older_than:
        place = tuple_(payment_events.c.create_time, payment_events.c.event_id)
        conditions.append(place < tuple_(*map(literal, older_than)))
    statement = (
        select(payment_events)
        .where(*conditions)
        .order_by(payment_events.c.create_time.desc(), payment_events.c.event_id.desc())
        .limit(limit)
    )
    return [_event(row) for row in (await conn.execute(statement)).mappings()]


async def orders_with(conn: AsyncConnection, reference: str) -> Sequence[str]:
    """Return the orders that are paid under this reference, oldest first: several, where one was split."""
    statement = select(payments.c.order_id).where(payments.c.reference == reference).order_by(payments.c.order_id)
    return (await conn.execute(statement)).scalars().all()


async def offered(conn: AsyncConnection, order_id: str) -> int:
    """Return how much is to be authorized, in minor units."""
    statement = select(payments.c.offered_minor).where(payments.c.order_id == order_id)
    return int((await conn.execute(statement)).scalar_one())


async def write_payment(conn: AsyncConnection, order_id: str, payment: Payment) -> None:
    """Write where the money stands."""
    await conn.execute(
        update(payments)
        .where(payments.c.order_id == order_id)
        .values(
            state=payment.state,
            authorized_minor=payment.authorized,
            captured_minor=payment.captured,
            voided_minor=payment.voided,
            refunded_minor=payment.refunded,
            expire_time=payment.expire_time,
        )
    )


async def claim_expiring(
    conn: AsyncConnection, *, before: datetime, now: datetime, retry: timedelta, size: int
) -> list[Expiring]:
    """Return orders whose money is set aside until before this moment, and that nobody has asked about for a while."""
    due = (
        select(payments.c.order_id)
        .where(
            payments.c.expire_time <= before,
            payments.c.state.in_(_SET_ASIDE),
            # In the words of the index: what was taken or given back is not in it.
            literal_column("0") < _OUTSTANDING,
            or_(payments.c.renew_time.is_(None), payments.c.renew_time <= now - retry, payments.c.expire_time <= now),
        )
        .order_by(payments.c.expire_time)
        .limit(size)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(payments)
        .where(payments.c.order_id.in_(due))
        .values(renew_time=now)
        .returning(payments.c.order_id, payments.c.expire_time)
    )
    return [Expiring(order_id=row[0], expire_time=row[1]) for row in await conn.execute(statement)]


def _row(event: PaymentEvent) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "reference": event.reference,
        "order_id": event.order_id or None,
        "kind": event.kind,
        "amount_minor": event.amount.minor,
        "currency_code": event.amount.currency_code,
        "key": event.key,
        "expire_time": event.expire_time,
        "occur_time": event.occur_time,
        "state": event.state,
        "message": event.message,
        "create_time": event.create_time,
    }


def _event(row: Any) -> PaymentEvent:
    return PaymentEvent(
        event_id=row["event_id"],
        reference=row["reference"],
        order_id=row["order_id"] or "",
        kind=PaymentKind(row["kind"]),
        amount=Money(row["amount_minor"], row["currency_code"]),
        key=row["key"],
        expire_time=row["expire_time"],
        occur_time=row["occur_time"],
        state=PaymentEventState(row["state"]),
        message=row["message"],
        create_time=row["create_time"],
    )

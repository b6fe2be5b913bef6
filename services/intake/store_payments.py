"""Every SQL statement about money: what is authorized, what is captured, and what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.draft import PaymentState
from services.intake.tables import captures, payments

INTENDED, CAPTURED, DECLINED, NOTHING_DUE = "INTENDED", "CAPTURED", "DECLINED", "NOTHING_DUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Money taken, or to be taken, for one shipment."""

    shipment_id: str
    request_id: str
    state: str
    amount: int


async def authorize_offered(conn: AsyncConnection, order_id: str) -> None:
    """Note that what was offered is authorized now; nothing where the payment is not pending."""
    await conn.execute(
        update(payments)
        .where(payments.c.order_id == order_id, payments.c.state == PaymentState.PENDING)
        .values(state=PaymentState.AUTHORIZED, authorized_minor=payments.c.offered_minor)
    )


async def find_capture(conn: AsyncConnection, order_id: str, shipment_id: str) -> Capture | None:
    """Return the capture for this shipment."""
    statement = select(captures.c.request_id, captures.c.state, captures.c.amount_minor).where(
        captures.c.order_id == order_id, captures.c.shipment_id == shipment_id
    )
    row = (await conn.execute(statement)).one_or_none()
    return Capture(shipment_id=shipment_id, request_id=row[0], state=row[1], amount=row[2]) if row else None


async def captures_before(conn: AsyncConnection, order_id: str) -> tuple[bool, int]:
    """Tell whether no shipment has taken money yet, and how much is being taken just now."""
    under_way = func.coalesce(func.sum(captures.c.amount_minor).filter(captures.c.state == INTENDED), 0)
    statement = select(func.count(), under_way).where(captures.c.order_id == order_id, captures.c.state != NOTHING_DUE)
    count, amount = (await conn.execute(statement)).one()
    return count == 0, int(amount)


async def insert_capture(
    conn: AsyncConnection, order_id: str, capture: Capture, units: Mapping[str, int], now: datetime
) -> None:
    """Write a capture; one that is INTENDED has its answer still to come."""
    await conn.execute(
        insert(captures).values(
            order_id=order_id,
            shipment_id=capture.shipment_id,
            request_id=capture.request_id,
            state=capture.state,
            amount_minor=capture.amount,
            units=dict(units),
            create_time=now,
            resolve_time=None if capture.state == INTENDED else now,
        )
    )


async def resolve_capture(
    conn: AsyncConnection, order_id: str, shipment_id: str, *, captured: bool, now: datetime
) -> bool:
    """Write the answer to an intended capture; False where somebody else has done so."""
    statement = (
        update(captures)
        .where(captures.c.order_id == order_id, captures.c.shipment_id == shipment_id, captures.c.state == INTENDED)
        .values(state=CAPTURED if captured else DECLINED, resolve_time=now)
        .returning(captures.c.order_id)
    )
    return (await conn.execute(statement)).one_or_none() is not None


async def write_captured(conn: AsyncConnection, order_id: str, amount: int, state: PaymentState) -> None:
    """Add to what was captured."""
    await _write(conn, order_id, {"captured_minor": payments.c.captured_minor + amount, "state": state})


async def write_state(conn: AsyncConnection, order_id: str, state: PaymentState) -> None:
    """Write what happened to the money."""
    await _write(conn, order_id, {"state": state})


async def write_voided(conn: AsyncConnection, order_id: str, amount: int, state: PaymentState) -> None:
    """Add to what was given back."""
    await _write(conn, order_id, {"voided_minor": payments.c.voided_minor + amount, "state": state})


async def _write(conn: AsyncConnection, order_id: str, values: dict[str, Any]) -> None:
    await conn.execute(update(payments).where(payments.c.order_id == order_id).values(values))

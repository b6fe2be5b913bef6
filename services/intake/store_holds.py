"""Every SQL statement about holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.holds import Hold
from services.intake.order_rows import approved_row, hold_of, hold_row
from services.intake.tables import holds
from services.kernel.errors import NotFound


async def insert_hold(conn: AsyncConnection, hold: Hold) -> None:
    """Write a new hold; the order is locked by the caller."""
    await conn.execute(insert(holds).values(hold_row(hold)))


async def write_hold(conn: AsyncConnection, hold: Hold) -> None:
    """Write where the hold is in its life now."""
    await conn.execute(
        update(holds)
        .where(holds.c.hold_id == hold.hold_id)
        .values(
            state=hold.state,
            overdue=hold.overdue,
            resolve_time=hold.resolve_time,
            resolved_by=hold.resolved_by,
            owner_queue=hold.owner_queue,
            approved=approved_row(hold),
        )
    )


async def find_by_handle(conn: AsyncConnection, order_id: str, handle: str) -> Hold | None:
    """Return the hold of the order that has this handle."""
    return await _one(conn, holds.c.order_id == order_id, holds.c.handle == handle)


async def get_by_handle(conn: AsyncConnection, order_id: str, handle: str) -> Hold:
    """Return the hold of the order that has this handle.

    Raises:
        NotFound: HOLD_NOT_FOUND.
    """
    found = await find_by_handle(conn, order_id, handle)
    if found is None:
        raise NotFound(f"the order has no hold {handle}", reason="HOLD_NOT_FOUND", order_id=order_id, handle=handle)
    return found


async def get_hold(conn: AsyncConnection, order_id: str, hold_id: str) -> Hold:
    """Return the hold of the order that has this id.

    Raises:
        NotFound: HOLD_NOT_FOUND.
    """
    found = await _one(conn, holds.c.order_id == order_id, holds.c.hold_id == hold_id)
    if found is None:
        raise NotFound(f"the order has no hold {hold_id}", reason="HOLD_NOT_FOUND", order_id=order_id, hold_id=hold_id)
    return found


async def list_holds(
    conn: AsyncConnection, *, owner_queue: str, state: str, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Hold]:
    """Return holds over all orders, those with the nearest deadline first."""
    conditions: list[ColumnElement[bool]] = [holds.c.state == state]
    if owner_queue:
        conditions.append(holds.c.owner_queue == owner_queue)
    if after:
        conditions.append(tuple_(holds.c.deadline_time, holds.c.hold_id) > tuple_(*map(literal, after)))
    statement = select(*holds.c).where(*conditions).order_by(holds.c.deadline_time, holds.c.hold_id).limit(limit)
    return [hold_of(row) for row in (await conn.execute(statement)).mappings()]


async def of_order(conn: AsyncConnection, order_id: str) -> Sequence[Hold]:
    """Return every hold of the order."""
    rows = (await conn.execute(select(*holds.c).where(holds.c.order_id == order_id))).mappings()
    return [hold_of(row) for row in rows]


async def _one(conn: AsyncConnection, *conditions: ColumnElement[bool]) -> Hold | None:
    row = (await conn.execute(select(*holds.c).where(*conditions))).mappings().one_or_none()
    return hold_of(row) if row else None

"""Every SQL statement about returns; balances and reimbursements have a file each beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kernel.errors import NotFound
from services.returns.domain.authorization import Authorization
from services.returns.domain.disposition import Disposition
from services.returns.domain.return_record import Inspection, ReturnLine, ReturnRecord
from services.returns.tables import DISPOSITIONS, return_events, return_lines, returns

_LINE_COLUMNS = ("line_id", "sku", "quantity", "reason", "received", *DISPOSITIONS)


async def insert_return(conn: AsyncConnection, record: ReturnRecord) -> None:
    """Write a new return with its lines."""
    await conn.execute(
        insert(returns).values(return_id=record.return_id, order_id=record.order_id, **_changing(record))
    )
    rows = [
        {
            "return_id": record.return_id,
            "line_id": line.line_id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "reason": line.reason,
            **_counts(line),
        }
        for position, line in enumerate(record.lines)
    ]
    await conn.execute(insert(return_lines), rows)


async def get_return(conn: AsyncConnection, return_id: str, *, lock: bool = False) -> ReturnRecord:
    """Return the return; with `lock` nobody else changes it until the transaction ends.

    Raises:
        NotFound: RETURN_NOT_FOUND.
    """
    if lock:
        # A statement of its own: what is read after it is what is true under the lock. It lets others refer to the row.
        row_lock = select(returns.c.return_id).where(returns.c.return_id == return_id).with_for_update(key_share=True)
        await conn.execute(row_lock)
    row = (await conn.execute(_returns().where(returns.c.return_id == return_id))).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no return {return_id}", reason="RETURN_NOT_FOUND", return_id=return_id)
    return _record_of(row)


async def list_returns(
    conn: AsyncConnection, *, order_id: str, authorization: Authorization | None, after: str | None, limit: int
) -> list[ReturnRecord]:
    """Return returns, newest first (ids begin with the time), those after `after`."""
    found = _returns().order_by(returns.c.return_id.desc()).limit(limit)
    if order_id:
        found = found.where(returns.c.order_id == order_id)
    if authorization is not None:
        found = found.where(returns.c.authorization == authorization.value)
    if after is not None:
        found = found.where(returns.c.return_id < after)
    return [_record_of(row) for row in (await conn.execute(found)).mappings()]


async def update_return(conn: AsyncConnection, before: ReturnRecord, after: ReturnRecord) -> None:
    """Write what changed; the caller holds the return's lock."""
    await conn.execute(update(returns).where(returns.c.return_id == after.return_id).values(**_changing(after)))
    known = {line.line_id: line for line in before.lines}
    rows = [
        {"of_line": line.line_id, **{f"new_{name}": units for name, units in _counts(line).items()}}
        for line in after.lines
        if line != known[line.line_id]
    ]
    if rows:
        await conn.execute(
            update(return_lines)
            .where(return_lines.c.return_id == after.return_id, return_lines.c.line_id == bindparam("of_line"))
            .values({name: bindparam(f"new_{name}") for name in ("received", *DISPOSITIONS)}),
            rows,
        )


async def insert_receipt(
    conn: AsyncConnection, event_id: str, return_id: str, came: Mapping[str, int], *, actor: str, now: datetime
) -> None:
    """Write down what came."""
    seen = [(line_id, quantity, "", "") for line_id, quantity in came.items()]
    await _insert_events(conn, event_id, return_id, seen, actor=actor, now=now)


async def insert_inspections(
    conn: AsyncConnection,
    event_id: str,
    return_id: str,
    inspections: Sequence[Inspection],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Write down what was seen."""
    seen = [(one.line_id, one.quantity, one.disposition.value, one.note) for one in inspections]
    await _insert_events(conn, event_id, return_id, seen, actor=actor, now=now)


async def _insert_events(
    conn: AsyncConnection,
    event_id: str,
    return_id: str,
    seen: Sequence[tuple[str, int, str, str]],
    *,
    actor: str,
    now: datetime,
) -> None:
    rows = [
        {
            "event_id": event_id,
            "position": position,
            "return_id": return_id,
            "line_id": line_id,
            "quantity": quantity,
            "disposition": disposition,
            "note": note,
            "actor": actor,
            "create_time": now,
        }
        for position, (line_id, quantity, disposition, note) in enumerate(seen)
    ]
    await conn.execute(insert(return_events), rows)


def _returns() -> Select[Any]:
    """Select returns with their lines in one statement, so that both are of one moment."""
    line = func.json_build_object(*(part for name in _LINE_COLUMNS for part in (name, return_lines.c[name])))
    lines = (
        select(func.json_agg(aggregate_order_by(line, return_lines.c.position)))
        .where(return_lines.c.return_id == returns.c.return_id)
        .scalar_subquery()
    )
    return select(*returns.c, lines.label("lines"))


def _record_of(row: Mapping[str, Any]) -> ReturnRecord:
    return ReturnRecord(
        return_id=row["return_id"],
        order_id=row["order_id"],
        authorization=Authorization(row["authorization"]),
        decision_reason=row["decision_reason"],
        lines=tuple(map(_line_of, row["lines"])),
        node_id=row["node_id"],
        shipment_id=row["shipment_id"],
        tracking_number=row["tracking_number"],
        label_uri=row["label_uri"],
        closed=row["closed"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )


def _line_of(row: Mapping[str, Any]) -> ReturnLine:
    return ReturnLine(
        line_id=row["line_id"],
        sku=row["sku"],
        quantity=row["quantity"],
        reason=row["reason"],
        received=row["received"],
        dispositions={one: row[one.lower()] for one in Disposition if row[one.lower()]},
    )


def _changing(record: ReturnRecord) -> dict[str, Any]:
    return {
        "authorization": record.authorization.value,
        "decision_reason": record.decision_reason,
        "node_id": record.node_id,
        "shipment_id": record.shipment_id,
        "tracking_number": record.tracking_number,
        "label_uri": record.label_uri,
        "closed": record.closed,
        "create_time": record.create_time,
        "update_time": record.update_time,
    }


def _counts(line: ReturnLine) -> dict[str, int]:
    return {"received": line.received, **{one.lower(): line.dispositions.get(one, 0) for one in Disposition}}

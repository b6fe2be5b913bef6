"""Every SQL statement about reimbursements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.returns.domain.reimbursement import Cause, Due, DueLine, Reimbursement, State
from services.returns.tables import reimbursement_lines, reimbursements

_LINE_COLUMNS = ("line_id", "quantity", "settled", "share_minor", "amount_minor")


async def insert_reimbursement(conn: AsyncConnection, one: Reimbursement) -> None:
    """Write down what is owed."""
    await conn.execute(
        insert(reimbursements).values(
            reimbursement_id=one.reimbursement_id,
            order_id=one.order_id,
            return_id=one.return_id or None,
            cause=one.cause.value,
            state=one.state.value,
            currency_code=one.currency_code,
            amount_minor=one.due.amount,
            shipping_minor=one.due.shipping,
            captured_minor=one.captured,
            payment_reference=one.payment_reference,
            reference=one.reference,
            message=one.message,
            create_time=one.create_time,
            resolve_time=None if one.state == State.PENDING else one.create_time,
        )
    )
    rows = [
        {
            "reimbursement_id": one.reimbursement_id,
            "line_id": line.line_id,
            "position": position,
            "quantity": line.quantity,
            "settled": line.settled,
            "share_minor": line.share,
            "amount_minor": line.amount,
        }
        for position, line in enumerate(one.due.lines)
    ]
    await conn.execute(insert(reimbursement_lines), rows)


async def resolve(
    conn: AsyncConnection, reimbursement_id: str, state: State, *, reference: str, message: str, now: datetime
) -> bool:
    """Write down what the payment service said; False where that was known already."""
    resolved = await conn.execute(
        update(reimbursements)
        .where(reimbursements.c.reimbursement_id == reimbursement_id, reimbursements.c.state == State.PENDING.value)
        .values(state=state.value, reference=reference, message=message, resolve_time=now)
        .returning(reimbursements.c.reimbursement_id)
    )
    return resolved.first() is not None


async def get_reimbursement(conn: AsyncConnection, reimbursement_id: str) -> Reimbursement:
    """Return a reimbursement that exists."""
    found = _reimbursements().where(reimbursements.c.reimbursement_id == reimbursement_id)
    return _reimbursement_of((await conn.execute(found)).mappings().one())


async def reimbursements_of(conn: AsyncConnection, *return_ids: str) -> dict[str, list[Reimbursement]]:
    """Return what was paid back for each of these returns, oldest first."""
    found = _reimbursements().where(reimbursements.c.return_id.in_(return_ids))
    result: dict[str, list[Reimbursement]] = {return_id: [] for return_id in return_ids}
    for row in (await conn.execute(found.order_by(reimbursements.c.reimbursement_id))).mappings():
        result[row["return_id"]].append(_reimbursement_of(row))
    return result


async def list_reimbursements(
    conn: AsyncConnection, *, order_id: str, state: State | None, after: str | None, limit: int
) -> list[Reimbursement]:
    """Return reimbursements, newest first (ids begin with the time), those after `after`."""
    found = _reimbursements().order_by(reimbursements.c.reimbursement_id.desc()).limit(limit)
    if order_id:
        found = found.where(reimbursements.c.order_id == order_id)
    if state is not None:
        found = found.where(reimbursements.c.state == state.value)
    if after is not None:
        found = found.where(reimbursements.c.reimbursement_id < after)
    return [_reimbursement_of(row) for row in (await conn.execute(found)).mappings()]


def _reimbursements() -> Select[Any]:
    line = func.json_build_object(*(part for name in _LINE_COLUMNS for part in (name, reimbursement_lines.c[name])))
    lines = (
        select(func.json_agg(aggregate_order_by(line, reimbursement_lines.c.position)))
        .where(reimbursement_lines.c.reimbursement_id == reimbursements.c.reimbursement_id)
        .scalar_subquery()
    )
    return select(*reimbursements.c, lines.label("lines"))


def _reimbursement_of(row: Mapping[str, Any]) -> Reimbursement:
    lines = tuple(
        DueLine(
            line_id=line["line_id"],
            quantity=line["quantity"],
            settled=line["settled"],
            share=line["share_minor"],
            amount=line["amount_minor"],
        )
        for line in row["lines"]
    )
    return Reimbursement(
        reimbursement_id=row["reimbursement_id"],
        order_id=row["order_id"],
        return_id=row["return_id"] or "",
        cause=Cause(row["cause"]),
        state=State(row["state"]),
        currency_code=row["currency_code"],
        due=Due(lines=lines, shipping=row["shipping_minor"]),
        captured=row["captured_minor"],
        payment_reference=row["payment_reference"],
        reference=row["reference"],
        message=row["message"],
        create_time=row["create_time"],
    )

"""Every SQL statement about changes of orders, and about what they write on the orders themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from google.protobuf import json_format
from sqlalchemy import and_, cast, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncConnection

from oms.intake.v1.order_change_pb2 import OrderEdit
from services.intake.domain.changes import ChangeState, EditResult, LineChange, OrderChange
from services.intake.domain.draft import PaymentState
from services.intake.domain.order import Order, OrderLine
from services.intake.domain.repricing import Worth
from services.intake.order_rows import line_row, order_row
from services.intake.tables import order_lines, orders, payments
from services.intake.tables_changes import order_changes
from services.intake.wire_changes import edit_message, edits_from
from services.kernel.errors import AlreadyExists, NotFound

_COLUMNS = [found for found in order_changes.c if found.name not in {"request_id", "request_digest"}]
# What a change may write on an order, and on a line that was there before.
_ORDER = ("ship_to", "region", "service_level", "details", "shipping_minor", "shipping_tax_minor", "total_minor")
_LINE = ("quantity", "discount_minor", "tax_minor", "total_minor", "due_minor", "open", "cancelled")


async def ask(conn: AsyncConnection, change: OrderChange, *, request_id: str, digest: str) -> OrderChange:
    """Write that a change is asked for, and return it with its version; the caller has the order's lock."""
    last = select(func.coalesce(func.max(order_changes.c.version), 0)).where(
        order_changes.c.order_id == change.order_id
    )
    statement = (
        insert(order_changes)
        .values(
            change_id=change.change_id,
            order_id=change.order_id,
            version=last.scalar_subquery() + 1,
            state=change.state,
            request_id=request_id,
            request_digest=digest,
            edits=[json_format.MessageToDict(edit_message(edit)) for edit in change.edits],
            reason=change.reason,
            actor=change.actor,
            etag=change.etag,
            currency_code=change.currency_code,
            request_time=change.request_time,
            by_rooms=change.by_rooms,
        )
        .returning(*_COLUMNS)
    )
    return _change((await conn.execute(statement)).mappings().one())


async def find(conn: AsyncConnection, order_id: str, request_id: str, digest: str) -> OrderChange | None:
    """Return the change that was asked for by this request.

    Raises:
        AlreadyExists: REQUEST_ID_REUSED, where it asked for something else.
    """
    statement = select(*_COLUMNS, order_changes.c.request_digest).where(
        order_changes.c.order_id == order_id, order_changes.c.request_id == request_id
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    if row["request_digest"] != digest:
        raise AlreadyExists(
            "this request_id asked for another change: choose a new one",
            reason="REQUEST_ID_REUSED",
            request_id=request_id,
        )
    return _change(row)


async def get(conn: AsyncConnection, change_id: str, order_id: str = "") -> OrderChange:
    """Return the change; of this order, where one is named.

    Raises:
        NotFound: CHANGE_NOT_FOUND.
    """
    statement = select(*_COLUMNS).where(order_changes.c.change_id == change_id)
    if order_id:
        statement = statement.where(order_changes.c.order_id == order_id)
    row = (await conn.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no change {change_id}", reason="CHANGE_NOT_FOUND", change_id=change_id)
    return _change(row)


async def list_changes(conn: AsyncConnection, order_id: str, *, after: int, limit: int) -> list[OrderChange]:
    """Return the changes of an order after this version, oldest first."""
    statement = (
        select(*_COLUMNS)
        .where(order_changes.c.order_id == order_id, order_changes.c.version > after)
        .order_by(order_changes.c.version)
        .limit(limit)
    )
    return [_change(row) for row in (await conn.execute(statement)).mappings()]


async def write_answer(conn: AsyncConnection, change: OrderChange) -> None:
    """Write what was decided, for ever."""
    answer = {
        "results": [asdict(result) for result in change.results],
        "lines": [asdict(line) for line in change.lines],
        "before": asdict(change.before) if change.before else None,
        "after": asdict(change.after) if change.after else None,
    }
    await conn.execute(
        update(order_changes)
        .where(order_changes.c.change_id == change.change_id, order_changes.c.state == ChangeState.REQUESTED)
        .values(state=change.state, answer=answer, refund_minor=change.refund, decide_time=change.decide_time)
    )


async def is_merging(conn: AsyncConnection, order_id: str, other_id: str, change_id: str) -> bool:
    """Tell whether another change is under way that takes one of the orders in, or by which the other one takes one."""
    into = func.jsonb_path_exists(order_changes.c.edits, cast("$[*].merge", JSONPATH))
    taken = order_changes.c.edits.contains([{"merge": {"orderId": order_id}}])
    taken_other = order_changes.c.edits.contains([{"merge": {"orderId": other_id}}])
    statement = select(order_changes.c.change_id).where(
        order_changes.c.state == ChangeState.REQUESTED,
        order_changes.c.change_id != change_id,
        or_(taken, taken_other, and_(order_changes.c.order_id == other_id, into)),
    )
    return (await conn.execute(statement.limit(1))).one_or_none() is not None


async def write_taken_in(conn: AsyncConnection, change_id: str, taken_in: Worth) -> None:
    """Write what the order was worth that this change took in."""
    await conn.execute(
        update(order_changes).where(order_changes.c.change_id == change_id).values(taken_in=asdict(taken_in))
    )


async def write_order(conn: AsyncConnection, before: Order, after: Order) -> None:
    """Write what a change made of the order: its own facts, lines that are new or other than before, and its money."""
    was, is_now = order_row(before), order_row(after)
    if changed := {name: is_now[name] for name in _ORDER if was[name] != is_now[name]}:
        await conn.execute(update(orders).where(orders.c.order_id == after.order_id).values(changed))
    known = {line.line_id: line for line in before.lines}
    new = [line_row(after.order_id, line) for line in after.lines if line.line_id not in known]
    if new:
        await conn.execute(insert(order_lines), new)
    for line in after.lines:
        if line.line_id in known and known[line.line_id] != line:
            await _write_line(conn, after.order_id, line)
    await _write_payment(conn, before, after)


async def authorize_line(conn: AsyncConnection, order: Order, line_id: str, needed: int) -> None:
    """Note that the money for a line that a change added is there: captured where the channel captures, set aside else.

    `needed` is what the whole order still needs; no more is added than the line is worth.
    """
    line, payment = order.line(line_id), order.payment
    captured = payment.state in (PaymentState.CAPTURED, PaymentState.PARTLY_REFUNDED) and not any(
        one.captured for one in order.lines
    )
    more = line.total if captured else max(0, min(line.total, needed - payment.authorized + payment.voided))
    values: dict[str, Any] = {"authorized_minor": payments.c.authorized_minor + more}
    if captured:
        values["captured_minor"] = payments.c.captured_minor + more
    elif payment.state == PaymentState.CAPTURED and more:
        values["state"] = PaymentState.PARTLY_CAPTURED
    if payment.state != PaymentState.PENDING:
        await conn.execute(update(payments).where(payments.c.order_id == order.order_id).values(values))


async def _write_line(conn: AsyncConnection, order_id: str, line: OrderLine) -> None:
    row = line_row(order_id, line)
    await conn.execute(
        update(order_lines)
        .where(order_lines.c.order_id == order_id, order_lines.c.line_id == line.line_id)
        .values({name: row[name] for name in _LINE})
    )


async def _write_payment(conn: AsyncConnection, before: Order, after: Order) -> None:
    # What was offered is not in the order: it follows the total, until it is authorized.
    offered = func.greatest(0, payments.c.offered_minor + (after.total - before.total))
    await conn.execute(
        update(payments)
        .where(payments.c.order_id == after.order_id)
        .values(
            offered_minor=offered,
            authorized_minor=after.payment.authorized,
            captured_minor=after.payment.captured,
            shared_minor=after.payment.shared,
        )
    )


def _change(row: Mapping[Any, Any]) -> OrderChange:
    messages: Iterable[OrderEdit] = (json_format.ParseDict(edit, OrderEdit()) for edit in row["edits"])
    answer = row["answer"] or {"results": [], "lines": [], "before": None, "after": None}
    return OrderChange(
        change_id=row["change_id"],
        order_id=row["order_id"],
        version=row["version"],
        state=ChangeState(row["state"]),
        edits=edits_from(messages, row["currency_code"]),
        reason=row["reason"],
        actor=row["actor"],
        etag=row["etag"],
        currency_code=row["currency_code"],
        request_time=row["request_time"],
        decide_time=row["decide_time"],
        results=tuple(EditResult(**one) for one in answer["results"]),
        lines=tuple(LineChange(**one) for one in answer["lines"]),
        before=Worth(**answer["before"]) if answer["before"] else None,
        after=Worth(**answer["after"]) if answer["after"] else None,
        refund=row["refund_minor"],
        by_rooms=row["by_rooms"],
        taken_in=Worth(**row["taken_in"]) if row["taken_in"] else None,
    )

"""Every SQL statement about fulfillment orders and their lines."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, RowMapping, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fulfillment.domain.address import Address
from services.fulfillment.domain.problems import UnknownFulfillmentOrder
from services.fulfillment.domain.status import RequestStatus, Status
from services.fulfillment.domain.work import FulfillmentOrder, Line
from services.fulfillment.tables import fulfillment_order_lines as lines
from services.fulfillment.tables import fulfillment_orders as orders

_ORDER = (
    orders.c.fulfillment_order_id,
    orders.c.order_id,
    orders.c.node_id,
    orders.c.status,
    orders.c.request_status,
    orders.c.ship_to,
    orders.c.carrier_code,
    orders.c.service_code,
    orders.c.promise_time,
    orders.c.priority,
    orders.c.message,
    orders.c.node_reference,
    orders.c.create_time,
    orders.c.update_time,
    orders.c.rerouting,
)
_LINE = (
    lines.c.fulfillment_order_id,
    lines.c.line_id,
    lines.c.sku,
    lines.c.quantity,
    lines.c.waiting_quantity,
    lines.c.shipped_quantity,
    lines.c.rejected_quantity,
    lines.c.cancelled_quantity,
)
# As the index of what waits has it.
_WAITS = "status IN ('SCHEDULED', 'OPEN', 'IN_PROGRESS', 'ON_HOLD')"
# Where work without a promise stands among the others.
NO_PROMISE = datetime(9999, 12, 31, tzinfo=UTC)
_SAVE_LINES = text("""
UPDATE fulfillment.fulfillment_order_lines AS l
SET waiting_quantity = c.waiting, shipped_quantity = c.shipped,
    rejected_quantity = c.rejected, cancelled_quantity = c.cancelled
FROM unnest(CAST(:ids AS text[]), CAST(:waiting AS bigint[]), CAST(:shipped AS bigint[]),
    CAST(:rejected AS bigint[]), CAST(:cancelled AS bigint[])) AS c (line_id, waiting, shipped, rejected, cancelled)
WHERE l.fulfillment_order_id = :order AND l.line_id = c.line_id
""")


async def add(conn: AsyncConnection, order: FulfillmentOrder) -> bool:
    """Write a new fulfillment order; return False where its id is there already."""
    row = {
        "fulfillment_order_id": order.fulfillment_order_id,
        "order_id": order.order_id,
        "node_id": order.node_id,
        "status": order.status.value,
        "request_status": order.request_status.value,
        "ship_to": asdict(order.ship_to),
        "carrier_code": order.carrier_code,
        "service_code": order.service_code,
        "promise_time": order.promise_time,
        "priority": order.priority,
        "message": order.message,
        "node_reference": order.node_reference,
        "create_time": order.create_time,
        "update_time": order.update_time,
    }
    made = insert(orders).values(row).on_conflict_do_nothing().returning(orders.c.fulfillment_order_id)
    if (await conn.execute(made)).first() is None:
        return False
    await conn.execute(
        insert(lines),
        [
            {
                "fulfillment_order_id": order.fulfillment_order_id,
                "line_id": line.line_id,
                "position": position,
                "sku": line.sku,
                "quantity": line.quantity,
                "waiting_quantity": line.waiting,
                "shipped_quantity": line.shipped,
                "rejected_quantity": line.rejected,
                "cancelled_quantity": line.cancelled,
            }
            for position, line in enumerate(order.lines)
        ],
    )
    return True


async def get(conn: AsyncConnection, fulfillment_order_id: str, *, lock: bool = False) -> FulfillmentOrder:
    """Return a fulfillment order; with `lock`, nobody else changes it, or tells of it, until the transaction ends.

    Raises:
        UnknownFulfillmentOrder: there is none of this id.
    """
    query = select(*_ORDER).where(orders.c.fulfillment_order_id == fulfillment_order_id)
    row = (await conn.execute(query.with_for_update(key_share=True) if lock else query)).mappings().first()
    if row is None:
        raise UnknownFulfillmentOrder(fulfillment_order_id)
    return (await _with_lines(conn, [row]))[0]


async def save(conn: AsyncConnection, before: FulfillmentOrder, after: FulfillmentOrder, now: datetime) -> None:
    """Write what became of a fulfillment order that is locked."""
    if before == after:
        return
    await conn.execute(
        update(orders)
        .where(orders.c.fulfillment_order_id == after.fulfillment_order_id)
        .values(
            status=after.status.value,
            request_status=after.request_status.value,
            message=after.message,
            node_reference=after.node_reference,
            rerouting=dict(after.rerouting),
            update_time=now,
        )
    )
    if changed := [new for old, new in zip(before.lines, after.lines, strict=True) if old != new]:
        await conn.execute(
            _SAVE_LINES,
            {
                "order": after.fulfillment_order_id,
                "ids": [line.line_id for line in changed],
                "waiting": [line.waiting for line in changed],
                "shipped": [line.shipped for line in changed],
                "rejected": [line.rejected for line in changed],
                "cancelled": [line.cancelled for line in changed],
            },
        )


async def page(
    conn: AsyncConnection,
    *,
    order_id: str,
    node_id: str,
    status: Status | None,
    carrier_code: str,
    service_code: str,
    waiting_only: bool,
    before: tuple[datetime, str] | None,
    size: int,
    earliest_promise_first: bool,
) -> list[FulfillmentOrder]:
    """Return fulfillment orders from the place `before` on, newest first or in the order of their promises."""
    filters: list[ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (orders.c.order_id, order_id),
            (orders.c.node_id, node_id),
            (orders.c.status, status.value if status else ""),
            (orders.c.carrier_code, carrier_code),
            (orders.c.service_code, service_code),
        )
        if wanted
    ]
    if waiting_only:
        filters.append(text(_WAITS))  # type: ignore[arg-type]  # a text is a condition, too
    query = select(*_ORDER).where(*filters).limit(size)
    identity = orders.c.fulfillment_order_id
    if earliest_promise_first:
        promised = func.coalesce(orders.c.promise_time, NO_PROMISE)
        query = query.order_by(promised, identity)
        query = query.where(tuple_(promised, identity) > tuple_(*before)) if before else query
    else:
        query = query.order_by(orders.c.create_time.desc(), identity.desc())
        query = query.where(tuple_(orders.c.create_time, identity) < tuple_(*before)) if before else query
    return await _with_lines(conn, (await conn.execute(query)).mappings().all())


async def _with_lines(conn: AsyncConnection, rows: Sequence[RowMapping]) -> list[FulfillmentOrder]:
    if not rows:
        return []
    wanted = [row["fulfillment_order_id"] for row in rows]
    query = (
        select(*_LINE)
        .where(lines.c.fulfillment_order_id.in_(wanted))
        .order_by(lines.c.fulfillment_order_id, lines.c.position)
    )
    found: dict[str, list[Line]] = {fulfillment_order_id: [] for fulfillment_order_id in wanted}
    for line in (await conn.execute(query)).mappings():
        found[line["fulfillment_order_id"]].append(_line(line))
    return [_order(row, tuple(found[row["fulfillment_order_id"]])) for row in rows]


def _line(row: RowMapping) -> Line:
    return Line(
        line_id=row["line_id"],
        sku=row["sku"],
        quantity=row["quantity"],
        waiting=row["waiting_quantity"],
        shipped=row["shipped_quantity"],
        rejected=row["rejected_quantity"],
        cancelled=row["cancelled_quantity"],
    )


def _order(row: RowMapping, its_lines: tuple[Line, ...]) -> FulfillmentOrder:
    ship_to = row["ship_to"]
    return FulfillmentOrder(
        fulfillment_order_id=row["fulfillment_order_id"],
        order_id=row["order_id"],
        node_id=row["node_id"],
        lines=its_lines,
        ship_to=Address(**{**ship_to, "lines": tuple(ship_to["lines"])}),
        carrier_code=row["carrier_code"],
        service_code=row["service_code"],
        promise_time=row["promise_time"],
        priority=row["priority"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        status=Status(row["status"]),
        request_status=RequestStatus(row["request_status"]),
        message=row["message"],
        node_reference=row["node_reference"],
        rerouting=row["rerouting"],
    )

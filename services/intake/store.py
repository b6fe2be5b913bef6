"""Every SQL statement about orders and their lines; holds, events, payments and documents have files beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.order import Order
from services.intake.domain.rooms import ROOM_NAMES, Units
from services.intake.domain.status import OrderStatus
from services.intake.order_rows import hold_row, line_row, order_of, order_row
from services.intake.tables import holds, order_lines, orders, payments
from services.kernel.errors import NotFound

Connection = AsyncConnection

# What an order is made of is read in one statement: one snapshot, so that its status and its rooms never disagree.
_ORDER_COLUMNS = [found for found in orders.c if found.name not in {"digest", "transaction_id", "open_hold_count"}]


async def insert_order(conn: AsyncConnection, order: Order, *, digest: str, offered: int) -> bool:
    """Write the order with its lines, holds and payment; False where its channel has this external id already."""
    written = await conn.execute(
        upsert(orders)
        .values({**order_row(order), "digest": digest})
        .on_conflict_do_nothing(index_elements=["channel", "external_id"])
        .returning(orders.c.order_id)
    )
    if written.scalar_one_or_none() is None:
        return False
    await _insert_lines(conn, order)
    if order.holds:
        await conn.execute(insert(holds), [hold_row(hold) for hold in order.holds])
    money = order.payment
    await conn.execute(
        insert(payments).values(
            order_id=order.order_id,
            state=money.state,
            reference=money.reference,
            offered_minor=offered,
            authorized_minor=money.authorized,
            captured_minor=money.captured,
            voided_minor=money.voided,
            shared_minor=money.shared,
            expire_time=money.expire_time,
        )
    )
    return True


async def find_by_external_id(conn: AsyncConnection, channel: str, external_id: str) -> tuple[Order, str] | None:
    """Return the order that a channel knows by this id, with its digest."""
    found = _orders(orders.c.channel == channel, orders.c.external_id == external_id).add_columns(orders.c.digest)
    row = (await conn.execute(found)).mappings().one_or_none()
    return (order_of(row), row["digest"]) if row else None


async def get_order(conn: AsyncConnection, order_id: str) -> Order:
    """Return the order.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    row = (await conn.execute(_orders(orders.c.order_id == order_id))).mappings().one_or_none()
    if row is None:
        raise order_not_found(order_id)
    return order_of(row)


async def get_orders(conn: AsyncConnection, order_ids: Sequence[str]) -> dict[str, Order]:
    """Return these orders by their ids; those that are not there are left out."""
    rows = (await conn.execute(_orders(orders.c.order_id == func.any(list(order_ids))))).mappings()
    return {row["order_id"]: order_of(row) for row in rows}


async def lookup_order(conn: AsyncConnection, channel: str, external_id: str) -> Order:
    """Return the order that a channel knows by this id.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    found = await find_by_external_id(conn, channel, external_id)
    if found is None:
        raise NotFound(
            f"{channel} has no order {external_id}", reason="ORDER_NOT_FOUND", channel=channel, external_id=external_id
        )
    return found[0]


async def external_ids_of_group(conn: AsyncConnection, channel: str, group_id: str) -> list[str]:
    """Return the channel's ids of the orders that came as one."""
    group = orders.c.details["group_id"].astext
    statement = select(orders.c.external_id).where(orders.c.channel == channel, group == group_id)
    return sorted((await conn.execute(statement)).scalars())


async def check_order(conn: AsyncConnection, order_id: str) -> None:
    """Make sure that there is such an order.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    if (await conn.execute(select(orders.c.order_id).where(orders.c.order_id == order_id))).one_or_none() is None:
        raise order_not_found(order_id)


async def lock_order(conn: AsyncConnection, order_id: str) -> None:
    """Keep others from changing the order until this transaction ends.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    # Rows of other tables refer to the order and must stay insertable: the key itself is not locked.
    statement = select(orders.c.order_id).where(orders.c.order_id == order_id).with_for_update(key_share=True)
    if (await conn.execute(statement)).one_or_none() is None:
        raise order_not_found(order_id)


async def list_orders(
    conn: AsyncConnection,
    *,
    channel: str,
    statuses: Sequence[str],
    region: str,
    sku: str,
    after_time: datetime | None,
    before_time: datetime | None,
    older_than: tuple[datetime, str] | None,
    limit: int,
) -> list[Order]:
    """Return orders, newest first; filters that are empty do not filter."""
    conditions: list[ColumnElement[bool]] = []
    if channel:
        conditions.append(orders.c.channel == channel)
    if statuses:
        conditions.append(orders.c.status.in_(statuses))
    if region:
        conditions.append(orders.c.region == region)
    if sku:
        conditions.append(
            select(literal(1)).where(order_lines.c.order_id == orders.c.order_id, order_lines.c.sku == sku).exists()
        )
    if after_time:
        conditions.append(orders.c.create_time >= after_time)
    if before_time:
        conditions.append(orders.c.create_time < before_time)
    if older_than:
        conditions.append(tuple_(orders.c.create_time, orders.c.order_id) < tuple_(*map(literal, older_than)))
    statement = _orders(*conditions).order_by(orders.c.create_time.desc(), orders.c.order_id.desc()).limit(limit)
    return [order_of(row) for row in (await conn.execute(statement)).mappings()]


async def count_orders(conn: AsyncConnection, channel: str) -> list[tuple[OrderStatus, int, Units]]:
    """Return how many orders are in each status, and where their units are."""
    sums = [func.coalesce(func.sum(orders.c[name]), 0).label(name) for name in ROOM_NAMES]
    statement = select(orders.c.status, func.count().label("count"), *sums).group_by(orders.c.status)
    if channel:
        statement = statement.where(orders.c.channel == channel)
    rows = (await conn.execute(statement.order_by(orders.c.status))).mappings()
    return [
        (OrderStatus(row["status"]), row["count"], Units(**{name: int(row[name]) for name in ROOM_NAMES}))
        for row in rows
    ]


async def units_of(conn: AsyncConnection, order_id: str, line_ids: Iterable[str]) -> dict[str, Units]:
    """Return where the units of these lines are; lines that the order does not have are left out."""
    statement = select(order_lines.c.line_id, *(order_lines.c[name] for name in ROOM_NAMES)).where(
        order_lines.c.order_id == order_id, order_lines.c.line_id == func.any(sorted(set(line_ids)))
    )
    rows = (await conn.execute(statement)).mappings()
    return {row["line_id"]: Units(**{name: row[name] for name in ROOM_NAMES}) for row in rows}


async def write_units(conn: AsyncConnection, units: Mapping[str, Units]) -> None:
    """Write where the units of these lines are now."""
    moved = _recordset([{"line_id": key, **asdict(some)} for key, some in units.items()], ("line_id", *ROOM_NAMES))
    await conn.execute(
        update(order_lines)
        .where(order_lines.c.line_id == moved.c.line_id)
        .values({name: moved.c[name] for name in ROOM_NAMES})
    )


async def add_captured(conn: AsyncConnection, units: Mapping[str, int]) -> None:
    """Note that the share of these units is being taken."""
    taken = _recordset([{"line_id": key, "captured": some} for key, some in units.items()], ("line_id", "captured"))
    await conn.execute(
        update(order_lines)
        .where(order_lines.c.line_id == taken.c.line_id)
        .values(captured=order_lines.c.captured + taken.c.captured)
    )


async def write_promise(conn: AsyncConnection, order_id: str, promise_time: datetime) -> bool:
    """Write when delivery is promised; False where that is what was promised already."""
    statement = (
        update(orders)
        .where(orders.c.order_id == order_id, orders.c.promise_time.is_distinct_from(promise_time))
        .values(promise_time=promise_time)
        .returning(orders.c.order_id)
    )
    return (await conn.execute(statement)).one_or_none() is not None


async def status_of(conn: AsyncConnection, order_id: str) -> OrderStatus:
    """Return where the order stands."""
    return OrderStatus((await conn.execute(select(orders.c.status).where(orders.c.order_id == order_id))).scalar_one())


def order_not_found(order_id: str) -> NotFound:
    """Return the error for an order that does not exist."""
    return NotFound(f"there is no order {order_id}", reason="ORDER_NOT_FOUND", order_id=order_id)


async def _insert_lines(conn: AsyncConnection, order: Order) -> None:
    # One parameter however many lines there are: the protocol allows no more than 32767.
    rows = [line_row(order.order_id, line) for line in order.lines]
    lines = _recordset(rows, tuple(rows[0]))
    await conn.execute(insert(order_lines).from_select(list(lines.c.keys()), select(*lines.c)))


def _recordset(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    columns = [column(name, order_lines.c[name].type) for name in names]
    values = func.jsonb_to_recordset(bindparam(None, rows, JSONB))
    return values.table_valued(*columns).render_derived(name="given", with_types=True)


def _orders(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(
        *_ORDER_COLUMNS,
        _together(order_lines, "position").label("lines"),
        _together(holds, "create_time", "hold_id").label("holds"),
        _together(payments, "order_id").label("payment"),
    ).where(*conditions)


def _together(table: Table, *order_by: str) -> ScalarSelect[Any]:
    rows = select(*table.c).where(table.c.order_id == orders.c.order_id).correlate(orders).subquery(table.name)
    whole = func.to_jsonb(rows.table_valued())
    return select(func.jsonb_agg(aggregate_order_by(whole, *(rows.c[name] for name in order_by)))).scalar_subquery()

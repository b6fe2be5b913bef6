"""Every SQL statement about reservations."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, RowMapping, Text, any_, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.position import Pair
from services.inventory.domain.reservation import Change, Reservation, State
from services.inventory.tables import bundles, reservations

_COLUMNS = (
    reservations.c.reservation_id,
    reservations.c.owner_id,
    reservations.c.line_id,
    reservations.c.sku,
    reservations.c.node_id,
    reservations.c.quantity,
    reservations.c.consumed_quantity,
    reservations.c.released_quantity,
    reservations.c.state,
    reservations.c.expire_time,
    reservations.c.create_time,
    reservations.c.update_time,
    reservations.c.segment,
    reservations.c.pool_quantity,
    reservations.c.components,
    reservations.c.backorder,
)

_SAVE = text("""
UPDATE inventory.reservations AS r
SET consumed_quantity = c.consumed, released_quantity = c.released, state = c.state, pool_quantity = c.pool,
    expire_time = c.expire_time, backorder = c.backorder, update_time = :now
FROM unnest(CAST(:ids AS text[]), CAST(:consumed AS bigint[]), CAST(:released AS bigint[]), CAST(:states AS text[]),
            CAST(:pools AS bigint[]), CAST(:expire_times AS timestamptz[]), CAST(:backorders AS boolean[]))
    AS c (reservation_id, consumed, released, state, pool, expire_time, backorder)
WHERE r.reservation_id = c.reservation_id
""")


async def add(conn: AsyncConnection, made: Sequence[Reservation]) -> None:
    """Write new reservations."""
    if made:
        await conn.execute(insert(reservations), [_row(one) for one in made])


async def made_of(conn: AsyncConnection, skus: Collection[str]) -> dict[str, dict[str, int]]:
    """Return, for each of these SKUs that is a bundle, how many units of which components one of it has."""
    query = select(bundles.c.sku, bundles.c.component_sku, bundles.c.quantity).where(
        bundles.c.sku == any_(literal(list(skus), ARRAY(Text)))
    )
    found: dict[str, dict[str, int]] = {}
    for row in await conn.execute(query):
        found.setdefault(row.sku, {})[row.component_sku] = row.quantity
    return found


async def lock(conn: AsyncConnection, reservation_ids: Collection[str]) -> dict[str, Reservation]:
    """Lock these reservations until the transaction ends, in the order of their ids, and return those that exist."""
    wanted = any_(literal(list(reservation_ids), ARRAY(Text)))
    query = select(*_COLUMNS).where(reservations.c.reservation_id == wanted).order_by(reservations.c.reservation_id)
    rows = (await conn.execute(query.with_for_update(key_share=True))).mappings()
    return {row["reservation_id"]: _reservation(row) for row in rows}


async def lock_expired(conn: AsyncConnection, now: datetime, *, size: int) -> list[Reservation]:
    """Lock SOFT reservations whose time is over and that nobody else is at."""
    query = (
        select(*_COLUMNS)
        .where(reservations.c.state == text("'SOFT'"), reservations.c.expire_time <= now)
        .order_by(reservations.c.expire_time)
        .limit(size)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return [_reservation(row) for row in (await conn.execute(query)).mappings()]


async def lock_kept(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> list[Reservation]:
    """Lock what is kept for these lines of an owner out of stock that arrived, in the order of the ids."""
    query = (
        select(*_COLUMNS)
        .where(
            text("backorder AND state = 'SOFT'"),
            reservations.c.owner_id == owner_id,
            reservations.c.line_id == any_(literal(list(line_ids), ARRAY(Text))),
        )
        .order_by(reservations.c.reservation_id)
        .with_for_update(key_share=True)
    )
    return [_reservation(row) for row in (await conn.execute(query)).mappings()]


async def save(conn: AsyncConnection, changes: Iterable[Change], now: datetime) -> None:
    """Write what became of reservations that are locked."""
    rows = [change.reservation for change in changes]
    if rows:
        values = {
            "ids": [one.reservation_id for one in rows],
            "consumed": [one.consumed for one in rows],
            "released": [one.released for one in rows],
            "states": [one.state.value for one in rows],
            "pools": [one.pool_quantity for one in rows],
            "expire_times": [one.expire_time for one in rows],
            "backorders": [one.backorder for one in rows],
        }
        await conn.execute(_SAVE, {**values, "now": now})


async def page(
    conn: AsyncConnection,
    *,
    owner_id: str,
    sku: str,
    node_id: str,
    live_only: bool,
    after: tuple[datetime, str] | None,
    size: int,
) -> list[Reservation]:
    """Return reservations, oldest first."""
    columns = reservations.c
    query = select(*_COLUMNS)
    for column, value in ((columns.owner_id, owner_id), (columns.sku, sku), (columns.node_id, node_id)):
        if value:
            query = query.where(column == value)
    if live_only:
        # Written out, so that the partial indexes of live reservations are used.
        query = query.where(text("state IN ('SOFT', 'HARD')"))
    if after:
        query = query.where(tuple_(columns.create_time, columns.reservation_id) > tuple_(*after))
    query = query.order_by(columns.create_time, columns.reservation_id).limit(size)
    return [_reservation(row) for row in (await conn.execute(query)).mappings()]


def _row(one: Reservation) -> dict[str, object]:
    return {
        "reservation_id": one.reservation_id,
        "owner_id": one.owner_id,
        "line_id": one.line_id,
        "sku": one.pair.sku,
        "node_id": one.pair.node_id,
        "quantity": one.quantity,
        "consumed_quantity": one.consumed,
        "released_quantity": one.released,
        "state": one.state.value,
        "expire_time": one.expire_time,
        "create_time": one.create_time,
        "update_time": one.update_time,
        "segment": one.segment,
        "pool_quantity": one.pool_quantity,
        "components": dict(one.components),
        "backorder": one.backorder,
    }


def _reservation(row: RowMapping) -> Reservation:
    return Reservation(
        reservation_id=row["reservation_id"],
        owner_id=row["owner_id"],
        line_id=row["line_id"],
        pair=Pair(row["sku"], row["node_id"]),
        quantity=row["quantity"],
        consumed=row["consumed_quantity"],
        released=row["released_quantity"],
        state=State(row["state"]),
        expire_time=row["expire_time"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        segment=row["segment"],
        pool_quantity=row["pool_quantity"],
        components=row["components"],
        backorder=row["backorder"],
    )

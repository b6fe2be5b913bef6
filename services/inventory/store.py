"""Every SQL statement about positions, their ledger and snapshots. `move` is the only writer of counters.

Whoever locks does it in one order, so that nobody waits in a circle: reservations by id, positions by (sku, node_id),
then the queue of a SKU (`store_backorders`). Lists are keyset pages: `after` is the position of the last row seen.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, RowMapping, Select, Text, any_, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import CollectionAggregate

from services.inventory.domain.ledger import Entry, Sums
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.tables import ledger_entries, positions, snapshots
from services.kernel.errors import Aborted

# What a transaction is written through, for those who pass it on and write no SQL themselves.
Connection = AsyncConnection

_POSITION = (
    positions.c.sku,
    positions.c.node_id,
    positions.c.on_hand,
    positions.c.reserved,
    positions.c.safety_stock,
    positions.c.unsellable,
    positions.c.update_time,
)
_AVAILABLE = positions.c.on_hand - positions.c.reserved - positions.c.safety_stock - positions.c.unsellable

_CREATE = text("""
INSERT INTO inventory.positions (sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time)
SELECT sku, node_id, 0, 0, 0, 0, :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
ORDER BY sku, node_id
ON CONFLICT DO NOTHING
""")

_READ = """
SELECT p.sku, p.node_id, p.on_hand, p.reserved, p.safety_stock, p.unsellable, p.update_time
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
JOIN inventory.positions AS p USING (sku, node_id)
ORDER BY p.sku, p.node_id
"""
_LOCK = text(_READ + "FOR NO KEY UPDATE OF p")

# One statement checks and takes: a row that does not have what is to be reserved is not updated, and `move` sees it.
_MOVE = text("""
WITH entry AS (
    SELECT * FROM unnest(
        CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:on_hand AS bigint[]), CAST(:reserved AS bigint[]),
        CAST(:safety_stock AS bigint[]), CAST(:unsellable AS bigint[]), CAST(:reasons AS text[]),
        CAST(:refs AS text[]), CAST(:notes AS text[])
    ) WITH ORDINALITY AS e (sku, node_id, on_hand, reserved, safety_stock, unsellable, reason, reference, note, place)
), change AS (
    SELECT sku, node_id, sum(on_hand)::bigint AS on_hand, sum(reserved)::bigint AS reserved,
           sum(safety_stock)::bigint AS safety_stock, sum(unsellable)::bigint AS unsellable
    FROM entry GROUP BY sku, node_id
), moved AS (
    UPDATE inventory.positions AS p
    SET on_hand = p.on_hand + c.on_hand, reserved = p.reserved + c.reserved,
        safety_stock = p.safety_stock + c.safety_stock, unsellable = p.unsellable + c.unsellable, update_time = :now
    FROM change AS c
    WHERE p.sku = c.sku AND p.node_id = c.node_id
      AND (c.reserved <= 0 OR p.on_hand - p.reserved - p.safety_stock - p.unsellable >= c.reserved)
    RETURNING p.sku, p.node_id,
              p.on_hand - p.reserved - p.safety_stock - p.unsellable AS available,
              c.on_hand - c.reserved - c.safety_stock - c.unsellable AS gained
), written AS (
    INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,
                                          unsellable_delta, reason, reference, note, actor, create_time)
    SELECT e.sku, e.node_id, e.on_hand, e.reserved, e.safety_stock, e.unsellable, e.reason, e.reference,
           e.note, CAST(:actor AS text), :now
    FROM entry AS e JOIN moved USING (sku, node_id) ORDER BY e.place
)
SELECT sku, node_id, available, gained FROM moved
""")

_SUMS = text("""
WITH page AS (
    SELECT sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time FROM inventory.positions
    WHERE (sku, node_id) > (:sku, :node_id) ORDER BY sku, node_id LIMIT :size
), ledger AS (
    SELECT l.sku, l.node_id, sum(l.on_hand_delta)::bigint AS on_hand, sum(l.reserved_delta)::bigint AS reserved,
           sum(l.safety_stock_delta)::bigint AS safety_stock, sum(l.unsellable_delta)::bigint AS unsellable
    FROM inventory.ledger_entries AS l JOIN page USING (sku, node_id) GROUP BY l.sku, l.node_id
), live AS (
    SELECT r.sku, r.node_id, count(*) AS number,
           sum(r.quantity - r.consumed_quantity - r.released_quantity)::bigint AS units
    FROM inventory.reservations AS r JOIN page USING (sku, node_id)
    WHERE r.state IN ('SOFT', 'HARD') GROUP BY r.sku, r.node_id
)
SELECT page.sku, page.node_id, page.on_hand, page.reserved, page.safety_stock, page.unsellable, page.update_time,
       coalesce(ledger.on_hand, 0) AS sum_on_hand, coalesce(ledger.reserved, 0) AS sum_reserved,
       coalesce(ledger.safety_stock, 0) AS sum_safety_stock, coalesce(ledger.unsellable, 0) AS sum_unsellable,
       coalesce(live.units, 0) AS live, coalesce(live.number, 0) AS live_reservations
FROM page LEFT JOIN ledger USING (sku, node_id) LEFT JOIN live USING (sku, node_id)
ORDER BY page.sku, page.node_id
""")


async def create_missing(conn: AsyncConnection, pairs: Iterable[Pair], now: datetime) -> None:
    """Give each of these pairs a position."""
    await conn.execute(_CREATE, {**_columns(set(pairs)), "now": now})


async def lock(conn: AsyncConnection, pairs: Iterable[Pair]) -> dict[Pair, Position]:
    """Lock these positions until the transaction ends, and return those that exist."""
    return _by_pair((await conn.execute(_LOCK, _columns(set(pairs)))).mappings())


async def lock_node(conn: AsyncConnection, node_id: str) -> dict[Pair, Position]:
    """Lock every position of a node."""
    query = select(*_POSITION).where(positions.c.node_id == node_id).order_by(positions.c.sku, positions.c.node_id)
    return _by_pair((await conn.execute(query.with_for_update(key_share=True))).mappings())


async def move(conn: AsyncConnection, movements: Iterable[Movement], *, actor: str, now: datetime) -> list[str]:
    """Change positions and write the ledger, together. Their rows are locked and checked before.

    Returns:
        The SKUs of which more can be reserved now than before.

    Raises:
        Aborted: stock is not what it was when it was checked; it is locked, so this means a caller that did not lock.
    """
    rows = [one for one in movements if not one.empty]
    if not rows:
        return []
    values = {
        **_columns(one.pair for one in rows),
        "on_hand": [one.on_hand for one in rows],
        "reserved": [one.reserved for one in rows],
        "safety_stock": [one.safety_stock for one in rows],
        "unsellable": [one.unsellable for one in rows],
        "reasons": [one.reason.value for one in rows],
        "refs": [one.reference for one in rows],
        "notes": [one.note for one in rows],
        "actor": actor,
        "now": now,
    }
    moved = (await conn.execute(_MOVE, values)).mappings().all()
    if len(moved) != len({one.pair for one in rows}):
        raise Aborted("stock changed meanwhile; read it again and retry", reason="STOCK_CHANGED")
    return sorted({row["sku"] for row in moved if row["gained"] > 0 and row["available"] > 0})


async def read(conn: AsyncConnection, pairs: Collection[Pair]) -> dict[Pair, Position]:
    """Return these positions, as far as they exist."""
    return _by_pair((await conn.execute(text(_READ), _columns(set(pairs)))).mappings())


async def page(
    conn: AsyncConnection, *, sku: str, node_id: str, after: tuple[str, str] | None, size: int
) -> list[Position]:
    """Return positions by SKU and node."""
    query = _where(select(*_POSITION), {positions.c.sku: sku, positions.c.node_id: node_id})
    if after:
        query = query.where(tuple_(positions.c.sku, positions.c.node_id) > tuple_(*after))
    query = query.order_by(positions.c.sku, positions.c.node_id).limit(size)
    return [_position(row) for row in (await conn.execute(query)).mappings()]


async def available(
    conn: AsyncConnection, skus: Collection[str], node_ids: Collection[str], *, limit: int
) -> list[tuple[Pair, int]]:
    """Return what can be reserved now of these SKUs (at all nodes where none is named), without pairs of nothing."""
    query = select(positions.c.sku, positions.c.node_id, _AVAILABLE.label("free")).where(
        positions.c.sku == _any(skus), _AVAILABLE > 0
    )
    if node_ids:
        query = query.where(positions.c.node_id == _any(node_ids))
    query = query.order_by(positions.c.sku, positions.c.node_id).limit(limit)
    return [(Pair(row.sku, row.node_id), row.free) for row in await conn.execute(query)]


async def entries(
    conn: AsyncConnection, *, sku: str, node_id: str, reference: str, before: int | None, size: int
) -> list[Entry]:
    """Return ledger entries, newest first."""
    columns = ledger_entries.c
    query = _where(select(*columns), {columns.sku: sku, columns.node_id: node_id, columns.reference: reference})
    if before is not None:
        query = query.where(columns.sequence < before)
    return [_entry(row) for row in (await conn.execute(query.order_by(columns.sequence.desc()).limit(size))).mappings()]


async def sums(conn: AsyncConnection, *, after: tuple[str, str] | None, size: int) -> list[Sums]:
    """Return a page of positions, each beside what its rows add up to: one statement, so one moment."""
    sku, node_id = after or ("", "")
    rows = (await conn.execute(_SUMS, {"sku": sku, "node_id": node_id, "size": size})).mappings()
    return [
        Sums(
            position=_position(row),
            on_hand=row["sum_on_hand"],
            reserved=row["sum_reserved"],
            safety_stock=row["sum_safety_stock"],
            unsellable=row["sum_unsellable"],
            live=row["live"],
            live_reservations=row["live_reservations"],
        )
        for row in rows
    ]


async def claim_snapshot(conn: AsyncConnection, *, source: str, node_id: str, sequence: int, now: datetime) -> bool:
    """Take note of a snapshot, and tell whether it is newer than the last one of its source for this node."""
    new = insert(snapshots).values(source=source, node_id=node_id, sequence=sequence, update_time=now)
    newer = new.on_conflict_do_update(
        index_elements=[snapshots.c.source, snapshots.c.node_id],
        set_={"sequence": new.excluded.sequence, "update_time": new.excluded.update_time},
        where=snapshots.c.sequence < new.excluded.sequence,
    )
    return (await conn.execute(newer.returning(snapshots.c.sequence))).first() is not None


def _columns(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    rows = list(pairs)
    return {"skus": [pair.sku for pair in rows], "node_ids": [pair.node_id for pair in rows]}


def _any(values: Collection[str]) -> CollectionAggregate[bool]:
    return any_(literal(list(values), ARRAY(Text)))


def _where(query: Select[Any], wanted: Mapping[Any, str]) -> Select[Any]:
    """Return the query with a condition for each column that something is wanted of."""
    for column, value in wanted.items():
        if value:
            query = query.where(column == value)
    return query


def _by_pair(rows: Iterable[RowMapping]) -> dict[Pair, Position]:
    return {position.pair: position for position in map(_position, rows)}


def _position(row: RowMapping) -> Position:
    return Position(
        pair=Pair(row["sku"], row["node_id"]),
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        safety_stock=row["safety_stock"],
        unsellable=row["unsellable"],
        update_time=row["update_time"],
    )


def _entry(row: RowMapping) -> Entry:
    movement = Movement(
        pair=Pair(row["sku"], row["node_id"]),
        reason=Reason(row["reason"]),
        reference=row["reference"],
        note=row["note"],
        on_hand=row["on_hand_delta"],
        reserved=row["reserved_delta"],
        safety_stock=row["safety_stock_delta"],
        unsellable=row["unsellable_delta"],
    )
    return Entry(sequence=row["sequence"], movement=movement, actor=row["actor"], create_time=row["create_time"])

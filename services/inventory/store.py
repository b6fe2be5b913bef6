"""Every SQL statement about positions, their ledger and snapshots. `move` is the only writer of counters.

Whoever locks does it in one order, so that nobody waits in a circle: reservations by id, positions by (sku, node_id),
then the queue of a SKU (`store_backorders`). Lists are keyset pages: `after` is the position of the last row seen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.position import Movement, Pair, Position
from services.inventory.tables import positions
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
    positions.c.quality_control,
    positions.c.quarantine,
    positions.c.pools,
    positions.c.update_time,
)

_CREATE = text("""
INSERT INTO inventory.positions (sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time)
SELECT sku, node_id, 0, 0, 0, 0, :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
ORDER BY sku, node_id
ON CONFLICT DO NOTHING
""")

_READ = """
SELECT p.sku, p.node_id, p.on_hand, p.reserved, p.safety_stock, p.unsellable, p.quality_control, p.quarantine, p.pools,
       p.update_time
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
        CAST(:safety_stock AS bigint[]), CAST(:unsellable AS bigint[]), CAST(:quality_control AS bigint[]),
        CAST(:quarantine AS bigint[]), CAST(:reasons AS text[]), CAST(:refs AS text[]), CAST(:notes AS text[]),
        CAST(:lot_ids AS text[])
    ) WITH ORDINALITY AS e (sku, node_id, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine,
                            reason, reference, note, lot_id, place)
), change AS (
    SELECT sku, node_id, sum(on_hand)::bigint AS on_hand, sum(reserved)::bigint AS reserved,
           sum(safety_stock)::bigint AS safety_stock, sum(unsellable)::bigint AS unsellable,
           sum(quality_control)::bigint AS quality_control, sum(quarantine)::bigint AS quarantine
    FROM entry GROUP BY sku, node_id
), moved AS (
    UPDATE inventory.positions AS p
    SET on_hand = p.on_hand + c.on_hand, reserved = p.reserved + c.reserved,
        safety_stock = p.safety_stock + c.safety_stock, unsellable = p.unsellable + c.unsellable,
        quality_control = p.quality_control + c.quality_control, quarantine = p.quarantine + c.quarantine,
        update_time = :now
    FROM change AS c
    WHERE p.sku = c.sku AND p.node_id = c.node_id
      AND (c.reserved <= 0 OR p.on_hand - p.reserved - p.safety_stock - p.unsellable >= c.reserved)
    RETURNING p.sku, p.node_id,
              p.on_hand - p.reserved - p.safety_stock - p.unsellable AS available,
              c.on_hand - c.reserved - c.safety_stock - c.unsellable AS gained
), written AS (
    INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,
                                          unsellable_delta, quality_control_delta, quarantine_delta, reason, reference,
                                          note, lot_id, actor, create_time)
    SELECT e.sku, e.node_id, e.on_hand, e.reserved, e.safety_stock, e.unsellable, e.quality_control, e.quarantine,
           e.reason, e.reference, e.note, e.lot_id, CAST(:actor AS text), :now
    FROM entry AS e JOIN moved USING (sku, node_id) ORDER BY e.place
)
SELECT sku, node_id, available, gained FROM moved
""")

# A segment's pool gives or takes back what its reservations take or give back; it is never below zero.
_MOVE_POOL = text("""
UPDATE inventory.positions AS p
SET pools = p.pools || jsonb_build_object(CAST(:segment AS text),
        greatest(0, coalesce((p.pools ->> :segment)::bigint, 0) + c.quantity))
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:quantities AS bigint[]))
    AS c (sku, node_id, quantity)
WHERE p.sku = c.sku AND p.node_id = c.node_id
""")

_SET_POOL = text("""
UPDATE inventory.positions
SET pools = CASE WHEN CAST(:quantity AS bigint) = 0 THEN pools - CAST(:segment AS text)
                 ELSE pools || jsonb_build_object(CAST(:segment AS text), CAST(:quantity AS bigint)) END,
    update_time = :now
WHERE sku = :sku AND node_id = :node_id
""")


async def create_missing(conn: AsyncConnection, pairs: Iterable[Pair], now: datetime) -> None:
    """Give each of these pairs a position."""
    await conn.execute(_CREATE, {**columns(set(pairs)), "now": now})


async def lock(conn: AsyncConnection, pairs: Iterable[Pair]) -> dict[Pair, Position]:
    """Lock these positions until the transaction ends, and return those that exist."""
    return _by_pair((await conn.execute(_LOCK, columns(set(pairs)))).all())


async def lock_node(conn: AsyncConnection, node_id: str) -> dict[Pair, Position]:
    """Lock every position of a node."""
    query = select(*_POSITION).where(positions.c.node_id == node_id).order_by(positions.c.sku, positions.c.node_id)
    return _by_pair((await conn.execute(query.with_for_update(key_share=True))).all())


async def move(conn: AsyncConnection, movements: Sequence[Movement], *, actor: str, now: datetime) -> list[Pair]:
    """Change positions and write the ledger, together. Their rows are locked and checked before.

    Returns:
        The pairs of which more can be reserved now than before.

    Raises:
        Aborted: stock is not what it was when it was checked; it is locked, so this means a caller that did not lock.
    """
    values = {
        **columns(one.pair for one in movements),
        "on_hand": [one.on_hand for one in movements],
        "reserved": [one.reserved for one in movements],
        "safety_stock": [one.safety_stock for one in movements],
        "unsellable": [one.unsellable for one in movements],
        "quality_control": [one.quality_control for one in movements],
        "quarantine": [one.quarantine for one in movements],
        "reasons": [one.reason.value for one in movements],
        "refs": [one.reference for one in movements],
        "notes": [one.note for one in movements],
        "lot_ids": [one.lot_id for one in movements],
        "actor": actor,
        "now": now,
    }
    moved = (await conn.execute(_MOVE, values)).mappings().all()
    if len(moved) != len({one.pair for one in movements}):
        raise Aborted("stock changed meanwhile; read it again and retry", reason="STOCK_CHANGED")
    return sorted(Pair(row["sku"], row["node_id"]) for row in moved if row["gained"] > 0 and row["available"] > 0)


async def move_pools(conn: AsyncConnection, moved: Mapping[str, Mapping[Pair, int]]) -> None:
    """Change, for each segment, its pools at positions that are locked."""
    for segment, units in sorted(moved.items()):
        values = {**columns(units), "quantities": list(units.values()), "segment": segment}
        await conn.execute(_MOVE_POOL, values)


async def set_pool(conn: AsyncConnection, pair: Pair, segment: str, quantity: int, now: datetime) -> None:
    """Set a segment's pool at a position that is locked."""
    values = {"sku": pair.sku, "node_id": pair.node_id, "segment": segment, "quantity": quantity, "now": now}
    await conn.execute(_SET_POOL, values)


async def read(conn: AsyncConnection, pairs: Collection[Pair]) -> dict[Pair, Position]:
    """Return these positions, as far as they exist."""
    return _by_pair((await conn.execute(text(_READ), columns(set(pairs)))).all())


async def page(
    conn: AsyncConnection, *, sku: str, node_id: str, after: tuple[str, str] | None, size: int
) -> list[Position]:
    """Return positions by SKU and node."""
    query = _where(select(*_POSITION), {positions.c.sku: sku, positions.c.node_id: node_id})
    if after:
        query = query.where(tuple_(positions.c.sku, positions.c.node_id) > tuple_(*after))
    query = query.order_by(positions.c.sku, positions.c.node_id).limit(size)
    return [_position(row) for row in (await conn.execute(query)).all()]


def columns(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    rows = list(pairs)
    return {"skus": [pair.sku for pair in rows], "node_ids": [pair.node_id for pair in rows]}


def _where(query: Select[Any], wanted: Mapping[Any, str]) -> Select[Any]:
    """Return the query with a condition for each column that something is wanted of."""
    for column, value in wanted.items():
        if value:
            query = query.where(column == value)
    return query


def _by_pair(rows: Iterable[Sequence[Any]]) -> dict[Pair, Position]:
    return {position.pair: position for position in map(_position, rows)}


def _position(row: Sequence[Any]) -> Position:
    """Read the columns in their order, which is that of `_POSITION` and `_READ`: by name, each would cost more."""
    sku, node_id, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine, pools, update_time = row
    return Position(
        pair=Pair(sku, node_id),
        on_hand=on_hand,
        reserved=reserved,
        safety_stock=safety_stock,
        unsellable=unsellable,
        quality_control=quality_control,
        quarantine=quarantine,
        pools=pools,
        update_time=update_time,
    )


def position(row: RowMapping) -> Position:
    """Return the position of a row that has more than its columns."""
    return _position([row[column.name] for column in _POSITION])

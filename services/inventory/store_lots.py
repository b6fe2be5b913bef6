"""Every SQL statement about lots. Whoever changes a lot has locked its position, which locks the lot too."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.lots import Lot, Stack
from services.inventory.domain.position import Movement, Pair
from services.inventory.store import columns
from services.inventory.tables import lots

# A lot at a position.
Place = tuple[Pair, str]

# Not one INSERT … ON CONFLICT: what is taken away would be refused as a row of its own before the conflict is seen.
_MOVE = text("""
WITH change AS (
    SELECT sku, node_id, lot_id, sum(on_hand)::bigint AS on_hand
    FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]), CAST(:on_hand AS bigint[]))
        AS m (sku, node_id, lot_id, on_hand)
    GROUP BY sku, node_id, lot_id
), moved AS (
    UPDATE inventory.lots AS l SET on_hand = l.on_hand + c.on_hand, update_time = :now
    FROM change AS c WHERE l.sku = c.sku AND l.node_id = c.node_id AND l.lot_id = c.lot_id
    RETURNING l.sku, l.node_id, l.lot_id
)
INSERT INTO inventory.lots (sku, node_id, lot_id, on_hand, update_time)
SELECT sku, node_id, lot_id, on_hand, :now FROM change
WHERE NOT EXISTS (SELECT FROM moved WHERE (moved.sku, moved.node_id, moved.lot_id)
                                        = (change.sku, change.node_id, change.lot_id))
""")

_DESCRIBE = text("""
INSERT INTO inventory.lots (sku, node_id, lot_id, expire_time, on_hand, update_time)
SELECT sku, node_id, lot_id, expire_time, 0, :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]),
            CAST(:expire_times AS timestamptz[])) AS said (sku, node_id, lot_id, expire_time)
ON CONFLICT (sku, node_id, lot_id) DO UPDATE SET expire_time = excluded.expire_time, update_time = :now
""")

_MARK = text("""
UPDATE inventory.lots AS l SET quarantined = NOT l.quarantined, update_time = :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]))
    AS changed (sku, node_id, lot_id)
WHERE l.sku = changed.sku AND l.node_id = changed.node_id AND l.lot_id = changed.lot_id
""")

_OF = text("""
SELECT p.sku, p.node_id, p.on_hand AS stack, l.lot_id, l.expire_time, l.on_hand, l.quarantined
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
JOIN inventory.positions AS p USING (sku, node_id)
LEFT JOIN inventory.lots AS l ON l.sku = p.sku AND l.node_id = p.node_id
                              AND (l.on_hand > 0 OR l.lot_id = ANY (CAST(:named AS text[])))
""")

_UNSETTLED = """
SELECT l.sku, l.node_id, l.lot_id, l.expire_time, l.on_hand, l.quarantined FROM inventory.lots AS l
"""
_CHANGED = text(
    _UNSETTLED
    + """
JOIN unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]))
    AS wanted (sku, node_id, lot_id) USING (sku, node_id, lot_id)
WHERE l.quarantined <> coalesce(l.expire_time <= :now, false)
"""
)
_OVER = text(
    _UNSETTLED
    + "WHERE l.on_hand > 0 AND NOT l.quarantined AND l.expire_time <= :now ORDER BY l.expire_time LIMIT :size"
)

_EXPIRY = func.coalesce(lots.c.expire_time, text("'infinity'::timestamptz"))


async def move(conn: AsyncConnection, movements: Iterable[Movement], now: datetime) -> None:
    """Change what lots have, for movements that name one."""
    rows = [one for one in movements if one.lot_id and one.on_hand]
    if rows:
        values = {
            **_places((one.pair, one.lot_id) for one in rows),
            "on_hand": [one.on_hand for one in rows],
        }
        await conn.execute(_MOVE, {**values, "now": now})


async def describe(conn: AsyncConnection, expire_times: Mapping[Place, datetime], now: datetime) -> None:
    """Say until when units of lots may be sold; lots that are not there yet begin with no units."""
    if expire_times:
        values = {**_places(expire_times), "expire_times": list(expire_times.values()), "now": now}
        await conn.execute(_DESCRIBE, values)


async def mark(conn: AsyncConnection, places: Collection[Place], now: datetime) -> None:
    """Mark lots as quarantined, or as quarantined no more."""
    if places:
        await conn.execute(_MARK, {**_places(places), "now": now})


async def of(conn: AsyncConnection, pairs: Iterable[Pair], named: Collection[str] = ()) -> dict[Pair, Stack]:
    """Return what is on hand at these positions, and of which lots; those that are named may have no units."""
    found: dict[Pair, tuple[int, list[Lot]]] = {}
    for row in (await conn.execute(_OF, {**columns(set(pairs)), "named": sorted(set(named))})).mappings():
        _, there = found.setdefault(Pair(row["sku"], row["node_id"]), (row["stack"], []))
        if row["lot_id"] is not None:
            there.append(_lot(row))
    return {pair: Stack(on_hand, there) for pair, (on_hand, there) in found.items()}


async def changed(conn: AsyncConnection, places: Collection[Place], now: datetime) -> dict[Pair, list[Lot]]:
    """Return those of these lots that are over and not quarantined, or quarantined and not over."""
    return _by_pair((await conn.execute(_CHANGED, {**_places(places), "now": now})).mappings()) if places else {}


async def over(conn: AsyncConnection, now: datetime, *, size: int) -> list[Place]:
    """Return lots that are over, have units and are not quarantined, the longest over first; nothing is locked."""
    rows = (await conn.execute(_OVER, {"now": now, "size": size})).mappings()
    return [(Pair(row["sku"], row["node_id"]), row["lot_id"]) for row in rows]


async def page(
    conn: AsyncConnection,
    *,
    sku: str,
    node_id: str,
    before: datetime | None,
    after: tuple[str, str, datetime | None, str] | None,
    size: int,
) -> list[tuple[Pair, Lot]]:
    """Return lots that have units, by SKU and node, the first to expire first."""
    columns = lots.c
    query = select(
        columns.sku, columns.node_id, columns.lot_id, columns.expire_time, columns.on_hand, columns.quarantined
    ).where(columns.on_hand > 0)
    for column, value in ((columns.sku, sku), (columns.node_id, node_id)):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(columns.expire_time < before)
    if after:
        *pair, expire_time, lot_id = after
        last = literal(expire_time) if expire_time else text("'infinity'::timestamptz")
        query = query.where(tuple_(columns.sku, columns.node_id, _EXPIRY, columns.lot_id) > tuple_(*pair, last, lot_id))
    query = query.order_by(columns.sku, columns.node_id, _EXPIRY, columns.lot_id).limit(size)
    return [(Pair(row["sku"], row["node_id"]), _lot(row)) for row in (await conn.execute(query)).mappings()]


def key(pair: Pair, lot: Lot) -> tuple[str, str, str, str]:
    """Return where a lot is in its list."""
    return pair.sku, pair.node_id, lot.expire_time.isoformat() if lot.expire_time else "", lot.lot_id


def _places(places: Iterable[Place]) -> dict[str, Sequence[str]]:
    rows = list(places)
    return {**columns(pair for pair, _ in rows), "lot_ids": [lot_id for _, lot_id in rows]}


def _by_pair(rows: Iterable[RowMapping]) -> dict[Pair, list[Lot]]:
    found: dict[Pair, list[Lot]] = {}
    for row in rows:
        found.setdefault(Pair(row["sku"], row["node_id"]), []).append(_lot(row))
    return found


def _lot(row: RowMapping) -> Lot:
    return Lot(
        lot_id=row["lot_id"],
        expire_time=row["expire_time"],
        on_hand=row["on_hand"],
        quarantined=row["quarantined"],
    )

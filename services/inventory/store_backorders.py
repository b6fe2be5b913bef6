"""Every SQL statement about backorders, and the lock that no wake-up can slip past.

Stock that comes and an order that begins to wait may not miss each other: both take the lock of the SKU's queue before
they look at what the other writes, so one of them sees the other. A queue's lock is an advisory one over a fixed number
of buckets, because a snapshot of 20,000 SKUs must not fill the server's lock table.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from zlib import crc32

from sqlalchemy import ARRAY, RowMapping, Text, any_, exists, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import CollectionAggregate

from services.inventory.domain.backorder import HEAD_START, Backorder, State, Wait
from services.inventory.tables import backorders

# The class of these locks among the database's advisory locks, and how many of them there are.
_QUEUE_LOCKS = 0x4F4D5351
_BUCKETS = 256
# More than this are not told in one transaction; the sweeper tells the rest.
_AT_ONCE = 1000

_COLUMNS = (
    backorders.c.owner_id,
    backorders.c.line_id,
    backorders.c.sku,
    backorders.c.quantity,
    backorders.c.priority,
    backorders.c.state,
    backorders.c.create_time,
)

_LOCK_QUEUES = text("SELECT pg_advisory_xact_lock(:class, bucket) FROM unnest(CAST(:buckets AS int[])) AS bucket")

_REGISTER = text("""
INSERT INTO inventory.backorders AS b (owner_id, line_id, sku, quantity, priority, state, passed, create_time)
SELECT :owner_id, w.line_id, w.sku, w.quantity, :priority, 'WAITING', false, :now
FROM unnest(CAST(:line_ids AS text[]), CAST(:skus AS text[]), CAST(:quantities AS bigint[]))
    AS w (line_id, sku, quantity)
ORDER BY w.line_id
ON CONFLICT (owner_id, line_id) DO UPDATE
SET sku = excluded.sku, quantity = excluded.quantity, priority = excluded.priority, state = 'WAITING',
    passed = b.passed AND b.state <> 'CLOSED' AND b.sku = excluded.sku,
    create_time = CASE WHEN b.state <> 'CLOSED' AND b.sku = excluded.sku THEN b.create_time
                       ELSE excluded.create_time END
""")

# What is free, less what those have the first call on who were told a moment ago, goes to the first in line. The last
# one told may find less than it waits for: part of an order is better than none.
_TELL = text("""
WITH free AS (
    SELECT sku, sum(greatest(on_hand - reserved - safety_stock - unsellable, 0)) AS units
    FROM inventory.positions WHERE sku = ANY (CAST(:skus AS text[])) GROUP BY sku
), promised AS (
    SELECT sku, sum(quantity) AS units FROM inventory.backorders
    WHERE sku = ANY (CAST(:skus AS text[])) AND state = 'NOTIFIED' AND notify_time > :since GROUP BY sku
), offer AS (
    SELECT free.sku, free.units - coalesce(promised.units, 0) AS units
    FROM free LEFT JOIN promised USING (sku)
), told AS (
    SELECT first.owner_id, first.line_id
    FROM offer CROSS JOIN LATERAL (
        SELECT b.owner_id, b.line_id,
               sum(b.quantity) OVER (ORDER BY b.priority, b.create_time, b.owner_id, b.line_id) - b.quantity AS before
        FROM (
            SELECT owner_id, line_id, quantity, priority, create_time FROM inventory.backorders
            WHERE sku = offer.sku AND state = 'WAITING' AND NOT passed
            ORDER BY priority, create_time, owner_id, line_id
            LIMIT greatest(0, least(offer.units, CAST(:at_once AS integer)))::bigint
        ) AS b
    ) AS first
    WHERE first.before < offer.units
)
UPDATE inventory.backorders AS b SET state = 'NOTIFIED', passed = true, notify_time = :now
FROM told WHERE b.owner_id = told.owner_id AND b.line_id = told.line_id
RETURNING b.owner_id, b.line_id, b.sku, b.quantity, b.priority, b.state, b.create_time
""")

_OVERLOOKED = text("""
SELECT waiting.sku FROM (
    SELECT DISTINCT sku FROM inventory.backorders WHERE state = 'WAITING' AND NOT passed AND sku > :after
) AS waiting
WHERE EXISTS (
    SELECT FROM inventory.positions AS p
    WHERE p.sku = waiting.sku AND p.on_hand - p.reserved - p.safety_stock - p.unsellable > 0
)
ORDER BY waiting.sku LIMIT :size
""")


async def lock_queues(conn: AsyncConnection, skus: Iterable[str]) -> None:
    """Lock the queues of these SKUs until the transaction ends; always the last locks before backorders are touched."""
    buckets = sorted({crc32(sku.encode()) % _BUCKETS for sku in skus})
    await conn.execute(_LOCK_QUEUES, {"class": _QUEUE_LOCKS, "buckets": buckets})


async def anybody_waits(conn: AsyncConnection, skus: Collection[str]) -> bool:
    """Tell whether there is a queue for one of these SKUs. Meant for those who hold its lock."""
    query = select(exists().where(backorders.c.sku == _any(skus), text("state <> 'CLOSED'")))
    return bool((await conn.execute(query)).scalar_one())


async def skus_of(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> set[str]:
    """Return what this owner waits or waited for on these lines (all where none is named)."""
    query = select(backorders.c.sku).distinct().where(backorders.c.owner_id == owner_id)
    if line_ids:
        query = query.where(backorders.c.line_id == _any(line_ids))
    return set((await conn.execute(query)).scalars())


async def register(
    conn: AsyncConnection, owner_id: str, waits: Sequence[Wait], *, priority: int, now: datetime
) -> None:
    """Let an owner wait. Who waited for the same thing before keeps the place in the queue."""
    values = {
        "line_ids": [wait.line_id for wait in waits],
        "skus": [wait.sku for wait in waits],
        "quantities": [wait.quantity for wait in waits],
    }
    await conn.execute(_REGISTER, {**values, "owner_id": owner_id, "priority": priority, "now": now})


async def of_owner(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> list[Backorder]:
    """Return the backorders of these lines, by line."""
    mine = (backorders.c.owner_id == owner_id, backorders.c.line_id == _any(line_ids))
    query = select(*_COLUMNS).where(*mine).order_by(backorders.c.line_id)
    return [_backorder(row) for row in (await conn.execute(query)).mappings()]


async def close(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> list[Backorder]:
    """Let an owner wait no more for these lines (all where none is named), and return those that did."""
    query = update(backorders).where(backorders.c.owner_id == owner_id, backorders.c.state != State.CLOSED.value)
    if line_ids:
        query = query.where(backorders.c.line_id == _any(line_ids))
    closed = query.values(state=State.CLOSED.value).returning(*_COLUMNS)
    return [_backorder(row) for row in (await conn.execute(closed)).mappings()]


async def forgive(conn: AsyncConnection, skus: Collection[str]) -> None:
    """Let those who passed be told again, because more of these SKUs came."""
    passed = (backorders.c.sku == _any(skus), text("passed AND state <> 'CLOSED'"))
    await conn.execute(update(backorders).where(*passed).values(passed=False))


async def tell(conn: AsyncConnection, skus: Collection[str], now: datetime) -> list[Backorder]:
    """Mark those as told for whom there is stock, first in line first, and return them."""
    values = {"skus": list(skus), "since": now - HEAD_START, "at_once": _AT_ONCE, "now": now}
    return [_backorder(row) for row in (await conn.execute(_TELL, values)).mappings()]


async def overlooked(conn: AsyncConnection, *, after: str, size: int) -> list[str]:
    """Return SKUs, in their order, that are free while somebody waits for them who has not passed."""
    return list((await conn.execute(_OVERLOOKED, {"after": after, "size": size})).scalars())


async def page(
    conn: AsyncConnection, *, sku: str, owner_id: str, after: tuple[int, datetime, str, str] | None, size: int
) -> list[Backorder]:
    """Return backorders that are not closed, in the order in which they are served."""
    columns = backorders.c
    place = (columns.priority, columns.create_time, columns.owner_id, columns.line_id)
    query = select(*_COLUMNS).where(text("state <> 'CLOSED'"))
    for column, value in ((columns.sku, sku), (columns.owner_id, owner_id)):
        if value:
            query = query.where(column == value)
    if after:
        query = query.where(tuple_(*place) > tuple_(*after))
    return [_backorder(row) for row in (await conn.execute(query.order_by(*place).limit(size))).mappings()]


def _any(values: Collection[str]) -> CollectionAggregate[bool]:
    return any_(literal(list(values), ARRAY(Text)))


def _backorder(row: RowMapping) -> Backorder:
    return Backorder(
        owner_id=row["owner_id"],
        line_id=row["line_id"],
        sku=row["sku"],
        quantity=row["quantity"],
        priority=row["priority"],
        state=State(row["state"]),
        create_time=row["create_time"],
    )

"""Every SQL statement about backorders, and the lock that no wake-up can slip past.

Stock that comes and an order that begins to wait may not miss each other: both take the lock of the SKU's queue before
they look at what the other writes, so one of them sees the other. A queue's lock is an advisory one over a fixed number
of buckets, because a snapshot of 20,000 SKUs must not fill the server's lock table.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from zlib import crc32

from sqlalchemy import ARRAY, RowMapping, Text, any_, delete, exists, func, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import CollectionAggregate

from services.inventory.domain.backorder import Backorder, State, Wait
from services.inventory.domain.filling import Policy
from services.inventory.store_filling import AT_ONCE
from services.inventory.tables import backorder_policies, backorders, reservations

# The class of these locks among the database's advisory locks, and how many of them there are.
_QUEUE_LOCKS = 0x4F4D5351
_BUCKETS = 256

# What is kept for a line now.
_KEPT = (text("backorder AND reservations.state = 'SOFT'"), reservations.c.owner_id == backorders.c.owner_id)
_FILLED = (
    select(
        func.coalesce(
            func.sum(reservations.c.quantity - reservations.c.consumed_quantity - reservations.c.released_quantity),
            0,
        )
    )
    .where(*_KEPT, reservations.c.line_id == backorders.c.line_id)
    .correlate(backorders)
    .scalar_subquery()
)

_COLUMNS = (
    backorders.c.owner_id,
    backorders.c.line_id,
    backorders.c.sku,
    backorders.c.quantity,
    backorders.c.priority,
    backorders.c.state,
    backorders.c.create_time,
    backorders.c.promise_time,
    _FILLED.label("filled"),
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
                       ELSE excluded.create_time END,
    promise_time = CASE WHEN b.state <> 'CLOSED' AND b.sku = excluded.sku THEN b.promise_time END
""")

# From one waiting SKU to the next through the index, however many lines wait for each.
_OVERLOOKED = text("""
WITH RECURSIVE waiting AS (
    (SELECT sku FROM inventory.backorders WHERE state = 'WAITING' AND NOT passed AND sku > :after
     ORDER BY sku LIMIT 1)
    UNION ALL
    SELECT (SELECT b.sku FROM inventory.backorders AS b
            WHERE b.state = 'WAITING' AND NOT b.passed AND b.sku > waiting.sku ORDER BY b.sku LIMIT 1)
    FROM waiting WHERE waiting.sku IS NOT NULL
)
SELECT waiting.sku FROM waiting
WHERE EXISTS (
    SELECT FROM inventory.positions AS p
    WHERE p.sku = waiting.sku AND p.on_hand - p.reserved - p.safety_stock - p.unsellable
          > coalesce((SELECT sum(units::bigint) FROM jsonb_each_text(p.pools) AS pool (segment, units)), 0)
)
LIMIT :size
""")

# What the orders that wait for these SKUs miss besides.
_BESIDE = text("""
SELECT DISTINCT beside.sku
FROM (
    SELECT DISTINCT f.owner_id FROM unnest(CAST(:skus AS text[])) AS o (sku)
    CROSS JOIN LATERAL (
        SELECT owner_id FROM inventory.backorders AS b
        WHERE b.sku = o.sku AND b.state = 'WAITING' AND NOT b.passed
        ORDER BY b.priority, b.create_time, b.owner_id, b.line_id LIMIT :at_once
    ) AS f
) AS waiting
JOIN inventory.backorders AS beside USING (owner_id)
WHERE beside.state = 'WAITING' AND NOT beside.passed
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
    closed = query.values(state=State.CLOSED.value, promise_time=None).returning(*_COLUMNS)
    return [_backorder(row) for row in (await conn.execute(closed)).mappings()]


async def forgive(conn: AsyncConnection, skus: Collection[str]) -> None:
    """Let those who passed be told again, because more of these SKUs came."""
    if not skus:
        return
    passed = (backorders.c.sku == _any(skus), text("passed AND state <> 'CLOSED'"))
    await conn.execute(update(backorders).where(*passed).values(passed=False))


async def overlooked(conn: AsyncConnection, *, after: str, size: int) -> list[str]:
    """Return SKUs, in their order, that are free while somebody waits for them who has not passed."""
    return list((await conn.execute(_OVERLOOKED, {"after": after, "size": size})).scalars())


async def skus_beside(conn: AsyncConnection, skus: Collection[str]) -> set[str]:
    """Return everything that orders wait for which wait for these SKUs."""
    if not skus:
        return set()
    return set((await conn.execute(_BESIDE, {"skus": list(skus), "at_once": AT_ONCE})).scalars())


async def set_policy(conn: AsyncConnection, sku: str, policy: Policy | None) -> None:
    """Set who is served first when units of a SKU come; None: as of all that have no policy of their own."""
    if policy is None:
        await conn.execute(delete(backorder_policies).where(backorder_policies.c.sku == sku))
    else:
        added = insert(backorder_policies).values(sku=sku, policy=policy.value)
        await conn.execute(added.on_conflict_do_update(index_elements=["sku"], set_={"policy": policy.value}))


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
        promise_time=row["promise_time"],
        filled=int(row["filled"]),  # a sum of bigint is numeric
    )

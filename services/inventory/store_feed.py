"""Every SQL statement of the availability feed.

What changed is known by the transaction that changed it. A transaction is looked at when every one with a smaller
number has ended: what one that began earlier and commits later has changed is never passed over. A cursor is made of
transactions that were seen to be committed, never of ones still to come, whose numbers a crash may give out twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.feed import Cursor

# The lock of the one replica that publishes, among the database's advisory locks.
_PUBLISHING_LOCK = 0x4F4D5346
# In `feed_cursors`: from which transaction on all changes are kept. Followers have names of their own.
_KEPT_FROM = "kept from"
_FOLLOWER = "channel {}"

_CHANGED = """
(
    SELECT transaction_id, sku, {otherwise} AS otherwise FROM {table}
    -- As rows, so that the index leads there: a transaction may have changed millions.
    WHERE (transaction_id, sku) > (CAST(:transaction_id AS xid8), :after)
      AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY transaction_id, sku LIMIT :size
)
"""
_ALL_CHANGED = """
SELECT CAST(CAST(transaction_id AS text) AS bigint), sku, otherwise FROM ({moved} UNION ALL {touched}) AS changed
ORDER BY transaction_id, sku, otherwise DESC LIMIT :size
"""
_CHANGES = text(
    _ALL_CHANGED.format(
        moved=_CHANGED.format(table="inventory.ledger_entries", otherwise="false"),
        touched=_CHANGED.format(table="inventory.availability_changes", otherwise="true"),
    )
)

_LOST = text("""
SELECT CAST(:transaction_id AS xid8) < coalesce(
        (SELECT CAST(cursor AS xid8) FROM inventory.feed_cursors WHERE name = :kept_from), CAST('0' AS xid8)
    )
    -- Another database, whose transactions have other numbers.
    OR CAST(:transaction_id AS xid8) > pg_snapshot_xmax(pg_current_snapshot())
""")

_NEWEST = """
(
    SELECT CAST(CAST(transaction_id AS text) AS bigint) + 1 FROM {table}
    WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY {table}.transaction_id DESC LIMIT 1
)
"""
_ENDS = """
SELECT coalesce(greatest(
    {moved}, {touched}, (SELECT CAST(cursor AS bigint) FROM inventory.feed_cursors WHERE name = :kept_from)
), 0)
"""
_END = text(
    _ENDS.format(
        moved=_NEWEST.format(table="inventory.ledger_entries"),
        touched=_NEWEST.format(table="inventory.availability_changes"),
    )
)

_SKUS = text("""
SELECT sku FROM (
    (SELECT DISTINCT sku FROM inventory.positions WHERE sku > :after ORDER BY sku LIMIT :size)
    UNION
    (SELECT DISTINCT sku FROM inventory.bundles WHERE sku > :after ORDER BY sku LIMIT :size)
) AS known ORDER BY sku LIMIT :size
""")

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_CHANNELS = text("SELECT channel FROM inventory.channel_policies ORDER BY channel")
_FIND_CURSOR = text("SELECT cursor FROM inventory.feed_cursors WHERE name = :name")
_SAVE_CURSOR = text("""
INSERT INTO inventory.feed_cursors (name, cursor, update_time) VALUES (:name, :cursor, :now)
ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, update_time = excluded.update_time
""")

_FORGET = text("""
WITH old AS (
    SELECT transaction_id, sku FROM inventory.availability_changes
    WHERE create_time < :before ORDER BY create_time LIMIT :size
)
DELETE FROM inventory.availability_changes AS c USING old
WHERE c.transaction_id = old.transaction_id AND c.sku = old.sku
RETURNING CAST(CAST(c.transaction_id AS text) AS bigint)
""")
_SAVE_KEPT_FROM = text("""
INSERT INTO inventory.feed_cursors AS f (name, cursor, update_time) VALUES (:name, :cursor, :now)
ON CONFLICT (name) DO UPDATE SET update_time = excluded.update_time,
    cursor = CAST(greatest(CAST(f.cursor AS bigint), CAST(excluded.cursor AS bigint)) AS text)
""")


@dataclass(frozen=True, slots=True)
class Change:
    """A SKU that a transaction changed; `otherwise` than by a movement, so that it may be gone from a node."""

    transaction_id: int
    sku: str
    otherwise: bool


async def changes(conn: AsyncConnection, cursor: Cursor, *, size: int) -> list[Change]:
    """Return what changed after this cursor, in the order of transactions and SKUs."""
    values = {"transaction_id": cursor.transaction_id, "after": cursor.after, "size": size}
    return [Change(*row) for row in await conn.execute(_CHANGES, values)]


async def lost(conn: AsyncConnection, cursor: Cursor) -> bool:
    """Return whether changes after this cursor are not kept any more. To be asked after reading them, not before."""
    values = {"transaction_id": cursor.transaction_id, "kept_from": _KEPT_FROM}
    return bool((await conn.execute(_LOST, values)).scalar())


async def end(conn: AsyncConnection) -> int:
    """Return the transaction before which nothing is left to be told to somebody who sees what is there now."""
    return int((await conn.execute(_END, {"kept_from": _KEPT_FROM})).scalar_one())


async def skus(conn: AsyncConnection, *, after: str, size: int) -> list[str]:
    """Return SKUs that have a position somewhere or are bundles, by name."""
    return list((await conn.execute(_SKUS, {"after": after, "size": size})).scalars())


async def try_lock(conn: AsyncConnection) -> bool:
    """Become the one who publishes until the transaction ends, unless somebody is."""
    return bool((await conn.execute(_TRY_LOCK, {"lock": _PUBLISHING_LOCK})).scalar())


async def channels(conn: AsyncConnection) -> Sequence[str]:
    """Return every channel that has a policy."""
    return (await conn.execute(_CHANNELS)).scalars().all()


async def published(conn: AsyncConnection, channel: str) -> str:
    """Return how far a channel's feed was published; empty where nothing was."""
    return (await conn.execute(_FIND_CURSOR, {"name": _FOLLOWER.format(channel)})).scalar() or ""


async def save_published(conn: AsyncConnection, channel: str, cursor: str, now: datetime) -> None:
    """Say how far a channel's feed was published."""
    await conn.execute(_SAVE_CURSOR, {"name": _FOLLOWER.format(channel), "cursor": cursor, "now": now})


async def forget(conn: AsyncConnection, *, before: datetime, size: int, now: datetime) -> int:
    """Delete changes of long ago, remember from where on they are kept, and return how many were deleted."""
    gone = (await conn.execute(_FORGET, {"before": before, "size": size})).scalars().all()
    if gone:
        await conn.execute(_SAVE_KEPT_FROM, {"name": _KEPT_FROM, "cursor": str(max(gone) + 1), "now": now})
    return len(gone)

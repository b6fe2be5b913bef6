"""Every SQL statement about complete snapshots: how far each was from our figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.drift import DEFAULT_LIMIT, Limit
from services.inventory.domain.messages import Message

_COUNTED = text("""
SELECT count(*) FROM inventory.source_counts
WHERE source = :source AND node_id = :node_id AND sequence = :sequence
""")

# What the parts before changed is in the ledger; what they left to be decided is in the exceptions.
_DRIFTED = text("""
WITH begun AS (
    SELECT min(create_time) AS create_time FROM inventory.source_messages
    WHERE source = :source AND node_id = :node_id AND sequence = :sequence
), drifted AS (
    SELECT sum(on_hand_delta)::bigint AS delta FROM inventory.ledger_entries
    WHERE reference = :reference AND node_id = :node_id AND reason = 'SNAPSHOT'
      AND create_time >= (SELECT create_time FROM begun)
    GROUP BY sku
    UNION ALL
    SELECT proposed_delta FROM inventory.drift_exceptions
    WHERE source = :source AND node_id = :node_id AND sequence = :sequence
      AND create_time >= (SELECT create_time FROM begun)
)
SELECT count(*) AS number, coalesce(sum(delta) FILTER (WHERE delta > 0), 0)::bigint AS surplus,
       coalesce(-sum(delta) FILTER (WHERE delta < 0), 0)::bigint AS deficit
FROM drifted
""")

_COMPLETE = text("""
INSERT INTO inventory.snapshots (source, node_id, sequence, update_time, counted_sku_count, drifted_sku_count,
                                 surplus_quantity, deficit_quantity)
VALUES (:source, :node_id, :sequence, :now, :counted, :drifted, :surplus, :deficit)
ON CONFLICT (source, node_id) DO UPDATE
SET sequence = excluded.sequence, update_time = excluded.update_time, counted_sku_count = excluded.counted_sku_count,
    drifted_sku_count = excluded.drifted_sku_count, surplus_quantity = excluded.surplus_quantity,
    deficit_quantity = excluded.deficit_quantity
""")

_FORGET = (
    text("""
    DELETE FROM inventory.source_messages
    WHERE source = :source AND node_id = :node_id AND sequence <= :sequence
    """),
    text("""
    DELETE FROM inventory.source_deltas
    WHERE source = :source AND node_id = :node_id AND sequence <= :sequence
    """),
)

_PAGE = text("""
SELECT s.source, s.node_id, s.sequence, s.update_time, s.counted_sku_count, s.drifted_sku_count, s.surplus_quantity,
       s.deficit_quantity, l.units, l.percent, (
           SELECT count(*) FROM inventory.drift_exceptions AS e
           WHERE e.source = s.source AND e.node_id = s.node_id AND e.state = 'OPEN'
       ) AS open_exception_count
FROM inventory.snapshots AS s
LEFT JOIN LATERAL (
    SELECT units, percent FROM inventory.drift_limits WHERE source IN (s.source, '') ORDER BY source DESC LIMIT 1
) AS l ON true
WHERE (s.source, s.node_id) > (:source, :node_id)
ORDER BY s.source, s.node_id LIMIT :size
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How far a snapshot was from our figures."""

    counted: int = 0
    drifted: int = 0
    surplus: int = 0
    deficit: int = 0

    def with_deltas(self, deltas: Sequence[int]) -> "Statistics":
        """Return them with more differences."""
        return Statistics(
            counted=self.counted,
            drifted=self.drifted + len(deltas),
            surplus=self.surplus + sum(delta for delta in deltas if delta > 0),
            deficit=self.deficit - sum(delta for delta in deltas if delta < 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSource:
    """A source, its last complete snapshot of a node, and its limit."""

    source: str
    node_id: str
    sequence: int
    update_time: datetime
    statistics: Statistics
    open_exception_count: int
    limit: Limit


async def statistics(conn: AsyncConnection, message: Message) -> Statistics:
    """Return how many SKUs were counted in all, and how far the parts before were from our figures."""
    values = {"source": message.source, "node_id": message.node_id, "sequence": message.sequence}
    counted = (await conn.execute(_COUNTED, values)).scalar_one()
    if not message.part_count:
        return Statistics(counted=counted)
    row = (await conn.execute(_DRIFTED, {**values, "reference": message.reference})).one()
    return Statistics(counted=counted, drifted=row.number, surplus=row.surplus, deficit=row.deficit)


async def complete(conn: AsyncConnection, message: Message, found: Statistics, now: datetime) -> None:
    """Make this the source's last snapshot of the node, and forget the messages that it makes obsolete."""
    values = {"source": message.source, "node_id": message.node_id, "sequence": message.sequence}
    figures = {
        "counted": found.counted,
        "drifted": found.drifted,
        "surplus": found.surplus,
        "deficit": found.deficit,
    }
    await conn.execute(_COMPLETE, {**values, **figures, "now": now})
    for statement in _FORGET:
        await conn.execute(statement, values)


async def page(conn: AsyncConnection, *, after: tuple[str, str] | None, size: int) -> list[StockSource]:
    """Return sources by name and node."""
    source, node_id = after or ("", "")
    rows = await conn.execute(_PAGE, {"source": source, "node_id": node_id, "size": size})
    return [
        StockSource(
            source=row.source,
            node_id=row.node_id,
            sequence=row.sequence,
            update_time=row.update_time,
            statistics=Statistics(
                counted=row.counted_sku_count,
                drifted=row.drifted_sku_count,
                surplus=row.surplus_quantity,
                deficit=row.deficit_quantity,
            ),
            open_exception_count=row.open_exception_count,
            limit=DEFAULT_LIMIT if row.units is None else Limit(units=row.units, percent=row.percent),
        )
        for row in rows
    ]

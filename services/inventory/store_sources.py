"""Every SQL statement about what sources send: their messages, what they said last, and how far it is from us.

Whoever handles a message has the lock of its source and node first, so that its messages are handled one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.drift import KNOWLEDGE, Claim, Figure
from services.inventory.domain.messages import Message

# The class of these locks among the database's advisory locks.
_SOURCE_LOCKS = 0x4F4D5353

_LOCK = text("SELECT pg_advisory_xact_lock(:class, hashtext(:source || '/' || :node_id))")

_LAST = text("SELECT sequence FROM inventory.snapshots WHERE source = :source AND node_id = :node_id")

# A snapshot may have the sequence of the last delta that it knows.
_CLAIM = text("""
INSERT INTO inventory.source_messages AS m (source, node_id, sequence, part, kind, create_time)
VALUES (:source, :node_id, :sequence, :part, :kind, :now)
ON CONFLICT (source, node_id, sequence, part) DO UPDATE SET kind = excluded.kind, create_time = excluded.create_time
WHERE m.kind = 'DELTA' AND excluded.kind = 'SNAPSHOT'
RETURNING 1
""")

_PARTS = text("""
SELECT count(*) FILTER (WHERE part > 0 AND part <= :part_count) FROM inventory.source_messages
WHERE source = :source AND node_id = :node_id AND sequence = :sequence AND kind = :kind
""")

_SEQUENCES = text("""
SELECT count(DISTINCT sequence) AS seen, min(sequence) AS first FROM inventory.source_messages
WHERE source = :source AND node_id = :node_id AND sequence > :last AND sequence < :sequence
""")

# Only the entries since the count are read, however many a pair has: an index leads back to the last one before it.
# Entries get their number a moment after their time, so that one is taken that is older by more than such a moment.
_MOVED = """
LEFT JOIN LATERAL (
    SELECT sum(l.on_hand_delta)::bigint AS units FROM inventory.ledger_entries AS l
    WHERE l.sku = c.sku AND l.node_id = :node_id AND l.create_time > CAST(:count_time AS timestamptz)
      AND l.reason <> ALL (CAST(:knowledge AS text[]))
      AND l.sequence > coalesce((
          SELECT o.sequence FROM inventory.ledger_entries AS o
          WHERE o.sku = c.sku AND o.node_id = :node_id
            AND o.create_time <= CAST(:count_time AS timestamptz) - interval '5 minutes'
            AND o.create_time > CAST(:count_time AS timestamptz) - interval '31 days'
          ORDER BY o.sequence DESC LIMIT 1), 0)
) AS moved ON true
"""
_NOT_MOVED = "CROSS JOIN (SELECT 0::bigint AS units) AS moved"

# A source of '' has said nothing before, and no deltas: that is a count at the shelf.
_COMPARE = """
SELECT c.sku, greatest(0, c.counted + coalesce(later.units, 0)) AS counted, said.sku IS NOT NULL AS known,
       p.sku IS NOT NULL AS positioned, coalesce(p.on_hand, 0) AS on_hand, coalesce(p.reserved, 0) AS reserved,
       coalesce(moved.units, 0) AS moved
FROM unnest(CAST(:skus AS text[]), CAST(:counted AS bigint[])) AS c (sku, counted)
LEFT JOIN inventory.positions AS p ON p.sku = c.sku AND p.node_id = :node_id
LEFT JOIN inventory.source_counts AS said ON said.source = :source AND said.node_id = :node_id AND said.sku = c.sku
LEFT JOIN (
    SELECT sku, sum(on_hand_delta)::bigint AS units FROM inventory.source_deltas
    WHERE source = :source AND node_id = :node_id AND sequence > :sequence GROUP BY sku
) AS later ON later.sku = c.sku
{moved}
WHERE (said.sku IS NULL OR said.sequence < :sequence)
  AND greatest(0, c.counted + coalesce(later.units, 0)) <> coalesce(p.on_hand, 0) - coalesce(moved.units, 0)
ORDER BY c.sku
"""
_COMPARE_THEN = text(_COMPARE.format(moved=_MOVED))
_COMPARE_NOW = text(_COMPARE.format(moved=_NOT_MOVED))

_MOVED_SINCE = text(f"SELECT c.sku, moved.units FROM unnest(CAST(:skus AS text[])) AS c (sku) {_MOVED}")  # noqa: S608 - ours

_REMEMBER = text("""
INSERT INTO inventory.source_counts AS s (source, node_id, sku, sequence, on_hand)
SELECT :source, :node_id, sku, :sequence, counted
FROM unnest(CAST(:skus AS text[]), CAST(:counted AS bigint[])) AS c (sku, counted) ORDER BY sku
ON CONFLICT (source, node_id, sku) DO UPDATE SET sequence = excluded.sequence, on_hand = excluded.on_hand
WHERE s.sequence < excluded.sequence
""")

# A look-up for each position, and no join: as a join it may be planned by statistics of a table that was empty a moment
# ago, and then costs the square of the node.
_UNCOUNTED = text("""
SELECT p.sku FROM inventory.positions AS p
WHERE p.node_id = :node_id AND p.sku > :after AND p.on_hand <> 0
  AND coalesce((SELECT s.sequence FROM inventory.source_counts AS s
                WHERE s.source = :source AND s.node_id = :node_id AND s.sku = p.sku), 0) < :sequence
ORDER BY p.sku LIMIT :size
""")

# What a count of the same sequence or a later one knows is not kept, and does not count.
_ADD_DELTAS = text("""
INSERT INTO inventory.source_deltas AS d (source, node_id, sequence, sku, on_hand_delta)
SELECT :source, :node_id, :sequence, c.sku, c.delta
FROM unnest(CAST(:skus AS text[]), CAST(:deltas AS bigint[])) AS c (sku, delta)
WHERE NOT EXISTS (
    SELECT FROM inventory.source_counts AS s
    WHERE s.source = :source AND s.node_id = :node_id AND s.sku = c.sku AND s.sequence >= :sequence)
ORDER BY c.sku
ON CONFLICT (source, node_id, sequence, sku) DO UPDATE SET on_hand_delta = d.on_hand_delta + excluded.on_hand_delta
RETURNING sku
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A claim that is not what we say; `positioned` where we have a position of it."""

    claim: Claim
    figure: Figure
    positioned: bool


async def lock(conn: AsyncConnection, message: Message) -> None:
    """Wait until no other message of this source about this node is handled."""
    values = {"source": message.source, "node_id": message.node_id}
    await conn.execute(_LOCK, {"class": _SOURCE_LOCKS, **values})


async def last(conn: AsyncConnection, message: Message) -> int:
    """Return the sequence of the source's last complete snapshot of this node; 0 where there is none."""
    found = (await conn.execute(_LAST, {"source": message.source, "node_id": message.node_id})).scalar()
    return int(found or 0)


async def claim(conn: AsyncConnection, message: Message, now: datetime) -> bool:
    """Take note of a message, and tell whether it has not come before."""
    return (await conn.execute(_CLAIM, {**_key(message), "part": message.part, "now": now})).first() is not None


async def missing_parts(conn: AsyncConnection, message: Message) -> int:
    """Return how many parts have not come yet."""
    came = (await conn.execute(_PARTS, {**_key(message), "part_count": message.part_count})).scalar_one()
    return max(0, message.part_count - int(came))


async def missing_sequences(conn: AsyncConnection, message: Message, last: int) -> int:
    """Return how many messages have not come between the last complete snapshot (or the first message) and this."""
    row = (await conn.execute(_SEQUENCES, {**_key(message), "last": last})).one()
    before = last or ((row.first or message.sequence) - 1)
    return max(0, message.sequence - before - 1 - int(row.seen))


async def compare(conn: AsyncConnection, message: Message, counts: Mapping[str, int]) -> list[Difference]:
    """Return where counts differ from our figures, of those of which the source has said nothing later; by SKU."""
    query = _COMPARE_NOW if message.count_time is None else _COMPARE_THEN
    rows = (await conn.execute(query, {**_key(message), **_counted(counts), **_since(message.count_time)})).all()
    return [
        Difference(
            claim=Claim(pair=message.pair(row.sku), counted=row.counted, known=row.known),
            figure=Figure(on_hand=row.on_hand, reserved=row.reserved, moved=row.moved),
            positioned=row.positioned,
        )
        for row in rows
    ]


async def moved_since(
    conn: AsyncConnection, node_id: str, skus: Sequence[str], count_time: datetime | None
) -> dict[str, int]:
    """Return how many units came (or went) since then, of SKUs of which any did."""
    if count_time is None:
        return {}
    values = {"skus": list(skus), "node_id": node_id, **_since(count_time)}
    return {row.sku: row.units for row in await conn.execute(_MOVED_SINCE, values) if row.units}


async def remember(conn: AsyncConnection, message: Message, counts: Mapping[str, int]) -> None:
    """Keep what the source said of these SKUs, unless it has said something later."""
    if counts:
        await conn.execute(_REMEMBER, {**_key(message), **_counted(counts)})


async def uncounted(conn: AsyncConnection, message: Message, *, after: str, size: int) -> list[str]:
    """Return SKUs that the node has and this snapshot did not name, by SKU."""
    return list((await conn.execute(_UNCOUNTED, {**_key(message), "after": after, "size": size})).scalars())


async def add_deltas(conn: AsyncConnection, message: Message) -> dict[str, int]:
    """Keep what has changed, and return what of it no count knows yet."""
    values = {**_key(message), "skus": list(message.deltas), "deltas": list(message.deltas.values())}
    fresh = (await conn.execute(_ADD_DELTAS, values)).scalars()
    return {sku: message.deltas[sku] for sku in fresh}


def _key(message: Message) -> dict[str, str | int]:
    return {
        "source": message.source,
        "node_id": message.node_id,
        "sequence": message.sequence,
        "kind": message.kind.value,
    }


def _counted(counts: Mapping[str, int]) -> dict[str, list[str] | list[int]]:
    return {"skus": list(counts), "counted": list(counts.values())}


def _since(count_time: datetime | None) -> dict[str, datetime | list[str]]:
    return {} if count_time is None else {"count_time": count_time, "knowledge": sorted(KNOWLEDGE)}

"""The sums that counters must equal, and the checkpoints that keep the cost of adding up flat.

A checkpoint is the sum of a position's ledger up to one entry of it. The next sum begins there, so what an audit reads
of a position is what was written since, however long its history is.

Why `sequence` may be used to say "since": whoever writes an entry holds the lock of the position's row when the number
is taken, and keeps it until the commit. So among the entries of one position the order of numbers is the order of
commits, and an entry that is not visible yet has a larger number than every one that is. Among different positions
neither is true.

`create_time` is a replica's clock, and no order. It only tells which partitions need not be looked into: an entry after
a checkpoint is at most a day older than it (clocks that are further apart would be found out: what is then not read is
a discrepancy, which an audit with `full` denies).
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.ledger import LotSum, Sums
from services.inventory.domain.position import Pair, Position
from services.inventory.store import columns

# A sum of more entries than this is worth a checkpoint.
_WORTH = 200
# When a position changed that never was there.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# The pairs of a page: those that have a position, and those that only have rows of one. Of these each pair is found by
# jumping to the first row after the pair before, so it costs as many looks into an index as there are pairs; into that
# of each month, where they are entries. `store.move` writes none without its position, and no position is ever
# deleted, so only whoever does not believe it (`full`) pays for looking at entries.
_JUMP = """{name} (sku, node_id, place) AS (
    (SELECT t.sku, t.node_id, 1 AS place FROM {source} AS t WHERE {live} (t.sku, t.node_id) > (:sku, :node_id)
     ORDER BY t.sku, t.node_id LIMIT 1)
    UNION ALL
    SELECT n.sku, n.node_id, p.place + 1 FROM {name} AS p CROSS JOIN LATERAL (
        SELECT t.sku, t.node_id FROM {source} AS t WHERE {live} (t.sku, t.node_id) > (p.sku, p.node_id)
        ORDER BY t.sku, t.node_id LIMIT 1
    ) AS n WHERE p.place < :size
)"""
_RESERVING = _JUMP.format(name="reserving", source="inventory.reservations", live="t.state IN ('SOFT', 'HARD') AND")
_ENTERED = _JUMP.format(name="entered", source="inventory.ledger_entries", live="")
_PAGE = """
WITH RECURSIVE {jumps}, page AS MATERIALIZED (
    SELECT sku, node_id FROM (
        (SELECT sku, node_id FROM inventory.positions WHERE (sku, node_id) > (:sku, :node_id)
         ORDER BY sku, node_id LIMIT :size)
        UNION
        {found}
    ) AS known ORDER BY sku, node_id LIMIT :size
)"""
_SOME = _PAGE.format(jumps=_RESERVING, found="SELECT sku, node_id FROM reserving")
_ALL = _PAGE.format(
    jumps=f"{_RESERVING}, {_ENTERED}",
    found="SELECT sku, node_id FROM reserving UNION SELECT sku, node_id FROM entered",
)
_NAMED = """
WITH page AS MATERIALIZED (
    SELECT sku, node_id FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS named (sku, node_id)
)"""

# Whatever is compared is read in this one statement: in one moment. A bundle holds its components, not itself, and is
# counted once, at the first of them. Lots have no checkpoints: of positions that have some, everything is added up.
_SUMS = """
, bundled AS MATERIALIZED (
    SELECT c.sku, r.node_id, count(*) FILTER (WHERE c.first) AS number,
           sum((r.quantity - r.consumed_quantity - r.released_quantity) * c.units)::bigint AS units
    FROM inventory.reservations AS r CROSS JOIN LATERAL (
        SELECT key AS sku, value::bigint AS units, key = min(key) OVER () AS first FROM jsonb_each_text(r.components)
    ) AS c
    WHERE r.state IN ('SOFT', 'HARD') AND r.components <> '{}'
      AND r.components ?| ARRAY(SELECT DISTINCT sku FROM page)
    GROUP BY c.sku, r.node_id
)
SELECT page.sku, page.node_id, p.sku IS NULL AS missing, p.on_hand, p.reserved, p.safety_stock, p.unsellable,
       p.quality_control, p.quarantine, p.pools, p.update_time,
       coalesce(c.on_hand, 0) + l.on_hand AS sum_on_hand, coalesce(c.reserved, 0) + l.reserved AS sum_reserved,
       coalesce(c.safety_stock, 0) + l.safety_stock AS sum_safety_stock,
       coalesce(c.unsellable, 0) + l.unsellable AS sum_unsellable,
       coalesce(c.quality_control, 0) + l.quality_control AS sum_quality_control,
       coalesce(c.quarantine, 0) + l.quarantine AS sum_quarantine,
       coalesce(l.sequence, c.sequence, 0) AS last_sequence, greatest(l.create_time, c.create_time) AS last_time,
       l.entries, plain.units + coalesce(bundled.units, 0) AS live,
       plain.number + coalesce(bundled.number, 0) AS live_reservations, lot.ids, lot.counted, lot.summed
FROM page
LEFT JOIN inventory.positions AS p ON p.sku = page.sku AND p.node_id = page.node_id
LEFT JOIN LATERAL (
    SELECT * FROM inventory.ledger_checkpoints AS k
    WHERE NOT CAST(:full AS boolean) AND k.sku = page.sku AND k.node_id = page.node_id
    ORDER BY k.sequence DESC LIMIT 1
) AS c ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS entries, max(e.sequence) AS sequence, max(e.create_time) AS create_time,
           coalesce(sum(e.on_hand_delta), 0)::bigint AS on_hand,
           coalesce(sum(e.reserved_delta), 0)::bigint AS reserved,
           coalesce(sum(e.safety_stock_delta), 0)::bigint AS safety_stock,
           coalesce(sum(e.unsellable_delta), 0)::bigint AS unsellable,
           coalesce(sum(e.quality_control_delta), 0)::bigint AS quality_control,
           coalesce(sum(e.quarantine_delta), 0)::bigint AS quarantine,
           coalesce(bool_or(e.lot_id <> ''), false) AS in_lots
    FROM inventory.ledger_entries AS e
    WHERE e.sku = page.sku AND e.node_id = page.node_id AND e.sequence > coalesce(c.sequence, 0)
      AND e.create_time >= coalesce(c.create_time - interval '1 day', '-infinity')
) AS l
CROSS JOIN LATERAL (
    SELECT count(*) AS number,
           coalesce(sum(r.quantity - r.consumed_quantity - r.released_quantity), 0)::bigint AS units
    FROM inventory.reservations AS r
    WHERE r.sku = page.sku AND r.node_id = page.node_id AND r.state IN ('SOFT', 'HARD') AND r.components = '{}'
) AS plain
LEFT JOIN bundled ON bundled.sku = page.sku AND bundled.node_id = page.node_id
CROSS JOIN LATERAL (
    SELECT array_agg(lot_id ORDER BY lot_id) AS ids, array_agg(coalesce(o.on_hand, 0) ORDER BY lot_id) AS counted,
           array_agg(coalesce(s.on_hand, 0) ORDER BY lot_id) AS summed
    FROM (
        SELECT lot_id, on_hand FROM inventory.lots WHERE sku = page.sku AND node_id = page.node_id
    ) AS o FULL JOIN (
        SELECT lot_id, sum(on_hand_delta)::bigint AS on_hand FROM inventory.ledger_entries
        WHERE sku = page.sku AND node_id = page.node_id AND lot_id <> '' AND (
            l.in_lots OR EXISTS (SELECT FROM inventory.lots AS a WHERE a.sku = page.sku AND a.node_id = page.node_id))
        GROUP BY lot_id
    ) AS s USING (lot_id)
) AS lot
ORDER BY page.sku, page.node_id
"""

_WRITE = text("""
INSERT INTO inventory.ledger_checkpoints (sku, node_id, sequence, create_time, on_hand, reserved, safety_stock,
                                          unsellable, quality_control, quarantine)
SELECT * FROM unnest(
    CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:sequences AS bigint[]), CAST(:times AS timestamptz[]),
    CAST(:on_hand AS bigint[]), CAST(:reserved AS bigint[]), CAST(:safety_stock AS bigint[]),
    CAST(:unsellable AS bigint[]), CAST(:quality_control AS bigint[]), CAST(:quarantine AS bigint[])
) AS c (sku, node_id, sequence, create_time, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine)
ORDER BY sku, node_id
ON CONFLICT (sku, node_id, sequence) DO UPDATE
SET create_time = excluded.create_time, on_hand = excluded.on_hand, reserved = excluded.reserved,
    safety_stock = excluded.safety_stock, unsellable = excluded.unsellable,
    quality_control = excluded.quality_control, quarantine = excluded.quarantine
""")

_FORGET = text("""
DELETE FROM inventory.ledger_checkpoints AS k
USING unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
WHERE k.sku = wanted.sku AND k.node_id = wanted.node_id
""")


async def sums(conn: AsyncConnection, *, after: tuple[str, str] | None, size: int, full: bool) -> list[Sums]:
    """Return a page of positions, each beside what its rows add up to.

    Pairs that have no position but live reservations are among them; with `full`, also those that have but entries.
    With `full`, checkpoints are not believed.
    """
    sku, node_id = after or ("", "")
    query = text((_ALL if full else _SOME) + _SUMS)
    return await _sums(conn, query, {"sku": sku, "node_id": node_id, "size": size, "full": full})


async def sums_of(conn: AsyncConnection, pairs: Collection[Pair]) -> list[Sums]:
    """Return what the whole ledger says of these pairs."""
    return await _sums(conn, text(_NAMED + _SUMS), {**columns(sorted(pairs)), "full": True})


async def write(conn: AsyncConnection, proved: Iterable[Sums]) -> None:
    """Keep the sums of positions that add up, where the next sum would else be long."""
    # In the order of their keys, as everything is locked: two audits may be at the same page.
    rows = [one for one in proved if one.entries > _WORTH]
    if not rows:
        return
    values = {
        **columns(one.position.pair for one in rows),
        "sequences": [one.last_sequence for one in rows],
        "times": [one.last_time for one in rows],
        "on_hand": [one.on_hand for one in rows],
        "reserved": [one.reserved for one in rows],
        "safety_stock": [one.safety_stock for one in rows],
        "unsellable": [one.unsellable for one in rows],
        "quality_control": [one.quality_control for one in rows],
        "quarantine": [one.quarantine for one in rows],
    }
    await conn.execute(_WRITE, values)


async def forget(conn: AsyncConnection, pairs: Iterable[Pair]) -> None:
    """Delete the checkpoints of these positions: the next sum of them begins at the beginning."""
    await conn.execute(_FORGET, columns(pairs))


async def _sums(conn: AsyncConnection, query: TextClause, values: dict[str, Any]) -> list[Sums]:
    return [_of(row) for row in (await conn.execute(query, values)).mappings()]


def _of(row: RowMapping) -> Sums:
    pair = Pair(row["sku"], row["node_id"])
    lots = zip(row["ids"] or (), row["counted"] or (), row["summed"] or (), strict=True)
    return Sums(
        position=Position(
            pair=pair,
            on_hand=row["on_hand"] or 0,
            reserved=row["reserved"] or 0,
            safety_stock=row["safety_stock"] or 0,
            unsellable=row["unsellable"] or 0,
            quality_control=row["quality_control"] or 0,
            quarantine=row["quarantine"] or 0,
            pools=row["pools"] or {},
            update_time=row["update_time"] or row["last_time"] or _NEVER,
        ),
        missing=row["missing"],
        on_hand=row["sum_on_hand"],
        reserved=row["sum_reserved"],
        safety_stock=row["sum_safety_stock"],
        unsellable=row["sum_unsellable"],
        quality_control=row["sum_quality_control"],
        quarantine=row["sum_quarantine"],
        live=row["live"],
        live_reservations=row["live_reservations"],
        lots=tuple(LotSum(lot_id=lot_id, on_hand=counted, summed=summed) for lot_id, counted, summed in lots),
        entries=row["entries"],
        last_sequence=row["last_sequence"],
        last_time=row["last_time"],
    )

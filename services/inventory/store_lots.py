"""Every SQL statement about lots."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.lots import Lot
from services.inventory.domain.position import Movement, Pair
from services.inventory.store import columns

_MOVE = text("""
INSERT INTO inventory.lots AS l (sku, node_id, lot_id, on_hand, update_time)
SELECT sku, node_id, lot_id, sum(on_hand)::bigint, :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]), CAST(:on_hand AS bigint[]))
    AS m (sku, node_id, lot_id, on_hand)
GROUP BY sku, node_id, lot_id ORDER BY sku, node_id, lot_id
ON CONFLICT (sku, node_id, lot_id) DO UPDATE SET on_hand = l.on_hand + excluded.on_hand, update_time = :now
""")

_OF = text("""
SELECT l.sku, l.node_id, l.lot_id, l.expire_time, l.on_hand
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[])) AS wanted (sku, node_id)
JOIN inventory.lots AS l USING (sku, node_id)
WHERE l.on_hand > 0
""")


async def move(conn: AsyncConnection, movements: Sequence[Movement], now: datetime) -> None:
    """Change what lots have, for movements that name one. Their positions are locked, which locks their lots too."""
    if movements:
        values = {
            **columns(one.pair for one in movements),
            "lot_ids": [one.lot_id for one in movements],
            "on_hand": [one.on_hand for one in movements],
        }
        await conn.execute(_MOVE, {**values, "now": now})


async def of(conn: AsyncConnection, pairs: Collection[Pair]) -> dict[Pair, list[Lot]]:
    """Return the lots that these positions have units of."""
    found: dict[Pair, list[Lot]] = {}
    for row in (await conn.execute(_OF, columns(pairs))).mappings():
        lot = Lot(lot_id=row["lot_id"], expire_time=row["expire_time"], on_hand=row["on_hand"])
        found.setdefault(Pair(row["sku"], row["node_id"]), []).append(lot)
    return found

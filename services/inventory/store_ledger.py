"""Every SQL statement that reads the ledger back: its entries, and positions as they were.

What counters must equal is in `store_checkpoints`.
"""

from datetime import datetime

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.ledger import Entry
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.tables import ledger_entries

# The newest checkpoint whose entries are all of that time, and what was written from there to that time. Its
# create_time is that of the newest entry in it, so none of them is later.
_AS_OF = """
WITH page AS MATERIALIZED (
    SELECT sku, node_id FROM inventory.positions WHERE {wanted} ORDER BY sku, node_id LIMIT :size
)
SELECT page.sku, page.node_id, greatest(l.create_time, c.create_time) AS update_time,
       coalesce(c.on_hand, 0) + l.on_hand AS on_hand, coalesce(c.reserved, 0) + l.reserved AS reserved,
       coalesce(c.safety_stock, 0) + l.safety_stock AS safety_stock,
       coalesce(c.unsellable, 0) + l.unsellable AS unsellable,
       coalesce(c.quality_control, 0) + l.quality_control AS quality_control,
       coalesce(c.quarantine, 0) + l.quarantine AS quarantine
FROM page
LEFT JOIN LATERAL (
    SELECT * FROM inventory.ledger_checkpoints AS k
    WHERE k.sku = page.sku AND k.node_id = page.node_id AND k.create_time <= :as_of
    ORDER BY k.sequence DESC LIMIT 1
) AS c ON true
CROSS JOIN LATERAL (
    SELECT max(e.create_time) AS create_time,
           coalesce(sum(e.on_hand_delta), 0)::bigint AS on_hand,
           coalesce(sum(e.reserved_delta), 0)::bigint AS reserved,
           coalesce(sum(e.safety_stock_delta), 0)::bigint AS safety_stock,
           coalesce(sum(e.unsellable_delta), 0)::bigint AS unsellable,
           coalesce(sum(e.quality_control_delta), 0)::bigint AS quality_control,
           coalesce(sum(e.quarantine_delta), 0)::bigint AS quarantine
    FROM inventory.ledger_entries AS e
    WHERE e.sku = page.sku AND e.node_id = page.node_id AND e.sequence > coalesce(c.sequence, 0)
      AND e.create_time <= :as_of AND e.create_time >= coalesce(c.create_time - interval '1 day', '-infinity')
) AS l
ORDER BY page.sku, page.node_id
"""


async def entries(
    conn: AsyncConnection,
    *,
    sku: str,
    node_id: str,
    reference: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    size: int,
) -> list[Entry]:
    """Return ledger entries, newest first; with times, of the partitions of these times only."""
    columns = ledger_entries.c
    query = select(*columns)
    for column, value in ((columns.sku, sku), (columns.node_id, node_id), (columns.reference, reference)):
        if value:
            query = query.where(column == value)
    if since is not None:
        query = query.where(columns.create_time >= since)
    if until is not None:
        query = query.where(columns.create_time < until)
    if before is not None:
        query = query.where(columns.sequence < before)
    return [_entry(row) for row in (await conn.execute(query.order_by(columns.sequence.desc()).limit(size))).mappings()]


async def as_of(
    conn: AsyncConnection, moment: datetime, *, sku: str, node_id: str, after: tuple[str, str] | None, size: int
) -> list[tuple[Pair, Position | None]]:
    """Return a page of pairs, each with what the ledger says that it was at a moment; None before it began."""
    wanted = ["(sku, node_id) > (:after_sku, :after_node_id)"]
    if sku:
        wanted.append("sku = :sku")
    if node_id:
        # Said once more for the index of the node, which begins with it.
        wanted += ["node_id = :node_id", "sku >= :after_sku"]
    after_sku, after_node_id = after or ("", "")
    values = {"after_sku": after_sku, "after_node_id": after_node_id, "as_of": moment, "size": size}
    values |= ({"sku": sku} if sku else {}) | ({"node_id": node_id} if node_id else {})
    rows = (await conn.execute(text(_AS_OF.format(wanted=" AND ".join(wanted))), values)).mappings()
    return [(Pair(row["sku"], row["node_id"]), _past(row)) for row in rows]


def _past(row: RowMapping) -> Position | None:
    if row["update_time"] is None:
        return None
    return Position(
        pair=Pair(row["sku"], row["node_id"]),
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        safety_stock=row["safety_stock"],
        unsellable=row["unsellable"],
        quality_control=row["quality_control"],
        quarantine=row["quarantine"],
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
        quality_control=row["quality_control_delta"],
        quarantine=row["quarantine_delta"],
        lot_id=row["lot_id"],
    )
    return Entry(sequence=row["sequence"], movement=movement, actor=row["actor"], create_time=row["create_time"])

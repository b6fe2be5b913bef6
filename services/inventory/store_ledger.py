"""Every SQL statement that reads the ledger back: its entries, and the sums that counters must equal."""

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.ledger import Entry, Sums
from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.store import position
from services.inventory.tables import ledger_entries

_SUMS = text("""
WITH page AS (
    SELECT sku, node_id, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine, pools,
           update_time FROM inventory.positions
    WHERE (sku, node_id) > (:sku, :node_id) ORDER BY sku, node_id LIMIT :size
), ledger AS (
    SELECT l.sku, l.node_id, sum(l.on_hand_delta)::bigint AS on_hand, sum(l.reserved_delta)::bigint AS reserved,
           sum(l.safety_stock_delta)::bigint AS safety_stock, sum(l.unsellable_delta)::bigint AS unsellable
    FROM inventory.ledger_entries AS l JOIN page USING (sku, node_id) GROUP BY l.sku, l.node_id
), live AS (
    SELECT r.sku, r.node_id, count(*) AS number,
           sum(r.quantity - r.consumed_quantity - r.released_quantity)::bigint AS units
    FROM inventory.reservations AS r JOIN page USING (sku, node_id)
    WHERE r.state IN ('SOFT', 'HARD') GROUP BY r.sku, r.node_id
)
SELECT page.sku, page.node_id, page.on_hand, page.reserved, page.safety_stock, page.unsellable, page.quality_control,
       page.quarantine, page.pools, page.update_time,
       coalesce(ledger.on_hand, 0) AS sum_on_hand, coalesce(ledger.reserved, 0) AS sum_reserved,
       coalesce(ledger.safety_stock, 0) AS sum_safety_stock, coalesce(ledger.unsellable, 0) AS sum_unsellable,
       coalesce(live.units, 0) AS live, coalesce(live.number, 0) AS live_reservations
FROM page LEFT JOIN ledger USING (sku, node_id) LEFT JOIN live USING (sku, node_id)
ORDER BY page.sku, page.node_id
""")


async def entries(
    conn: AsyncConnection, *, sku: str, node_id: str, reference: str, before: int | None, size: int
) -> list[Entry]:
    """Return ledger entries, newest first."""
    columns = ledger_entries.c
    query = select(*columns)
    for column, value in ((columns.sku, sku), (columns.node_id, node_id), (columns.reference, reference)):
        if value:
            query = query.where(column == value)
    if before is not None:
        query = query.where(columns.sequence < before)
    return [_entry(row) for row in (await conn.execute(query.order_by(columns.sequence.desc()).limit(size))).mappings()]


async def sums(conn: AsyncConnection, *, after: tuple[str, str] | None, size: int) -> list[Sums]:
    """Return a page of positions, each beside what its rows add up to: one statement, so one moment."""
    sku, node_id = after or ("", "")
    rows = (await conn.execute(_SUMS, {"sku": sku, "node_id": node_id, "size": size})).mappings()
    return [
        Sums(
            position=position(row),
            on_hand=row["sum_on_hand"],
            reserved=row["sum_reserved"],
            safety_stock=row["sum_safety_stock"],
            unsellable=row["sum_unsellable"],
            live=row["live"],
            live_reservations=row["live_reservations"],
        )
        for row in rows
    ]


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
    )
    return Entry(sequence=row["sequence"], movement=movement, actor=row["actor"], create_time=row["create_time"])

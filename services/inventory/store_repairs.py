"""Every SQL statement that repairs counters: beside `store.move` the only one that writes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.ledger import Repair
from services.inventory.store import columns

# What is true may be more than is free: the trigger that refuses to oversell lets it pass while this is said.
_REBUILDING = text("SELECT set_config('inventory.rebuilding', :said, true)")

_SET = text("""
WITH meant AS (
    SELECT * FROM unnest(
        CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:on_hand AS bigint[]), CAST(:reserved AS bigint[]),
        CAST(:safety_stock AS bigint[]), CAST(:unsellable AS bigint[]), CAST(:quality_control AS bigint[]),
        CAST(:quarantine AS bigint[]), CAST(:reserved_deltas AS bigint[])
    ) AS m (sku, node_id, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine, reserved_delta)
), repaired AS (
    UPDATE inventory.positions AS p
    SET on_hand = m.on_hand, reserved = m.reserved, safety_stock = m.safety_stock, unsellable = m.unsellable,
        quality_control = m.quality_control, quarantine = m.quarantine, update_time = :now
    FROM meant AS m WHERE p.sku = m.sku AND p.node_id = m.node_id
)
INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta,
                                      reason, reference, note, actor, create_time)
SELECT sku, node_id, 0, reserved_delta, 0, 0, 'REBUILD', :reference, :note, :actor, :now
FROM meant WHERE reserved_delta <> 0 ORDER BY sku, node_id
""")

_SET_LOTS = text("""
INSERT INTO inventory.lots (sku, node_id, lot_id, on_hand, update_time)
SELECT sku, node_id, lot_id, on_hand, :now
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:lot_ids AS text[]), CAST(:on_hand AS bigint[]))
    AS m (sku, node_id, lot_id, on_hand)
ORDER BY sku, node_id, lot_id
ON CONFLICT (sku, node_id, lot_id) DO UPDATE SET on_hand = excluded.on_hand, update_time = excluded.update_time
""")


async def write(conn: AsyncConnection, repairs: Sequence[Repair], *, reference: str, actor: str, now: datetime) -> None:
    """Set the counters of positions that are locked, and write what the ledger lacks."""
    found = [one.position for one in repairs]
    values = {
        **columns(one.pair for one in found),
        "on_hand": [one.on_hand for one in found],
        "reserved": [one.reserved for one in found],
        "safety_stock": [one.safety_stock for one in found],
        "unsellable": [one.unsellable for one in found],
        "quality_control": [one.quality_control for one in found],
        "quarantine": [one.quarantine for one in found],
        "reserved_deltas": [one.reserved_delta for one in repairs],
        "reference": reference,
        "note": "reserved is what live reservations say",
        "actor": actor,
        "now": now,
    }
    await conn.execute(_REBUILDING, {"said": "yes"})
    await conn.execute(_SET, values)
    await conn.execute(_REBUILDING, {"said": ""})
    await _write_lots(conn, repairs, now)


async def _write_lots(conn: AsyncConnection, repairs: Iterable[Repair], now: datetime) -> None:
    wrong = {one.place[:3] for repair in repairs for one in repair.repaired}
    rows = [
        (repair.position.pair, lot)
        for repair in repairs
        for lot in repair.sums.lots
        if (repair.position.pair.sku, repair.position.pair.node_id, f"lot {lot.lot_id}") in wrong
    ]
    if rows:
        values = {
            **columns(pair for pair, _ in rows),
            "lot_ids": [lot.lot_id for _, lot in rows],
            "on_hand": [lot.on_hand for _, lot in rows],
        }
        await conn.execute(_SET_LOTS, {**values, "now": now})

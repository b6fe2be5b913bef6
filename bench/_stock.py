"""Stock to measure on: one hot SKU and many others, and the tables of the SQL floor."""

import asyncpg

HOT = "HOT"
NODE = "dc-1"
FLOOR = "floor"
_PLENTY = 1_000_000_000

_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {FLOOR};
CREATE TABLE IF NOT EXISTS {FLOOR}.positions (
    sku text, node_id text, on_hand bigint NOT NULL, reserved bigint NOT NULL CHECK (reserved <= on_hand),
    PRIMARY KEY (sku, node_id)
);
CREATE TABLE IF NOT EXISTS {FLOOR}.reservations (
    reservation_id text PRIMARY KEY, owner_id text NOT NULL, sku text NOT NULL, node_id text NOT NULL,
    quantity bigint NOT NULL, create_time timestamptz NOT NULL
);
"""

_FLOOR_POSITIONS = f"""
INSERT INTO {FLOOR}.positions SELECT sku, $2, {_PLENTY}, 0 FROM unnest($1::text[]) AS s (sku) ON CONFLICT DO NOTHING
"""
_POSITIONS = f"""
WITH new AS (
    INSERT INTO inventory.positions (sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time)
    SELECT sku, $2, {_PLENTY}, 0, 0, 0, now() FROM unnest($1::text[]) AS s (sku)
    ON CONFLICT DO NOTHING RETURNING sku, node_id
)
INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta,
                                      reason, reference, note, actor, create_time)
SELECT sku, node_id, {_PLENTY}, 0, 0, 0, 'RECEIPT', 'bench', '', 'bench', now() FROM new
"""


def sku(number: int) -> str:
    """Return the name of a SKU."""
    return f"SKU-{number:08d}"


async def fill(url: str, skus: int) -> None:
    """Put plenty of each SKU at one node, for us and for the floor."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_TABLES)
        for start in range(0, skus, 50_000):
            names = [HOT, *map(sku, range(start, min(skus, start + 50_000)))]
            await connection.execute(_FLOOR_POSITIONS, names, NODE, timeout=600)
            await connection.execute(_POSITIONS, names, NODE, timeout=600)
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()

"""Millions of orders, as the service could have accepted them over a year: two lines each, most of them delivered."""

from collections.abc import Callable

import asyncpg

_CHUNK = 100_000
_SKUS = 10_000
_TABLES = ("orders", "order_lines", "order_events", "payments")

_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT indisunique
"""
_ID = "lpad(n::text, 26, '0')"
_WHEN = "$3::timestamptz + n * $4::interval"
_ORDERS = f"""
INSERT INTO intake.orders (order_id, channel, external_id, order_number, digest, region, priority, currency_code,
                           customer_reference, ship_to, shipping_minor, shipping_tax_minor, total_minor, service_level,
                           ship_complete, note, email, order_time, create_time, update_time, sequence,
                           open, backordered, reserved, released, shipped, delivered, returned, cancelled, lost)
SELECT 'ord_' || {_ID}, 'bulk', 'B-' || n, 'B-' || n, md5(n::text), 'US', 3, 'USD', 'c-' || n % 1000000,
       jsonb_build_object('name', 'Customer ' || n % 1000000, 'lines', jsonb_build_array(n || ' Main St'),
                          'company', '', 'postal_code', lpad((n % 99999)::text, 5, '0'),
                          'city', 'Chicago', 'administrative_area', 'IL', 'country_code', 'US',
                          'phone', '', 'email', ''),
       500, 0, 4828, 'STANDARD', false, '', 'c' || n % 1000000 || '@example.com',
       {_WHEN}, {_WHEN}, {_WHEN}, 1,
       (n % 100 = 1)::int * 2, (n % 100 = 0)::int * 2, 0, 0, 0, (n % 100 > 1)::int * 2, 0, 0, 0
FROM generate_series($1::bigint, $2::bigint - 1) AS n
"""
_LINES = f"""
INSERT INTO intake.order_lines (line_id, order_id, position, external_line_id, sku, title, quantity, unit_price_minor,
                                discount_minor, tax_minor, prices_include_tax, total_minor, captured, open, backordered,
                                reserved, released, shipped, delivered, returned, cancelled, lost)
SELECT 'lin_' || {_ID} || p, 'ord_' || {_ID}, p, p::text, 'SKU-' || lpad(((n * 7919 + p) % {_SKUS})::text, 5, '0'),
       'A thing', 1, 1999, 0, 165, false, 2164, 0, (n % 100 = 1)::int, (n % 100 = 0)::int, 0, 0, 0, (n % 100 > 1)::int,
       0, 0, 0
FROM generate_series($1::bigint, $2::bigint - 1) AS n, generate_series(1, 2) AS p
"""
_EVENTS = f"""
INSERT INTO intake.order_events (order_id, sequence, event_id, type, key, moves, reason, actor, "references",
                                 create_time, transaction_id)
SELECT 'ord_' || {_ID}, 1, 'evt_' || {_ID}, 'SUBMITTED', 'k', '[]', '', 'bench', '{{}}', {_WHEN}, '3'
FROM generate_series($1::bigint, $2::bigint - 1) AS n
"""
_PAYMENTS = f"""
INSERT INTO intake.payments
SELECT 'ord_' || {_ID}, 'CAPTURED', '', 4828, 4828, 4828, 0 FROM generate_series($1::bigint, $2::bigint - 1) AS n
"""


def sku_of(number: int) -> str:
    """Return the SKU of the first line of an order."""
    return f"SKU-{(number * 7919 + 1) % _SKUS:05d}"


async def fill(url: str, orders: int, progress: Callable[[str, float], None]) -> None:
    """Fill an empty database that is migrated; `progress` hears what is done, and how much of it (0 to 1)."""
    connection = await asyncpg.connect(url, timeout=60, command_timeout=3600)
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("SET maintenance_work_mem = '1GB'")
        await connection.execute("SET session_replication_role = replica")  # no triggers: the sums are written at once
        indexes = await connection.fetch(_INDEXES, [f"intake.{table}" for table in _TABLES])
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        begin, step = await connection.fetchrow(
            "SELECT now() - interval '360 days', interval '359 days' / $1::float8", float(orders)
        )
        for start in range(0, orders, _CHUNK):
            progress("filling", start / orders)
            end = min(orders, start + _CHUNK)
            for statement in (_ORDERS, _EVENTS):
                await connection.execute(statement, start, end, begin, step)
            for statement in (_LINES, _PAYMENTS):
                await connection.execute(statement, start, end)
        for number, index in enumerate(indexes):
            progress("indexing", number / len(indexes))
            await connection.execute(index["definition"])
        progress("looking through", 0.0)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
        await connection.execute("ALTER SYSTEM RESET fsync")
        await connection.execute("ALTER SYSTEM RESET max_wal_size")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()

"""A database as it is after a year: positions at 200 nodes, a ledger in monthly partitions, live reservations.

Every row is one that the service itself could have written, so the audit of it is clean: each position begins with its
receipt, units are reserved and released again until the ledger is long enough, and what is live now was reserved last.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

NODES = 200
_LIVE = 200_000
_PLENTY = 1_000_000
_CHUNK = 500_000
# Far from every divisor of a round number: one history row after the other goes to another position.
_STRIDE = 7_919
_TABLES = ("positions", "reservations", "ledger_entries")

# What a row needs on the disk with all its indexes, with some room, and how much log is kept at most.
_POSITION_BYTES = 420
_ENTRY_BYTES = 620
_RESERVATION_BYTES = 900
_LOG_BYTES = 5 << 30

# Nothing waits for the disk while it is filled: if the machine dies, the folder is thrown away.
_HURRY = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'1h'",
    "maintenance_work_mem": "'1GB'",
}

# The ledger as it is where the service has run for a year: the first partition is what was before.
_MONTHS = """
ALTER TABLE inventory.ledger_entries DETACH PARTITION inventory.ledger_entries_first;
DO $$
DECLARE
    start timestamptz := date_trunc('month', now() - interval '1 year');
BEGIN
    EXECUTE format('ALTER TABLE inventory.ledger_entries ATTACH PARTITION inventory.ledger_entries_first '
                   'FOR VALUES FROM (MINVALUE) TO (%L)', start);
    FOR month IN 0 .. 14 LOOP
        PERFORM inventory.create_ledger_partition((start + month * interval '1 month')::date);
    END LOOP;
END $$;
"""

_INDEXES = """
SELECT indexrelid::regclass::text AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT indisprimary
"""

# Position p (from 0) is SKU p / 200 at node p % 200.
_PAIR = f"'SKU-' || lpad(({{p}} / {NODES})::text, 8, '0'), 'n-' || lpad(({{p}} % {NODES})::text, 3, '0')"
_TIME = "$3::timestamptz + ({s} - 1) * $4::interval"
_ENTRY = """
INSERT INTO inventory.ledger_entries (sequence, sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,
                                      unsellable_delta, reason, reference, note, actor, create_time)
"""

_POSITIONS = f"""
INSERT INTO inventory.positions (sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time)
SELECT {_PAIR.format(p="p")}, {_PLENTY},
       CASE WHEN $5::bigint <= $6::bigint THEN (p % ($6 / $5) = 0 AND p / ($6 / $5) < $5)::int
            ELSE $5 / $6 + (p < $5 % $6)::int END, 0, 0, {_TIME.format(s="p + 1")}
FROM generate_series($1::bigint, $2::bigint - 1) AS p
"""
_RECEIPTS = f"""
{_ENTRY}
SELECT p + 1, {_PAIR.format(p="p")}, {_PLENTY}, 0, 0, 0, 'RECEIPT', 'bench', '', 'bench', {_TIME.format(s="p + 1")}
FROM generate_series($1::bigint, $2::bigint - 1) AS p
"""
_HISTORY = f"""
{_ENTRY}
SELECT $5::bigint + k + 1, {_PAIR.format(p=f"(k / 2 * {_STRIDE} % $5::bigint)")}, 0, 1 - k % 2 * 2, 0, 0,
       CASE k % 2 WHEN 0 THEN 'RESERVED' ELSE 'RELEASED' END, 'rsv_past' || k / 2, '', 'bench',
       {_TIME.format(s="$5 + k + 1")}
FROM generate_series($1::bigint, $2::bigint - 1) AS k
"""
_PLACE = "(CASE WHEN $6::bigint <= $5::bigint THEN j * ($5 / $6) ELSE j % $5 END)"
_RESERVED = f"""
{_ENTRY}
SELECT $7::bigint + j + 1, {_PAIR.format(p=_PLACE)}, 0, 1, 0, 0, 'RESERVED', 'rsv_live' || j, '', 'bench',
       {_TIME.format(s="$7 + j + 1")}
FROM generate_series($1::bigint, $2::bigint - 1) AS j
"""
_RESERVATIONS = f"""
INSERT INTO inventory.reservations (reservation_id, owner_id, line_id, sku, node_id, quantity, consumed_quantity,
                                    released_quantity, state, create_time, update_time)
SELECT 'rsv_live' || j, 'ord_live' || j, '1', {_PAIR.format(p=_PLACE)}, 1, 0, 0, 'HARD',
       {_TIME.format(s="$7::bigint + j + 1")}, {_TIME.format(s="$7 + j + 1")}
FROM generate_series($1::bigint, $2::bigint - 1) AS j
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is: positions, and at least so many ledger entries."""

    positions: int
    ledger: int

    @property
    def skus(self) -> int:
        return self.positions // NODES

    @property
    def past(self) -> int:
        """Ledger entries of what was reserved and released."""
        return max(0, self.ledger - self.positions - _LIVE) // 2 * 2

    @property
    def entries(self) -> int:
        return self.positions + self.past + _LIVE

    def pair(self, number: int) -> tuple[str, str]:
        """Return the SKU and the node of a position, from 0."""
        return sku(number // NODES), f"n-{number % NODES:03d}"


def sku(number: int) -> str:
    """Return the name of a SKU."""
    return f"SKU-{number:08d}"


def require_room(size: Size, folder: Path) -> None:
    """Refuse what the disk has no room for.

    Raises:
        SystemExit: too little is free.
    """
    rows = size.positions * _POSITION_BYTES + size.entries * _ENTRY_BYTES + _LIVE * _RESERVATION_BYTES
    needed, free = rows + _LOG_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{size.positions:,} positions and {size.entries:,} ledger entries need {needed / 2**30:.0f} GB,"
            f" and {free / 2**30:.0f} GB are free in {folder}: choose fewer, or another folder (TMPDIR)"
        )


async def fill(url: str, size: Size, progress: Callable[[str, float], None]) -> None:
    """Fill an empty database that is migrated; `progress` hears what is done, and how much of it (0 to 1)."""
    connection = await asyncpg.connect(url, timeout=60, command_timeout=3600)
    try:
        await _hurry(connection)
        await connection.execute(_MONTHS)
        indexes = await connection.fetch(_INDEXES, [f"inventory.{table}" for table in _TABLES])
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        await connection.execute("SET session_replication_role = replica")
        await _rows(connection, size, progress)
        for number, index in enumerate(indexes):
            progress("indexing", number / len(indexes))
            await connection.execute(index["definition"])
        progress("looking through", 0.0)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
        await _relax(connection)
    finally:
        await connection.close()


async def _rows(connection: asyncpg.Connection, size: Size, progress: Callable[[str, float], None]) -> None:
    begin, step = await connection.fetchrow(
        "SELECT now() - interval '360 days', interval '359 days' / $1::float8", float(size.entries)
    )
    kinds = (
        ("positions", _POSITIONS, size.positions, (_LIVE, size.positions)),
        ("receipts", _RECEIPTS, size.positions, ()),
        ("history", _HISTORY, size.past, (size.positions,)),
        ("what is reserved", _RESERVED, _LIVE, (size.positions, _LIVE, size.positions + size.past)),
        ("reservations", _RESERVATIONS, _LIVE, (size.positions, _LIVE, size.positions + size.past)),
    )
    for name, statement, number, more in kinds:
        for start in range(0, number, _CHUNK):
            progress(name, start / number)
            await connection.execute(statement, start, min(number, start + _CHUNK), begin, step, *more)
    await connection.execute("SELECT setval('inventory.ledger_sequence', $1)", size.entries)


async def _hurry(connection: asyncpg.Connection) -> None:
    for name, value in _HURRY.items():
        await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("SET maintenance_work_mem = '1GB'")


async def _relax(connection: asyncpg.Connection) -> None:
    """Be careful again, and begin with everything on the disk."""
    await connection.execute("CHECKPOINT")
    os.sync()
    for name in _HURRY:
        await connection.execute(f"ALTER SYSTEM RESET {name}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("CHECKPOINT")

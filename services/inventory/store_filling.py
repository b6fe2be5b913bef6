"""The statements that fill queues: who is first in line, what is free for them, what is kept and what was passed on.

Meant for those who hold the locks of the queues. A line wants units when it waits, or when some of what it waits for is
kept for it and the rest is not there yet; who has passed wants nothing until more comes. A line for which nothing is
kept and that was told is being looked at by its order right now: it is left alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain import atp
from services.inventory.domain.backorder import Ending
from services.inventory.domain.filling import Fill, Policy, Waiting
from services.inventory.domain.position import Pair, Position
from services.inventory.domain.reservation import Reservation
from services.inventory.store import position

# More lines of a SKU than this are not looked at in one transaction; the sweeper goes on where it ended.
AT_ONCE = 5_000

# Nothing is kept for a line that waits: see `end`.
KEPT = """
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.state <> 'NOTIFIED' THEN 0 ELSE (
        SELECT coalesce(sum(r.quantity - r.consumed_quantity - r.released_quantity), 0)::bigint
        FROM inventory.reservations AS r
        WHERE r.backorder AND r.state = 'SOFT' AND r.owner_id = b.owner_id AND r.line_id = b.line_id
    ) END AS units
    OFFSET 0
) AS kept
"""
_WANTS = "b.state <> 'CLOSED' AND NOT b.passed AND (b.state = 'WAITING' OR kept.units > 0) AND b.quantity > kept.units"

_FIRST = """
SELECT f.owner_id, f.line_id, f.sku, f.missing, f.priority, f.create_time
FROM unnest(CAST(:skus AS text[]), CAST(:most AS bigint[]), CAST(:largest AS bigint[])) AS o (sku, most, largest)
CROSS JOIN LATERAL (
    SELECT b.owner_id, b.line_id, b.sku, b.quantity - kept.units AS missing, b.priority, b.create_time
    FROM inventory.backorders AS b {kept}
    WHERE b.sku = o.sku AND b.owner_id <> :but AND {wants} AND b.quantity - kept.units <= o.largest
    ORDER BY {order}
    LIMIT o.most
) AS f
"""
_FIRST_BY_PRIORITY = text(
    _FIRST.format(kept=KEPT, wants=_WANTS, order="b.priority, b.create_time, b.owner_id, b.line_id")
)
_FIRST_BY_TIME = text(_FIRST.format(kept=KEPT, wants=_WANTS, order="b.create_time, b.owner_id, b.line_id"))
_ANY_SIZE = 2**62

# Everything that these orders miss; `wants` is false for what cannot be filled now whatever there is.
_OF_ORDERS = """
SELECT b.owner_id, b.line_id, b.sku, b.quantity - kept.units AS missing, b.priority, b.create_time, ({wants}) AS wants
FROM inventory.backorders AS b {kept}
WHERE b.owner_id = ANY (CAST(:owners AS text[])) AND b.state <> 'CLOSED' AND b.quantity > kept.units
"""

_MISSED = text(_OF_ORDERS.format(kept=KEPT, wants=_WANTS))

_POLICIES = text("""
SELECT w.sku, coalesce(own.policy, every.policy, 'PRIORITY') AS policy
FROM unnest(CAST(:skus AS text[])) AS w (sku)
LEFT JOIN inventory.backorder_policies AS own ON own.sku = w.sku
LEFT JOIN inventory.backorder_policies AS every ON every.sku = ''
""")

_NOTIFY = text("""
UPDATE inventory.backorders AS b SET state = 'NOTIFIED', passed = true, notify_time = :now
FROM unnest(CAST(:owners AS text[]), CAST(:lines AS text[])) AS f (owner_id, line_id)
WHERE b.owner_id = f.owner_id AND b.line_id = f.line_id
""")

_END = text("""
UPDATE inventory.backorders AS b
SET passed = f.ending <> 'TAKEN',
    state = CASE WHEN f.ending = 'OVER' AND NOT EXISTS (
        SELECT FROM inventory.reservations AS r
        WHERE r.backorder AND r.state = 'SOFT' AND r.owner_id = b.owner_id AND r.line_id = b.line_id
    ) THEN 'WAITING' ELSE b.state END
FROM unnest(CAST(:owners AS text[]), CAST(:lines AS text[]), CAST(:endings AS text[])) AS f (owner_id, line_id, ending)
WHERE b.owner_id = f.owner_id AND b.line_id = f.line_id AND b.state <> 'CLOSED'
""")

_FREE = """
SELECT p.sku, p.node_id, p.on_hand, p.reserved, p.safety_stock, p.unsellable, p.quality_control, p.quarantine, p.pools,
       p.update_time
FROM inventory.positions AS p
WHERE p.sku = ANY (CAST(:skus AS text[])) AND p.on_hand - p.reserved - p.safety_stock - p.unsellable > 0
ORDER BY p.sku, p.node_id
"""
_LOCK_FREE = text(_FREE + "FOR NO KEY UPDATE OF p SKIP LOCKED")


async def policies(conn: AsyncConnection, skus: Collection[str]) -> dict[str, Policy]:
    """Return who is served first of these SKUs."""
    rows = await conn.execute(_POLICIES, {"skus": list(skus)})
    return {row.sku: Policy(row.policy) for row in rows}


async def first_in_line(
    conn: AsyncConnection, units: Mapping[str, int], policy: Mapping[str, Policy], *, but: str
) -> list[Waiting]:
    """Return who may get these units: of each SKU as many lines as can get any, without those of the owner `but`.

    Of a SHIP_COMPLETE SKU those that would fit; of a FAIR_SHARE one everybody.
    """
    found: list[Waiting] = []
    for statement, rules in (
        (_FIRST_BY_PRIORITY, {Policy.PRIORITY, Policy.SHIP_COMPLETE}),
        (_FIRST_BY_TIME, {Policy.FIRST_COME, Policy.FAIR_SHARE}),
    ):
        skus = [sku for sku in units if policy[sku] in rules]
        if skus:
            each = {Policy.PRIORITY, Policy.FIRST_COME}  # nobody is skipped, so each takes a unit at least
            values = {
                "skus": skus,
                "most": [min(units[sku], AT_ONCE) if policy[sku] in each else AT_ONCE for sku in skus],
                "largest": [units[sku] if policy[sku] is Policy.SHIP_COMPLETE else _ANY_SIZE for sku in skus],
                "but": but,
            }
            found += [_waiting(row) for row in (await conn.execute(statement, values)).mappings()]
    return found


async def of_orders(conn: AsyncConnection, owner_ids: Iterable[str]) -> list[tuple[Waiting, bool]]:
    """Return everything that these orders miss, and whether each could be filled now."""
    rows = await conn.execute(_MISSED, {"owners": sorted(owner_ids)})
    return [(_waiting(row), row["wants"]) for row in rows.mappings()]


async def notify(conn: AsyncConnection, fills: Iterable[Fill], now: datetime) -> None:
    """Mark the lines that units are kept for."""
    lines = sorted({(one.owner_id, one.line_id) for one in fills})
    values = {"owners": [owner for owner, _ in lines], "lines": [line for _, line in lines]}
    await conn.execute(_NOTIFY, {**values, "now": now})


async def end(conn: AsyncConnection, lines: Mapping[tuple[str, str], Ending]) -> None:
    """Mark lines for which units are kept no more, by what became of them; the reservations are written before."""
    if lines:
        keys = sorted(lines)
        values = {"owners": [owner for owner, _ in keys], "lines": [line for _, line in keys]}
        await conn.execute(_END, {**values, "endings": [lines[key].value for key in keys]})


async def free(conn: AsyncConnection, skus: Collection[str]) -> dict[Pair, int]:
    """Return what those who wait could have of these SKUs, at all nodes: nothing is locked, so it may be less."""
    rows = (await conn.execute(text(_FREE), {"skus": list(skus)})).mappings()
    return unpooled(map(position, rows))


async def lock_free(conn: AsyncConnection, skus: Collection[str]) -> dict[Pair, int]:
    """Lock what is free of these SKUs as far as nobody else has it locked: this never waits, so it may come late."""
    rows = (await conn.execute(_LOCK_FREE, {"skus": list(skus)})).mappings()
    return unpooled(map(position, rows))


def unpooled(positions: Iterable[Position]) -> dict[Pair, int]:
    """Return the units that are ring-fenced for nobody."""
    return {one.pair: units for one in positions if (units := atp.free(one)) > 0}


def pairs_of(rights: Sequence[Reservation]) -> set[Pair]:
    """Return the pairs that these rights are at."""
    return {one.pair for one in rights}


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(
        owner_id=row["owner_id"],
        line_id=row["line_id"],
        sku=row["sku"],
        quantity=row["missing"],
        priority=row["priority"],
        create_time=row["create_time"],
    )

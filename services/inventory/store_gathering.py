"""The statements of a group commit: what must be known before, and one that checks, takes and answers.

They go through the driver itself: what SQLAlchemy would add to each is most of what a lone caller waits for. Nothing is
locked while it is decided. The statement that writes checks again what it takes, row by row; where something is not
what it was when it was looked at, it writes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from services.inventory.domain.position import Pair, Position
from services.inventory.domain.reservation import Reservation
from services.inventory.domain.reserving import Demand
from services.inventory.domain.shelf import Shelf

Value = TypeVar("Value")
Driver = Any  # a connection of asyncpg, which has no types of its own

_NO_POOLS: dict[str, int] = {}

# Everything that must be known to decide, in one round trip and one snapshot.
_LOOK = """
SELECT 'answer' AS kind, request_id AS name, '' AS part, 0::bigint AS units, request_digest AS digest, response,
       0::bigint AS on_hand, 0::bigint AS reserved, 0::bigint AS safety_stock, 0::bigint AS unsellable, NULL AS pools
FROM inventory.idempotency_keys WHERE rpc = $1 AND request_id = ANY ($2::text[])
UNION ALL
SELECT DISTINCT 'kept', owner_id, '', 0, NULL::bytea, NULL::bytea, 0, 0, 0, 0, NULL FROM inventory.reservations
WHERE backorder AND state = 'SOFT' AND owner_id = ANY ($3::text[])
UNION ALL
SELECT 'bundle', sku, component_sku, quantity, NULL, NULL, 0, 0, 0, 0, NULL
FROM inventory.bundles WHERE sku = ANY ($4::text[])
UNION ALL
SELECT 'position', p.sku, p.node_id, 0, NULL, NULL, p.on_hand, p.reserved, p.safety_stock, p.unsellable, p.pools::text
FROM unnest($4::text[], $5::text[]) AS wanted (sku, node_id) LEFT JOIN inventory.bundles AS b ON b.sku = wanted.sku
JOIN inventory.positions AS p ON p.sku = coalesce(b.component_sku, wanted.sku) AND p.node_id = wanted.node_id
"""

_ANSWERED = """
SELECT request_id FROM inventory.idempotency_keys WHERE rpc = $1 AND request_id = ANY ($2::text[])
"""

# One statement writes what was decided. A position is updated only if it still has what is taken of it: as much common
# stock as is free of pools, and the pools as they were. A key that was answered meanwhile is not inserted. Where either
# count is not what it should be, nothing is written. Locks are taken in the order of the house: the last SELECT asks
# for the keys first, then for the positions in the order in which they are given; what nobody asks for (reservations,
# the ledger) is written after that, so that an entry gets its number under the lock of its position. (Where there are
# so few positions that the planner reads them all, it takes them as they lie: a deadlock is an abort, and tried again.)
# Arrays of what is rarely said are empty then, and read as NULLs. The ledger's entries follow from the reservations:
# one for each, or for each part of a bundle.
_WRITE = """
WITH asked AS (
    SELECT r.reservation_id, r.owner_id, r.line_id, r.sku, r.node_id, r.quantity, r.expire_time,
           coalesce(r.segment, '') AS segment, coalesce(r.pool_quantity, 0) AS pool_quantity,
           coalesce(r.components::jsonb, '{}') AS components, coalesce(r.actor, $2) AS actor, r.place
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::timestamptz[],
                $10::text[], $11::bigint[], $12::text[], $13::text[])
        WITH ORDINALITY AS r (reservation_id, owner_id, line_id, sku, node_id, quantity, expire_time, segment,
                              pool_quantity, components, actor, place)
), made AS (
    INSERT INTO inventory.reservations (reservation_id, owner_id, line_id, sku, node_id, quantity, consumed_quantity,
                                        released_quantity, state, expire_time, create_time, update_time, segment,
                                        pool_quantity, components)
    SELECT reservation_id, owner_id, line_id, sku, node_id, quantity, 0, 0,
           CASE WHEN expire_time IS NULL THEN 'HARD' ELSE 'SOFT' END, expire_time, $1, $1, segment, pool_quantity,
           components
    FROM asked
), entered AS (
    INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,
                                          unsellable_delta, reason, reference, note, actor, create_time)
    SELECT coalesce(part.sku, a.sku), a.node_id, 0, a.quantity * coalesce(part.units::bigint, 1), 0, 0, 'RESERVED',
           a.reservation_id, '', a.actor, $1
    FROM asked AS a LEFT JOIN LATERAL jsonb_each_text(a.components) AS part (sku, units) ON true
    ORDER BY a.place
), taken AS (
    UPDATE inventory.positions AS p
    SET reserved = p.reserved + c.reserved, pools = coalesce(c.pools::jsonb, p.pools), update_time = $1
    FROM unnest($14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::text[], $19::text[])
        AS c (sku, node_id, reserved, least, seen, pools)
    WHERE p.sku = c.sku AND p.node_id = c.node_id
      AND p.on_hand - p.reserved - p.safety_stock - p.unsellable >= coalesce(c.least, c.reserved)
      AND p.pools = coalesce(c.seen, '{}')::jsonb
    RETURNING 1
), answered AS (
    INSERT INTO inventory.idempotency_keys (rpc, request_id, request_digest, response, create_time)
    SELECT $20, a.request_id, a.digest, a.response, $1
    FROM unnest($21::text[], $22::bytea[], $23::bytea[]) AS a (request_id, digest, response)
    ORDER BY a.request_id
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT inventory.must_agree(
    (SELECT count(*) FROM answered) = cardinality($21::text[])
    AND (SELECT count(*) FROM taken) = cardinality($14::text[])
)
"""


@dataclass(slots=True)
class Known:
    """What was known when it was looked at."""

    answers: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    made_of: dict[str, dict[str, int]] = field(default_factory=dict)
    positions: dict[Pair, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request that succeeded is answered, now and whenever it is repeated."""

    request_id: str
    digest: bytes
    response: bytes


async def look(driver: Driver, rpc: str, demands: Sequence[Demand], now: datetime) -> Known:
    """Return the answers that these requests have had, whom units are kept for, what is a bundle, and what there is."""
    known = Known()
    keys, owners = [one.request_id for one in demands], [one.owner_id for one in demands]
    pairs = {line.pair for one in demands for line in one.lines}
    skus, node_ids = [pair.sku for pair in pairs], [pair.node_id for pair in pairs]
    rows = await driver.fetch(_LOOK, rpc, keys, owners, skus, node_ids)
    for kind, name, part, units, digest, response, on_hand, reserved, safety_stock, unsellable, pools in rows:
        if kind == "position":
            pair = Pair(name, part)
            known.positions[pair] = Position(
                pair=pair,
                on_hand=on_hand,
                reserved=reserved,
                safety_stock=safety_stock,
                unsellable=unsellable,
                pools=_NO_POOLS if pools == "{}" else json.loads(pools),
                update_time=now,
            )
        elif kind == "answer":
            known.answers[name] = (digest, response)
        elif kind == "bundle":
            known.made_of.setdefault(name, {})[part] = units
        else:
            known.kept.add(name)
    return known


async def answered(driver: Driver, rpc: str, request_ids: Sequence[str]) -> set[str]:
    """Return which of these requests have been answered by now."""
    return {row[0] for row in await driver.fetch(_ANSWERED, rpc, request_ids)}


async def write(
    driver: Driver,
    made: Sequence[tuple[Reservation, str]],
    answers: Sequence[Answer],
    shelf: Shelf,
    *,
    rpc: str,
    now: datetime,
) -> None:
    """Write reservations (each with its actor), what they take from the shelf, their ledger entries and the answers.

    The driver raises a serialization failure, and nothing is written, where a position or an answer is not what it was.
    """
    rights = [one for one, _ in made]
    actors = [actor for _, actor in made]
    taken = shelf.taken()
    fenced = any(one.seen for one in taken)
    await driver.execute(
        _WRITE,
        now,
        actors[0] if actors else "",
        [one.reservation_id for one in rights],
        [one.owner_id for one in rights],
        [one.line_id for one in rights],
        [one.pair.sku for one in rights],
        [one.pair.node_id for one in rights],
        [one.quantity for one in rights],
        _said([one.expire_time for one in rights]),
        _said([one.segment for one in rights]),
        _said([one.pool_quantity for one in rights]),
        [json.dumps(one.components) for one in rights] if any(one.components for one in rights) else [],
        actors if len(set(actors)) > 1 else [],
        [one.pair.sku for one in taken],
        [one.pair.node_id for one in taken],
        [one.quantity for one in taken],
        [one.least_available for one in taken] if fenced else [],
        [json.dumps(one.seen) for one in taken] if fenced else [],
        [json.dumps(one.pools) for one in taken] if fenced else [],
        rpc,
        [one.request_id for one in answers],
        [one.digest for one in answers],
        [one.response for one in answers],
    )


def _said(values: list[Value]) -> list[Value]:
    """Return nothing where nothing is said: the statement reads NULLs then."""
    return values if any(values) else []

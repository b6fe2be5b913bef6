"""What may be promised, as the database knows it: one statement for any number of SKUs, a row for each.

Arrays instead of rows, because a planner asks for ten thousand pairs at a time and each row has a price.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain import outlook as looking
from services.inventory.domain.atp import Arrival, Due
from services.inventory.domain.bundles import Component
from services.inventory.domain.channels import ChannelPolicy
from services.inventory.domain.outlook import Facts, Outlook, Steps
from services.inventory.domain.position import Pair, Position
from services.inventory.domain.problems import TooManyPairs
from services.inventory.domain.supply import Supply, SupplyType, arrival

# As many pairs of the longest names as surely fit into one message of the default size.
MAX_PAIRS = 20_000
# As many pairs as may be read to say something of SKUs as a whole.
MAX_SEEN = 200_000
_NEVER = datetime.min.replace(tzinfo=UTC)
# A connection in a transaction, or one of the driver's own where a single statement is asked and its price matters.
Reader = AsyncConnection | Any
_NAMED = re.compile(r"(?<!:):([a-z_]+)")

# Each SKU that is asked about and each that a bundle among them is made of, with all that its positions are.
_STOCK = """
WITH wanted AS (
    SELECT sku FROM unnest(CAST(:skus AS text[])) AS s (sku)
    UNION SELECT component_sku FROM inventory.bundles WHERE sku = ANY (CAST(:skus AS text[]))
), seen AS (
    SELECT p.sku, p.node_id, p.on_hand - p.reserved - p.safety_stock - p.unsellable AS available,
           nullif(p.pools, '{{}}') AS pools
    FROM inventory.positions AS p
    -- An array, so that the index is used however many positions there are.
    WHERE p.sku = ANY (ARRAY(SELECT sku FROM wanted)) AND {which}
    LIMIT :limit
), stock AS (
    SELECT sku, array_agg(node_id) AS node_ids, array_agg(available) AS available,
           CASE WHEN bool_or(pools IS NOT NULL) THEN array_agg(pools) END AS pools
    FROM seen GROUP BY sku
), made AS (
    SELECT sku, array_agg(component_sku) AS component_skus, array_agg(quantity) AS component_units
    FROM inventory.bundles WHERE sku = ANY (CAST(:skus AS text[])) GROUP BY sku
)
SELECT sku, stock.node_ids, stock.available, stock.pools, made.component_skus, made.component_units{columns}
FROM wanted LEFT JOIN stock USING (sku) LEFT JOIN made USING (sku){joins}
"""
_POSITIVE = "p.on_hand - p.reserved - p.safety_stock - p.unsellable > 0"
_AT_NODES = "{0}.node_id = ANY (CAST(:node_ids AS text[]))"

_SUPPLY_COLUMNS = ", supply.*"
_SUPPLY = """
LEFT JOIN LATERAL (
    SELECT array_agg(s.node_id) AS supply_node_ids, array_agg(s.type) AS supply_types,
           array_agg(s.quantity - s.received_quantity - s.cancelled_quantity) AS supply_units,
           array_agg(s.expect_time) AS supply_times, array_agg(s.lead_seconds) AS supply_seconds
    FROM inventory.supplies AS s WHERE s.sku = wanted.sku AND s.state = 'OPEN' AND {which}
) AS supply ON true
"""
# What waits for a bundle waits for its components.
_DEMAND_COLUMNS = ", demand.*"
_DEMAND = """
LEFT JOIN LATERAL (
    WITH one AS (
        SELECT wanted.sku AS sku, 1::bigint AS units
        UNION ALL SELECT b.sku, b.quantity FROM inventory.bundles AS b WHERE b.component_sku = wanted.sku
    ), due AS (
        SELECT b.promise_time, one.units * greatest(0, b.quantity - coalesce(kept.units, 0)) AS units
        FROM one JOIN inventory.backorders AS b ON b.sku = one.sku AND b.state <> 'CLOSED'
        LEFT JOIN LATERAL (
            SELECT sum(r.quantity - r.consumed_quantity - r.released_quantity) AS units
            FROM inventory.reservations AS r
            WHERE r.owner_id = b.owner_id AND r.line_id = b.line_id AND r.sku = b.sku AND r.backorder
              AND r.state = 'SOFT'
        ) AS kept ON true
    ), dated AS (
        SELECT promise_time, sum(units)::bigint AS units FROM due GROUP BY promise_time HAVING sum(units) > 0
    )
    SELECT (SELECT array_agg(promise_time) FROM dated) AS due_times,
           (SELECT array_agg(units) FROM dated) AS due_units,
           (SELECT sum(u.quantity * one.units)::bigint
            FROM one JOIN inventory.unrouted_demand AS u ON u.sku = one.sku) AS unrouted
) AS demand ON true
"""
_KEPT_COLUMNS = ", kept.kept_node_ids, kept.kept_units"
_KEPT = """
LEFT JOIN (
    SELECT sku, array_agg(node_id) AS kept_node_ids, array_agg(units) AS kept_units
    FROM (
        SELECT r.sku, r.node_id,
               sum(r.quantity - r.consumed_quantity - r.released_quantity
                   - CASE WHEN r.segment = :segment THEN 0 ELSE r.pool_quantity END)::bigint AS units
        FROM inventory.reservations AS r
        WHERE r.owner_id = :owner_id AND r.backorder AND r.state = 'SOFT' AND {which}
        GROUP BY r.sku, r.node_id
    ) AS r GROUP BY sku
) AS kept USING (sku)
"""


async def free(
    conn: Reader,
    skus: Collection[str],
    *,
    node_ids: Collection[str] = (),
    segment: str = "",
    owner_id: str = "",
    nothing: bool = False,
    limit: int = MAX_PAIRS,
) -> dict[str, dict[str, int]]:
    """Return what can be reserved now of each SKU at each node, bundles included, by SKU and node.

    For a segment its own pools count and those of others do not; for an owner, what is kept for its backorders counts
    too. With `nothing`, positions of which nothing can be reserved are there with 0; without, they are left out.

    Raises:
        TooManyPairs: more than `limit` positions would have to be read.
    """
    query = _query(nodes=bool(node_ids), positive=not (nothing or owner_id), kept=bool(owner_id))
    values = {"segment": segment, "owner_id": owner_id} if owner_id else {}
    rows = await _read(conn, query, skus, node_ids, values, limit=limit)
    if not any(row["pools"] or row["component_skus"] or row.get("kept_node_ids") for row in rows):
        found = {row["sku"]: dict(sorted(_pairs(row, "node_ids", "available"))) for row in rows}
        if not nothing and not owner_id:
            return found
        found = {sku: {node_id: max(0, units) for node_id, units in nodes.items()} for sku, nodes in found.items()}
    else:
        facts = _facts(rows, None)
        found = {sku: looking.free_by_node(facts[sku], facts, segment) for sku in sorted(set(skus))}
    if nothing:
        return found
    return {sku: {node_id: units for node_id, units in nodes.items() if units} for sku, nodes in found.items()}


async def free_later(
    conn: Reader,
    skus: Collection[str],
    now: datetime,
    *,
    node_ids: Collection[str] = (),
    segment: str = "",
    owner_id: str = "",
) -> dict[str, dict[str, Steps]]:
    """Return the same as `free` by date, as supply comes: cumulative, the first step now. Who waits does not count.

    Raises:
        TooManyPairs: more than `MAX_PAIRS` positions would have to be read.
    """
    query = _query(nodes=bool(node_ids), supply=True, kept=bool(owner_id))
    values = {"segment": segment, "owner_id": owner_id} if owner_id else {}
    facts = _facts(await _read(conn, query, skus, node_ids, values, limit=MAX_PAIRS), now)
    return {sku: looking.by_node(facts[sku], facts, segment, now) for sku in sorted(set(skus))}


async def outlook(
    conn: AsyncConnection,
    skus: Collection[str],
    policy: ChannelPolicy,
    now: datetime,
    *,
    node_ids: Collection[str] = (),
) -> dict[str, Outlook]:
    """Return what a channel may promise of each of these SKUs (also of one that nobody knows: nothing), bundles too.

    `outlook[sku].now` is what it may sell now, `outlook[sku].steps` how that grows. One statement reads it all. With
    `node_ids` only their stock and supply count; threshold, unrouted demand and those who wait count in full all the
    same, because nobody knows which nodes they will take from.

    Raises:
        TooManyPairs: more than `MAX_SEEN` positions would have to be read.
    """
    query = _query(nodes=bool(node_ids), supply=True, demand=True)
    facts = _facts(await _read(conn, query, skus, node_ids, {}, limit=MAX_SEEN), now)
    return {sku: looking.outlook(sku, facts, policy, now) for sku in skus}


@cache
def _query(
    *, nodes: bool, positive: bool = False, supply: bool = False, demand: bool = False, kept: bool = False
) -> TextClause:
    columns = joins = ""
    for wanted, more_columns, more_joins, table in (
        (supply, _SUPPLY_COLUMNS, _SUPPLY, "s"),
        (demand, _DEMAND_COLUMNS, _DEMAND, ""),
        (kept, _KEPT_COLUMNS, _KEPT, "r"),
    ):
        if wanted:
            columns += more_columns
            joins += more_joins.format(which=_AT_NODES.format(table) if nodes else "true") if table else more_joins
    conditions = [_POSITIVE] * positive + [_AT_NODES.format("p")] * nodes
    return text(_STOCK.format(which=" AND ".join(conditions) or "true", columns=columns, joins=joins))


async def _read(
    conn: Reader,
    query: TextClause,
    skus: Iterable[str],
    node_ids: Collection[str],
    values: Mapping[str, object],
    *,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Return a row for each SKU and component, in the order of the SKUs."""
    wanted = {"skus": list(skus), "limit": limit + 1, **({"node_ids": list(node_ids)} if node_ids else {}), **values}
    if isinstance(conn, AsyncConnection):
        found = (await conn.execute(query, wanted)).mappings()
    else:
        statement, names = _positional(query)
        found = await conn.fetch(statement, *(wanted[name] for name in names))
    rows: list[Mapping[str, Any]] = sorted(map(dict, found), key=itemgetter("sku"))
    if sum(len(row["node_ids"] or ()) for row in rows) > limit:
        raise TooManyPairs(limit)
    return rows


@cache
def _positional(query: TextClause) -> tuple[str, list[str]]:
    """Return a query as the driver writes it, $1 for the first name, and the names in that order."""
    names = list(dict.fromkeys(_NAMED.findall(query.text)))
    return _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", query.text), names


def _facts(rows: Iterable[Mapping[str, Any]], now: datetime | None) -> dict[str, Facts]:
    """Return what was read of each SKU; `now` is needed where supply was read."""
    return {row["sku"]: _known(row["sku"], row, now) for row in rows}


def _known(sku: str, row: Mapping[str, Any], now: datetime | None) -> Facts:
    """A query that did not ask for supply, demand or what is kept has no columns of it."""
    return Facts(
        sku=sku,
        positions=_positions(sku, row),
        supply=_supply(sku, row, now) if now and row.get("supply_node_ids") else {},
        dues=[Due(*one) for one in _pairs(row, "due_times", "due_units")],
        unrouted=row.get("unrouted") or 0,
        components=[Component(*one) for one in _pairs(row, "component_skus", "component_units")],
        kept=dict(_pairs(row, "kept_node_ids", "kept_units")),
    )


def _positions(sku: str, row: Mapping[str, Any]) -> list[Position]:
    """Return the positions with what is available of each as its only units: that is all that is asked of them here."""
    stock = zip(row["node_ids"] or (), row["available"] or (), row["pools"] or repeat(None), strict=False)
    return [
        Position(pair=Pair(sku, node_id), on_hand=units, pools=_read_pools(pools), update_time=_NEVER)
        for node_id, units, pools in stock
    ]


def _read_pools(pools: Mapping[str, int] | str | None) -> Mapping[str, int]:
    # The driver leaves JSON as it is written.
    return json.loads(pools) if isinstance(pools, str) else pools or {}


def _supply(sku: str, row: Mapping[str, Any], now: datetime) -> dict[str, list[Arrival]]:
    found: dict[str, list[Arrival]] = {}
    columns = (row[f"supply_{name}"] for name in ("node_ids", "types", "units", "times", "seconds"))
    for node_id, kind, units, time, seconds in zip(*columns, strict=True):
        expected = Supply(
            supply_id="",
            type=SupplyType(kind),
            pair=Pair(sku, node_id),
            quantity=units,
            expect_time=time,
            lead_time=None if seconds is None else timedelta(seconds=seconds),
            create_time=now,
            update_time=now,
        )
        if coming := arrival(expected, now):
            found.setdefault(node_id, []).append(coming)
    return found


def _pairs(row: Mapping[str, Any], one: str, other: str) -> Iterator[tuple[Any, Any]]:
    return zip(row.get(one) or (), row.get(other) or (), strict=True)

"""Every SQL statement of planning: what must be known first, and what is written with a decision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from oms.routing.v1 import promise_pb2
from services.routing.domain.product import Product
from services.routing.inputs_record import read_product
from services.routing.store import Connection
from services.routing.tables_network import network_snapshots
from services.routing.tables_rules import decision_inputs

# One round trip for all that every plan must know.
_LOOK = text("""
SELECT (SELECT version FROM routing.versions WHERE name = 'network') AS network,
       (SELECT version FROM routing.versions WHERE name = 'rules') AS rules,
       (SELECT decision FROM routing.decisions WHERE decision_id = :decision_id) AS decision,
       (SELECT promise FROM routing.promises WHERE promise_id = :promise_id ORDER BY version DESC LIMIT 1) AS promise,
       (SELECT json_agg(json_build_array(sku, grams, length_mm, width_mm, height_mm, required_capabilities,
                                         origin_country_code, hs_code))
        FROM routing.products WHERE sku = ANY (:skus)) AS products
""")
_HOURS = text("""
SELECT node_id, hour, orders FROM routing.node_loads WHERE node_id = ANY (:node_ids) AND hour >= :since
""")
_PARCELS = text("""
SELECT node_id, carrier_code || '/' || service_code AS service, day, parcels FROM routing.service_loads
WHERE carrier_code || '/' || service_code = ANY (:services) AND day >= :since
""")
_UNITS = text("""
SELECT sku, node_id, sum(units) AS units FROM routing.sku_loads WHERE sku = ANY (:skus) AND day >= :since
GROUP BY sku, node_id
""")
# In the order of their keys, as everything that takes more than one of them.
_ADD_HOURS = text("""
INSERT INTO routing.node_loads AS l (node_id, hour, orders)
SELECT * FROM unnest(CAST(:node_ids AS text[]), CAST(:hours AS timestamptz[]), CAST(:orders AS bigint[])) ORDER BY 1, 2
ON CONFLICT (node_id, hour) DO UPDATE SET orders = l.orders + excluded.orders
""")
_ADD_PARCELS = text("""
INSERT INTO routing.service_loads AS l (node_id, carrier_code, service_code, day, parcels)
SELECT node_id, carrier_code, service_code, day, 1
FROM unnest(CAST(:node_ids AS text[]), CAST(:carriers AS text[]), CAST(:services AS text[]), CAST(:days AS date[]))
    AS a (node_id, carrier_code, service_code, day) ORDER BY 1, 2, 3, 4
ON CONFLICT (node_id, carrier_code, service_code, day) DO UPDATE SET parcels = l.parcels + excluded.parcels
""")
_ADD_UNITS = text("""
INSERT INTO routing.sku_loads AS l (sku, node_id, day, units)
SELECT sku, node_id, CAST(:day AS date), sum(units)
FROM unnest(CAST(:skus AS text[]), CAST(:node_ids AS text[]), CAST(:units AS bigint[])) AS a (sku, node_id, units)
GROUP BY sku, node_id ORDER BY 1, 2
ON CONFLICT (sku, node_id, day) DO UPDATE SET units = l.units + excluded.units
""")

# Over so many days demand is averaged.
DEMAND_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What every plan must know."""

    versions: Mapping[str, int]
    # The decision, where this request has had one.
    decision: Mapping[str, Any] | None
    promise: promise_pb2.Promise | None
    products: Mapping[str, Product]


async def look(conn: Connection, *, decision_id: str, promise_id: str, skus: Sequence[str]) -> Look:
    """Return all of it in one round trip."""
    values = {"decision_id": decision_id, "promise_id": promise_id, "skus": list(skus)}
    row = (await conn.execute(_LOOK, values)).one()
    return Look(
        versions={"network": row.network, "rules": row.rules},
        decision=row.decision,
        promise=None if row.promise is None else promise_pb2.Promise.FromString(row.promise),
        products={one[0]: read_product(one) for one in row.products or ()},
    )


async def hours(conn: Connection, node_ids: Iterable[str], now: datetime) -> dict[str, dict[datetime, int]]:
    """Return the orders that these nodes were given, by hour, from two days ago on: a local day may have begun then."""
    found: dict[str, dict[datetime, int]] = {}
    values = {"node_ids": list(node_ids), "since": now - timedelta(days=2)}
    for node_id, hour, orders in await conn.execute(_HOURS, values):
        found.setdefault(node_id, {})[hour] = orders
    return found


async def parcels(conn: Connection, services: Iterable[str], now: datetime) -> dict[tuple[str, str], dict[date, int]]:
    """Return the parcels that these services ("carrier/service") were given, by node and day."""
    found: dict[tuple[str, str], dict[date, int]] = {}
    values = {"services": list(services), "since": (now - timedelta(days=2)).date()}
    for node_id, service, day, count in await conn.execute(_PARCELS, values):
        found.setdefault((node_id, service), {})[day] = count
    return found


async def daily_demand(conn: Connection, skus: Sequence[str], now: datetime) -> dict[tuple[str, str], float]:
    """Return units a day that were asked of nodes lately, by SKU and node."""
    values = {"skus": list(skus), "since": (now - timedelta(days=DEMAND_DAYS)).date()}
    return {(sku, node_id): float(units) / DEMAND_DAYS for sku, node_id, units in await conn.execute(_UNITS, values)}


async def add_network(conn: Connection, *, digest: str, snapshot: bytes, now: datetime) -> None:
    """Store a state of the network, unless somebody has."""
    values = {"digest": digest, "network": snapshot, "create_time": now}
    await conn.execute(upsert(network_snapshots).values(values).on_conflict_do_nothing())


async def add_inputs(
    conn: Connection, decision_id: str, document: Mapping[str, Any], *, digest: str, now: datetime
) -> None:
    """Store what a decision was made from."""
    values = {"decision_id": decision_id, "network_digest": digest, "document": document, "create_time": now}
    await conn.execute(insert(decision_inputs).values(values))


async def knows_network(conn: Connection, digest: str) -> bool:
    """Return whether this state of the network is stored."""
    statement = select(network_snapshots.c.digest).where(network_snapshots.c.digest == digest)
    return (await conn.execute(statement)).scalar() is not None


async def find_inputs(conn: Connection, decision_id: str) -> tuple[Mapping[str, Any], str, bytes] | None:
    """Return what a decision was made from, and the digest and snapshot of its network; None where that is gone."""
    statement = (
        select(decision_inputs.c.document, network_snapshots.c.digest, network_snapshots.c.network)
        .join(network_snapshots, network_snapshots.c.digest == decision_inputs.c.network_digest)
        .where(decision_inputs.c.decision_id == decision_id)
    )
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else (row.document, row.digest, row.network)


async def add_loads(
    conn: Connection,
    *,
    nodes: Sequence[tuple[str, datetime]],
    parcels: Sequence[tuple[str, str, str, date]],
    units: Sequence[tuple[str, str, int]],
    day: date,
) -> None:
    """Count what a decision asks of nodes (with the hour in which work begins), services, and SKUs at nodes."""
    if nodes:
        values = {"node_ids": [one[0] for one in nodes], "hours": [one[1] for one in nodes], "orders": [1] * len(nodes)}
        await conn.execute(_ADD_HOURS, values)
    if parcels:
        node_ids, carriers, services, days = (list(column) for column in zip(*parcels, strict=True))
        values = {"node_ids": node_ids, "carriers": carriers, "services": services, "days": days}
        await conn.execute(_ADD_PARCELS, values)
    if units:
        skus, node_ids, counts = (list(column) for column in zip(*units, strict=True))
        values = {"skus": skus, "node_ids": node_ids, "units": counts, "day": day}
        await conn.execute(_ADD_UNITS, values)

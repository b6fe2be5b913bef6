"""Every SQL statement of promises and of what they are learned from.

The two that every cart waits for go through the driver itself: what SQLAlchemy would add is most of what they take.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from oms.routing.v1.promise_pb2 import Promise
from services.routing.domain.lead_times import Lane, LeadTimes
from services.routing.domain.product import Product
from services.routing.store import Connection
from services.routing.wire_value import to_time

Driver = Any  # a connection of asyncpg, which has no types of its own

# One round trip for all that a promise must know besides stock.
_LOOK = """
SELECT (SELECT version FROM routing.versions WHERE name = 'network') AS network,
       (SELECT version FROM routing.versions WHERE name = 'rules') AS rules,
       (SELECT json_agg(json_build_array(sku, grams, length_mm, width_mm, height_mm, required_capabilities,
                                         origin_country_code, hs_code))
        FROM routing.products WHERE sku = ANY ($2::text[])) AS products,
       p.request_digest, p.promise
FROM (SELECT 1) AS one LEFT JOIN routing.promises AS p ON p.promise_id = $1 AND p.version = 1
"""
_ADD = """
INSERT INTO routing.promises (promise_id, version, order_id, request_digest, promise, latest_delivery_time, create_time)
VALUES ($1, 1, '', $2, $3, $4, $5)
ON CONFLICT (promise_id, version) DO NOTHING
RETURNING true
"""
_LEARNED = """
SELECT 'transit' AS kind, t.node_id, t.carrier_code || '/' || t.service_code AS service, t.area, t.days AS value,
       t.parcels
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS k (node_id, carrier_code, service_code, area)
JOIN routing.transit_counts AS t ON t.node_id = k.node_id AND t.carrier_code = k.carrier_code
    AND t.service_code = k.service_code AND t.area = k.area
UNION ALL
SELECT 'processing', p.node_id, '', '', p.late_minutes, p.orders
FROM routing.processing_counts AS p WHERE p.node_id = ANY ($5::text[])
"""
_NEWEST = text("""
SELECT promise FROM routing.promises WHERE promise_id = :promise_id ORDER BY version DESC LIMIT 1
""")
# Versions are added one after another: whoever adds one has the lock of the first, which never changes.
_LOCK = text("SELECT true FROM routing.promises WHERE promise_id = :promise_id AND version = 1 FOR UPDATE")
_ALL = text("SELECT promise FROM routing.promises WHERE promise_id = :promise_id ORDER BY version")
_APPEND = text("""
INSERT INTO routing.promises (promise_id, version, order_id, request_digest, promise, latest_delivery_time, create_time)
VALUES (:promise_id, :version, :order_id, '', :promise, :latest_delivery_time, :create_time)
""")
_COUNT_TRANSIT = text("""
INSERT INTO routing.transit_counts AS t (node_id, carrier_code, service_code, area, days, parcels)
VALUES (:node_id, :carrier_code, :service_code, :area, :days, 1)
ON CONFLICT (node_id, carrier_code, service_code, area, days) DO UPDATE SET parcels = t.parcels + 1
""")
_COUNT_PROCESSING = text("""
INSERT INTO routing.processing_counts AS p (node_id, late_minutes, orders) VALUES (:node_id, :late_minutes, 1)
ON CONFLICT (node_id, late_minutes) DO UPDATE SET orders = p.orders + 1
""")

_PRODUCT = (
    "sku",
    "grams",
    "length_mm",
    "width_mm",
    "height_mm",
    "required_capabilities",
    "origin_country_code",
    "hs_code",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a promise must know besides stock; the digest and the answer where this request has had one."""

    versions: Mapping[str, int]
    products: Mapping[str, Product]
    digest: bytes | None
    promise: bytes | None


async def look(driver: Driver, promise_id: str, skus: Sequence[str]) -> Look:
    """Return all of it in one round trip."""
    network, rules, products, digest, promise = await driver.fetchrow(_LOOK, promise_id, skus)
    return Look(
        versions={"network": network, "rules": rules},
        products={row[0]: _product(row) for row in json.loads(products)} if products else {},
        digest=digest,
        promise=promise,
    )


def _product(row: Sequence[Any]) -> Product:
    values = dict(zip(_PRODUCT, row, strict=True))
    return Product(**values | {"required_capabilities": tuple(values["required_capabilities"])})


async def add(driver: Driver, promise: Promise, written: bytes, digest: bytes, now: datetime) -> bool:
    """Store a first version; False where this request has one already."""
    values = (promise.promise_id, digest, written, _latest(promise), now)
    return bool(await driver.fetchval(_ADD, *values))


async def learned(driver: Driver, lanes: Iterable[Lane], node_ids: Iterable[str]) -> LeadTimes:
    """Return what was seen of these lanes, and of these nodes."""
    keys = [(lane.node_id, *lane.service_key.split("/", 1), lane.area) for lane in lanes]
    columns: list[list[str]] = [list(column) for column in zip(*keys, strict=True)] or [[], [], [], []]
    transit: dict[Lane, dict[int, int]] = {}
    processing: dict[str, dict[int, int]] = {}
    for kind, node_id, service, area, value, count in await driver.fetch(_LEARNED, *columns, list(node_ids)):
        if kind == "transit":
            transit.setdefault(Lane(node_id, service, area), {})[value] = count
        else:
            processing.setdefault(node_id, {})[value] = count
    return LeadTimes(transit=transit, processing=processing)


async def newest(conn: Connection, promise_id: str, *, to_add: bool = False) -> Promise | None:
    """Return the newest version, or None; `to_add` one, so that nobody else can until the transaction ends."""
    if to_add:
        await conn.execute(_LOCK, {"promise_id": promise_id})
    stored = (await conn.execute(_NEWEST, {"promise_id": promise_id})).scalar_one_or_none()
    return None if stored is None else Promise.FromString(stored)


async def versions(conn: Connection, promise_id: str) -> list[Promise]:
    """Return every version, oldest first."""
    return [Promise.FromString(row[0]) for row in await conn.execute(_ALL, {"promise_id": promise_id})]


async def append(conn: Connection, promise: Promise, now: datetime) -> None:
    """Store a version that follows another; the caller holds the lock."""
    values = {
        "promise_id": promise.promise_id,
        "version": promise.version,
        "order_id": promise.order_id,
        "promise": promise.SerializeToString(),
        "latest_delivery_time": _latest(promise),
        "create_time": now,
    }
    await conn.execute(_APPEND, values)


async def count_transit(
    conn: Connection, *, node_id: str, carrier_code: str, service_code: str, area: str, days: int
) -> None:
    """Count a parcel."""
    values = {
        "node_id": node_id,
        "carrier_code": carrier_code,
        "service_code": service_code,
        "area": area,
        "days": days,
    }
    await conn.execute(_COUNT_TRANSIT, values)


async def count_processing(conn: Connection, node_id: str, late_minutes: int) -> None:
    """Count an order that a node handed over."""
    await conn.execute(_COUNT_PROCESSING, {"node_id": node_id, "late_minutes": late_minutes})


def _latest(promise: Promise) -> datetime | None:
    return to_time(promise.options[0].latest_delivery_time) if promise.options else None

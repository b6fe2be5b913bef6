"""Every SQL statement about demand that is accepted and not routed yet, as its source said it last."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The class of these locks among the database's advisory locks; one for each source.
_SOURCE_LOCKS = 0x4F4D5355
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:class, hashtext(:source))")

# A SKU of which the same is said again is not written, so that nobody has to look at it.
_REPLACE = text("""
WITH said AS (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[])) AS s (sku, quantity)
), gone AS (
    DELETE FROM inventory.unrouted_demand AS u
    WHERE u.source = :source AND NOT EXISTS (SELECT FROM said WHERE said.sku = u.sku)
    RETURNING u.sku
), changed AS (
    INSERT INTO inventory.unrouted_demand AS u (source, sku, quantity, update_time)
    SELECT :source, sku, quantity, :now FROM said ORDER BY sku
    ON CONFLICT (source, sku) DO UPDATE SET quantity = excluded.quantity, update_time = excluded.update_time
    WHERE u.quantity <> excluded.quantity
    RETURNING u.sku
)
SELECT sku FROM gone UNION ALL SELECT sku FROM changed
""")


async def try_lock(conn: AsyncConnection, source: str) -> bool:
    """Become the only one who says what a source says, until the transaction ends; False where somebody else is."""
    return bool((await conn.execute(_TRY_LOCK, {"class": _SOURCE_LOCKS, "source": source})).scalar_one())


async def replace(conn: AsyncConnection, source: str, demand: Mapping[str, int], now: datetime) -> set[str]:
    """Say all that a source says, and return the SKUs of which it said something else before."""
    values = {"skus": list(demand), "quantities": list(demand.values()), "source": source, "now": now}
    return set((await conn.execute(_REPLACE, values)).scalars())

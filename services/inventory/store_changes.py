"""What changed that no ledger entry tells of: SKUs of which the availability feed must look again."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TOUCH = text("""
INSERT INTO inventory.availability_changes (sku, create_time)
SELECT DISTINCT sku, CAST(:now AS timestamptz) FROM unnest(CAST(:skus AS text[])) AS s (sku) ORDER BY sku
ON CONFLICT DO NOTHING
""")


async def touch(conn: AsyncConnection, skus: Iterable[str], now: datetime) -> None:
    """Take note that something else than a counter changed what may be sold of these SKUs."""
    wanted = sorted(set(skus))
    if wanted:
        await conn.execute(_TOUCH, {"skus": wanted, "now": now})

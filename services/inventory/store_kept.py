"""The statements about what is kept for the lines of one owner, out of stock that arrived."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory import store_reservations
from services.inventory.domain.reservation import Reservation

_KEPT = text("""
SELECT reservation_id FROM inventory.reservations
WHERE backorder AND state = 'SOFT' AND owner_id = :owner_id
  AND (:every OR line_id = ANY (CAST(:line_ids AS text[])))
""")


async def ids(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> set[str]:
    """Return which reservations keep units for these lines (for all where none is named)."""
    values = {"owner_id": owner_id, "line_ids": list(line_ids), "every": not line_ids}
    return set((await conn.execute(_KEPT, values)).scalars())


async def lock(conn: AsyncConnection, owner_id: str, line_ids: Collection[str]) -> list[Reservation]:
    """Lock what is kept for these lines (for all where none is named), in the order of the ids."""
    found = await ids(conn, owner_id, line_ids)
    rights = (await store_reservations.lock(conn, found)).values() if found else ()
    return [one for one in rights if one.backorder and one.live]

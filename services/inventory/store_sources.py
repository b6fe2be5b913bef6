"""Every SQL statement about sources: what outside systems said, and how far they are from us."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.tables import snapshots


async def claim_snapshot(conn: AsyncConnection, *, source: str, node_id: str, sequence: int, now: datetime) -> bool:
    """Take note of a snapshot, and tell whether it is newer than the last one of its source for this node."""
    new = insert(snapshots).values(source=source, node_id=node_id, sequence=sequence, update_time=now)
    newer = new.on_conflict_do_update(
        index_elements=[snapshots.c.source, snapshots.c.node_id],
        set_={"sequence": new.excluded.sequence, "update_time": new.excluded.update_time},
        where=snapshots.c.sequence < new.excluded.sequence,
    )
    return (await conn.execute(newer.returning(snapshots.c.sequence))).first() is not None

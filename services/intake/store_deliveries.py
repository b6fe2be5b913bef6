"""Every SQL statement about deliveries at the doors, and about documents that wait to be read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.tables import documents
from services.intake.tables_channels import channels, deliveries


async def insert_delivery(
    conn: AsyncConnection, channel: str, delivery_id: str, document_id: str, now: datetime
) -> bool:
    """Note that the delivery brought the document; False where one of this id was noted before."""
    statement = (
        insert(deliveries)
        .values(channel=channel, delivery_id=delivery_id, document_id=document_id, create_time=now)
        .on_conflict_do_nothing()
        .returning(deliveries.c.delivery_id)
    )
    return (await conn.execute(statement)).scalar_one_or_none() is not None


async def unread(conn: AsyncConnection, *, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Return documents that nobody has read to the end, with their formats, the oldest first.

    Those of paused channels wait, as do those that were touched since `before`: somebody may be at them.
    """
    statement = (
        select(documents.c.document_id, documents.c.format)
        .outerjoin(channels, channels.c.channel == documents.c.channel)
        .where(
            documents.c.read_time.is_(None),
            documents.c.update_time <= before,
            channels.c.paused.is_distinct_from(True),
        )
        .order_by(documents.c.update_time, documents.c.document_id)
        .limit(limit)
    )
    return [(row.document_id, row.format) for row in await conn.execute(statement)]


async def touch_unread(conn: AsyncConnection, document_id: str, now: datetime) -> None:
    """Let others come first: reading this one has failed for now."""
    await conn.execute(
        update(documents)
        .where(documents.c.document_id == document_id, documents.c.read_time.is_(None))
        .values(update_time=now)
    )

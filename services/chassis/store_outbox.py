"""Every SQL statement about the outbox, except the one that writes to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, delete, exists, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.outbox import DEAD, DELIVERED, PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event as the relay hands it to a sink."""

    sequence: int
    event_id: str
    key: str
    type: str
    attributes: Mapping[str, Any]
    message_type: str
    message: bytes
    trace: Mapping[str, str]
    attempts: int
    create_time: datetime


async def claim(connection: AsyncConnection, table: Table, sink: str, now: datetime, limit: int) -> list[Delivery]:
    """Lock and return events whose turn it is: due, and with nothing undelivered before them in their key.

    The lock lasts as long as the transaction, so no other relay delivers the same event meanwhile, and none can claim
    the next one of the key, because this one is still undelivered in every snapshot.
    """
    earlier = table.alias("earlier")
    blocked = exists().where(
        earlier.c.sink == table.c.sink,
        earlier.c.key == table.c.key,
        earlier.c.sequence < table.c.sequence,
        earlier.c.state != DELIVERED,
    )
    query = (
        select(
            table.c.sequence,
            table.c.event_id,
            table.c.key,
            table.c.type,
            table.c.attributes,
            table.c.message_type,
            table.c.message,
            table.c.trace,
            table.c.attempts,
            table.c.create_time,
        )
        .where(table.c.sink == sink, table.c.state == PENDING, table.c.next_attempt_time <= now, ~blocked)
        .order_by(table.c.sequence)
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    )
    return [Delivery(**row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's own way


async def delivered(connection: AsyncConnection, table: Table, notes: Mapping[int, str], now: datetime) -> None:
    """Mark events as delivered; each note says what is worth knowing, mostly nothing."""
    plain = [sequence for sequence, note in notes.items() if not note]
    if plain:
        await connection.execute(
            update(table)
            .where(table.c.sequence.in_(plain))
            .values(state=DELIVERED, deliver_time=now, attempts=table.c.attempts + 1, last_error="")
        )
    for sequence, note in notes.items():
        if note:
            await connection.execute(
                update(table)
                .where(table.c.sequence == sequence)
                .values(state=DELIVERED, deliver_time=now, attempts=table.c.attempts + 1, last_error=note)
            )


async def failed(
    connection: AsyncConnection,
    table: Table,
    sequence: int,
    *,
    error: str,
    next_attempt_time: datetime,
    dead: bool,
) -> None:
    """Mark an attempt as failed."""
    await connection.execute(
        update(table)
        .where(table.c.sequence == sequence)
        .values(
            state=DEAD if dead else PENDING,
            attempts=table.c.attempts + 1,
            last_error=error[:1000].replace("\x00", ""),
            next_attempt_time=next_attempt_time,
        )
    )


async def postponed(
    connection: AsyncConnection, table: Table, sequences: Sequence[int], *, error: str, next_attempt_time: datetime
) -> None:
    """Put events off without counting an attempt: their sink is down, which is not their fault."""
    await connection.execute(
        update(table)
        .where(table.c.sequence.in_(sequences))
        .values(last_error=error[:1000].replace("\x00", ""), next_attempt_time=next_attempt_time)
    )


async def purge(connection: AsyncConnection, table: Table, before: datetime, limit: int) -> int:
    """Delete events that were delivered long ago."""
    old = (
        select(table.c.sequence)
        .where(table.c.state == DELIVERED, table.c.deliver_time < before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(delete(table).where(table.c.sequence.in_(old)))).rowcount


async def list_events(
    connection: AsyncConnection, table: Table, state: str | None, after: int, limit: int
) -> list[Any]:
    """Return events after a sequence, oldest first; undelivered ones where no state is named."""
    wanted = table.c.state == state if state else table.c.state != DELIVERED
    query = (
        select(
            table.c.sequence,
            table.c.event_id,
            table.c.sink,
            table.c.key,
            table.c.type,
            table.c.state,
            table.c.attempts,
            table.c.last_error,
            table.c.create_time,
            table.c.next_attempt_time,
        )
        .where(and_(wanted, table.c.sequence > after))
        .order_by(table.c.sequence)
        .limit(limit)
    )
    return list(await connection.execute(query))


async def replay(connection: AsyncConnection, table: Table, event_ids: Sequence[str], now: datetime) -> int:
    """Make dead events pending again; all of them where none is named."""
    wanted = table.c.event_id.in_(event_ids) if event_ids else true()
    return (
        await connection.execute(
            update(table).where(table.c.state == DEAD, wanted).values(state=PENDING, attempts=0, next_attempt_time=now)
        )
    ).rowcount


async def backlog(connection: AsyncConnection, table: Table) -> list[tuple[str, str, int, datetime | None]]:
    """Return for each sink and state how many events are undelivered, and since when the oldest is."""
    query = (
        select(table.c.sink, table.c.state, func.count(), func.min(table.c.create_time))
        .where(table.c.state != DELIVERED)
        .group_by(table.c.sink, table.c.state)
    )
    return [tuple(row) for row in await connection.execute(query)]

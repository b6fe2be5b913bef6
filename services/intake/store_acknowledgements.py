"""Every SQL statement about acknowledgements."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, tuple_, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.channel import Acknowledgement, AcknowledgementKind, AcknowledgementState
from services.intake.tables import documents
from services.intake.tables_channels import acknowledgements, control_numbers
from services.kernel.errors import NotFound

_COLUMNS = [column for column in acknowledgements.c if column.name != "content"]
_LARGEST_CONTROL_NUMBER = 999_999_999


async def insert_owed(conn: AsyncConnection, owed: Acknowledgement) -> None:
    """Note that it is owed; once a document."""
    statement = insert(acknowledgements).values({**asdict(owed), "content": b""})
    await conn.execute(statement.on_conflict_do_nothing(index_elements=["document_id"]))


async def get(conn: AsyncConnection, acknowledgement_id: str, *, lock: bool = False) -> tuple[Acknowledgement, bytes]:
    """Return the acknowledgement with its content.

    Raises:
        NotFound: ACKNOWLEDGEMENT_NOT_FOUND.
    """
    statement = select(acknowledgements).where(acknowledgements.c.acknowledgement_id == acknowledgement_id)
    row = (await conn.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(
            f"there is no acknowledgement {acknowledgement_id}",
            reason="ACKNOWLEDGEMENT_NOT_FOUND",
            acknowledgement_id=acknowledgement_id,
        )
    return _acknowledgement(row), row["content"]


async def find_all(
    conn: AsyncConnection,
    *,
    channel: str,
    state: str,
    late_only: bool,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Acknowledgement]:
    """Return acknowledgements, those with the earliest due time first."""
    conditions: list[ColumnElement[bool]] = []
    if channel:
        conditions.append(acknowledgements.c.channel == channel)
    if state:
        conditions.append(acknowledgements.c.state == state)
    if late_only:
        conditions.append(acknowledgements.c.late)
    if after:
        place = tuple_(acknowledgements.c.due_time, acknowledgements.c.acknowledgement_id)
        conditions.append(place > tuple_(*map(literal, after)))
    statement = (
        select(*_COLUMNS)
        .where(*conditions)
        .order_by(acknowledgements.c.due_time, acknowledgements.c.acknowledgement_id)
        .limit(limit)
    )
    return [_acknowledgement(row) for row in (await conn.execute(statement)).mappings()]


async def ready(conn: AsyncConnection, *, limit: int) -> Sequence[str]:
    """Return those that are owed for documents that have been read to the end, the earliest due first."""
    statement = (
        select(acknowledgements.c.acknowledgement_id)
        .join(documents, documents.c.document_id == acknowledgements.c.document_id)
        .where(acknowledgements.c.state == AcknowledgementState.OWED, documents.c.read_time.is_not(None))
        .order_by(acknowledgements.c.due_time)
        .limit(limit)
    )
    return [row.acknowledgement_id for row in await conn.execute(statement)]


async def made(conn: AsyncConnection, *, channels: Sequence[str], limit: int) -> list[Acknowledgement]:
    """Return those of these channels that wait to be sent, the earliest due first."""
    statement = (
        select(*_COLUMNS)
        .where(
            acknowledgements.c.state == AcknowledgementState.MADE,
            acknowledgements.c.channel == func.any(list(channels)),
        )
        .order_by(acknowledgements.c.due_time)
        .limit(limit)
    )
    return [_acknowledgement(row) for row in (await conn.execute(statement)).mappings()]


async def next_control_number(conn: AsyncConnection, channel: str, *, count: int) -> int:
    """Take this many control numbers of the channel, and return the first; near nine nines they begin again."""
    last = control_numbers.c.last
    following = case((last + count > _LARGEST_CONTROL_NUMBER, count), else_=last + count)
    statement = insert(control_numbers).values(channel=channel, last=count)
    taken = statement.on_conflict_do_update(index_elements=["channel"], set_={"last": following})
    return int((await conn.execute(taken.returning(last))).scalar_one()) - count + 1


async def write_made(conn: AsyncConnection, acknowledgement_id: str, *, number: int, content: bytes) -> None:
    """Write what it says."""
    await conn.execute(
        update(acknowledgements)
        .where(acknowledgements.c.acknowledgement_id == acknowledgement_id)
        .values(state=AcknowledgementState.MADE, own_control_number=number, content=content)
    )


async def delete(conn: AsyncConnection, acknowledgement_id: str) -> None:
    """Forget what is not owed after all."""
    await conn.execute(delete_from(acknowledgements).where(acknowledgements.c.acknowledgement_id == acknowledgement_id))


async def write_sent(conn: AsyncConnection, acknowledgement_id: str, now: datetime) -> None:
    """Write that it was sent, and whether that was too late."""
    await conn.execute(
        update(acknowledgements)
        .where(
            acknowledgements.c.acknowledgement_id == acknowledgement_id,
            acknowledgements.c.state == AcknowledgementState.MADE,
        )
        .values(state=AcknowledgementState.SENT, send_time=now, late=acknowledgements.c.due_time < now)
    )


async def mark_late(conn: AsyncConnection, now: datetime) -> list[Acknowledgement]:
    """Mark those whose time is over before they were sent, and return those that were not marked before."""
    statement = (
        update(acknowledgements)
        .where(
            acknowledgements.c.state != AcknowledgementState.SENT,
            acknowledgements.c.due_time < now,
            acknowledgements.c.late.is_(False),
        )
        .values(late=True)
        .returning(*_COLUMNS)
    )
    return [_acknowledgement(row) for row in (await conn.execute(statement)).mappings()]


def _acknowledgement(row: Any) -> Acknowledgement:
    known = {column.name: row[column.name] for column in _COLUMNS if column.name not in ("kind", "state")}
    return Acknowledgement(**known, kind=AcknowledgementKind(row["kind"]), state=AcknowledgementState(row["state"]))

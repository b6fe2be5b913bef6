"""Every SQL statement about cancellations that were asked for, and what was answered."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.cancellation import LineCancellation, Outcome
from services.intake.tables import cancellations
from services.kernel.errors import AlreadyExists

Answer = tuple[LineCancellation, ...]


async def ask(conn: AsyncConnection, order_id: str, request_id: str, digest: str, now: datetime) -> None:
    """Write that a cancellation is asked for; the order is locked and the request was looked for by the caller."""
    given = {"order_id": order_id, "request_id": request_id, "request_digest": digest, "create_time": now}
    await conn.execute(insert(cancellations).values(given))


async def find_answer(conn: AsyncConnection, order_id: str, request_id: str, digest: str) -> tuple[bool, Answer | None]:
    """Tell whether this request was written before, and return what was answered.

    Raises:
        AlreadyExists: REQUEST_ID_REUSED, where it asked for something else.
    """
    statement = select(cancellations.c.request_digest, cancellations.c.answer).where(
        cancellations.c.order_id == order_id, cancellations.c.request_id == request_id
    )
    row = (await conn.execute(statement)).one_or_none()
    if row is None:
        return False, None
    if row[0] != digest:
        raise AlreadyExists(
            "this request_id asked for another cancellation: choose a new one",
            reason="REQUEST_ID_REUSED",
            request_id=request_id,
        )
    return True, None if row[1] is None else tuple(_line(line) for line in row[1])


async def write_answer(
    conn: AsyncConnection, order_id: str, request_id: str, answer: Sequence[LineCancellation]
) -> None:
    """Write what was answered, so that the same request is answered the same for ever."""
    await conn.execute(
        update(cancellations)
        .where(cancellations.c.order_id == order_id, cancellations.c.request_id == request_id)
        .values(answer=[asdict(line) for line in answer])
    )


def _line(row: dict[str, object]) -> LineCancellation:
    return LineCancellation(**{**row, "outcome": Outcome(row["outcome"])})  # type: ignore[arg-type] # JSON of asdict

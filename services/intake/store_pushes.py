"""Every SQL statement about pushes: written once, told in order, ended once. Partners are in store_partners.py."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.pushes import Push, PushKind, PushPayload, PushState
from services.intake.tables_pushes import pushes
from services.kernel.errors import FailedPrecondition, NotFound


async def write(conn: AsyncConnection, push: Push) -> bool:
    """Write a new push; False where the same was written before."""
    statement = insert(pushes).values(asdict(push)).on_conflict_do_nothing().returning(pushes.c.push_id)
    return (await conn.execute(statement)).scalar_one_or_none() is not None


async def promise(conn: AsyncConnection, order_id: str, promise_time: datetime | None) -> None:
    """Have what waits of the order told by its new promise."""
    waiting = (pushes.c.order_id == order_id, pushes.c.state == PushState.WAITING)
    await conn.execute(update(pushes).where(*waiting).values(promise_time=promise_time))


async def due(conn: AsyncConnection, channel: str, now: datetime, limit: int) -> list[str]:
    """Return what may be sent now: of each order the first push that waits, the earliest promise first, then by age."""
    statement = (
        select(pushes.c.push_id)
        .where(*_first_of_each_order(channel), pushes.c.next_attempt_time <= now)
        .order_by(pushes.c.promise_time.asc().nulls_last(), pushes.c.create_time, pushes.c.push_id)
        .limit(limit)
    )
    return list((await conn.execute(statement)).scalars())


async def next_due(conn: AsyncConnection, channel: str) -> datetime | None:
    """Return when the next push may be sent; None where none waits."""
    statement = select(func.min(pushes.c.next_attempt_time)).where(*_first_of_each_order(channel))
    found: datetime | None = (await conn.execute(statement)).scalar_one()
    return found


async def get(conn: AsyncConnection, push_id: str, *, lock: bool = False) -> Push:
    """Return the push.

    Raises:
        NotFound: PUSH_NOT_FOUND.
    """
    statement = select(pushes).where(pushes.c.push_id == push_id)
    row = (await conn.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no push {push_id}", reason="PUSH_NOT_FOUND", push_id=push_id)
    return _push(row)


async def order_of(conn: AsyncConnection, push_id: str) -> str:
    """Return the order that the push is about.

    Raises:
        NotFound: PUSH_NOT_FOUND.
    """
    return (await get(conn, push_id)).order_id


async def end(conn: AsyncConnection, push_id: str, state: PushState, *, reason: str, now: datetime) -> None:
    """Write that the platform said yes or no."""
    values = {"state": state, "last_error": reason, "done_time": now, "attempts": pushes.c.attempts + 1}
    await conn.execute(update(pushes).where(pushes.c.push_id == push_id).values(values))


async def failed(conn: AsyncConnection, push_id: str, *, reason: str, next_attempt_time: datetime) -> None:
    """Write that the platform gave no answer."""
    values = {"last_error": reason, "next_attempt_time": next_attempt_time, "attempts": pushes.c.attempts + 1}
    await conn.execute(update(pushes).where(pushes.c.push_id == push_id).values(values))


async def retry(conn: AsyncConnection, push_id: str, now: datetime) -> Push:
    """Have a push sent at once that was refused or is put off.

    Raises:
        NotFound: PUSH_NOT_FOUND. FailedPrecondition: PUSH_DONE.
    """
    push = await get(conn, push_id, lock=True)
    if push.state == PushState.DONE:
        raise FailedPrecondition("the channel has been told: there is nothing to send again", reason="PUSH_DONE")
    values = {"state": PushState.WAITING, "next_attempt_time": now, "done_time": None}
    await conn.execute(update(pushes).where(pushes.c.push_id == push_id).values(values))
    return await get(conn, push_id)


async def put_off_no_longer(conn: AsyncConnection, channel: str, now: datetime) -> None:
    """Have everything that waits for the partner sent as soon as it is its turn."""
    waiting = (pushes.c.channel == channel, pushes.c.state == PushState.WAITING, pushes.c.next_attempt_time > now)
    await conn.execute(update(pushes).where(*waiting).values(next_attempt_time=now))


async def list_page(
    conn: AsyncConnection,
    *,
    channel: str,
    order_id: str,
    state: str,
    older_than: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Push]:
    """Return pushes, newest first; filters that are empty do not filter."""
    wanted = {"channel": channel, "order_id": order_id, "state": state}
    conditions: list[ColumnElement[bool]] = [pushes.c[name] == value for name, value in wanted.items() if value]
    if older_than:
        conditions.append(tuple_(pushes.c.create_time, pushes.c.push_id) < tuple_(*map(literal, older_than)))
    statement = select(pushes).where(*conditions)
    statement = statement.order_by(pushes.c.create_time.desc(), pushes.c.push_id.desc()).limit(limit)
    return [_push(row) for row in (await conn.execute(statement)).mappings()]


def _first_of_each_order(channel: str) -> tuple[ColumnElement[bool], ...]:
    before = pushes.alias("before")
    earlier = exists().where(
        and_(
            before.c.order_id == pushes.c.order_id,
            before.c.state == PushState.WAITING,
            tuple_(before.c.sequence, before.c.kind) < tuple_(pushes.c.sequence, pushes.c.kind),
        )
    )
    # Written out, so that PostgreSQL sees at planning that the partial indexes fit.
    return (
        pushes.c.channel == channel,
        pushes.c.state == literal(PushState.WAITING.value, literal_execute=True),
        ~earlier,
    )


def _push(row: Any) -> Push:
    payload = row["payload"]
    told = PushPayload(**{**payload, "quantities": tuple((line, units) for line, units in payload["quantities"])})
    return Push(**{**row, "kind": PushKind(row["kind"]), "state": PushState(row["state"]), "payload": told})

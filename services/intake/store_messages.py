"""Every SQL statement about messages: written once, claimed by one sender, ended once."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.events import EventType
from services.intake.domain.feed import FeedPosition
from services.intake.domain.messages import Medium, Message, MessageKind, MessageState
from services.intake.tables import order_events, orders
from services.intake.tables_messages import message_cursors, messages
from services.kernel.errors import NotFound

# The lock of the one replica that reads the feed for messages, among the database's advisory locks.
_READING_LOCK = 5_260_813
_READER = "messages"
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")


async def try_lock(conn: AsyncConnection, lock: int = _READING_LOCK) -> bool:
    """Become the one who reads the feed, until the transaction ends; False where another replica is."""
    return bool((await conn.execute(_TRY_LOCK, {"lock": lock})).scalar())


async def position(conn: AsyncConnection, reader: str = _READER) -> FeedPosition | None:
    """Return how far the feed was read; None where it never was."""
    table = message_cursors.c
    found = select(table.transaction_id, table.order_id, table.sequence).where(table.reader == reader)
    row = (await conn.execute(found)).one_or_none()
    return (row[0], row[1], row[2]) if row else None


async def save_position(conn: AsyncConnection, after: FeedPosition, reader: str = _READER) -> None:
    """Write how far the feed was read."""
    values = dict(zip(("transaction_id", "order_id", "sequence"), after, strict=True))
    statement = insert(message_cursors).values(reader=reader, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["reader"], set_=values))


async def promised_before(conn: AsyncConnection, order_id: str, sequence: int) -> datetime | None:
    """Return what was promised before this event."""
    statement = (
        select(order_events.c.references["promise_time"].astext)
        .where(
            order_events.c.order_id == order_id,
            order_events.c.type == EventType.PROMISED,
            order_events.c.sequence < sequence,
        )
        .order_by(order_events.c.sequence.desc())
        .limit(1)
    )
    found = (await conn.execute(statement)).scalar_one_or_none()
    return datetime.fromisoformat(found) if found else None


async def write(conn: AsyncConnection, message: Message) -> bool:
    """Write a new message; False where the same was written before."""
    statement = insert(messages).values(asdict(message)).on_conflict_do_nothing().returning(messages.c.message_id)
    return (await conn.execute(statement)).scalar_one_or_none() is not None


async def claim(conn: AsyncConnection, now: datetime, *, until: datetime, limit: int) -> list[Message]:
    """Take messages that are due: nobody else sends them, and whoever is not done by `until` has died."""
    due = (
        select(messages.c.message_id)
        .where(messages.c.state == MessageState.PENDING, messages.c.next_attempt_time <= now)
        .order_by(messages.c.next_attempt_time)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(messages)
        .where(messages.c.message_id.in_(due))
        .values(state=MessageState.SENDING, attempts=messages.c.attempts + 1, next_attempt_time=until)
        .returning(*messages.c)
    )
    return [_message(row) for row in (await conn.execute(statement)).mappings()]


async def end_abandoned(conn: AsyncConnection, now: datetime, *, keyed: Iterable[Medium]) -> int:
    """End what somebody was sending who has died: tried again where that cannot tell the customer twice."""
    abandoned = (messages.c.state == MessageState.SENDING, messages.c.next_attempt_time <= now)
    again = update(messages).where(*abandoned, messages.c.medium.in_(list(keyed))).values(state=MessageState.PENDING)
    await conn.execute(again)
    uncertain = (
        update(messages)
        .where(*abandoned)
        .values(state=MessageState.UNCERTAIN, reason="the process ended while it was handing the message over")
    )
    return (await conn.execute(uncertain)).rowcount


async def end(
    conn: AsyncConnection,
    message: Message,
    state: MessageState,
    *,
    reason: str,
    send_time: datetime | None = None,
    next_attempt_time: datetime | None = None,
) -> bool:
    """Write what came of an attempt; False where somebody else has decided meanwhile."""
    values: dict[str, Any] = {"state": state, "reason": reason, "send_time": send_time}
    if next_attempt_time:
        values["next_attempt_time"] = next_attempt_time
    statement = update(messages).where(
        messages.c.message_id == message.message_id,
        messages.c.state == MessageState.SENDING,
        messages.c.attempts == message.attempts,
    )
    return (await conn.execute(statement.values(values))).rowcount == 1


async def retry(conn: AsyncConnection, message_id: str, now: datetime) -> Message | None:
    """Have a message sent once more; None where it is not stuck, or has no words any more."""
    statement = (
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state.in_([MessageState.FAILED, MessageState.UNCERTAIN]),
            messages.c.address != "",
            messages.c.text != "",
        )
        .values(state=MessageState.PENDING, attempts=0, reason="", next_attempt_time=now)
        .returning(*messages.c)
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _message(row) if row else None


async def get(conn: AsyncConnection, message_id: str) -> Message:
    """Return the message.

    Raises:
        NotFound: MESSAGE_NOT_FOUND.
    """
    row = (await conn.execute(select(*messages.c).where(messages.c.message_id == message_id))).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no message {message_id}", reason="MESSAGE_NOT_FOUND", message_id=message_id)
    return _message(row)


async def list_page(
    conn: AsyncConnection, *, order_id: str, state: str, kind: str, older_than: tuple[datetime, str] | None, limit: int
) -> list[Message]:
    """Return messages, newest first; filters that are empty do not filter."""
    conditions: list[ColumnElement[bool]] = []
    if order_id:
        conditions.append(messages.c.order_id == order_id)
    if state:
        conditions.append(messages.c.state == state)
    if kind:
        conditions.append(messages.c.kind == kind)
    if older_than:
        conditions.append(tuple_(messages.c.create_time, messages.c.message_id) < tuple_(*map(literal, older_than)))
    statement = select(*messages.c).where(*conditions)
    statement = statement.order_by(messages.c.create_time.desc(), messages.c.message_id.desc()).limit(limit)
    return [_message(row) for row in (await conn.execute(statement)).mappings()]


async def erase_messages(conn: AsyncConnection, order_ids: Sequence[str]) -> int:
    """Erase addresses and words of these orders' messages; what was not sent yet never will be."""
    waiting = messages.c.state.in_([MessageState.PENDING, MessageState.FAILED, MessageState.UNCERTAIN])
    await conn.execute(
        update(messages)
        .where(messages.c.order_id == func.any(list(order_ids)), waiting)
        .values(state=MessageState.SUPPRESSED, reason="erased")
    )
    erased = update(messages).where(messages.c.order_id == func.any(list(order_ids)))
    return (await conn.execute(erased.values(address="", subject="", text="", html=""))).rowcount


async def order_ids_by_number(conn: AsyncConnection, numbers: Sequence[str], *, limit: int) -> list[str]:
    """Return the orders that customers know by one of these numbers, newest first; capitals do not count."""
    wanted = [number.lower() for number in numbers]
    statement = select(orders.c.order_id).where(func.lower(orders.c.order_number).in_(wanted))
    return list((await conn.execute(statement.order_by(orders.c.order_id.desc()).limit(limit))).scalars())


def _message(row: Any) -> Message:
    return Message(
        **{
            **row,
            "kind": MessageKind(row["kind"]),
            "medium": Medium(row["medium"]),
            "state": MessageState(row["state"]),
        }
    )

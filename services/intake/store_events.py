"""Every SQL statement about timelines and the feed of all orders.

The feed is ordered by (transaction_id, order_id, sequence), where transaction_id is the highest transaction that wrote
an event of the order so far. An event is shown once every transaction up to that one has ended, so a late commit can
never slip in before something that was shown; and because the number never falls within an order, its events come in
order.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import TransactionId
from services.intake.domain.events import SILENT, Event, EventType, Fact
from services.intake.domain.feed import FeedPosition
from services.intake.domain.rooms import Move, Room
from services.intake.domain.status import OrderStatus
from services.intake.tables import order_events, orders
from services.kernel import ids
from services.kernel.clock import milliseconds

_SHOWN_BEFORE = literal_column("pg_snapshot_xmin(pg_current_snapshot())", TransactionId)
_TRANSACTION = cast(cast(order_events.c.transaction_id, Text), BigInteger).label("transaction_id")
_COLUMNS = [column for column in order_events.c if column.name != "transaction_id"] + [_TRANSACTION]


async def append(conn: AsyncConnection, order_id: str, facts: Sequence[Fact], now: datetime) -> list[Event]:
    """Write these facts on the order's timeline, numbered without gaps."""
    # The update takes the order's lock, so that the numbers are given out one transaction after the other.
    statement = (
        update(orders)
        .where(orders.c.order_id == order_id)
        .values(
            sequence=orders.c.sequence + len(facts),
            version=orders.c.version + sum(fact.type not in SILENT for fact in facts),
            transaction_id=func.greatest(orders.c.transaction_id, func.pg_current_xact_id()),
            update_time=now,
        )
        .returning(orders.c.sequence, cast(cast(orders.c.transaction_id, Text), BigInteger))
    )
    last, transaction_id = (await conn.execute(statement)).one()
    first = last - len(facts) + 1
    events = [
        Event(
            fact=fact,
            event_id=ids.new(ids.EVENT, milliseconds(now)),
            order_id=order_id,
            sequence=sequence,
            create_time=now,
            transaction_id=transaction_id,
        )
        for sequence, fact in enumerate(facts, start=first)
    ]
    await conn.execute(insert(order_events).values([_row(event) for event in events]))
    return events


async def find(conn: AsyncConnection, order_id: str, event_type: EventType, key: str) -> Event | None:
    """Return the event that was written under this key."""
    statement = select(*_COLUMNS).where(
        order_events.c.order_id == order_id, order_events.c.type == event_type, order_events.c.key == key
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _event(row) if row else None


async def timeline(conn: AsyncConnection, order_id: str, *, after: int, limit: int) -> list[Event]:
    """Return the events of an order, oldest first."""
    statement = (
        select(*_COLUMNS)
        .where(order_events.c.order_id == order_id, order_events.c.sequence > after)
        .order_by(order_events.c.sequence)
        .limit(limit)
    )
    return [_event(row) for row in (await conn.execute(statement)).mappings()]


async def feed(
    conn: AsyncConnection, *, order_id: str, channel: str, after: FeedPosition, limit: int
) -> list[tuple[Event, OrderStatus]]:
    """Return the events after this position that no late commit can precede, each with where its order stands now."""
    statement: Select[Any] = (
        select(*_COLUMNS, orders.c.status.label("order_status"))
        .join(orders, orders.c.order_id == order_events.c.order_id)
        .where(order_events.c.transaction_id < _SHOWN_BEFORE, _feed_position() > _position(after))
        .order_by(order_events.c.transaction_id, order_events.c.order_id, order_events.c.sequence)
        .limit(limit)
    )
    if order_id:
        statement = statement.where(order_events.c.order_id == order_id)
    if channel:
        statement = statement.where(orders.c.channel == channel)
    rows = (await conn.execute(statement)).mappings()
    return [(_event(row), OrderStatus(row["order_status"])) for row in rows]


async def end_of_feed(conn: AsyncConnection) -> FeedPosition:
    """Return the position before which everything is past: what is shown later comes after it."""
    return (await conn.execute(select(cast(cast(_SHOWN_BEFORE, Text), BigInteger)))).scalar_one(), "", 0


async def last_shown(conn: AsyncConnection) -> FeedPosition | None:
    """Return the position of the newest event that can be shown."""
    statement = (
        select(_TRANSACTION, order_events.c.order_id, order_events.c.sequence)
        .where(order_events.c.transaction_id < _SHOWN_BEFORE)
        .order_by(order_events.c.transaction_id.desc(), order_events.c.order_id.desc(), order_events.c.sequence.desc())
        .limit(1)
    )
    row = (await conn.execute(statement)).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def _feed_position() -> ColumnElement[Any]:
    return tuple_(order_events.c.transaction_id, order_events.c.order_id, order_events.c.sequence)


def _position(position: FeedPosition) -> ColumnElement[Any]:
    transaction_id, order_id, sequence = position
    return tuple_(
        cast(literal(str(transaction_id), Text), TransactionId), literal(order_id, Text), literal(sequence, BigInteger)
    )


def _row(event: Event) -> dict[str, Any]:
    fact = event.fact
    return {
        "order_id": event.order_id,
        "sequence": event.sequence,
        "event_id": event.event_id,
        "type": fact.type,
        "key": fact.key,
        "moves": [asdict(move) for move in fact.moves],
        "reason": fact.reason,
        "actor": fact.actor,
        "references": dict(fact.references),
        "create_time": event.create_time,
        "transaction_id": cast(literal(str(event.transaction_id), Text), TransactionId),
    }


def _event(row: Any) -> Event:
    return Event(
        fact=Fact(
            type=EventType(row["type"]),
            key=row["key"],
            actor=row["actor"],
            reason=row["reason"],
            moves=tuple(
                Move(
                    line_id=move["line_id"],
                    from_room=Room(move["from_room"]),
                    to_room=Room(move["to_room"]),
                    quantity=move["quantity"],
                )
                for move in row["moves"]
            ),
            references=row["references"],
        ),
        event_id=row["event_id"],
        order_id=row["order_id"],
        sequence=row["sequence"],
        create_time=row["create_time"],
        transaction_id=row["transaction_id"],
    )

"""Every SQL statement about subscribers of the feed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, cast, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import TransactionId
from services.intake import store_events
from services.intake.domain.events import EventType
from services.intake.domain.feed import FeedPosition
from services.intake.domain.subscriptions import Failure, Subscription, Switch, Wanted
from services.intake.tables import order_events, orders
from services.intake.tables_subscriptions import subscriptions
from services.kernel.errors import NotFound


async def find(conn: AsyncConnection, name: str, *, locked: bool = False) -> Subscription | None:
    """Return the subscription; `locked` until the transaction ends."""
    statement = select(*subscriptions.c).where(subscriptions.c.name == name)
    row = (await conn.execute(statement.with_for_update() if locked else statement)).mappings().one_or_none()
    return _subscription(row) if row else None


async def get(conn: AsyncConnection, name: str, *, locked: bool = False) -> Subscription:
    """Return the subscription.

    Raises:
        NotFound: SUBSCRIPTION_NOT_FOUND.
    """
    found = await find(conn, name, locked=locked)
    if found is None:
        raise NotFound(f"there is no subscription {name}", reason="SUBSCRIPTION_NOT_FOUND", name=name)
    return found


async def list_page(conn: AsyncConnection, *, after: str, limit: int) -> list[Subscription]:
    """Return subscriptions by name."""
    statement = select(*subscriptions.c).where(subscriptions.c.name > after).order_by(subscriptions.c.name)
    return [_subscription(row) for row in (await conn.execute(statement.limit(limit))).mappings()]


async def active(conn: AsyncConnection) -> set[str]:
    """Return the names of those that are delivered to."""
    statement = select(subscriptions.c.name).where(subscriptions.c.switch == Switch.ACTIVE)
    return set((await conn.execute(statement)).scalars())


async def write(conn: AsyncConnection, subscription: Subscription) -> Subscription:
    """Write the subscription as somebody wants it: whoever is delivering to it now has lost its turn."""
    row = _row(subscription)
    statement = insert(subscriptions).values({**row, "turn": 1})
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={**row, "turn": subscriptions.c.turn + 1, "lease_end_time": None}
    )
    return _subscription((await conn.execute(statement.returning(*subscriptions.c))).mappings().one())


async def remove(conn: AsyncConnection, name: str) -> None:
    """Forget the subscription."""
    await conn.execute(delete(subscriptions).where(subscriptions.c.name == name))


async def take_turn(conn: AsyncConnection, name: str, now: datetime, lease_end_time: datetime) -> Subscription | None:
    """Take the lease; None where the subscription is not due, or another replica is at it."""
    table = subscriptions.c
    statement = (
        update(subscriptions)
        .where(
            table.name == name,
            table.switch == Switch.ACTIVE,
            or_(table.lease_end_time.is_(None), table.lease_end_time <= now),
            or_(table.next_attempt_time.is_(None), table.next_attempt_time <= now),
        )
        .values(turn=table.turn + 1, lease_end_time=lease_end_time)
        .returning(*table)
    )
    row = (await conn.execute(statement)).mappings().one_or_none()
    return _subscription(row) if row else None


async def end_turn(conn: AsyncConnection, after: Subscription) -> bool:
    """Write what came of the turn, and let go of the lease; False where it was lost meanwhile."""
    statement = (
        update(subscriptions)
        .where(subscriptions.c.name == after.name, subscriptions.c.turn == after.turn)
        .values({**_row(after), "lease_end_time": None})
        .returning(subscriptions.c.name)
    )
    return (await conn.execute(statement)).scalar_one_or_none() is not None


async def channels_and_regions(conn: AsyncConnection, order_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the channel and the region of each of these orders."""
    statement = select(orders.c.order_id, orders.c.channel, orders.c.region).where(
        orders.c.order_id == func.any(sorted(set(order_ids)))
    )
    return {row.order_id: (row.channel, row.region) for row in await conn.execute(statement)}


async def position_before(conn: AsyncConnection, moment: datetime) -> FeedPosition:
    """Return a position before every event of this moment or later, and not much before: by halving the feed.

    Events stand in the feed by transaction, so their times rise but for the length of a transaction.
    """
    last = await store_events.last_shown(conn)
    low, high = 0, last[0] + 1 if last else 1
    while low < high:
        middle = (low + high) // 2
        found = await _first_time(conn, middle)
        if found is None or found >= moment:
            high = middle
        else:
            low = middle + 1
    return low, "", 0


async def _first_time(conn: AsyncConnection, transaction_id: int) -> datetime | None:
    statement = (
        select(order_events.c.create_time)
        .where(order_events.c.transaction_id >= cast(literal(str(transaction_id), Text), TransactionId))
        .order_by(order_events.c.transaction_id, order_events.c.order_id, order_events.c.sequence)
        .limit(1)
    )
    return (await conn.execute(statement)).scalar_one_or_none()


def _row(subscription: Subscription) -> dict[str, Any]:
    failure, wanted = subscription.failure, subscription.wanted
    transaction_id, order_id, sequence = subscription.position
    return {
        "name": subscription.name,
        "url": subscription.url,
        "switch": subscription.switch,
        "event_types": sorted(wanted.event_types),
        "channels": sorted(wanted.channels),
        "regions": sorted(wanted.regions),
        "order_ids": sorted(wanted.order_ids),
        "secret": subscription.secret,
        "old_secret": subscription.old_secret,
        "old_secret_expire_time": subscription.old_secret_expire_time,
        "transaction_id": cast(literal(transaction_id), BigInteger),
        "order_id": order_id,
        "sequence": sequence,
        "delivered_count": subscription.delivered_count,
        "deliver_time": subscription.deliver_time,
        "failing_since_time": failure.since_time if failure else None,
        "attempts": failure.attempts if failure else 0,
        "last_error": failure.error if failure else "",
        "failing_event_id": failure.event_id if failure else "",
        "failing_cursor": failure.cursor if failure else "",
        "next_attempt_time": failure.next_attempt_time if failure else None,
        "create_time": subscription.create_time,
        "update_time": subscription.update_time,
    }


def _subscription(row: Any) -> Subscription:
    failure = None
    if row["attempts"]:
        failure = Failure(
            since_time=row["failing_since_time"],
            attempts=row["attempts"],
            error=row["last_error"],
            event_id=row["failing_event_id"],
            cursor=row["failing_cursor"],
            next_attempt_time=row["next_attempt_time"],
        )
    return Subscription(
        name=row["name"],
        url=row["url"],
        switch=Switch(row["switch"]),
        wanted=Wanted(
            event_types=frozenset(map(EventType, row["event_types"])),
            channels=frozenset(row["channels"]),
            regions=frozenset(row["regions"]),
            order_ids=frozenset(row["order_ids"]),
        ),
        position=(row["transaction_id"], row["order_id"], row["sequence"]),
        secret=row["secret"],
        old_secret=row["old_secret"],
        old_secret_expire_time=row["old_secret_expire_time"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        turn=row["turn"],
        lease_end_time=row["lease_end_time"],
        delivered_count=row["delivered_count"],
        deliver_time=row["deliver_time"],
        failure=failure,
    )

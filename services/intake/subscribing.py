"""Subscriptions made, changed, switched and set to another point of the feed."""

import base64
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.chassis.database import Connection
from services.intake import store_events, store_subscriptions
from services.intake.domain.feed import BEGINNING, FeedPosition, position_from
from services.intake.domain.subscriptions import Subscription, Switch, Wanted, replayed, resumed, rotated
from services.kernel.errors import InvalidArgument

_SECRET_BYTES = 32
# Clocks and long transactions differ by less.
_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a new subscription starts: now, where it is not said."""

    after_cursor: str = ""
    from_beginning: bool = False


async def set_subscription(
    conn: Connection, name: str, url: str, wanted: Wanted, *, start: Start, rotate: bool, now: datetime
) -> tuple[Subscription, str]:
    """Make the subscription or change it, and return it with its secret if that is new.

    Raises:
        InvalidArgument: INVALID_CURSOR.
    """
    existing = await store_subscriptions.find(conn, name, locked=True)
    if existing is None:
        secret = _new_secret()
        made = Subscription(
            name=name,
            url=url,
            switch=Switch.ACTIVE,
            wanted=wanted,
            position=await _position(conn, start),
            secret=secret,
            old_secret="",
            old_secret_expire_time=None,
            create_time=now,
            update_time=now,
        )
        return await store_subscriptions.write(conn, made), secret
    changed = replace(existing, url=url, wanted=wanted, update_time=now)
    secret = _new_secret() if rotate else ""
    after = rotated(changed, secret, now) if rotate else changed
    # Another address is tried at once, whatever the last one said.
    moved = resumed(after, now) if url != existing.url and existing.switch != Switch.PAUSED else after
    return await store_subscriptions.write(conn, moved), secret


async def switch(conn: Connection, name: str, *, paused: bool, now: datetime) -> Subscription:
    """Pause the subscription, or let it go on from where it was.

    Raises:
        NotFound: SUBSCRIPTION_NOT_FOUND.
    """
    before = await store_subscriptions.get(conn, name, locked=True)
    after = replace(before, switch=Switch.PAUSED, update_time=now) if paused else resumed(before, now)
    return await store_subscriptions.write(conn, after)


async def replay(
    conn: Connection, name: str, *, after_cursor: str, from_time: datetime | None, now: datetime
) -> Subscription:
    """Set the subscription after the cursor, else before the time, else to the beginning.

    Raises:
        NotFound: SUBSCRIPTION_NOT_FOUND. InvalidArgument: INVALID_CURSOR.
    """
    before = await store_subscriptions.get(conn, name, locked=True)
    if after_cursor:
        position = position_from(after_cursor)
    elif from_time:
        position = await store_subscriptions.position_before(conn, from_time - _MARGIN)
    else:
        position = BEGINNING
    return await store_subscriptions.write(conn, replayed(before, position, now))


async def _position(conn: Connection, start: Start) -> FeedPosition:
    if start.after_cursor and start.from_beginning:
        raise InvalidArgument("send after_cursor or from_beginning, not both", reason="INVALID_CURSOR")
    if start.after_cursor:
        return position_from(start.after_cursor)
    return BEGINNING if start.from_beginning else await store_events.end_of_feed(conn)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()

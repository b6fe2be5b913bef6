"""Every SQL statement about intents: calls to partners that were decided on, kept so that every attempt asks the same.

A call to a partner happens between two transactions: the first keeps here what will be asked, the second writes what
was answered. Whoever dies in between finds the intent again, and asks again with the same key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fulfillment.tables import intents
from services.kernel.errors import AlreadyExists


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a partner is asked for a request, since when, and whether the answer has been written."""

    plan: Mapping[str, Any]
    create_time: datetime
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which request: its kind, its request_id, and the digest of all of it."""

    rpc: str
    request_id: str
    digest: bytes


async def keep(conn: AsyncConnection, key: Key, plan: Mapping[str, Any], now: datetime) -> Intent:
    """Keep what a partner will be asked; what was kept for this request before stays, and is returned.

    Raises:
        AlreadyExists: REQUEST_ID_REUSED, it was kept for another request.
    """
    await conn.execute(
        insert(intents)
        .values(rpc=key.rpc, request_id=key.request_id, request_digest=key.digest, plan=dict(plan), create_time=now)
        .on_conflict_do_nothing()
    )
    return await find(conn, key) or Intent(plan=plan, create_time=now, answered=False)


async def find(conn: AsyncConnection, key: Key) -> Intent | None:
    """Return what was kept for this request; None for a new one.

    Raises:
        AlreadyExists: REQUEST_ID_REUSED, it was kept for another request.
    """
    query = select(intents.c.request_digest, intents.c.plan, intents.c.create_time, intents.c.answered).where(
        intents.c.rpc == key.rpc, intents.c.request_id == key.request_id
    )
    row = (await conn.execute(query)).first()
    if row is None:
        return None
    if bytes(row.request_digest) != key.digest:
        raise AlreadyExists(
            f"request_id {key.request_id!r} was used for another request: choose a new one for a new request",
            reason="REQUEST_ID_REUSED",
            request_id=key.request_id,
        )
    return Intent(plan=row.plan, create_time=row.create_time, answered=row.answered)


async def answered(conn: AsyncConnection, key: Key) -> None:
    """Note that the answer has been written."""
    await conn.execute(
        update(intents).where(intents.c.rpc == key.rpc, intents.c.request_id == key.request_id).values(answered=True)
    )

"""Every SQL statement about partners: the platforms of channels, how they are, and what waits for them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.pushes import Backlog, Partner, PushState
from services.intake.tables_channels import channels
from services.intake.tables_pushes import partners, pushes

_SHOWN = 20


async def find(conn: AsyncConnection, channel: str, *, lock: bool = False) -> Partner:
    """Return how the partner is; nothing is known of one that always was well."""
    statement = select(partners).where(partners.c.channel == channel)
    row = (await conn.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    return Partner(**row) if row else Partner(channel=channel)


async def save(conn: AsyncConnection, partner: Partner) -> None:
    """Write how the partner is."""
    row = asdict(partner)
    statement = insert(partners).values(row).on_conflict_do_update(index_elements=["channel"], set_=row)
    await conn.execute(statement)


async def lock_partner(conn: AsyncConnection, channel: str) -> Partner:
    """Return how the partner is, and let nobody else change it before the transaction ends."""
    # There may be no row to lock yet.
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"intake/partner/{channel}", 0))))
    return await find(conn, channel)


async def list_page(conn: AsyncConnection, *, channel: str, after: str, limit: int) -> Sequence[Partner]:
    """Return the partners of channels that are told of orders, by channel."""
    told = select(channels.c.channel).where(channels.c.push_url != "")
    told = told.where(channels.c.channel == channel if channel else channels.c.channel > after)
    names = (await conn.execute(told.order_by(channels.c.channel).limit(limit))).scalars().all()
    rows = (await conn.execute(select(partners).where(partners.c.channel == func.any(list(names))))).mappings()
    known = {row["channel"]: Partner(**row) for row in rows}
    return [known.get(name, Partner(channel=name)) for name in names]


async def counts(conn: AsyncConnection, channel: str) -> tuple[int, int]:
    """Return how many pushes wait for the partner, and of how many orders."""
    waiting = select(func.count(), func.count(pushes.c.order_id.distinct())).where(*_waiting(channel))
    row = (await conn.execute(waiting)).one()
    return row[0], row[1]


async def backlog(conn: AsyncConnection, channel: str) -> Backlog:
    """Return what waits for the partner."""
    waiting, orders = await counts(conn, channel)
    oldest = (await conn.execute(select(func.min(pushes.c.create_time)).where(*_waiting(channel)))).scalar_one()
    refused = select(func.count()).where(pushes.c.channel == channel, pushes.c.state == PushState.REFUSED)
    first = (
        select(pushes.c.order_id)
        .where(*_waiting(channel))
        .group_by(pushes.c.order_id)
        .order_by(func.min(pushes.c.promise_time).asc().nulls_last(), func.min(pushes.c.create_time))
        .limit(_SHOWN)
    )
    return Backlog(
        waiting=waiting,
        refused=(await conn.execute(refused)).scalar_one(),
        blocked_orders=orders,
        first_order_ids=tuple((await conn.execute(first)).scalars()),
        oldest_time=oldest,
    )


def _waiting(channel: str) -> tuple[Any, Any]:
    return pushes.c.channel == channel, pushes.c.state == PushState.WAITING

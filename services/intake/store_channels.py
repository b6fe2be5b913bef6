"""Every SQL statement about how channels are set up and how far they have been fetched."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.channel import Channel, HttpDoor, Progress, Pull, SignatureScheme, Telling
from services.intake.domain.draft import ServiceLevel
from services.intake.tables import orders
from services.intake.tables_channels import channels, pull_cursors
from services.kernel.errors import NotFound


async def find_channel(conn: AsyncConnection, channel: str) -> Channel:
    """Return how the channel is set up; one that never was has nothing but its name."""
    row = (await conn.execute(select(channels).where(channels.c.channel == channel))).mappings().one_or_none()
    return Channel(channel=channel) if row is None else _channel(row)


async def lock_channel(conn: AsyncConnection, channel: str) -> Channel:
    """Return how the channel is set up, and let nobody else change it before the transaction ends."""
    # There may be no row to lock yet.
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"intake/channel/{channel}", 0))))
    return await find_channel(conn, channel)


async def get_channel(conn: AsyncConnection, channel: str) -> tuple[Channel, Progress]:
    """Return the channel and how far it has been fetched.

    Raises:
        NotFound: CHANNEL_NOT_FOUND.
    """
    found = await list_channels(conn, only=channel, limit=1)
    if not found:
        raise NotFound(f"{channel} was never set up", reason="CHANNEL_NOT_FOUND", channel=channel)
    return found[0]


async def list_channels(
    conn: AsyncConnection, *, after: str = "", only: str = "", limit: int
) -> list[tuple[Channel, Progress]]:
    """Return channels and how far each has been fetched, by name."""
    told = [column.label(f"progress_{column.name}") for column in pull_cursors.c]
    statement = (
        select(*channels.c, *told)
        .select_from(channels.outerjoin(pull_cursors, channels.c.channel == pull_cursors.c.channel))
        .where(channels.c.channel == only if only else channels.c.channel > after)
        .order_by(channels.c.channel)
        .limit(limit)
    )
    return [(_channel(row), _progress(row)) for row in (await conn.execute(statement)).mappings()]


async def write_channel(conn: AsyncConnection, channel: Channel, now: datetime) -> Channel:
    """Write the channel as its next version, which is returned."""
    written = replace(channel, version=channel.version + 1, create_time=channel.create_time or now, update_time=now)
    row = _row(written)
    changed = {name: value for name, value in row.items() if name not in ("channel", "create_time")}
    await conn.execute(insert(channels).values(row).on_conflict_do_update(index_elements=["channel"], set_=changed))
    return written


async def told_channels(conn: AsyncConnection) -> list[Channel]:
    """Return the channels whose platforms are told what becomes of their orders."""
    statement = select(channels).where(channels.c.push_url != "").order_by(channels.c.channel)
    return [_channel(row) for row in (await conn.execute(statement)).mappings()]


async def due_channels(conn: AsyncConnection, now: datetime) -> list[tuple[Channel, Progress]]:
    """Return the channels that are to be fetched now, those that have waited longest first."""
    told = [column.label(f"progress_{column.name}") for column in pull_cursors.c]
    statement = (
        select(*channels.c, *told)
        .select_from(channels.outerjoin(pull_cursors, channels.c.channel == pull_cursors.c.channel))
        .where(
            channels.c.pull_connector != "",
            channels.c.paused.is_(False),
            pull_cursors.c.next_time.is_(None) | (pull_cursors.c.next_time <= now),
        )
        .order_by(pull_cursors.c.next_time.asc().nulls_first(), channels.c.channel)
    )
    return [(_channel(row), _progress(row)) for row in (await conn.execute(statement)).mappings()]


async def write_progress(conn: AsyncConnection, channel: str, progress: Progress) -> None:
    """Write how far the channel has been fetched."""
    row = {
        "cursor": progress.cursor,
        "failure_count": progress.failure_count,
        "last_error": progress.last_error,
        "next_time": progress.next_time,
        "success_time": progress.success_time,
    }
    statement = insert(pull_cursors).values(channel=channel, **row)
    await conn.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=row))


async def restart_pull(conn: AsyncConnection, channel: str, now: datetime) -> None:
    """Have the channel fetched at the next turn, however often that has failed."""
    await conn.execute(
        update(pull_cursors).where(pull_cursors.c.channel == channel).values(next_time=now, failure_count=0)
    )


async def known_orders(conn: AsyncConnection, channel: str, external_ids: Sequence[str]) -> frozenset[str]:
    """Return those of these ids under which the channel has orders."""
    statement = select(orders.c.external_id).where(
        orders.c.channel == channel, orders.c.external_id == func.any(list(external_ids))
    )
    return frozenset((await conn.execute(statement)).scalars())


async def try_turn(driver: Any, name: str) -> bool:
    """Take the turn of this name on a connection of the driver; False where another replica has it."""
    return bool(await driver.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", f"intake/{name}"))


async def end_turn(driver: Any, name: str) -> None:
    """Give the turn back."""
    await driver.fetchval("SELECT pg_advisory_unlock(hashtextextended($1, 0))", f"intake/{name}")


def _row(channel: Channel) -> dict[str, object]:
    within = channel.acknowledge_within
    return {
        "channel": channel.channel,
        "format": channel.format,
        "paused": channel.paused,
        "pause_reason": channel.pause_reason,
        "brand": channel.brand,
        "program": channel.program,
        "locale": channel.locale,
        "service_level": channel.service_level,
        "secret_name": channel.secret_name,
        "pull_connector": channel.pull.connector,
        "pull_url": channel.pull.url,
        "pull_interval_seconds": int(channel.pull.interval.total_seconds()),
        "pull_page_size": channel.pull.page_size,
        "pull_account": channel.pull.account,
        "acknowledge_within_seconds": None if within is None else int(within.total_seconds()),
        "signature_scheme": channel.http.scheme,
        "signature_header": channel.http.signature_header,
        "timestamp_header": channel.http.timestamp_header,
        "id_header": channel.http.id_header,
        "country_code": channel.country_code,
        "currency_code": channel.currency_code,
        "push_url": channel.push.url,
        "push_secret_name": channel.push.secret_name,
        "push_rate_per_second": channel.push.rate_per_second,
        "push_format": channel.push.format,
        "version": channel.version,
        "create_time": channel.create_time,
        "update_time": channel.update_time,
    }


def _channel(row: Any) -> Channel:
    within = row["acknowledge_within_seconds"]
    return Channel(
        channel=row["channel"],
        format=row["format"],
        paused=row["paused"],
        pause_reason=row["pause_reason"],
        brand=row["brand"],
        program=row["program"],
        locale=row["locale"],
        service_level=ServiceLevel(row["service_level"]) if row["service_level"] else None,
        secret_name=row["secret_name"],
        pull=Pull(
            connector=row["pull_connector"],
            url=row["pull_url"],
            interval=timedelta(seconds=row["pull_interval_seconds"]),
            page_size=row["pull_page_size"],
            account=row["pull_account"],
        ),
        acknowledge_within=None if within is None else timedelta(seconds=within),
        http=HttpDoor(
            scheme=SignatureScheme(row["signature_scheme"]),
            signature_header=row["signature_header"],
            timestamp_header=row["timestamp_header"],
            id_header=row["id_header"],
        ),
        country_code=row["country_code"],
        currency_code=row["currency_code"],
        push=Telling(
            url=row["push_url"],
            secret_name=row["push_secret_name"],
            rate_per_second=row["push_rate_per_second"],
            format=row["push_format"],
        ),
        version=row["version"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )


def _progress(row: Any) -> Progress:
    if row["progress_channel"] is None:
        return Progress()
    return Progress(
        cursor=row["progress_cursor"],
        failure_count=row["progress_failure_count"],
        last_error=row["progress_last_error"],
        next_time=row["progress_next_time"],
        success_time=row["progress_success_time"],
    )

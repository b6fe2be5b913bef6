"""Every SQL statement about what channels call goods and places."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.draft import Address
from services.intake.mapping import Goods
from services.intake.tables_screening import channel_locations, channel_skus

# A name of a channel, what it means, and whether it is used.
Entry = tuple[str, Goods, bool]
# Rows of one statement: PostgreSQL takes 65,535 values.
_AT_ONCE = 5000


async def goods_of(conn: AsyncConnection, channel: str, names: Collection[str]) -> dict[str, Goods]:
    """Return what these names of a channel mean; names that mean nothing are left out."""
    statement = select(channel_skus.c.channel_sku, channel_skus.c.sku, channel_skus.c.units_each).where(
        channel_skus.c.channel == channel, channel_skus.c.channel_sku == func.any(sorted(names)), channel_skus.c.active
    )
    return {name: Goods(sku=sku, units_each=each) for name, sku, each in await conn.execute(statement)}


async def place_of(conn: AsyncConnection, channel: str, code: str) -> Address | None:
    """Return the address of the place that a channel calls by this code."""
    statement = select(channel_locations.c.address).where(
        channel_locations.c.channel == channel, channel_locations.c.location_code == code
    )
    row = (await conn.execute(statement)).scalar_one_or_none()
    return None if row is None else _address(row)


async def set_goods(conn: AsyncConnection, channel: str, entries: Sequence[Entry], *, now: datetime, actor: str) -> int:
    """Write these names; return how many were new or different."""
    changed = 0
    for start in range(0, len(entries), _AT_ONCE):
        rows = [
            {
                "channel": channel,
                "channel_sku": name,
                "sku": goods.sku,
                "units_each": goods.units_each,
                "active": active,
                "update_time": now,
                "updated_by": actor,
            }
            for name, goods, active in entries[start : start + _AT_ONCE]
        ]
        statement = insert(channel_skus).values(rows)
        new = statement.excluded
        names = ("sku", "units_each", "active", "update_time", "updated_by")
        written = statement.on_conflict_do_update(
            index_elements=["channel", "channel_sku"],
            set_={name: new[name] for name in names},
            where=or_(*(channel_skus.c[name] != new[name] for name in names[:3])),
        )
        changed += (await conn.execute(written)).rowcount
    return changed


async def list_goods(conn: AsyncConnection, channel: str, *, after: str, limit: int) -> list[Entry]:
    """Return what a channel calls goods, by its names."""
    conditions = and_(channel_skus.c.channel == channel, channel_skus.c.channel_sku > after)
    statement = select(*channel_skus.c).where(conditions).order_by(channel_skus.c.channel_sku).limit(limit)
    return [
        (row["channel_sku"], Goods(sku=row["sku"], units_each=row["units_each"]), row["active"])
        for row in (await conn.execute(statement)).mappings()
    ]


async def set_places(
    conn: AsyncConnection, channel: str, places: Sequence[tuple[str, Address]], *, now: datetime, actor: str
) -> int:
    """Write these places; return how many were new or different."""
    changed = 0
    for start in range(0, len(places), _AT_ONCE):
        rows = [
            {
                "channel": channel,
                "location_code": code,
                "address": asdict(address),
                "update_time": now,
                "updated_by": actor,
            }
            for code, address in places[start : start + _AT_ONCE]
        ]
        statement = insert(channel_locations).values(rows)
        new = statement.excluded
        written = statement.on_conflict_do_update(
            index_elements=["channel", "location_code"],
            set_={name: new[name] for name in ("address", "update_time", "updated_by")},
            where=channel_locations.c.address != new["address"],
        )
        changed += (await conn.execute(written)).rowcount
    return changed


async def list_places(conn: AsyncConnection, channel: str, *, after: str, limit: int) -> list[tuple[str, Address]]:
    """Return the places that a channel names, by their codes."""
    conditions = and_(channel_locations.c.channel == channel, channel_locations.c.location_code > after)
    statement = select(channel_locations.c.location_code, channel_locations.c.address).where(conditions)
    rows = await conn.execute(statement.order_by(channel_locations.c.location_code).limit(limit))
    return [(code, _address(address)) for code, address in rows]


def _address(row: dict[str, object]) -> Address:
    return Address(**{**row, "lines": tuple(row["lines"])})  # type: ignore[arg-type]

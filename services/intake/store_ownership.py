"""Every SQL statement about who owns what, and where others said something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.ownership import Field
from services.intake.tables_care import ownership, ownership_drift

_KNOWN = frozenset(field.value for field in Field)
REFUSED, DRIFT = "REFUSED", "DRIFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How often a channel said something else of a field, or wanted to write what it does not own."""

    channel: str
    field: str
    kind: str
    count: int
    last_order_id: str
    last_document_id: str
    first_time: datetime
    last_time: datetime


async def contract(conn: AsyncConnection, channel: str) -> dict[Field, str]:
    """Return what was agreed with a channel; what is not said is as for all."""
    statement = select(ownership.c.channel, ownership.c.entries).where(ownership.c.channel.in_(["", channel]))
    rows = {row[0]: row[1] for row in await conn.execute(statement)}
    said = {**rows.get("", {}), **rows.get(channel, {})}
    return {Field(name): owner for name, owner in said.items() if name in _KNOWN}


async def write_contract(
    conn: AsyncConnection, channel: str, entries: Mapping[Field, str], *, actor: str, now: datetime
) -> None:
    """Write what was agreed with a channel, or for all where it is empty."""
    row = {"entries": {name.value: owner for name, owner in entries.items()}, "actor": actor, "update_time": now}
    statement = insert(ownership).values(channel=channel, **row)
    await conn.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=row))


async def count(
    conn: AsyncConnection,
    channel: str,
    fields: Iterable[Field],
    kind: str,
    *,
    order_id: str,
    document_id: str,
    now: datetime,
) -> None:
    """Count that a channel said something else, or wanted to write what it does not own."""
    last = {"last_order_id": order_id, "last_document_id": document_id, "last_time": now}
    for field in sorted(set(fields)):
        row = {"channel": channel, "field": field.value, "kind": kind, "count": 1, "first_time": now, **last}
        statement = insert(ownership_drift).values(row)
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=["channel", "field", "kind"], set_={"count": ownership_drift.c.count + 1, **last}
            )
        )


async def list_drift(conn: AsyncConnection, channel: str) -> list[Drift]:
    """Return what was counted, the latest first."""
    statement = select(ownership_drift).order_by(ownership_drift.c.last_time.desc(), ownership_drift.c.field)
    if channel:
        statement = statement.where(ownership_drift.c.channel == channel)
    return [Drift(**row) for row in (await conn.execute(statement.limit(1000))).mappings()]

"""Every SQL statement about outages and the work that was moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, and_, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from services.routing.domain.node import NodeNotFound
from services.routing.domain.outage import CarrierServiceNotFound, Outage, OutageNotFound, Subject
from services.routing.tables import nodes
from services.routing.tables_network import carrier_services
from services.routing.tables_rules import outage_works, outages

Connection = AsyncConnection
_OUTAGE = tuple(outages.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What became of a fulfillment order, as JSON, and where it stands in the list."""

    fulfillment_order_id: str
    promise_time: datetime | None
    document: Mapping[str, Any]


async def lock_subject(conn: Connection, subject: Subject) -> bool:
    """Tell whether it is disabled; until the transaction ends nobody else switches it.

    Raises:
        NodeNotFound, CarrierServiceNotFound: there is none.
    """
    table, key = _place(subject)
    found = (await conn.execute(select(table.c.disabled).where(key).with_for_update())).scalar_one_or_none()
    if found is None:
        if subject.node_id:
            raise NodeNotFound(subject.node_id)
        raise CarrierServiceNotFound(subject.carrier_code, subject.service_code)
    return bool(found)


async def switch(conn: Connection, subject: Subject, *, disabled: bool, reason: str, now: datetime) -> None:
    """Disable or enable what is locked."""
    table, key = _place(subject)
    values: dict[str, Any] = {"disabled": disabled, "disabled_reason": reason, "update_time": now}
    if subject.node_id:
        values["revision"] = nodes.c.revision + 1
    await conn.execute(update(table).where(key).values(values))


async def open_outage(conn: Connection, subject: Subject) -> Outage | None:
    """Return the outage of something that lasts."""
    query = select(*_OUTAGE).where(
        outages.c.node_id == subject.node_id,
        outages.c.carrier_code == subject.carrier_code,
        outages.c.service_code == subject.service_code,
        outages.c.end_time.is_(None),
    )
    row = (await conn.execute(query)).mappings().one_or_none()
    return _outage(row) if row else None


async def add(conn: Connection, outage: Outage) -> None:
    """Write an outage that begins."""
    await conn.execute(
        insert(outages).values(
            outage_id=outage.outage_id,
            node_id=outage.subject.node_id,
            carrier_code=outage.subject.carrier_code,
            service_code=outage.subject.service_code,
            reason=outage.reason,
            replans=outage.replans,
            actor=outage.actor,
            start_time=outage.start_time,
        )
    )


async def end(conn: Connection, outage: Outage) -> None:
    """Write that an outage is over; `end_time` says since when."""
    await conn.execute(update(outages).where(outages.c.outage_id == outage.outage_id).values(end_time=outage.end_time))


async def get(conn: Connection, outage_id: str) -> Outage:
    """Return an outage.

    Raises:
        OutageNotFound: there is none of this id.
    """
    row = (await conn.execute(select(*_OUTAGE).where(outages.c.outage_id == outage_id))).mappings().one_or_none()
    if row is None:
        raise OutageNotFound(outage_id)
    return _outage(row)


async def page(conn: Connection, *, open_only: bool, before: tuple[datetime, str] | None, limit: int) -> list[Outage]:
    """Return outages, newest first, from the one before `before`."""
    position = tuple_(outages.c.start_time, outages.c.outage_id)
    query = select(*_OUTAGE).order_by(outages.c.start_time.desc(), outages.c.outage_id.desc()).limit(limit)
    if open_only:
        query = query.where(outages.c.end_time.is_(None))
    if before:
        query = query.where(position < before)
    return [_outage(row) for row in (await conn.execute(query)).mappings()]


async def put_works(conn: Connection, outage_id: str, works: Sequence[Work]) -> None:
    """Write what became of work, in place of what was written of the same work before."""
    rows = {
        work.fulfillment_order_id: {
            "outage_id": outage_id,
            "fulfillment_order_id": work.fulfillment_order_id,
            "promise_time": work.promise_time,
            "document": dict(work.document),
        }
        for work in works
    }
    statement = upsert(outage_works).values([rows[key] for key in sorted(rows)])
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["outage_id", "fulfillment_order_id"],
            set_={"promise_time": statement.excluded.promise_time, "document": statement.excluded.document},
        )
    )


async def works(conn: Connection, outage_id: str) -> list[dict[str, Any]]:
    """Return the work of an outage as JSON, the earliest promise first."""
    query = select(outage_works.c.document).where(outage_works.c.outage_id == outage_id)
    query = query.order_by(outage_works.c.promise_time.asc().nulls_last(), outage_works.c.fulfillment_order_id)
    return list((await conn.execute(query)).scalars())


def _place(subject: Subject) -> tuple[Table, ColumnElement[bool]]:
    if subject.node_id:
        return nodes, nodes.c.node_id == subject.node_id
    return carrier_services, and_(
        carrier_services.c.carrier_code == subject.carrier_code,
        carrier_services.c.service_code == subject.service_code,
    )


def _outage(row: RowMapping) -> Outage:
    return Outage(
        outage_id=row["outage_id"],
        subject=Subject(node_id=row["node_id"], carrier_code=row["carrier_code"], service_code=row["service_code"]),
        reason=row["reason"],
        replans=row["replans"],
        actor=row["actor"],
        start_time=row["start_time"],
        end_time=row["end_time"],
    )

"""Every SQL statement of routing."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy import RowMapping, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kernel.money import Money
from services.routing.domain.geo import Point
from services.routing.domain.node import Cutoff, Node, NodeAlreadyExists, NodeChanged, NodeNotFound, NodeType
from services.routing.tables import decisions, nodes

# What the functions below work on, by a name of our own: servicers know no SQLAlchemy.
Connection = AsyncConnection
# A stored decision: its JSON, and where it stands in a list.
StoredDecision = tuple[Mapping[str, Any], datetime, str]


async def add_node(conn: Connection, node: Node, now: datetime) -> Node:
    """Store a new node.

    Raises:
        NodeAlreadyExists: its id is taken.
    """
    values = node_values(node) | {"node_id": node.node_id, "update_time": now, "revision": 1}
    statement = upsert(nodes).values(values).on_conflict_do_nothing().returning(*nodes.c)
    row = (await conn.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NodeAlreadyExists(node.node_id)
    return _node(row)


async def replace_node(conn: Connection, node: Node, now: datetime) -> Node:
    """Store a node anew; with an etag, only if it is still that: one statement checks and writes.

    Raises:
        NodeNotFound: there is no such node.
        NodeChanged: it is not what the etag says.
    """
    statement = update(nodes).where(nodes.c.node_id == node.node_id)
    if node.etag:
        statement = statement.where(text("'r' || revision = :etag").bindparams(etag=node.etag))
    values = node_values(node) | {"update_time": now, "revision": nodes.c.revision + 1}
    row = (await conn.execute(statement.values(values).returning(*nodes.c))).mappings().one_or_none()
    if row is None:
        present = await find_node(conn, node.node_id)
        raise NodeChanged(node.node_id, sent=node.etag, etag=present.etag)
    return _node(row)


async def find_node(conn: Connection, node_id: str) -> Node:
    """Return a node.

    Raises:
        NodeNotFound: there is no such node.
    """
    row = (await conn.execute(select(*nodes.c).where(nodes.c.node_id == node_id))).mappings().one_or_none()
    if row is None:
        raise NodeNotFound(node_id)
    return _node(row)


async def list_nodes(
    conn: Connection, *, enabled_only: bool = False, after: str = "", limit: int | None = None
) -> list[Node]:
    """Return nodes by id, from the one after `after`."""
    statement = select(*nodes.c).where(nodes.c.node_id > after).order_by(nodes.c.node_id).limit(limit)
    if enabled_only:
        statement = statement.where(~nodes.c.disabled)
    return [_node(row) for row in (await conn.execute(statement)).mappings()]


async def add_decision(
    conn: Connection,
    decision: Mapping[str, Any],
    *,
    decision_id: str,
    order_id: str,
    rule_version: str,
    inputs_digest: str,
    create_time: datetime,
) -> None:
    """Store a decision."""
    await conn.execute(
        insert(decisions).values(
            decision_id=decision_id,
            order_id=order_id,
            rule_version=rule_version,
            inputs_digest=inputs_digest,
            decision=decision,
            create_time=create_time,
        )
    )


async def find_decision(conn: Connection, decision_id: str) -> Mapping[str, Any] | None:
    """Return a decision's JSON, or None."""
    statement = select(decisions.c.decision).where(decisions.c.decision_id == decision_id)
    found: Mapping[str, Any] | None = (await conn.execute(statement)).scalar_one_or_none()
    return found


async def list_decisions(
    conn: Connection, *, order_id: str, before: tuple[datetime, str] | None, limit: int
) -> list[StoredDecision]:
    """Return decisions, newest first, of one order or of all, from the one before `before`."""
    position = tuple_(decisions.c.create_time, decisions.c.decision_id)
    statement = select(decisions.c.decision, decisions.c.create_time, decisions.c.decision_id)
    if order_id:
        statement = statement.where(decisions.c.order_id == order_id)
    if before is not None:
        statement = statement.where(position < before)
    statement = statement.order_by(decisions.c.create_time.desc(), decisions.c.decision_id.desc()).limit(limit)
    return [(row.decision, row.create_time, row.decision_id) for row in await conn.execute(statement)]


def node_values(node: Node) -> dict[str, Any]:
    """Return a node as the columns of its row, but for its id and what counts its changes."""
    return {
        "display_name": node.display_name,
        "type": node.type.value,
        "country_code": node.country_code,
        "administrative_area": node.administrative_area,
        "city": node.city,
        "postal_code": node.postal_code,
        "latitude": node.point.latitude,
        "longitude": node.point.longitude,
        "time_zone": node.time_zone,
        "processing_minutes": node.processing_minutes,
        "order_cost_minor": node.order_cost.minor,
        "line_cost_minor": node.line_cost.minor,
        "cost_currency_code": node.order_cost.currency_code,
        "serves_country_codes": list(node.serves_country_codes),
        "capabilities": list(node.capabilities),
        "disabled": node.disabled,
        "disabled_reason": node.disabled_reason,
        "address_lines": list(node.address_lines),
        "calendar_id": node.calendar_id,
        "daily_capacity": node.daily_capacity,
        "hourly_capacity": node.hourly_capacity,
        "cutoffs": [_cutoff_values(cutoff) for cutoff in node.cutoffs],
        "programs": list(node.programs),
    }


def _cutoff_values(cutoff: Cutoff) -> dict[str, Any]:
    return {
        "carrier_code": cutoff.carrier_code,
        "service_code": cutoff.service_code,
        "time": "" if cutoff.time is None else cutoff.time.isoformat(),
        "never": cutoff.time is None,
    }


def _node(row: RowMapping) -> Node:
    currency = row["cost_currency_code"]
    return Node(
        node_id=row["node_id"],
        display_name=row["display_name"],
        type=NodeType(row["type"]),
        country_code=row["country_code"],
        administrative_area=row["administrative_area"],
        city=row["city"],
        postal_code=row["postal_code"],
        point=Point(row["latitude"], row["longitude"]),
        time_zone=row["time_zone"],
        processing_minutes=row["processing_minutes"],
        order_cost=Money(row["order_cost_minor"], currency),
        line_cost=Money(row["line_cost_minor"], currency),
        serves_country_codes=tuple(row["serves_country_codes"]),
        capabilities=tuple(row["capabilities"]),
        disabled=row["disabled"],
        disabled_reason=row["disabled_reason"],
        update_time=row["update_time"],
        etag=f"r{row['revision']}",
        address_lines=tuple(row["address_lines"]),
        calendar_id=row["calendar_id"],
        daily_capacity=row["daily_capacity"],
        hourly_capacity=row["hourly_capacity"],
        cutoffs=tuple(map(_cutoff, row["cutoffs"])),
        programs=tuple(row["programs"]),
    )


def _cutoff(values: Mapping[str, Any]) -> Cutoff:
    return Cutoff(
        carrier_code=values["carrier_code"],
        service_code=values["service_code"],
        time=None if values["never"] else time.fromisoformat(values["time"]),
    )

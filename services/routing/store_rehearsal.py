"""The SQL of rehearsals: recorded decisions one by one, simulations, and what shadows would have done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from oms.routing.v1.rehearsal_pb2 import Simulation
from services.routing.store import Connection
from services.routing.store_planning import DEMAND_DAYS
from services.routing.tables_network import network_snapshots
from services.routing.tables_rules import shadow_results, simulations

# The newest decision of every order, newest first, from a place in that order on.
_RECORDED = """
FROM routing.decision_inputs i JOIN routing.decisions d USING (decision_id)
WHERE i.create_time >= :since AND i.create_time <= :until
  AND (i.create_time, i.decision_id) < (CAST(:time AS timestamptz), CAST(:decision_id AS text))
  AND NOT EXISTS (
    SELECT 1 FROM routing.decisions later
    WHERE later.order_id = d.order_id AND later.create_time <= :until
      AND (later.create_time, later.decision_id) > (d.create_time, d.decision_id))
"""
_PAGE = text(f"""
SELECT i.decision_id, d.order_id, i.document, i.network_digest, i.create_time {_RECORDED}
ORDER BY i.create_time DESC, i.decision_id DESC LIMIT :limit
""")
_COUNT = text(f"SELECT count(*) FROM (SELECT 1 {_RECORDED} LIMIT :limit) AS found")  # noqa: S608 - the text is our own
_DEMAND = text("""
SELECT sku, node_id, sum(units) AS units FROM routing.sku_loads
WHERE sku = ANY (:skus) AND day >= :since AND day < :until GROUP BY sku, node_id
""")
# After every id that there is.
_LAST = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Decisions from one moment until another, both included."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a decision was made from, as it is stored."""

    decision_id: str
    order_id: str
    document: Mapping[str, Any]
    network_digest: str
    create_time: datetime


async def page(conn: Connection, window: Window, *, after: Recorded | None, limit: int) -> list[Recorded]:
    """Return the newest decisions of as many orders, newest first, those that follow `after`."""
    return [
        Recorded(
            decision_id=row.decision_id,
            order_id=row.order_id,
            document=row.document,
            network_digest=row.network_digest,
            create_time=row.create_time,
        )
        for row in await conn.execute(_PAGE, _place(window, after, limit))
    ]


async def count(conn: Connection, window: Window, limit: int) -> int:
    """Return of how many orders there are decisions, at most `limit`."""
    return int((await conn.execute(_COUNT, _place(window, None, limit))).scalar_one())


async def snapshot(conn: Connection, digest: str) -> bytes:
    """Return the network that has this digest, as decisions recorded it."""
    statement = select(network_snapshots.c.network).where(network_snapshots.c.digest == digest)
    return bytes((await conn.execute(statement)).scalar_one())


async def demand_before(conn: Connection, skus: Sequence[str], moment: datetime) -> dict[tuple[str, str], float]:
    """Return units a day that were asked of nodes in the weeks before the day of this moment, by SKU and node."""
    until = moment.date()
    values = {"skus": list(skus), "since": until - timedelta(days=DEMAND_DAYS), "until": until}
    return {(sku, node_id): float(units) / DEMAND_DAYS for sku, node_id, units in await conn.execute(_DEMAND, values)}


async def find_simulation(conn: Connection, simulation_id: str) -> Simulation | None:
    """Return a simulation; None where there is none."""
    statement = select(simulations.c.document).where(simulations.c.simulation_id == simulation_id)
    document = (await conn.execute(statement)).scalar_one_or_none()
    # A newer replica may have stored fields that this one does not know yet.
    return None if document is None else ParseDict(document, Simulation(), ignore_unknown_fields=True)


async def add_simulation(conn: Connection, simulation: Simulation) -> None:
    """Store a simulation; of a document that was not saved, its version is 0."""
    rule_set_id, _, version = simulation.comparison.rule_version.rpartition("@")
    await conn.execute(
        insert(simulations).values(
            simulation_id=simulation.simulation_id,
            rule_set_id=rule_set_id,
            version=int(version),
            document=MessageToDict(simulation, preserving_proto_field_name=True),
            actor=simulation.actor,
            create_time=simulation.create_time.ToDatetime(UTC),
        )
    )


async def add_shadow_result(
    conn: Connection,
    document: Mapping[str, Any],
    *,
    rule_set_id: str,
    version: int,
    decision_id: str,
    now: datetime,
) -> None:
    """Store what a version would have done; once for each decision."""
    await conn.execute(
        upsert(shadow_results)
        .values(rule_set_id=rule_set_id, version=version, decision_id=decision_id, document=document, create_time=now)
        .on_conflict_do_nothing()
    )


async def shadow_page(
    conn: Connection, rule_set_id: str, version: int, *, after: str, limit: int
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what a version would have done, by the id of the decision."""
    statement = (
        select(shadow_results.c.decision_id, shadow_results.c.document)
        .where(
            shadow_results.c.rule_set_id == rule_set_id,
            shadow_results.c.version == version,
            shadow_results.c.decision_id > after,
        )
        .order_by(shadow_results.c.decision_id)
        .limit(limit)
    )
    return [(row.decision_id, row.document) for row in await conn.execute(statement)]


def _place(window: Window, after: Recorded | None, limit: int) -> dict[str, Any]:
    return {
        "since": window.since,
        "until": window.until,
        "time": after.create_time if after else window.until,
        "decision_id": after.decision_id if after else _LAST,
        "limit": limit,
    }

"""The statements about promise dates: who waits in which order, what comes, and what was promised before.

Meant for those who hold the locks of the queues.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.backorder import Promise
from services.inventory.domain.position import Pair
from services.inventory.domain.supply import State, Supply, SupplyType
from services.inventory.store_filling import KEPT

# A place in a queue: priority, since when, owner, line; and the first one of all.
Since = tuple[int, datetime, str, str]
FIRST: Since = (0, datetime.min.replace(tzinfo=UTC), "", "")

# Whoever stands further back than this has no date yet.
REACH = 20_000

_SUPPLIES = text("""
SELECT supply_id, type, sku, node_id, quantity, received_quantity, cancelled_quantity, expect_time, lead_seconds,
       create_time, update_time
FROM inventory.supplies WHERE sku = ANY (CAST(:skus AS text[])) AND state = 'OPEN'
""")

_LINES = """
SELECT {what}
FROM unnest(CAST(:skus AS text[]), CAST(:most AS bigint[]), CAST(:priorities AS smallint[]),
            CAST(:times AS timestamptz[]), CAST(:owners AS text[]), CAST(:lines AS text[]))
    AS o (sku, most, priority, create_time, owner_id, line_id)
CROSS JOIN LATERAL (
    SELECT b.owner_id, b.line_id, b.quantity - kept.units AS missing, b.promise_time, b.priority, b.create_time
    FROM inventory.backorders AS b {kept}
    WHERE b.sku = o.sku AND b.state <> 'CLOSED' AND b.quantity > kept.units
      AND (b.state = 'WAITING' OR kept.units > 0)
      AND ({place}) {side} ({since})
    {order}
) AS f
{group}
"""

# What was promised to lines of these queues from a place on; `waits`: their orders must hear of it when it is gone.
_PROMISED = """
SELECT b.owner_id, b.line_id, b.sku, b.promise_time, b.state = 'WAITING' AS waits
FROM unnest(CAST(:skus AS text[]), CAST(:priorities AS smallint[]), CAST(:times AS timestamptz[]),
            CAST(:owners AS text[]), CAST(:lines AS text[])) AS o (sku, priority, create_time, owner_id, line_id)
JOIN inventory.backorders AS b ON b.sku = o.sku
WHERE b.state <> 'CLOSED' AND b.promise_time IS NOT NULL AND ({place}) >= ({since})
"""

_Statements = tuple[TextClause, TextClause, TextClause]


def _of(*columns: str) -> _Statements:
    """Return who stands in queues from a place on, what those before miss, and what was promised from there on."""
    place, since, after = (", ".join(f"{table}.{column}" for column in columns) for table in "bof")
    behind = _LINES.format(
        kept=KEPT,
        what="o.sku, f.owner_id, f.line_id, f.missing, f.promise_time",
        place=place,
        since=since,
        side=">=",
        order=f"ORDER BY {place} LIMIT o.most",
        group=f"ORDER BY o.sku, {after}",
    )
    before = _LINES.format(
        kept=KEPT,
        what="o.sku, sum(f.missing)::bigint AS units",
        place=place,
        since=since,
        side="<",
        order="",
        group="GROUP BY o.sku",
    )
    return text(behind), text(before), text(_PROMISED.format(place=place, since=since))


_BY_PRIORITY = _of("priority", "create_time", "owner_id", "line_id")
_BY_TIME = _of("create_time", "owner_id", "line_id")

_SAVE = text("""
UPDATE inventory.backorders AS b SET promise_time = p.time
FROM unnest(CAST(:owners AS text[]), CAST(:lines AS text[]), CAST(:times AS timestamptz[]))
    AS p (owner_id, line_id, time)
WHERE b.owner_id = p.owner_id AND b.line_id = p.line_id
""")


@dataclass(frozen=True, slots=True)
class Place:
    """A line in a queue, and how many units it misses."""

    owner_id: str
    line_id: str
    missing: int
    promise_time: datetime | None


async def open_supplies(conn: AsyncConnection, skus: Collection[str]) -> dict[str, list[Supply]]:
    """Return what is expected of these SKUs, at all nodes."""
    found: dict[str, list[Supply]] = {}
    for row in (await conn.execute(_SUPPLIES, {"skus": list(skus)})).mappings():
        lead = row["lead_seconds"]
        supply = Supply(
            supply_id=row["supply_id"],
            type=SupplyType(row["type"]),
            pair=Pair(row["sku"], row["node_id"]),
            quantity=row["quantity"],
            received=row["received_quantity"],
            cancelled=row["cancelled_quantity"],
            state=State.OPEN,
            expect_time=row["expect_time"],
            lead_time=None if lead is None else timedelta(seconds=lead),
            create_time=row["create_time"],
            update_time=row["update_time"],
        )
        found.setdefault(supply.pair.sku, []).append(supply)
    return found


async def queues(
    conn: AsyncConnection, reach: Mapping[str, int], since: Mapping[str, Since], *, by_time: Collection[str]
) -> dict[str, tuple[int, list[Place]]]:
    """Return what those before a place miss, and who waits from there on, in the order in which they are served.

    As many lines as so many units can reach: each wants a unit at least.
    """
    found: dict[str, tuple[int, list[Place]]] = {}
    for (behind, before, _), skus in _split(reach, by_time):
        values = {**_places(skus, since), "most": [min(reach[sku], REACH) for sku in skus]}
        later = [sku for sku in skus if since.get(sku, FIRST) != FIRST]
        missed = {}
        if later:
            asked = {**_places(later, since), "most": [0] * len(later)}
            missed = {row.sku: row.units for row in await conn.execute(before, asked)}
        for sku in skus:
            found[sku] = missed.get(sku, 0), []
        for sku, *place in await conn.execute(behind, values):
            found[sku][1].append(Place(*place))
    return found


async def promised(
    conn: AsyncConnection, skus: Collection[str], since: Mapping[str, Since], *, by_time: Collection[str]
) -> dict[tuple[str, str], tuple[str, datetime, bool]]:
    """Return, for each line from a place on with a promise, its SKU, the promise, and whether the line waits."""
    found: dict[tuple[str, str], tuple[str, datetime, bool]] = {}
    for (_, _, statement), some in _split(skus, by_time):
        for row in await conn.execute(statement, _places(some, since)):
            found[row.owner_id, row.line_id] = row.sku, row.promise_time, row.waits
    return found


async def save(conn: AsyncConnection, promises: Sequence[Promise]) -> None:
    """Write what is promised now."""
    if promises:
        values = {
            "owners": [one.owner_id for one in promises],
            "lines": [one.line_id for one in promises],
            "times": [one.time for one in promises],
        }
        await conn.execute(_SAVE, values)


def _split(skus: Iterable[str], by_time: Collection[str]) -> Iterator[tuple[_Statements, list[str]]]:
    wanted = list(skus)
    for statements, some in (
        (_BY_TIME, [sku for sku in wanted if sku in by_time]),
        (_BY_PRIORITY, [sku for sku in wanted if sku not in by_time]),
    ):
        if some:
            yield statements, some


def _places(skus: Sequence[str], since: Mapping[str, Since]) -> dict[str, Sequence[object]]:
    places = [since.get(sku, FIRST) for sku in skus]
    priorities, times, owners, lines = zip(*places, strict=True)
    return {"skus": list(skus), "priorities": priorities, "times": times, "owners": owners, "lines": lines}

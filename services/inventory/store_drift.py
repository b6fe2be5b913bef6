"""Every SQL statement about differences that wait for a decision, and the limits above which they do.

Exceptions are locked before positions; many of them in the order of their ids, so that nobody waits in a circle.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.drift import DEFAULT_LIMIT, DriftException, Limit, State
from services.inventory.domain.messages import Message
from services.inventory.domain.position import Pair
from services.inventory.tables import drift_exceptions, drift_limits

_COLUMNS = tuple(drift_exceptions.c)

_SUPERSEDE = """
WITH settled AS (
    SELECT drift_exception_id FROM inventory.drift_exceptions
    WHERE state = 'OPEN' AND node_id = :node_id AND {which}
    ORDER BY drift_exception_id FOR UPDATE
)
UPDATE inventory.drift_exceptions AS e
SET state = 'SUPERSEDED', decide_actor = :actor, decide_time = :now, note = :note
FROM settled WHERE e.drift_exception_id = settled.drift_exception_id AND e.state = 'OPEN'
"""
_RECOUNTED = text(
    _SUPERSEDE.format(which="source = :source AND sequence < :sequence AND sku = ANY (CAST(:skus AS text[]))")
)
_NOT_NAMED = text(_SUPERSEDE.format(which="source = :source AND sequence < :sequence"))
_COUNTED = text(_SUPERSEDE.format(which="sku = ANY (CAST(:skus AS text[]))"))

_OPEN = text("""
INSERT INTO inventory.drift_exceptions (drift_exception_id, source, sku, node_id, sequence, was_on_hand, on_hand,
                                        proposed_delta, state, create_time, decide_actor, note)
SELECT id, :source, sku, :node_id, :sequence, was_on_hand, on_hand, on_hand - was_on_hand, 'OPEN', :now, '', ''
FROM unnest(CAST(:ids AS text[]), CAST(:skus AS text[]), CAST(:was_on_hand AS bigint[]), CAST(:on_hand AS bigint[]))
    AS e (id, sku, was_on_hand, on_hand)
""")


async def limit(conn: AsyncConnection, source: str) -> Limit:
    """Return the limit of a source: its own, or that of all that have none."""
    query = select(drift_limits.c.units, drift_limits.c.percent).where(drift_limits.c.source.in_([source, ""]))
    row = (await conn.execute(query.order_by(drift_limits.c.source.desc()).limit(1))).first()
    return Limit(units=row.units, percent=row.percent) if row else DEFAULT_LIMIT


async def set_limit(conn: AsyncConnection, source: str, limit: Limit) -> None:
    """Set the limit of a source; '' is those that have none of their own."""
    new = insert(drift_limits).values(source=source, units=limit.units, percent=limit.percent)
    changed = {"units": new.excluded.units, "percent": new.excluded.percent}
    await conn.execute(new.on_conflict_do_update(index_elements=[drift_limits.c.source], set_=changed))


async def recounted(
    conn: AsyncConnection, message: Message, skus: Collection[str], *, actor: str, now: datetime
) -> None:
    """Settle what an earlier count of the source left open of these SKUs."""
    note = f"counted again: {message.reference}"
    await conn.execute(_RECOUNTED, {**_by(message, note, actor=actor, now=now), "skus": list(skus)})


async def not_named(conn: AsyncConnection, message: Message, *, actor: str, now: datetime) -> None:
    """Settle what earlier counts of the source left open of SKUs that a complete snapshot does not name."""
    await conn.execute(_NOT_NAMED, _by(message, f"not named any more: {message.reference}", actor=actor, now=now))


async def counted(
    conn: AsyncConnection, node_id: str, skus: Collection[str], reference: str, *, actor: str, now: datetime
) -> None:
    """Settle what any source left open of these SKUs: somebody counted them."""
    values = {"node_id": node_id, "skus": list(skus), "note": f"counted at the shelf: {reference}".rstrip(": ")}
    await conn.execute(_COUNTED, {**values, "actor": actor, "now": now})


async def add(conn: AsyncConnection, opened: Sequence[DriftException]) -> None:
    """Write differences of one message."""
    if opened:
        first = opened[0]
        values = {
            "source": first.source,
            "node_id": first.pair.node_id,
            "sequence": first.sequence,
            "now": first.create_time,
            "ids": [one.drift_exception_id for one in opened],
            "skus": [one.pair.sku for one in opened],
            "was_on_hand": [one.was_on_hand for one in opened],
            "on_hand": [one.on_hand for one in opened],
        }
        await conn.execute(_OPEN, values)


async def lock(conn: AsyncConnection, drift_exception_id: str) -> DriftException | None:
    """Lock a difference until the transaction ends, and return it."""
    query = select(*_COLUMNS).where(drift_exceptions.c.drift_exception_id == drift_exception_id)
    row = (await conn.execute(query.with_for_update())).first()
    return _exception(row) if row else None


async def save(conn: AsyncConnection, decided: DriftException) -> None:
    """Write what was decided about a difference, which is locked."""
    await conn.execute(
        drift_exceptions.update()
        .where(drift_exceptions.c.drift_exception_id == decided.drift_exception_id)
        .values(
            state=decided.state.value,
            decide_actor=decided.decide_actor,
            decide_time=decided.decide_time,
            note=decided.note,
        )
    )


async def page(
    conn: AsyncConnection, *, source: str, decided_too: bool, after: tuple[datetime, str] | None, size: int
) -> list[DriftException]:
    """Return differences, oldest first."""
    query = select(*_COLUMNS)
    if source:
        query = query.where(drift_exceptions.c.source == source)
    if not decided_too:
        query = query.where(drift_exceptions.c.state == State.OPEN.value)
    place = tuple_(drift_exceptions.c.create_time, drift_exceptions.c.drift_exception_id)
    if after:
        query = query.where(place > tuple_(*after))
    return [_exception(row) for row in await conn.execute(query.order_by(*place).limit(size))]


def _by(message: Message, note: str, *, actor: str, now: datetime) -> dict[str, str | int | datetime]:
    return {
        "source": message.source,
        "node_id": message.node_id,
        "sequence": message.sequence,
        "note": note,
        "actor": actor,
        "now": now,
    }


def _exception(row: Row[tuple[object, ...]]) -> DriftException:
    return DriftException(
        drift_exception_id=row.drift_exception_id,
        source=row.source,
        pair=Pair(row.sku, row.node_id),
        sequence=row.sequence,
        was_on_hand=row.was_on_hand,
        on_hand=row.on_hand,
        proposed_delta=row.proposed_delta,
        state=State(row.state),
        create_time=row.create_time,
        decide_actor=row.decide_actor,
        decide_time=row.decide_time,
        note=row.note,
    )

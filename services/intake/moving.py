"""Moving units between rooms: all or none, once per key, and on the timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import store, store_events
from services.intake.domain.events import EventType, Fact
from services.intake.domain.rooms import Move, apply
from services.intake.recording import record


async def move_units(
    conn: Connection,
    outbox: Outbox,
    order_id: str,
    moves: Sequence[Move],
    *,
    reason: str,
    references: Mapping[str, str],
    promise_time: datetime | None,
    now: datetime,
    actor: str,
    key: str,
) -> int:
    """Move the units and return the number of the event that it became.

    Raises:
        NotFound, InvalidArgument (UNKNOWN_LINE, ILLEGAL_MOVE), FailedPrecondition (UNITS_NOT_THERE).
    """
    await store.lock_order(conn, order_id)
    # The timeline remembers a key for ever, longer than answers to requests are kept.
    written = await store_events.find(conn, order_id, EventType.UNITS_MOVED, key)
    if written:
        return written.sequence
    before = await store.units_of(conn, order_id, [move.line_id for move in moves])
    after = apply(before, moves)
    await store.write_units(conn, {line_id: units for line_id, units in after.items() if units != before[line_id]})
    facts = [
        Fact(type=EventType.UNITS_MOVED, key=key, actor=actor, reason=reason, moves=tuple(moves), references=references)
    ]
    if promise_time and await store.write_promise(conn, order_id, promise_time):
        promised = {**references, "promise_time": promise_time.isoformat()}
        facts.append(Fact(type=EventType.PROMISED, key=key, actor=actor, reason=reason, references=promised))
    return (await record(conn, outbox, order_id, facts, now))[0].sequence

"""Notes and tags: what people remember of an order, on its timeline."""

from collections.abc import Iterable
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import store, store_care
from services.intake.domain.events import EventType, Fact
from services.intake.recording import record
from services.kernel import ids
from services.kernel.clock import milliseconds
from services.kernel.errors import FailedPrecondition

MOST_TAGS = 100


async def add_note(
    conn: Connection, outbox: Outbox, order_id: str, text: str, *, now: datetime, actor: str, key: str
) -> str:
    """Write a note and return its id; its words are not told to subscribers.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    await store.lock_order(conn, order_id)
    note_id = ids.new(ids.NOTE, milliseconds(now))
    await store_care.insert_note(conn, note_id, order_id, text, actor=actor, now=now)
    fact = Fact(type=EventType.NOTED, key=key, actor=actor, references={"note_id": note_id})
    await record(conn, outbox, order_id, [fact], now)
    return note_id


async def change_tags(
    conn: Connection,
    outbox: Outbox,
    order_id: str,
    *,
    add: Iterable[str],
    remove: Iterable[str],
    now: datetime,
    actor: str,
    key: str,
) -> list[str]:
    """Put tags on an order, take others off, and return what is on it now.

    Raises:
        NotFound: ORDER_NOT_FOUND. FailedPrecondition: TOO_MANY_TAGS.
    """
    await store.lock_order(conn, order_id)
    before = set((await store.get_order(conn, order_id)).tags)
    after = sorted((before | {tag.strip() for tag in add if tag.strip()}) - set(remove))
    if len(after) > MOST_TAGS:
        raise FailedPrecondition(f"an order may have {MOST_TAGS} tags", reason="TOO_MANY_TAGS", order_id=order_id)
    if set(after) != before:
        await store_care.write_tags(conn, order_id, after)
        gone, new = sorted(before - {*after}), sorted({*after} - before)
        changed = [*(f"+{tag}" for tag in new), *(f"-{tag}" for tag in gone)]
        fact = Fact(type=EventType.TAGGED, key=key, actor=actor, reason=", ".join(changed)[:500])
        await record(conn, outbox, order_id, [fact], now)
    return after

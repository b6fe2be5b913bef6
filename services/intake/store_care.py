"""Every SQL statement of customer care: the search, notes and tags.

A search looks in one index for each thing that the words may mean, takes the newest of each, and puts them together:
no table is read from end to end, however many orders there are.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.searching import Meanings
from services.intake.tables import orders
from services.intake.tables_care import order_notes

_AFTER = "(CAST(:create_time AS timestamptz) IS NULL OR (o.create_time, o.order_id) < (:create_time, :after_id))"
_NEWEST = "ORDER BY o.create_time DESC, o.order_id DESC LIMIT :size"
_BY_LINE = "o.order_id IN (SELECT order_id FROM intake.order_lines WHERE sku = :whole)"
_BY_TRACKING = (
    """o.order_id IN (SELECT e.order_id FROM intake.order_events AS e"""
    """ WHERE e."references" ->> 'tracking_number' = :whole AND e."references" ? 'tracking_number')"""
)
# What the words may mean → how it is found; each condition is one that an index answers.
_CONDITIONS = {
    "ID": "o.order_id = :whole OR o.external_id = :whole",
    "NUMBER": "lower(o.order_number) = ANY (:numbers)",
    "EMAIL": "lower(o.email) = :email AND o.email <> ''",
    "PHONE": r"right(regexp_replace(o.phone, '\D', '', 'g'), 9) = :phone AND o.phone <> ''",
    "SKU": _BY_LINE,
    "TRACKING_NUMBER": _BY_TRACKING,
    "WORDS": "true",
    "TAG": "o.tags @> ARRAY[:tag] AND o.tags <> '{}'",
}

_ORDERS = "intake.orders AS o"
# A customer has few orders, which the planner does not know: told what is wanted, it would walk through all by time.
_FEW = {
    kind: f"(WITH o AS MATERIALIZED (SELECT * FROM {_ORDERS} WHERE {_CONDITIONS[kind]}) SELECT * FROM o) AS o"  # noqa: S608
    for kind in ("EMAIL", "PHONE")
}
_HAS_WORDS = """jsonb_to_tsvector('simple', o.ship_to, '["string"]') @@ to_tsquery('simple', :words)"""
_NEWEST_WITH_WORDS = f"""(
    SELECT o.order_id, o.create_time FROM (
        SELECT o.order_id, o.create_time, o.ship_to FROM intake.orders AS o
        WHERE {_AFTER} ORDER BY o.create_time DESC, o.order_id DESC LIMIT 5000
    ) AS o WHERE {_HAS_WORDS}
) AS o"""  # noqa: S608 - words of ours
# Not knowing what is wanted of it, the planner takes the index of words.
_ALL_WITH_WORDS = f"""(
    WITH o AS MATERIALIZED (SELECT o.order_id, o.create_time FROM intake.orders AS o WHERE {_HAS_WORDS} AND {_AFTER})
    SELECT * FROM o
) AS o"""  # noqa: S608 - words of ours


async def search(
    conn: AsyncConnection, meant: Meanings, *, older_than: tuple[datetime, str] | None, limit: int
) -> list[tuple[str, datetime, list[str]]]:
    """Return (order id, when it was accepted, by what it was found), newest first.

    PostgreSQL cannot tell a beginning of few words from one of many. So words are looked for among the newest orders
    first, where those of many are found at once, and in the index of words only where that was not enough.
    """
    found = await _search(conn, meant, _NEWEST_WITH_WORDS, older_than=older_than, limit=limit)
    if meant.words and len(found) < limit:
        found = await _search(conn, meant, _ALL_WITH_WORDS, older_than=older_than, limit=limit)
    return found


async def _search(
    conn: AsyncConnection, meant: Meanings, words: str, *, older_than: tuple[datetime, str] | None, limit: int
) -> list[tuple[str, datetime, list[str]]]:
    parts = [
        f"(SELECT o.order_id, o.create_time, '{kind}' AS kind"  # noqa: S608 - words of ours
        f" FROM {words if kind == 'WORDS' else _FEW.get(kind, _ORDERS)}"
        f" WHERE ({_CONDITIONS[kind]}) AND {_AFTER} {_NEWEST})"
        for kind in _kinds(meant)
    ]
    statement = (
        "SELECT o.order_id, o.create_time, array_agg(DISTINCT o.kind) AS kinds"  # noqa: S608 - words of ours
        f" FROM ({' UNION ALL '.join(parts)}) AS o GROUP BY o.order_id, o.create_time {_NEWEST}"
    )
    known = {
        "whole": meant.whole,
        "numbers": list(meant.numbers),
        "email": meant.email,
        "phone": meant.phone,
        "tag": meant.tag,
        "words": " & ".join(f"'{word}':*" for word in meant.words),
        "create_time": older_than[0] if older_than else None,
        "after_id": older_than[1] if older_than else "",
        "size": limit,
    }
    used = {name: value for name, value in known.items() if f":{name}" in statement}
    return [(row[0], row[1], list(row[2])) for row in await conn.execute(text(statement), used)]


def _kinds(meant: Meanings) -> list[str]:
    if meant.tag:
        return ["TAG"]
    if meant.email:
        return ["EMAIL", "ID"]
    found = ["ID", "NUMBER", "SKU", "TRACKING_NUMBER"]
    return found + ["PHONE"] * bool(meant.phone) + ["WORDS"] * bool(meant.words)


async def insert_note(
    conn: AsyncConnection, note_id: str, order_id: str, body: str, *, actor: str, now: datetime
) -> None:
    """Keep a note."""
    row = {"note_id": note_id, "order_id": order_id, "body": body, "actor": actor, "create_time": now}
    await conn.execute(insert(order_notes).values(row))


async def notes(conn: AsyncConnection, note_ids: Sequence[str]) -> dict[str, str]:
    """Return the words of these notes."""
    statement = select(order_notes.c.note_id, order_notes.c.body).where(order_notes.c.note_id == func.any(note_ids))
    return {row[0]: row[1] for row in await conn.execute(statement)}


async def write_tags(conn: AsyncConnection, order_id: str, tags: Sequence[str]) -> None:
    """Write what is on the order."""
    await conn.execute(update(orders).where(orders.c.order_id == order_id).values(tags=list(tags)))

"""Every SQL statement that finds or erases what is kept of a person. The figures of orders stay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, delete, func, literal, literal_column, or_, select, union, update
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.tables import (
    document_orders,
    documents,
    holds,
    idempotency_keys,
    order_events,
    order_lines,
    orders,
)
from services.intake.tables_care import order_notes
from services.intake.tables_changes import order_changes
from services.intake.tables_channels import order_drafts
from services.intake.tables_screening import order_prints

# A ship-to keeps what figures are made of: where in the world it went.
_PLACE = ("city", "administrative_area", "country_code")
_NOBODY = {"name": "", "company": "", "lines": [], "postal_code": "", "phone": "", "email": ""}


def of_person(email: str, customer_reference: str) -> ColumnElement[bool]:
    """Return what the orders of a person have in common."""
    by: list[ColumnElement[bool]] = []
    if email:
        by.append(and_(func.lower(orders.c.email) == email.lower(), orders.c.email != ""))
    if customer_reference:
        by.append(and_(orders.c.customer_reference == customer_reference, orders.c.customer_reference != ""))
    return or_(*by)


async def orders_of(conn: AsyncConnection, email: str, customer_reference: str, limit: int) -> list[tuple[str, bool]]:
    """Return the person's orders, newest first, and whether each has come to rest."""
    statement = (
        select(orders.c.order_id, orders.c.resting)
        .where(of_person(email, customer_reference))
        .order_by(orders.c.create_time.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await conn.execute(statement)]


async def kept_of(conn: AsyncConnection, order_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what beside the order itself is kept: notes, notes of holds, documents."""
    kept: dict[str, dict[str, Any]] = {order_id: {"notes": [], "holds": [], "documents": []} for order_id in order_ids}
    ids = list(order_ids)
    for row in await conn.execute(select(order_notes).where(order_notes.c.order_id == func.any(ids))):
        kept[row.order_id]["notes"].append({"text": row.body, "time": row.create_time.isoformat()})
    for row in await conn.execute(select(holds).where(holds.c.order_id == func.any(ids), holds.c.note != "")):
        kept[row.order_id]["holds"].append({"type": row.type, "note": row.note})
    statement = (
        select(document_orders.c.order_id, documents.c.document_id, documents.c.content)
        .join(documents, documents.c.document_id == document_orders.c.document_id)
        .where(document_orders.c.order_id == func.any(ids))
    )
    for row in await conn.execute(statement):
        content = bytes(row.content).decode(errors="replace")
        kept[row.order_id]["documents"].append({"document_id": row.document_id, "content": content})
    return kept


async def erase(conn: AsyncConnection, order_ids: Sequence[str], now: datetime) -> int:
    """Erase what is kept of the person in these orders, and return how many documents it was."""
    ids = list(order_ids)
    place = func.jsonb_build_object(*(part for name in _PLACE for part in (name, orders.c.ship_to[name])))
    await conn.execute(
        update(orders)
        .where(orders.c.order_id == func.any(ids))
        .values(
            customer_reference="",
            email="",
            phone="",
            note="",
            bill_to=None,
            ship_to=literal(_NOBODY, JSONB).op("||")(place),
            update_time=now,
        )
    )
    await conn.execute(
        update(order_lines)
        .where(order_lines.c.order_id == func.any(ids), order_lines.c.details.is_not(None))
        .values(details=order_lines.c.details.op("-")("properties"))
    )
    await conn.execute(update(holds).where(holds.c.order_id == func.any(ids), holds.c.note != "").values(note=""))
    await conn.execute(update(order_notes).where(order_notes.c.order_id == func.any(ids)).values(body=""))
    await conn.execute(
        update(order_prints)
        .where(order_prints.c.order_id == func.any(ids))
        .values(order_print=None, customer_print=None, address_print=None)
    )
    confirmed = (order_drafts.c.order_id == func.any(ids), order_drafts.c.order_id != literal_column("''"))
    await conn.execute(update(order_drafts).where(*confirmed).values(content=b"", customer_reference=""))
    # Which orders were put together is asked later on; addresses and lines are not.
    merges = func.jsonb_path_query_array(order_changes.c.edits, cast("$[*] ? (exists(@.merge))", JSONPATH))
    await conn.execute(update(order_changes).where(order_changes.c.order_id == func.any(ids)).values(edits=merges))
    # Answers that repeat the order word for word; the order itself knows that it was accepted.
    keys = select(order_events.c.key).where(order_events.c.order_id == func.any(ids))
    await conn.execute(delete(idempotency_keys).where(idempotency_keys.c.request_id.in_(keys)))
    return await _erase_documents(conn, ids, now)


async def _erase_documents(conn: AsyncConnection, ids: list[str], now: datetime) -> int:
    others = select(document_orders.c.order_id).where(
        document_orders.c.document_id == documents.c.document_id, document_orders.c.order_id != func.all(ids)
    )
    others = others.where(
        select(orders.c.order_id)
        .where(orders.c.order_id == document_orders.c.order_id, orders.c.ship_to["name"].astext != "")
        .exists()
    )
    # Also those that said something else of an order, which are in its story alone.
    told = order_events.c.references["document_id"].astext
    theirs = union(
        select(document_orders.c.document_id).where(document_orders.c.order_id == func.any(ids)),
        select(told).where(order_events.c.order_id == func.any(ids), told.is_not(None)),
    )
    statement = (
        update(documents)
        .where(documents.c.document_id.in_(theirs), ~others.exists())
        .values(content=b"", problems=[], update_time=now)
    )
    return int((await conn.execute(statement)).rowcount)

"""Every SQL statement about documents as received."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.document import Document, DocumentState, state_of
from services.intake.domain.draft import Problem
from services.intake.tables import document_orders, documents, orders
from services.kernel.errors import NotFound

_COLUMNS = [column for column in documents.c if column.name != "content"]


async def insert_document(conn: AsyncConnection, document: Document, content: bytes) -> Document:
    """Keep the document; return the one that is kept already where the channel sent the same bytes before."""
    row = {**asdict(document), "content": content, "problems": [asdict(problem) for problem in document.problems]}
    del row["order_ids"]
    statement = (
        insert(documents)
        .values(row)
        .on_conflict_do_nothing(index_elements=["channel", "digest"])
        .returning(documents.c.document_id)
    )
    if (await conn.execute(statement)).scalar_one_or_none() is not None:
        return document
    kept = _documents(documents.c.channel == document.channel, documents.c.digest == document.digest)
    return _document((await conn.execute(kept)).mappings().one())


async def get_document(conn: AsyncConnection, document_id: str) -> tuple[Document, bytes]:
    """Return the document with its content.

    Raises:
        NotFound: DOCUMENT_NOT_FOUND.
    """
    statement = _documents(documents.c.document_id == document_id).add_columns(documents.c.content)
    row = (await conn.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no document {document_id}", reason="DOCUMENT_NOT_FOUND", document_id=document_id)
    return _document(row), row["content"]


async def list_documents(
    conn: AsyncConnection, *, channel: str, state: str, older_than: tuple[datetime, str] | None, limit: int
) -> list[Document]:
    """Return documents, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if channel:
        conditions.append(documents.c.channel == channel)
    if state:
        conditions.append(documents.c.state == state)
    if older_than:
        conditions.append(tuple_(documents.c.create_time, documents.c.document_id) < tuple_(*map(literal, older_than)))
    statement = (
        _documents(*conditions).order_by(documents.c.create_time.desc(), documents.c.document_id.desc()).limit(limit)
    )
    return [_document(row) for row in (await conn.execute(statement)).mappings()]


async def link_order(conn: AsyncConnection, document_id: str, order_id: str, position: int) -> None:
    """Note that the order came of this document."""
    given = {"document_id": document_id, "order_id": order_id, "position": position}
    await conn.execute(insert(document_orders).values(given).on_conflict_do_nothing())


async def write_reading(
    conn: AsyncConnection, document_id: str, *, form: str, problems: Sequence[Problem], now: datetime
) -> None:
    """Write what became of the document when it was read to its end."""
    await conn.execute(
        update(documents)
        .where(documents.c.document_id == document_id)
        .values(
            format=form,
            state=state_of(tuple(problems)),
            problems=[asdict(problem) for problem in problems],
            read_time=now,
            update_time=now,
        )
    )


async def external_ids(conn: AsyncConnection, order_ids: Iterable[str]) -> dict[str, str]:
    """Return the channel's own id of each of these orders."""
    statement = select(orders.c.order_id, orders.c.external_id).where(orders.c.order_id == func.any(list(order_ids)))
    return {row[0]: row[1] for row in await conn.execute(statement)}


def _documents(*conditions: ColumnElement[bool]) -> Select[Any]:
    linked = (
        select(func.array_agg(aggregate_order_by(document_orders.c.order_id, document_orders.c.position)))
        .where(document_orders.c.document_id == documents.c.document_id)
        .correlate(documents)
        .scalar_subquery()
    )
    return select(*_COLUMNS, linked.label("order_ids")).where(*conditions)


def _document(row: Any) -> Document:
    return Document(
        **{name.name: row[name.name] for name in _COLUMNS if name.name not in {"state", "problems"}},
        state=DocumentState(row["state"]),
        problems=tuple(Problem(**problem) for problem in row["problems"]),
        order_ids=tuple(row["order_ids"] or ()),
    )

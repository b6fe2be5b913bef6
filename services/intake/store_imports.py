"""Every SQL statement about files that are taken over in parts."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, cast, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONPATH, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.draft import Problem
from services.intake.domain.imports import File, Import, ImportState, PartProblem, Tally
from services.intake.tables import document_orders, documents, orders
from services.intake.tables_imports import import_parts, imports
from services.kernel.errors import NotFound

_CONFLICTS = '$[*] ? (@.reason == "CONFLICT")'


async def open_import(conn: AsyncConnection, wanted: Import) -> Import:
    """Write the import; return the one that there is where the same file was opened before."""
    file = wanted.file
    row = {
        "import_id": wanted.import_id,
        "channel": file.channel,
        "format": file.format,
        "digest": file.digest,
        "size": file.size,
        "name": file.name,
        "state": wanted.state,
        "next_part": wanted.next_part,
        "position": wanted.position,
        "actor": wanted.actor,
        "create_time": wanted.create_time,
        "update_time": wanted.update_time,
    }
    await conn.execute(insert(imports).values(row).on_conflict_do_nothing())
    statement = select(imports).where(
        imports.c.channel == file.channel,
        imports.c.format == file.format,
        imports.c.digest == file.digest,
        imports.c.size == file.size,
    )
    return _import((await conn.execute(statement)).mappings().one())


async def get_import(conn: AsyncConnection, import_id: str, *, lock: bool = False) -> Import:
    """Return the import; with `lock`, nobody else goes on with it before the transaction ends.

    Raises:
        NotFound: IMPORT_NOT_FOUND.
    """
    statement = select(imports).where(imports.c.import_id == import_id)
    row = (await conn.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no import {import_id}", reason="IMPORT_NOT_FOUND", import_id=import_id)
    return _import(row)


async def list_imports(
    conn: AsyncConnection, *, channel: str, older_than: tuple[datetime, str] | None, limit: int
) -> list[Import]:
    """Return imports, newest first."""
    statement = select(imports).order_by(imports.c.create_time.desc(), imports.c.import_id.desc()).limit(limit)
    if channel:
        statement = statement.where(imports.c.channel == channel)
    if older_than:
        place = tuple_(imports.c.create_time, imports.c.import_id)
        statement = statement.where(place < tuple_(*map(literal, older_than)))
    return [_import(row) for row in (await conn.execute(statement)).mappings()]


async def find_part(conn: AsyncConnection, import_id: str, part: int) -> tuple[str, str]:
    """Return the document that the part is kept as, and its digest."""
    statement = (
        select(documents.c.document_id, documents.c.digest)
        .join(import_parts, import_parts.c.document_id == documents.c.document_id)
        .where(import_parts.c.import_id == import_id, import_parts.c.part == part)
    )
    row = (await conn.execute(statement)).one()
    return row[0], row[1]


async def write_part(
    conn: AsyncConnection, taken: Import, document_id: str, *, position: int, seen_before: bool, now: datetime
) -> None:
    """Note that the next part is kept as this document, and go on behind it."""
    row = {"import_id": taken.import_id, "part": taken.next_part, "document_id": document_id}
    await conn.execute(insert(import_parts).values(**row, seen_before=seen_before))
    await conn.execute(
        update(imports)
        .where(imports.c.import_id == taken.import_id)
        .values(next_part=taken.next_part + 1, position=position, update_time=now)
    )


async def unread_documents(conn: AsyncConnection, import_id: str, *, limit: int) -> list[str]:
    """Return the parts that nobody has read to their end."""
    statement = (
        select(documents.c.document_id)
        .join(import_parts, import_parts.c.document_id == documents.c.document_id)
        .where(import_parts.c.import_id == import_id, documents.c.read_time.is_(None))
        .order_by(import_parts.c.part)
        .limit(limit)
    )
    return list((await conn.execute(statement)).scalars())


async def close_import(conn: AsyncConnection, import_id: str, now: datetime) -> None:
    """Note that nothing more comes."""
    done = {"state": ImportState.DONE, "update_time": now}
    await conn.execute(update(imports).where(imports.c.import_id == import_id).values(done))


async def tally(conn: AsyncConnection, import_id: str) -> Tally:
    """Count what became of everything, as it is now: parts that were replayed count as they were read last."""
    ours = import_parts.c.import_id == import_id
    new = and_(orders.c.document_id == import_parts.c.document_id, import_parts.c.seen_before.is_(False))
    came = (
        select(func.count().filter(new), func.count().filter(~new))
        .select_from(import_parts)
        .join(document_orders, document_orders.c.document_id == import_parts.c.document_id)
        .join(orders, orders.c.order_id == document_orders.c.order_id)
        .where(ours)
    )
    found = func.jsonb_array_length(documents.c.problems)
    conflicts = func.jsonb_array_length(func.jsonb_path_query_array(documents.c.problems, cast(_CONFLICTS, JSONPATH)))
    read = documents.c.read_time.is_not(None)
    wrong = (
        select(
            func.coalesce(func.sum(case((read, conflicts), else_=0)), 0),
            func.coalesce(func.sum(case((read, found), else_=0)), 0),
            func.count().filter(~read),
        )
        .select_from(import_parts)
        .join(documents, documents.c.document_id == import_parts.c.document_id)
        .where(ours)
    )
    accepted, repeated = (await conn.execute(came)).one()
    conflicting, problems, unread = (await conn.execute(wrong)).one()
    return Tally(
        accepted=accepted,
        repeated=repeated,
        conflicts=conflicting,
        quarantined=problems - conflicting,
        unread_parts=unread,
    )


async def problems(conn: AsyncConnection, import_id: str, *, limit: int) -> list[PartProblem]:
    """Return what is wrong, in the order of the file."""
    statement = (
        select(import_parts.c.part, documents.c.document_id, documents.c.problems)
        .join(documents, documents.c.document_id == import_parts.c.document_id)
        .where(import_parts.c.import_id == import_id, documents.c.state == "QUARANTINED")
        .order_by(import_parts.c.part)
        .limit(limit)
    )
    return [
        PartProblem(part=row[0], document_id=row[1], problem=Problem(**problem))
        for row in await conn.execute(statement)
        for problem in row[2]
    ][:limit]


def _import(row: Any) -> Import:
    return Import(
        import_id=row["import_id"],
        file=File(
            channel=row["channel"], format=row["format"], digest=row["digest"], size=row["size"], name=row["name"]
        ),
        state=ImportState(row["state"]),
        next_part=row["next_part"],
        position=row["position"],
        actor=row["actor"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )

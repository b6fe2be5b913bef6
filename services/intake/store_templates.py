"""Every SQL statement about the words of messages, and about who does not want them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.messages import MessageKind, languages
from services.intake.messages.rendering import PARTS, Words
from services.intake.tables_messages import message_consents, message_templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The words of a kind of message, for a brand and a language; either may be empty, for all."""

    kind: MessageKind
    brand: str
    language: str
    words: Words
    updated_by: str
    update_time: datetime


async def fitting(conn: AsyncConnection, kind: MessageKind, brand: str, language: str) -> list[Words]:
    """Return what was written for such a message, the nearest first."""
    table = message_templates.c
    spoken = (*languages(language), "")
    statement = select(*table).where(table.kind == kind, table.brand.in_({brand, ""}), table.language.in_(set(spoken)))
    rows = [_template(row) for row in (await conn.execute(statement)).mappings()]
    rows.sort(key=lambda one: (one.brand != brand, spoken.index(one.language)))
    return [one.words for one in rows]


async def write(conn: AsyncConnection, template: Template) -> None:
    """Write the template; one without words is removed."""
    table = message_templates.c
    if template.words.nothing:
        await conn.execute(
            delete(message_templates).where(
                table.kind == template.kind, table.brand == template.brand, table.language == template.language
            )
        )
        return
    values = {**asdict(template.words), "updated_by": template.updated_by, "update_time": template.update_time}
    keys = {"kind": template.kind, "brand": template.brand, "language": template.language}
    statement = insert(message_templates).values(**keys, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))


async def list_page(conn: AsyncConnection, *, after: Sequence[str] | None, limit: int) -> list[Template]:
    """Return templates by kind, brand and language."""
    table = message_templates.c
    statement = select(*table).order_by(table.kind, table.brand, table.language).limit(limit)
    if after:
        statement = statement.where(tuple_(table.kind, table.brand, table.language) > tuple_(*map(literal, after)))
    return [_template(row) for row in (await conn.execute(statement)).mappings()]


async def set_consent(
    conn: AsyncConnection, digest: str, kinds: Sequence[str], *, opted_out: bool, now: datetime
) -> None:
    """Note what an address wants; of all kinds where none is named, whatever was said of single ones before."""
    if not kinds:
        await conn.execute(delete(message_consents).where(message_consents.c.address_digest == digest))
    values = {"opted_out": opted_out, "update_time": now}
    rows = [{"address_digest": digest, "kind": kind, **values} for kind in kinds or ("",)]
    statement = insert(message_consents).values(rows)
    await conn.execute(statement.on_conflict_do_update(index_elements=["address_digest", "kind"], set_=values))


async def opted_out(conn: AsyncConnection, digest: str, kind: MessageKind) -> bool:
    """Tell whether the address does not want this kind: what was said of the kind counts more than what of all."""
    table = message_consents.c
    statement = (
        select(table.opted_out)
        .where(table.address_digest == digest, table.kind.in_({kind.value, ""}))
        .order_by(table.kind.desc())
        .limit(1)
    )
    return bool((await conn.execute(statement)).scalar_one_or_none())


def _template(row: Any) -> Template:
    return Template(
        kind=MessageKind(row["kind"]),
        brand=row["brand"],
        language=row["language"],
        words=Words(**{part: row[part] for part in PARTS}),
        updated_by=row["updated_by"],
        update_time=row["update_time"],
    )

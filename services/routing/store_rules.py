"""The SQL of rule sets: versions, what was done with them, and what was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.json_format import ParseDict
from sqlalchemy import RowMapping, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from oms.routing.v1.rule_set_pb2 import RuleSet
from services.kernel.errors import NotFound
from services.routing.domain.rule_versions import Review, State
from services.routing.store import Connection
from services.routing.tables_rules import rule_set_events, rule_set_reviews, rule_sets, simulations


class RuleSetNotFound(NotFound):
    reason = "RULE_SET_NOT_FOUND"

    def __init__(self, version: str) -> None:
        super().__init__(f"there is no rule set {version!r}; ListRuleSets shows what there is", rule_set=version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Somebody has done something with a version."""

    state: State
    actor: str
    note: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version, with what was done with it and what was looked at."""

    rule_set_id: str
    number: int
    state: State
    document: Mapping[str, Any]
    digest: str
    create_time: datetime
    events: tuple[Event, ...]
    reviews: tuple[Review, ...]

    @property
    def name(self) -> str:
        """What it is called in decisions: "id@n"."""
        return f"{self.rule_set_id}@{self.number}"


async def active(conn: Connection) -> list[tuple[RuleSet, str]]:
    """Return the rule sets that plan orders, each with its version, "id@n", by id."""
    return await _in_state(conn, State.ACTIVE)


async def shadows(conn: Connection) -> list[tuple[RuleSet, str]]:
    """Return the rule sets that plan beside them, each with its version, by id."""
    return await _in_state(conn, State.SHADOW)


async def find(conn: Connection, version: str) -> RuleSet:
    """Return the document of a version, "id@n".

    Raises:
        RuleSetNotFound: there is no such version.
    """
    rule_set_id, _, number = version.rpartition("@")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise RuleSetNotFound(version)
    statement = select(rule_sets.c.document).where(_is(rule_set_id, int(number)))
    document = (await conn.execute(statement)).scalar_one_or_none()
    if document is None:
        raise RuleSetNotFound(version)
    return to_rule_set(document)


async def find_version(conn: Connection, rule_set_id: str, number: int = 0) -> Version:
    """Return a version, the newest where 0.

    Raises:
        RuleSetNotFound: there is no such version.
    """
    statement = select(*rule_sets.c).where(rule_sets.c.rule_set_id == rule_set_id)
    if number:
        statement = statement.where(rule_sets.c.version == number)
    row = (await conn.execute(statement.order_by(rule_sets.c.version.desc()).limit(1))).mappings().one_or_none()
    if row is None:
        raise RuleSetNotFound(f"{rule_set_id}@{number}" if number else rule_set_id)
    return (await _versions(conn, [row]))[0]


async def newest(conn: Connection, rule_set_id: str) -> Version | None:
    """Return the newest version, or None."""
    found = await list_versions(conn, rule_set_id=rule_set_id, state=None, after=None, limit=1)
    return found[0] if found else None


async def list_versions(
    conn: Connection, *, rule_set_id: str, state: State | None, after: tuple[str, int] | None, limit: int
) -> list[Version]:
    """Return versions by id, newest first within one, from the one that follows `after`."""
    statement = select(*rule_sets.c).order_by(rule_sets.c.rule_set_id, rule_sets.c.version.desc()).limit(limit)
    if rule_set_id:
        statement = statement.where(rule_sets.c.rule_set_id == rule_set_id)
    if state is not None:
        statement = statement.where(rule_sets.c.state == state.value)
    if after is not None:
        # One order for both: a smaller version comes later.
        statement = statement.where(tuple_(rule_sets.c.rule_set_id, -rule_sets.c.version) > (after[0], -after[1]))
    return await _versions(conn, (await conn.execute(statement)).mappings().all())


async def lock(conn: Connection, rule_set_id: str) -> None:
    """Let nobody else change this rule set until the transaction ends; also where it has no version yet."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"rule_set/{rule_set_id}", 0))))


async def add_version(
    conn: Connection, rule_set_id: str, number: int, *, document: Mapping[str, Any], digest: str, event: Event
) -> None:
    """Store a new version, a draft. The rule set is locked."""
    await conn.execute(
        insert(rule_sets).values(
            rule_set_id=rule_set_id,
            version=number,
            state=event.state.value,
            document=document,
            digest=digest,
            create_time=event.time,
        )
    )
    await _add_event(conn, rule_set_id, number, event)


async def move(conn: Connection, rule_set_id: str, number: int, event: Event) -> None:
    """Give a version the state of the event. The rule set is locked."""
    await conn.execute(update(rule_sets).where(_is(rule_set_id, number)).values(state=event.state.value))
    await _add_event(conn, rule_set_id, number, event)


async def in_state(conn: Connection, rule_set_id: str, state: State) -> int | None:
    """Return the version of a rule set that is in a state that only one can be in."""
    statement = select(rule_sets.c.version).where(
        rule_sets.c.rule_set_id == rule_set_id, rule_sets.c.state == state.value
    )
    found: int | None = (await conn.execute(statement)).scalar_one_or_none()
    return found


async def simulated(conn: Connection, simulation_id: str) -> tuple[str, int] | None:
    """Return the rule set and version that a simulation tried."""
    statement = select(simulations.c.rule_set_id, simulations.c.version).where(
        simulations.c.simulation_id == simulation_id
    )
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else (row.rule_set_id, row.version)


async def put_review(conn: Connection, rule_set_id: str, number: int, review: Review) -> None:
    """Store what was looked at; replaces what was said of the same part before."""
    values = {
        "simulation_id": review.simulation_id,
        "actor": review.actor,
        "note": review.note,
        "create_time": review.time,
    }
    key = {"rule_set_id": rule_set_id, "version": number, "item": review.item.value}
    await conn.execute(
        upsert(rule_set_reviews).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
    )


def to_rule_set(document: Mapping[str, Any]) -> RuleSet:
    """Return the document as a message. A newer replica may have stored fields that this one does not know yet."""
    return ParseDict(dict(document), RuleSet(), ignore_unknown_fields=True)


async def _in_state(conn: Connection, state: State) -> list[tuple[RuleSet, str]]:
    statement = (
        select(rule_sets.c.document, rule_sets.c.rule_set_id, rule_sets.c.version)
        .where(rule_sets.c.state == state.value)
        .order_by(rule_sets.c.rule_set_id)
    )
    rows = await conn.execute(statement)
    return [(to_rule_set(row.document), f"{row.rule_set_id}@{row.version}") for row in rows]


async def _add_event(conn: Connection, rule_set_id: str, number: int, event: Event) -> None:
    await conn.execute(
        insert(rule_set_events).values(
            rule_set_id=rule_set_id,
            version=number,
            state=event.state.value,
            actor=event.actor,
            note=event.note,
            create_time=event.time,
        )
    )


async def _versions(conn: Connection, rows: Sequence[RowMapping]) -> list[Version]:
    keys = [(row["rule_set_id"], row["version"]) for row in rows]
    events: dict[tuple[str, int], list[Event]] = {key: [] for key in keys}
    reviews: dict[tuple[str, int], list[Review]] = {key: [] for key in keys}
    if keys:
        of_them = tuple_(rule_set_events.c.rule_set_id, rule_set_events.c.version).in_(keys)
        statement = select(*rule_set_events.c).where(of_them).order_by(rule_set_events.c.sequence)
        for row in await conn.execute(statement):
            event = Event(state=State(row.state), actor=row.actor, note=row.note, time=row.create_time)
            events[row.rule_set_id, row.version].append(event)
        of_them = tuple_(rule_set_reviews.c.rule_set_id, rule_set_reviews.c.version).in_(keys)
        for row in await conn.execute(select(*rule_set_reviews.c).where(of_them).order_by(rule_set_reviews.c.item)):
            reviews[row.rule_set_id, row.version].append(_review(row))
    return [
        Version(
            rule_set_id=row["rule_set_id"],
            number=row["version"],
            state=State(row["state"]),
            document=row["document"],
            digest=row["digest"],
            create_time=row["create_time"],
            events=tuple(events[key]),
            reviews=tuple(reviews[key]),
        )
        for key, row in zip(keys, rows, strict=True)
    ]


def _review(row: Any) -> Review:
    return Review(item=row.item, simulation_id=row.simulation_id, actor=row.actor, note=row.note, time=row.create_time)


def _is(rule_set_id: str, number: int) -> Any:
    return (rule_sets.c.rule_set_id == rule_set_id) & (rule_sets.c.version == number)

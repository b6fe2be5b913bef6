"""Every SQL statement about screening: rules, prints of orders, and the number that says that something changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Interval,
    Text,
    bindparam,
    delete,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oms.intake.v1.screening_pb2 import ScreeningRuleSet
from services.intake.domain.duplicates import Prints
from services.intake.tables import orders
from services.intake.tables_screening import (
    channel_locations,
    channel_skus,
    order_prints,
    screening_rules,
    screening_state,
)
from services.kernel.errors import NotFound

# An order of rows that is the same for everybody who reads pages.
_LOCK_RULES = text("SELECT pg_advisory_xact_lock(hashtextextended('intake.screening_rules/' || :name, 0))")
_LOOK = text(
    "SELECT * FROM intake.look(:write, :order_id, :channel, :external_id, :order_time, :order_print, :customer_print,"
    " :address_print, :around, :history)"
).bindparams(
    bindparam("write", type_=Boolean),
    bindparam("order_id", type_=Text),
    bindparam("channel", type_=Text),
    bindparam("external_id", type_=Text),
    bindparam("order_time", type_=DateTime(timezone=True)),
    bindparam("order_print", type_=BigInteger),
    bindparam("customer_print", type_=BigInteger),
    bindparam("address_print", type_=BigInteger),
    bindparam("around", type_=Interval),
    bindparam("history", type_=Boolean),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An order that is looked up among the others."""

    order_id: str
    channel: str
    external_id: str
    order_time: datetime
    prints: Prints
    around: timedelta
    history: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the others say: `existing` where it is there already; the order that looks like it; earlier orders."""

    existing: bool = False
    other_order: str = ""
    other_channel: str = ""
    other_external_id: str = ""
    other_time: datetime | None = None
    customer_day: int = 0
    customer_month: int = 0
    address_day: int = 0
    address_month: int = 0


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a rule set, and who did what with it."""

    rule_set: ScreeningRuleSet
    version: int
    state: str
    create_actor: str
    create_time: datetime
    activate_actor: str
    activate_time: datetime | None
    retire_actor: str
    retire_time: datetime | None


async def look(conn: AsyncConnection, asked: Asked, *, write: bool) -> Seen:
    """Look an order up among the others; `write` remembers it for those that come after it.

    Where it is remembered, others with the same fingerprint wait until this transaction ends.
    """
    values = {
        "write": write,
        "order_id": asked.order_id,
        "channel": asked.channel,
        "external_id": asked.external_id,
        "order_time": asked.order_time,
        "order_print": asked.prints.order,
        "customer_print": asked.prints.customer,
        "address_print": asked.prints.address,
        "around": asked.around,
        "history": asked.history,
    }
    row = (await conn.execute(_LOOK, values)).mappings().one()
    return Seen(
        existing=row["existing"],
        other_order=row["other_order"] or "",
        other_channel=row["other_channel"] or "",
        other_external_id=row["other_external_id"] or "",
        other_time=row["other_time"],
        customer_day=row["customer_day"] or 0,
        customer_month=row["customer_month"] or 0,
        address_day=row["address_day"] or 0,
        address_month=row["address_month"] or 0,
    )


async def has_prints(conn: AsyncConnection, order_id: str) -> bool:
    """Tell whether the order has prints: one that was accepted before there were any has none."""
    statement = select(order_prints.c.order_id).where(order_prints.c.order_id == order_id)
    return (await conn.execute(statement)).scalar_one_or_none() is not None


async def forget_prints(conn: AsyncConnection, order_id: str) -> None:
    """Forget an order that did not come to be."""
    await conn.execute(delete(order_prints).where(order_prints.c.order_id == order_id))


async def exists(conn: AsyncConnection, channel: str, external_id: str) -> bool:
    """Tell whether the channel's order is there."""
    statement = select(orders.c.order_id).where(orders.c.channel == channel, orders.c.external_id == external_id)
    return (await conn.execute(statement)).one_or_none() is not None


async def state(conn: AsyncConnection) -> int:
    """Return the number that changes with everything that replicas keep in memory."""
    return int((await conn.execute(select(screening_state.c.version))).scalar_one())


async def touch(conn: AsyncConnection) -> None:
    """Let replicas read again what they keep in memory."""
    await conn.execute(update(screening_state).values(version=screening_state.c.version + 1))


async def mapped_channels(conn: AsyncConnection) -> tuple[frozenset[str], frozenset[str]]:
    """Return the channels that have names of their own for goods, and for places."""
    goods = await conn.execute(select(channel_skus.c.channel).distinct())
    places = await conn.execute(select(channel_locations.c.channel).distinct())
    return frozenset(goods.scalars()), frozenset(places.scalars())


async def lock_rules(conn: AsyncConnection, name: str) -> None:
    """Keep others from saving or activating versions of this name until this transaction ends."""
    await conn.execute(_LOCK_RULES, {"name": name})


async def add_version(
    conn: AsyncConnection, rule_set: ScreeningRuleSet, *, version: int, now: datetime, actor: str
) -> None:
    """Write a new version, a draft."""
    await conn.execute(
        insert(screening_rules).values(
            name=rule_set.name,
            version=version,
            state="DRAFT",
            document=MessageToDict(rule_set, preserving_proto_field_name=True),
            create_actor=actor,
            create_time=now,
        )
    )


async def find_version(conn: AsyncConnection, name: str, version: int = 0) -> Version | None:
    """Return this version of a name; the newest where 0."""
    conditions = [screening_rules.c.name == name] + ([screening_rules.c.version == version] if version else [])
    return next(iter(await _versions(conn, *conditions, limit=1)), None)


async def get_version(conn: AsyncConnection, name: str, version: int = 0) -> Version:
    """Return this version of a name; the newest where 0.

    Raises:
        NotFound: SCREENING_RULES_NOT_FOUND.
    """
    found = await find_version(conn, name, version)
    if found is None:
        known = f"{name}@{version}" if version else name
        raise NotFound(f"there are no screening rules {known}", reason="SCREENING_RULES_NOT_FOUND", name=name)
    return found


async def list_versions(
    conn: AsyncConnection, *, state: str = "", after: tuple[str, int] | None = None, limit: int = 1000
) -> Sequence[Version]:
    """Return versions by name, the newest of each first."""
    conditions: list[ColumnElement[bool]] = [screening_rules.c.state == state] if state else []
    if after:
        place = tuple_(screening_rules.c.name, -screening_rules.c.version)
        conditions.append(place > tuple_(literal(after[0]), literal(-after[1])))
    return await _versions(conn, *conditions, limit=limit)


async def last_active(conn: AsyncConnection, name: str) -> Version | None:
    """Return the version that is active, or was the last to be."""
    found = await _versions(conn, screening_rules.c.name == name, screening_rules.c.activate_time.is_not(None))
    return max(found, key=lambda one: (one.state == "ACTIVE", one.activate_time), default=None)


async def activate(conn: AsyncConnection, name: str, version: int, *, now: datetime, actor: str) -> None:
    """Let a draft be the active version of its name."""
    await retire(conn, name, now=now, actor=actor)
    await conn.execute(
        update(screening_rules)
        .where(screening_rules.c.name == name, screening_rules.c.version == version)
        .values(state="ACTIVE", activate_actor=actor, activate_time=now)
    )


async def retire(conn: AsyncConnection, name: str, *, now: datetime, actor: str) -> None:
    """Retire the active version of a name, where there is one."""
    await conn.execute(
        update(screening_rules)
        .where(screening_rules.c.name == name, screening_rules.c.state == "ACTIVE")
        .values(state="RETIRED", retire_actor=actor, retire_time=now)
    )


async def _versions(conn: AsyncConnection, *conditions: ColumnElement[bool], limit: int = 1000) -> list[Version]:
    statement = (
        select(*screening_rules.c)
        .where(*conditions)
        .order_by(screening_rules.c.name, screening_rules.c.version.desc())
        .limit(limit)
    )
    return [_version(row) for row in (await conn.execute(statement)).mappings()]


def _version(row: Any) -> Version:
    return Version(
        # A field that a newer release wrote is not known here: the rest is.
        rule_set=ParseDict(row["document"], ScreeningRuleSet(), ignore_unknown_fields=True),
        version=row["version"],
        state=row["state"],
        create_actor=row["create_actor"],
        create_time=row["create_time"],
        activate_actor=row["activate_actor"],
        activate_time=row["activate_time"],
        retire_actor=row["retire_actor"],
        retire_time=row["retire_time"],
    )

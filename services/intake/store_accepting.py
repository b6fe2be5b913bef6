"""The one statement that writes orders that were accepted together: each whole, with its timeline and what it owes.

It goes through the driver itself: what SQLAlchemy would add is most of what a lone caller waits for. An order whose
channel has its external id already, or that looks like another one, is left out, with everything that belongs to it; a
request_id that was used fails the statement, and nothing is written. Whoever was left out is accepted alone, in the
ordinary way.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from services.intake.domain.duplicates import Prints
from services.intake.domain.events import Event
from services.intake.domain.order import Order
from services.intake.domain.rooms import ROOM_NAMES
from services.intake.order_rows import hold_row, line_row, order_row
from services.intake.tables import (
    document_orders,
    holds,
    idempotency_keys,
    order_events,
    order_lines,
    orders,
    outbox_events,
    payments,
)
from services.intake.tables_screening import order_prints

Driver = Any  # a connection of asyncpg, which has no types of its own

_COMPUTED = {"transaction_id", "open_hold_count", "status", "resting", "promise_time"}
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """An order to be written, and what goes with it; `offered` is what will be authorized once its hold is released."""

    order: Order
    digest: str
    offered: int
    events: Sequence[Event]
    outbox: Sequence[Mapping[str, Any]]
    rpc: str
    request_id: str
    request_digest: bytes
    response: bytes
    now: datetime
    prints: Prints
    # The document that the order came of, and its place in it.
    document_id: str = ""
    position: int = 0


async def write(driver: Driver, writings: Sequence[Writing], *, around: timedelta) -> set[str]:
    """Write what can be written, and return the ids of the orders that were.

    Orders look alike where their prints are the same and they are not further apart than `around`; no two of those
    that are written together may have the same.
    """
    rows = await driver.fetch(_WRITE, *map(_json, _parameters(writings)), around)
    return {row["order_id"] for row in rows}


def _parameters(writings: Sequence[Writing]) -> Iterable[list[dict[str, Any]]]:
    yield [
        {
            **order_row(one.order),
            "digest": one.digest,
            "sequence": len(one.events),
            "version": len(one.events),
        }
        for one in writings
    ]
    yield [line_row(one.order.order_id, line) for one in writings for line in one.order.lines]
    yield [hold_row(hold) for one in writings for hold in one.order.holds]
    yield [_payment_row(one.order, one.offered) for one in writings]
    yield [_event_row(event) for one in writings for event in one.events]
    yield [{**row, "order_id": one.order.order_id} for one in writings for row in one.outbox]
    yield [
        {
            "order_id": one.order.order_id,
            "rpc": one.rpc,
            "request_id": one.request_id,
            "request_digest": one.request_digest,
            "response": one.response,
            "create_time": one.now,
        }
        for one in writings
        if one.request_id
    ]
    yield [
        {
            "order_id": one.order.order_id,
            "order_time": one.order.order_time,
            "order_print": one.prints.order,
            "customer_print": one.prints.customer,
            "address_print": one.prints.address,
        }
        for one in writings
    ]
    yield [
        {"document_id": one.document_id, "order_id": one.order.order_id, "position": one.position}
        for one in writings
        if one.document_id
    ]


def _payment_row(order: Order, offered: int) -> dict[str, Any]:
    money = order.payment
    return {
        "order_id": order.order_id,
        "state": money.state,
        "reference": money.reference,
        "offered_minor": offered,
        "authorized_minor": money.authorized,
        "captured_minor": money.captured,
        "voided_minor": money.voided,
        "shared_minor": money.shared,
        "refunded_minor": money.refunded,
        "expire_time": money.expire_time,
    }


def _event_row(event: Event) -> dict[str, Any]:
    fact = event.fact
    return {
        "order_id": event.order_id,
        "sequence": event.sequence,
        "event_id": event.event_id,
        "type": fact.type,
        "key": fact.key,
        "moves": [asdict(move) for move in fact.moves],
        "reason": fact.reason,
        "actor": fact.actor,
        "references": dict(fact.references),
        "create_time": event.create_time,
    }


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=_plain, separators=(",", ":"))


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} is no value of a row")


def _insert(table: Table, parameter: int, names: Sequence[str], *, more: str = "", value: str = "") -> str:
    """Return the INSERT of those rows of a JSON parameter whose order was written."""
    shown = ", ".join(f'"{name}"' for name in names)
    chosen = ", ".join(f'r."{name}"' for name in names)
    types = ", ".join(f'"{name}" {table.c[name].type.compile(_DIALECT)}' for name in names)
    types += "" if "order_id" in names else ", order_id text"
    source = f"jsonb_to_recordset(${parameter}::jsonb) AS r ({types})"
    written = "" if table is orders else " JOIN written USING (order_id)"
    return (
        f"INSERT INTO {table.fullname} ({shown}{more}) "  # noqa: S608 - every word of it is one of ours
        f"SELECT {chosen}{value} FROM {source}{written}"
    )


def _names(table: Table, *without: str) -> list[str]:
    return [column.name for column in table.c if column.name not in {*_COMPUTED, "renew_time", "tags", *without}]


# Every group takes the locks of its prints in the same order, and all of them before it writes.
_WRITE = f"""
WITH in_order AS MATERIALIZED (
    SELECT order_id, order_print, order_time
    FROM jsonb_to_recordset($8::jsonb) AS r (order_id text, order_print bigint, order_time timestamptz)
    ORDER BY order_print
), written AS (
    {_insert(orders, 1, _names(orders, *ROOM_NAMES))}
    WHERE r.order_id = ANY (ARRAY(
        SELECT order_id FROM in_order WHERE intake.looks_like_none(order_print, order_time, $10::interval)
    ))
    ON CONFLICT (channel, external_id) DO NOTHING RETURNING order_id
), lines AS (
    {_insert(order_lines, 2, _names(order_lines))}
), held AS (
    {_insert(holds, 3, _names(holds))}
), money AS (
    {_insert(payments, 4, _names(payments))}
), events AS (
    {_insert(order_events, 5, _names(order_events), more=", transaction_id", value=", pg_current_xact_id()")}
), owed AS (
    {_insert(outbox_events, 6, _names(outbox_events, "sequence", "state", "attempts", "last_error", "deliver_time"))}
), answers AS (
    {_insert(idempotency_keys, 7, _names(idempotency_keys))}
), prints AS (
    {_insert(order_prints, 8, _names(order_prints))}
), linked AS (
    {_insert(document_orders, 9, _names(document_orders))}
)
SELECT order_id FROM written
"""  # noqa: S608 - every word of it is one of ours

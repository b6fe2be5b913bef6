"""Every SQL statement of calendars, carrier services and products, and of imports."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from sqlalchemy import ARRAY, RowMapping, Table, Text, any_, bindparam, func, select, text, tuple_

from oms.routing.v1 import calendar_pb2, carrier_pb2, network_pb2, node_pb2
from services.kernel.errors import InvalidArgument
from services.routing import store
from services.routing import tables_network as tables
from services.routing.domain.product import Product
from services.routing.store import Connection
from services.routing.tables import nodes
from services.routing.tables_network import calendars, carrier_services
from services.routing.wire_node import from_node, to_node

# Imports take turns; the number is an arbitrary one that nothing else locks.
_IMPORTS = 7_302_411


class UnknownCalendar(InvalidArgument):
    reason = "UNKNOWN_CALENDAR"

    def __init__(self, calendar_id: str) -> None:
        message = f"there is no calendar {calendar_id!r}; `oms route calendars list` shows those that are"
        super().__init__(message, calendar_id=calendar_id)


async def require_calendar(conn: Connection, calendar_id: str) -> None:
    """Refuse a calendar that is not there; none is a calendar that everybody has.

    Raises:
        UnknownCalendar: there is no such calendar.
    """
    known = select(calendars.c.calendar_id).where(calendars.c.calendar_id == calendar_id)
    if calendar_id and (await conn.execute(known)).scalar() is None:
        raise UnknownCalendar(calendar_id)


async def network(conn: Connection) -> network_pb2.Network:
    """Return everything: calendars, nodes and carrier services by id, without etags and times."""
    whole = await network_with_etags(conn)
    for node in whole.nodes:
        node.ClearField("update_time")
        node.ClearField("etag")
    return whole


async def network_with_etags(conn: Connection) -> network_pb2.Network:
    """Return everything as `network` does, with the etags of nodes."""
    return network_pb2.Network(
        calendars=[one for one, _ in await list_calendars(conn)],
        nodes=[from_node(node) for node in await store.list_nodes(conn)],
        carrier_services=[one for one, _ in await list_carrier_services(conn)],
    )


async def lock_for_import(conn: Connection, document: network_pb2.Network) -> None:
    """Let nobody else change what the document may change, until the transaction ends. Imports take turns."""
    await conn.execute(select(func.pg_advisory_xact_lock(_IMPORTS)))
    # Rows first and in order, as every other change takes its row before the version of the network.
    node_ids = [node.node_id for node in document.nodes]
    of_document = nodes.c.node_id == any_(bindparam("node_ids", node_ids, ARRAY(Text)))
    await conn.execute(select(nodes.c.node_id).where(of_document).order_by(nodes.c.node_id).with_for_update())
    keys = [(one.carrier_code, one.service_code) for one in document.carrier_services]
    row = tuple_(carrier_services.c.carrier_code, carrier_services.c.service_code)
    await conn.execute(select(carrier_services.c.carrier_code).where(row.in_(keys)).order_by(row).with_for_update())


async def write(conn: Connection, changed: network_pb2.Network, now: datetime) -> None:
    """Store the entries of this network, new or in place of those of the same ids, each kind in one statement."""
    await _upsert(conn, nodes, [_node_row(one, now) for one in changed.nodes])
    await _upsert(conn, carrier_services, [_service_row(one, now) for one in changed.carrier_services])
    await _upsert(conn, calendars, [_calendar_row(one, now) for one in changed.calendars])


async def list_calendars(
    conn: Connection, *, after: str = "", limit: int | None = None
) -> list[tuple[calendar_pb2.Calendar, datetime]]:
    """Return calendars by id, from the one after `after`, with when they last changed."""
    statement = select(calendars.c.document, calendars.c.update_time).where(calendars.c.calendar_id > after)
    rows = await conn.execute(statement.order_by(calendars.c.calendar_id).limit(limit))
    # A newer replica may have stored fields that this one does not know yet.
    return [
        (ParseDict(row.document, calendar_pb2.Calendar(), ignore_unknown_fields=True), row.update_time) for row in rows
    ]


async def list_carrier_services(
    conn: Connection, *, after: tuple[str, str] = ("", ""), limit: int | None = None
) -> list[tuple[carrier_pb2.CarrierService, datetime]]:
    """Return carrier services by carrier and service, from the one after `after`, with when they last changed."""
    position = tuple_(carrier_services.c.carrier_code, carrier_services.c.service_code)
    columns = (
        carrier_services.c.document,
        carrier_services.c.disabled,
        carrier_services.c.disabled_reason,
        carrier_services.c.update_time,
    )
    rows = await conn.execute(select(*columns).where(position > after).order_by(position).limit(limit))
    found = []
    for row in rows:
        one = ParseDict(row.document, carrier_pb2.CarrierService(), ignore_unknown_fields=True)
        one.disabled, one.disabled_reason = row.disabled, row.disabled_reason
        found.append((one, row.update_time))
    return found


async def products(conn: Connection, skus: Iterable[str]) -> dict[str, Product]:
    """Return what was said of these SKUs; of others there is nothing."""
    return {product.sku: product for product in await list_products(conn, skus=skus)}


async def list_products(
    conn: Connection, *, skus: Iterable[str] | None = None, after: str = "", limit: int | None = None
) -> list[Product]:
    """Return products by SKU, from the one after `after`; all, or only of these SKUs."""
    statement = select(*_PRODUCT).where(tables.products.c.sku > after).order_by(tables.products.c.sku).limit(limit)
    if skus is not None:
        statement = statement.where(tables.products.c.sku == any_(bindparam("skus", list(skus), ARRAY(Text))))
    return [_product(row) for row in (await conn.execute(statement)).mappings()]


async def put_products(conn: Connection, entries: Iterable[Product], now: datetime) -> int:
    """Store what is said of SKUs; return of how many that is new or different."""
    rows = [dataclasses.asdict(product) | {"update_time": now.isoformat()} for product in entries]
    return await _upsert(conn, tables.products, rows)


_PRODUCT = [column for column in tables.products.c if column.name != "update_time"]


def _product(row: RowMapping) -> Product:
    return Product(**{**row, "required_capabilities": tuple(row["required_capabilities"])})


def _node_row(message: node_pb2.Node, now: datetime) -> dict[str, Any]:
    node = to_node(message)
    return store.node_values(node) | {"node_id": node.node_id, "update_time": now.isoformat(), "revision": 1}


def _service_row(message: carrier_pb2.CarrierService, now: datetime) -> dict[str, Any]:
    document = _document(message)
    return {
        "carrier_code": document["carrier_code"],
        "service_code": document["service_code"],
        "disabled": document.pop("disabled", False),
        "disabled_reason": document.pop("disabled_reason", ""),
        "document": document,
        "update_time": now.isoformat(),
    }


def _calendar_row(message: calendar_pb2.Calendar, now: datetime) -> dict[str, Any]:
    return {"calendar_id": message.calendar_id, "document": _document(message), "update_time": now.isoformat()}


def _document(message: Message) -> dict[str, Any]:
    document = MessageToDict(message, preserving_proto_field_name=True)
    document.pop("update_time", None)
    return document


async def _upsert(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Store rows, new or in place of those with the same key, where they differ; return how many that were.

    One statement, so that a thousand rows are one change of the network's version; in the order of the key, so that two
    who do this at once do not lock each other out.
    """
    if not rows:
        return 0
    keys = [column.name for column in table.primary_key]
    names = sorted(rows[0])
    told = [name for name in names if name not in {*keys, "update_time", "revision"}]
    new = [f"{name} = excluded.{name}" for name in (*told, "update_time")]
    if "revision" in names:
        new.append("revision = present.revision + 1")
    present, sent = (", ".join(f"{side}.{name}" for name in told) for side in ("present", "excluded"))
    statement = text(
        f"INSERT INTO {table.fullname} AS present ({', '.join(names)}) "  # noqa: S608 - identifiers come from tables
        f"SELECT {', '.join(names)} "
        f"FROM jsonb_populate_recordset(NULL::{table.fullname}, CAST(:rows AS jsonb)) ORDER BY {', '.join(keys)} "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(new)} "
        f"WHERE ({present}) IS DISTINCT FROM ({sent})"
    )
    done = await conn.execute(statement, {"rows": json.dumps(rows)})
    return done.rowcount

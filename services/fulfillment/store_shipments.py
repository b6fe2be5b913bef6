"""Every SQL statement about shipments."""

from datetime import datetime

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fulfillment.domain.shipment import Direction, Shipment, ShipmentLine, Tracking
from services.fulfillment.domain.work import Units, summed
from services.fulfillment.tables import shipments

_COLUMNS = (
    shipments.c.shipment_id,
    shipments.c.order_id,
    shipments.c.fulfillment_order_id,
    shipments.c.return_id,
    shipments.c.direction,
    shipments.c.node_id,
    shipments.c.carrier_code,
    shipments.c.service_code,
    shipments.c.tracking_number,
    shipments.c.label_uri,
    shipments.c.lines,
    shipments.c.shipped,
    shipments.c.tracking_status,
    shipments.c.ship_time,
    shipments.c.deliver_time,
    shipments.c.create_time,
)


async def add(conn: AsyncConnection, shipment: Shipment) -> bool:
    """Write a new parcel; return False where the carrier's number for it is another parcel's."""
    row = {
        "shipment_id": shipment.shipment_id,
        "order_id": shipment.order_id,
        "fulfillment_order_id": shipment.fulfillment_order_id or None,
        "return_id": shipment.return_id or None,
        "direction": shipment.direction.value,
        "node_id": shipment.node_id,
        "carrier_code": shipment.carrier_code,
        "service_code": shipment.service_code,
        "tracking_number": shipment.tracking_number,
        "label_uri": shipment.label_uri,
        "lines": _lines(shipment),
        "shipped": shipment.shipped,
        "tracking_status": shipment.tracking_status.value,
        "create_time": shipment.create_time,
    }
    made = insert(shipments).values(row).on_conflict_do_nothing().returning(shipments.c.shipment_id)
    return (await conn.execute(made)).first() is not None


async def get(conn: AsyncConnection, shipment_id: str) -> Shipment | None:
    """Return a shipment, or None where there is none of this id."""
    return await _one(conn, select(*_COLUMNS).where(shipments.c.shipment_id == shipment_id))


async def lock_of_work(conn: AsyncConnection, fulfillment_order_id: str, tracking_number: str) -> Shipment | None:
    """Lock a parcel of a fulfillment order until the transaction ends, and return it where there is one."""
    query = select(*_COLUMNS).where(
        shipments.c.tracking_number == tracking_number, shipments.c.fulfillment_order_id == fulfillment_order_id
    )
    return await _one(conn, query.with_for_update(key_share=True))


async def lock_of_carrier(conn: AsyncConnection, carrier_code: str, tracking_number: str) -> Shipment | None:
    """Lock a carrier's parcel until the transaction ends, and return it where there is one."""
    query = select(*_COLUMNS).where(
        shipments.c.tracking_number == tracking_number, shipments.c.carrier_code == carrier_code
    )
    return await _one(conn, query.with_for_update(key_share=True))


async def labelled_units(conn: AsyncConnection, fulfillment_order_id: str) -> Units:
    """Return what is in parcels of a fulfillment order that have not left, by line."""
    query = select(shipments.c.lines).where(
        shipments.c.fulfillment_order_id == fulfillment_order_id, shipments.c.shipped.is_(False)
    )
    rows = (await conn.execute(query)).scalars()
    return summed([(line["line_id"], line["quantity"]) for lines in rows for line in lines])


async def save(conn: AsyncConnection, before: Shipment, after: Shipment) -> None:
    """Write what became of a parcel that is locked."""
    if before == after:
        return
    await conn.execute(
        update(shipments)
        .where(shipments.c.shipment_id == after.shipment_id)
        .values(
            lines=_lines(after),
            shipped=after.shipped,
            ship_time=after.ship_time,
            tracking_status=after.tracking_status.value,
            deliver_time=after.deliver_time,
        )
    )


async def page(
    conn: AsyncConnection,
    *,
    order_id: str,
    tracking_number: str,
    before: tuple[datetime, str] | None,
    size: int,
) -> list[Shipment]:
    """Return shipments, newest first, from the place `before` on."""
    query = select(*_COLUMNS)
    if order_id:
        query = query.where(shipments.c.order_id == order_id)
    if tracking_number:
        query = query.where(shipments.c.tracking_number == tracking_number)
    if before:
        query = query.where(tuple_(shipments.c.create_time, shipments.c.shipment_id) < tuple_(*before))
    query = query.order_by(shipments.c.create_time.desc(), shipments.c.shipment_id.desc()).limit(size)
    return [_shipment(row) for row in (await conn.execute(query)).mappings()]


async def _one(conn: AsyncConnection, query: Select[*tuple[object, ...]]) -> Shipment | None:
    row = (await conn.execute(query)).mappings().first()
    return None if row is None else _shipment(row)


def _lines(shipment: Shipment) -> list[dict[str, str | int]]:
    return [{"line_id": line.line_id, "sku": line.sku, "quantity": line.quantity} for line in shipment.lines]


def _shipment(row: RowMapping) -> Shipment:
    return Shipment(
        shipment_id=row["shipment_id"],
        order_id=row["order_id"],
        fulfillment_order_id=row["fulfillment_order_id"] or "",
        return_id=row["return_id"] or "",
        direction=Direction(row["direction"]),
        node_id=row["node_id"],
        carrier_code=row["carrier_code"],
        service_code=row["service_code"],
        tracking_number=row["tracking_number"],
        label_uri=row["label_uri"],
        lines=tuple(ShipmentLine(**line) for line in row["lines"]),
        shipped=row["shipped"],
        tracking_status=Tracking(row["tracking_status"]),
        ship_time=row["ship_time"],
        deliver_time=row["deliver_time"],
        create_time=row["create_time"],
    )

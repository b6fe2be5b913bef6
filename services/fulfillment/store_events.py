"""Every SQL statement about what nodes and carriers said.

An event that was refused is kept with its reason. Told again, it is looked at again: what it spoke of may exist now.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fulfillment.domain.node_event import NodeEvent, Type
from services.fulfillment.domain.shipment import Tracking, TrackingEvent
from services.fulfillment.tables import node_events, tracking_events

_TRACKING = (
    tracking_events.c.event_id,
    tracking_events.c.tracking_number,
    tracking_events.c.status,
    tracking_events.c.rank,
    tracking_events.c.occur_time,
    tracking_events.c.raw_code,
    tracking_events.c.location,
    tracking_events.c.message,
)


async def node_events_known(conn: AsyncConnection, fulfillment_order_id: str, event_ids: Collection[str]) -> set[str]:
    """Return which of these events of a fulfillment order have been recorded."""
    query = select(node_events.c.event_id).where(
        node_events.c.fulfillment_order_id == fulfillment_order_id,
        node_events.c.event_id.in_(event_ids),
        node_events.c.refusal.is_(None),
    )
    return set((await conn.execute(query)).scalars())


async def add_node_event(conn: AsyncConnection, event: NodeEvent, now: datetime, refusal: str | None = None) -> None:
    """Keep what a node said, with the reason where it was refused."""
    row = {
        "type": event.type.value,
        "units": dict(event.units),
        "tracking_number": event.tracking_number,
        "message": event.message,
        "occur_time": event.occur_time,
        "record_time": now,
        "refusal": refusal,
    }
    keys = {"fulfillment_order_id": event.fulfillment_order_id, "event_id": event.event_id}
    await conn.execute(
        insert(node_events)
        .values(**keys, **row)
        .on_conflict_do_update(index_elements=list(keys), set_=row, where=node_events.c.refusal.is_not(None))
    )


async def stop_answered_since(conn: AsyncConnection, fulfillment_order_id: str, since: datetime) -> bool:
    """Tell whether the node has said since then whether it stopped."""
    answers = [Type.CANCELLED.value, Type.CANCELLATION_REJECTED.value]
    query = select(
        exists().where(
            node_events.c.fulfillment_order_id == fulfillment_order_id,
            node_events.c.type.in_(answers),
            node_events.c.record_time > since,
            node_events.c.refusal.is_(None),
        )
    )
    return bool((await conn.execute(query)).scalar())


async def add_tracking_event(
    conn: AsyncConnection,
    carrier_code: str,
    event: TrackingEvent,
    now: datetime,
    *,
    shipment_id: str | None,
    refusal: str | None = None,
) -> None:
    """Keep what a carrier said, of a parcel, or with the reason where it was refused."""
    row = {
        "shipment_id": shipment_id,
        "status": event.status.value,
        "rank": event.place_in_time[1],
        "occur_time": event.occur_time,
        "raw_code": event.raw_code,
        "location": event.location,
        "message": event.message,
        "record_time": now,
        "refusal": refusal,
        "told": False,
    }
    keys = {"carrier_code": carrier_code, "tracking_number": event.tracking_number, "event_id": event.event_id}
    await conn.execute(
        insert(tracking_events)
        .values(**keys, **row)
        .on_conflict_do_update(index_elements=list(keys), set_=row, where=tracking_events.c.refusal.is_not(None))
    )


async def tracking_of(conn: AsyncConnection, shipment_id: str) -> list[TrackingEvent]:
    """Return all that was said of a parcel, in the order in which it occurred."""
    query = select(*_TRACKING).where(tracking_events.c.shipment_id == shipment_id)
    query = query.order_by(tracking_events.c.occur_time, tracking_events.c.rank, tracking_events.c.event_id)
    return [_tracking(row) for row in (await conn.execute(query)).mappings()]


async def told(conn: AsyncConnection, shipment_id: str) -> set[str]:
    """Return which events of a parcel the process has been told of."""
    query = select(tracking_events.c.event_id).where(
        tracking_events.c.shipment_id == shipment_id, tracking_events.c.told.is_(True)
    )
    return set((await conn.execute(query)).scalars())


async def tell(conn: AsyncConnection, shipment_id: str, event_ids: Collection[str]) -> None:
    """Note that the process is told of these events of a parcel."""
    if event_ids:
        await conn.execute(
            update(tracking_events)
            .where(tracking_events.c.shipment_id == shipment_id, tracking_events.c.event_id.in_(event_ids))
            .values(told=True)
        )


async def page(
    conn: AsyncConnection, *, shipment_id: str, after: tuple[datetime, int, str] | None, size: int
) -> Sequence[TrackingEvent]:
    """Return what was said of a parcel, in the order in which it occurred, from the place `after` on."""
    place = (tracking_events.c.occur_time, tracking_events.c.rank, tracking_events.c.event_id)
    query = select(*_TRACKING).where(tracking_events.c.shipment_id == shipment_id)
    if after:
        query = query.where(tuple_(*place) > tuple_(*after))
    rows = (await conn.execute(query.order_by(*place).limit(size))).mappings()
    return [_tracking(row) for row in rows]


def _tracking(row: RowMapping) -> TrackingEvent:
    return TrackingEvent(
        event_id=row["event_id"],
        tracking_number=row["tracking_number"],
        status=Tracking(row["status"]),
        occur_time=row["occur_time"],
        raw_code=row["raw_code"],
        location=row["location"],
        message=row["message"],
    )

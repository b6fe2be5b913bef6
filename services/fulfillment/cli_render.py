"""How answers of fulfillment look in a terminal."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.fulfillment_service_pb2 import CancelledLine
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
from services.cli_output import out, table

_ORDER = ("Fulfillment order", "Order", "Node", "Status", "Request", "Waiting", "Shipped", "Rejected", "Cancelled")
_LINE = ("Line", "SKU", "Units", "Waiting", "Shipped", "Rejected", "Cancelled")
_SHIPMENT = ("Shipment", "Order", "Way", "Node", "Carrier", "Tracking number", "Status", "Shipped", "Delivered")


def fulfillment_orders(*found: FulfillmentOrder) -> None:
    """Print fulfillment orders, a row each."""
    rows = [
        (
            one.fulfillment_order_id,
            one.order_id,
            one.node_id,
            name(FulfillmentOrder.Status, one.status, "STATUS_"),
            name(FulfillmentOrder.RequestStatus, one.request_status, "REQUEST_STATUS_"),
            sum(line.waiting_quantity for line in one.lines),
            sum(line.shipped_quantity for line in one.lines),
            sum(line.rejected_quantity for line in one.lines),
            sum(line.cancelled_quantity for line in one.lines),
        )
        for one in found
    ]
    table("Fulfillment orders", _ORDER, rows)


def fulfillment_order(one: FulfillmentOrder) -> None:
    """Print one, with its lines."""
    fulfillment_orders(one)
    rows = [
        (
            line.line_id,
            line.sku,
            line.quantity,
            line.waiting_quantity,
            line.shipped_quantity,
            line.rejected_quantity,
            line.cancelled_quantity,
        )
        for line in one.lines
    ]
    table("Lines", _LINE, rows)
    if one.HasField("promise_time"):
        out.print(f"promised for {when(one.promise_time)}")
    if one.message:
        out.print(f"the node says: {one.message}", markup=False)
    can = ", ".join(name(FulfillmentOrder.Action, action, "ACTION_") for action in one.supported_actions)
    out.print(f"can be: {can or 'left alone'}")


def cancelled_lines(*found: CancelledLine) -> None:
    """Print what a node answered."""
    rows = [(one.line_id, one.cancelled_quantity, one.intercepting_quantity, one.too_late_quantity) for one in found]
    table("Units", ("Line", "Cancelled", "Intercepting", "Too late"), rows)


def shipments(*found: Shipment) -> None:
    """Print shipments, a row each."""
    rows = [
        (
            one.shipment_id,
            one.order_id,
            name(Shipment.Direction, one.direction, "DIRECTION_"),
            one.node_id,
            f"{one.carrier_code} {one.service_code}",
            one.tracking_number,
            name(TrackingEvent.Status, one.tracking_status, "STATUS_"),
            when(one.ship_time),
            when(one.deliver_time),
        )
        for one in found
    ]
    table("Shipments", _SHIPMENT, rows)


def shipment(one: Shipment) -> None:
    """Print one, with what is in it."""
    shipments(one)
    table("Contents", ("Line", "SKU", "Units"), [(line.line_id, line.sku, line.quantity) for line in one.lines])
    out.print(f"label: {one.label_uri}", markup=False)


def tracking_events(*found: TrackingEvent) -> None:
    """Print what a carrier said."""
    rows = [
        (
            when(one.occur_time),
            name(TrackingEvent.Status, one.status, "STATUS_"),
            one.location,
            one.message or one.raw_code,
        )
        for one in found
    ]
    table("Tracking", ("When", "Status", "Where", "What the carrier says"), rows)


def name(enum: Any, value: int, prefix: str) -> str:
    """Return an enum value as a word for people."""
    return str(enum.Name(value)).removeprefix(prefix).lower().replace("_", " ")


def when(moment: Timestamp) -> str:
    """Return a moment, in UTC, or a dash where it has not come."""
    return moment.ToDatetime().strftime("%Y-%m-%d %H:%M:%S") if moment.seconds else "–"

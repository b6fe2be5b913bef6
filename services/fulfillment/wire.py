"""Protobuf to domain and back, and nothing else."""

from collections.abc import Iterable
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from oms.common.v1 import address_pb2
from oms.fulfillment.v1 import fulfillment_order_pb2, node_event_pb2, shipment_pb2, tracking_event_pb2
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.workflow.v1 import fulfillment_workflow_pb2 as told
from services.fulfillment.domain.address import Address
from services.fulfillment.domain.cancellation import LineAnswer
from services.fulfillment.domain.node_event import NodeEvent, Type
from services.fulfillment.domain.shipment import Shipment, ShipmentLine, Tracking, TrackingEvent
from services.fulfillment.domain.status import Status
from services.fulfillment.domain.work import FulfillmentOrder, Units, lines_of, summed
from services.kernel.errors import InvalidArgument

DEFAULT_PRIORITY = 3

Fact = told.NodeEventRecorded | told.TrackingEventRecorded


def work(request: rpc.CreateFulfillmentOrderRequest, now: datetime) -> FulfillmentOrder:
    return FulfillmentOrder(
        fulfillment_order_id=request.fulfillment_order_id,
        order_id=request.order_id,
        node_id=request.node_id,
        lines=lines_of((line.line_id, line.sku, line.quantity) for line in request.lines),
        ship_to=address(request.ship_to),
        carrier_code=request.carrier_code,
        service_code=request.service_code,
        promise_time=moment(request.promise_time) if request.HasField("promise_time") else None,
        priority=request.priority or DEFAULT_PRIORITY,
        create_time=now,
        update_time=now,
    )


def address(one: address_pb2.Address) -> Address:
    return Address(
        name=one.name,
        company=one.company,
        lines=tuple(one.lines),
        city=one.city,
        administrative_area=one.administrative_area,
        postal_code=one.postal_code,
        country_code=one.country_code,
        phone=one.phone,
        email=one.email,
    )


def units(lines: Iterable[node_event_pb2.NodeEventLine]) -> Units:
    return summed([(line.line_id, line.quantity) for line in lines])


def parcel_lines(lines: Iterable[rpc.FulfillmentLineSpec]) -> tuple[ShipmentLine, ...]:
    return tuple(
        ShipmentLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity)
        for line in lines_of((line.line_id, line.sku, line.quantity) for line in lines)
    )


def status(value: fulfillment_order_pb2.FulfillmentOrder.Status.ValueType) -> Status | None:
    name = fulfillment_order_pb2.FulfillmentOrder.Status.Name(value).removeprefix("STATUS_")
    return Status(name) if value else None


def node_event(one: node_event_pb2.NodeEvent) -> NodeEvent:
    return NodeEvent(
        event_id=one.event_id,
        fulfillment_order_id=one.fulfillment_order_id,
        type=Type(node_event_pb2.NodeEvent.Type.Name(one.type).removeprefix("TYPE_")),
        occur_time=moment(one.occur_time),
        units=units(one.lines),
        tracking_number=one.tracking_number,
        message=one.message,
    )


def tracking_event(one: tracking_event_pb2.TrackingEvent) -> TrackingEvent:
    return TrackingEvent(
        event_id=one.event_id,
        tracking_number=one.tracking_number,
        status=Tracking(tracking_event_pb2.TrackingEvent.Status.Name(one.status).removeprefix("STATUS_")),
        occur_time=moment(one.occur_time),
        raw_code=one.raw_code,
        location=one.location,
        message=one.message,
    )


def fulfillment_order(one: FulfillmentOrder) -> fulfillment_order_pb2.FulfillmentOrder:
    kind = fulfillment_order_pb2.FulfillmentOrder
    return kind(
        fulfillment_order_id=one.fulfillment_order_id,
        order_id=one.order_id,
        node_id=one.node_id,
        status=kind.Status.Value(f"STATUS_{one.status}"),
        request_status=kind.RequestStatus.Value(f"REQUEST_STATUS_{one.request_status}"),
        lines=[
            fulfillment_order_pb2.FulfillmentOrderLine(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                waiting_quantity=line.waiting,
                shipped_quantity=line.shipped,
                rejected_quantity=line.rejected,
                cancelled_quantity=line.cancelled,
            )
            for line in one.lines
        ],
        ship_to=_address(one.ship_to),
        carrier_code=one.carrier_code,
        service_code=one.service_code,
        promise_time=_timestamp(one.promise_time),
        supported_actions=[kind.Action.Value(f"ACTION_{action}") for action in one.supported_actions],
        message=one.message,
        node_reference=one.node_reference,
        create_time=_timestamp(one.create_time),
        update_time=_timestamp(one.update_time),
    )


def cancelled_line(one: LineAnswer) -> rpc.CancelledLine:
    return rpc.CancelledLine(
        line_id=one.line_id,
        cancelled_quantity=one.cancelled,
        intercepting_quantity=one.intercepting,
        too_late_quantity=one.too_late,
    )


def shipment(one: Shipment) -> shipment_pb2.Shipment:
    return shipment_pb2.Shipment(
        shipment_id=one.shipment_id,
        order_id=one.order_id,
        fulfillment_order_id=one.fulfillment_order_id,
        return_id=one.return_id,
        direction=shipment_pb2.Shipment.Direction.Value(f"DIRECTION_{one.direction}"),
        node_id=one.node_id,
        carrier_code=one.carrier_code,
        service_code=one.service_code,
        tracking_number=one.tracking_number,
        label_uri=one.label_uri,
        lines=[
            shipment_pb2.ShipmentLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in one.lines
        ],
        shipped=one.shipped,
        tracking_status=tracking_event_pb2.TrackingEvent.Status.Value(f"STATUS_{one.tracking_status}"),
        ship_time=_timestamp(one.ship_time),
        deliver_time=_timestamp(one.deliver_time),
        create_time=_timestamp(one.create_time),
    )


def tracking(one: TrackingEvent) -> tracking_event_pb2.TrackingEvent:
    return tracking_event_pb2.TrackingEvent(
        event_id=one.event_id,
        tracking_number=one.tracking_number,
        status=tracking_event_pb2.TrackingEvent.Status.Value(f"STATUS_{one.status}"),
        occur_time=_timestamp(one.occur_time),
        raw_code=one.raw_code,
        location=one.location,
        message=one.message,
    )


def node_event_recorded(one: NodeEvent, *, event_id: str, shipment_id: str) -> told.NodeEventRecorded:
    return told.NodeEventRecorded(
        event_id=event_id,
        type=node_event_pb2.NodeEvent.Type.Value(f"TYPE_{one.type}"),
        lines=[
            node_event_pb2.NodeEventLine(line_id=line_id, quantity=quantity) for line_id, quantity in one.units.items()
        ],
        shipment_id=shipment_id,
        message=one.message,
    )


def tracking_event_recorded(one: TrackingEvent, *, event_id: str, shipment_id: str) -> told.TrackingEventRecorded:
    return told.TrackingEventRecorded(
        event_id=event_id,
        shipment_id=shipment_id,
        status=tracking_event_pb2.TrackingEvent.Status.Value(f"STATUS_{one.status}"),
        occur_time=_timestamp(one.occur_time),
    )


def moment(one: Timestamp) -> datetime:
    """Return the moment.

    Raises:
        InvalidArgument: it lies outside the years 1 to 9999.
    """
    try:
        return one.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument("a time lies outside the years 1 to 9999", reason="INVALID_TIME") from None


def _address(one: Address) -> address_pb2.Address:
    return address_pb2.Address(
        name=one.name,
        company=one.company,
        lines=one.lines,
        city=one.city,
        administrative_area=one.administrative_area,
        postal_code=one.postal_code,
        country_code=one.country_code,
        phone=one.phone,
        email=one.email,
    )


def _timestamp(one: datetime | None) -> Timestamp | None:
    if one is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(one)
    return stamp

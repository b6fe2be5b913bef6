"""What a test says to a running fulfillment service, and what the service told the processes."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.fulfillment.v1.node_event_pb2 import NodeEvent, NodeEventLine
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
from oms.workflow.v1.fulfillment_workflow_pb2 import NodeEventRecorded, TrackingEventRecorded
from services.chassis.client import Channels
from services.kernel import ids

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDRESS = Address(
    name="Ada L.", lines=["12 High St"], city="Albany", administrative_area="NY", postal_code="12207", country_code="US"
)
Recorded = rpc.RecordedEvent

_numbers = itertools.count(1)


class Depot:
    """A test plays the process, the node and the carrier."""

    def __init__(self, channels: Channels, address: str, database_url: str) -> None:
        self.stub: Any = channels.connect(FulfillmentServiceStub, address)
        self.address = address
        self._database_url = database_url

    async def create(self, sku: str = "QUIET", **quantities: int) -> Any:
        """Make a fulfillment order of these lines; the quiet SKU's node does nothing by itself."""
        return await self.submit(self.work(sku, **quantities))

    def work(self, sku: str = "QUIET", **quantities: int) -> rpc.CreateFulfillmentOrderRequest:
        number = next(_numbers)
        identity = ids.derived(ids.FULFILLMENT_ORDER, "test", str(number))
        return rpc.CreateFulfillmentOrderRequest(
            request_id=f"{identity}/release",
            fulfillment_order_id=identity,
            order_id=f"ord_{number}",
            node_id="east",
            lines=[
                rpc.FulfillmentLineSpec(line_id=line_id, sku=sku, quantity=quantity)
                for line_id, quantity in (quantities or {"a": 2}).items()
            ],
            ship_to=ADDRESS,
            service_code="GROUND",
        )

    async def submit(self, request: rpc.CreateFulfillmentOrderRequest) -> Any:
        return (await self.stub.CreateFulfillmentOrder(request)).fulfillment_order

    async def get(self, order: FulfillmentOrder) -> Any:
        request = rpc.GetFulfillmentOrderRequest(fulfillment_order_id=order.fulfillment_order_id)
        return (await self.stub.GetFulfillmentOrder(request)).fulfillment_order

    async def report(self, *events: NodeEvent) -> list[rpc.RecordedEvent]:
        answer = await self.stub.RecordNodeEvents(rpc.RecordNodeEventsRequest(events=events))
        return list(answer.results)

    async def track(self, *events: TrackingEvent, carrier_code: str = "SANDBOX") -> list[rpc.RecordedEvent]:
        request = rpc.RecordTrackingEventsRequest(carrier_code=carrier_code, events=events)
        return list((await self.stub.RecordTrackingEvents(request)).results)

    async def label(self, order: FulfillmentOrder, key: str = "", **units: int) -> Any:
        request = rpc.PurchaseLabelRequest(
            request_id=key or f"label/{next(_numbers)}",
            outbound=rpc.OutboundParcel(fulfillment_order_id=order.fulfillment_order_id, lines=lines(units)),
        )
        return (await self.stub.PurchaseLabel(request)).shipment

    async def cancel(self, order: FulfillmentOrder, key: str = "", **units: int) -> Any:
        return await self.stub.CancelFulfillmentOrder(
            rpc.CancelFulfillmentOrderRequest(
                request_id=key or f"cancel/{next(_numbers)}",
                fulfillment_order_id=order.fulfillment_order_id,
                lines=lines(units),
                reason="customer",
            )
        )

    async def shipment(self, shipment: Shipment) -> Any:
        return (await self.stub.GetShipment(rpc.GetShipmentRequest(shipment_id=shipment.shipment_id))).shipment

    async def signals(self, order: FulfillmentOrder) -> list[Any]:
        """Return what the process of this fulfillment order is told, in the order in which it is told."""
        rows = await self.rows(
            "SELECT message_type, message FROM fulfillment.outbox_events WHERE key = $1 ORDER BY sequence",
            f"fulfillment/{order.fulfillment_order_id}",
        )
        kinds = {kind.DESCRIPTOR.full_name: kind for kind in (NodeEventRecorded, TrackingEventRecorded)}
        return [kinds[row["message_type"]].FromString(row["message"]) for row in rows]

    async def rows(self, query: str, *values: Any) -> Any:
        connection = await asyncpg.connect(self._database_url)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


def lines(units: dict[str, int]) -> list[NodeEventLine]:
    return [NodeEventLine(line_id=line_id, quantity=quantity) for line_id, quantity in units.items()]


def said(order: FulfillmentOrder, kind: str, *, event_id: str = "", parcel: str = "", **units: int) -> NodeEvent:
    """Return what a node says."""
    event = NodeEvent(
        event_id=event_id or f"event-{next(_numbers)}",
        fulfillment_order_id=order.fulfillment_order_id,
        type=NodeEvent.Type.Value(f"TYPE_{kind}"),
        lines=lines(units),
        tracking_number=parcel,
    )
    event.occur_time.FromDatetime(NOON)
    return event


def scanned(parcel: str, status: str, *, minute: int = 0, event_id: str = "") -> TrackingEvent:
    """Return what a carrier says."""
    event = TrackingEvent(
        event_id=event_id or f"scan-{next(_numbers)}",
        tracking_number=parcel,
        status=TrackingEvent.Status.Value(f"STATUS_{status}"),
    )
    event.occur_time.FromDatetime(NOON + timedelta(minutes=minute))
    return event


def words(signals: list[Any]) -> list[str]:
    """Return what was told, a word each."""
    return [
        NodeEvent.Type.Name(one.type).removeprefix("TYPE_")
        if isinstance(one, NodeEventRecorded)
        else TrackingEvent.Status.Name(one.status).removeprefix("STATUS_")
        for one in signals
    ]

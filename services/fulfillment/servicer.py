"""One short method per RPC: decode, act (in `nodes` and `parcels`), encode."""

from grpc.aio import ServicerContext

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceServicer
from services.chassis.paging import encode_token, page_size
from services.chassis.service import Parts
from services.fulfillment import pages, store, store_events, store_shipments, wire
from services.fulfillment.carriers import CarrierPort
from services.fulfillment.domain.problems import UnknownParcel
from services.fulfillment.nodes import Nodes
from services.fulfillment.parcels import Parcels
from services.fulfillment.recorded import encoded
from services.fulfillment.wms import WmsPort


class FulfillmentServicer(FulfillmentServiceServicer):
    """The RPCs of protos/oms/fulfillment/v1/fulfillment_service.proto, which says what each promises."""

    def __init__(self, parts: Parts, wms: WmsPort, carrier: CarrierPort) -> None:
        self._database = parts.database
        self._clock = parts.clock
        self._nodes = Nodes(parts, wms)
        self._parcels = Parcels(parts, carrier)

    async def CreateFulfillmentOrder(
        self, request: rpc.CreateFulfillmentOrderRequest, context: ServicerContext
    ) -> rpc.CreateFulfillmentOrderResponse:
        order = await self._nodes.give(wire.work(request, self._clock.now()))
        return rpc.CreateFulfillmentOrderResponse(fulfillment_order=wire.fulfillment_order(order))

    async def GetFulfillmentOrder(
        self, request: rpc.GetFulfillmentOrderRequest, context: ServicerContext
    ) -> rpc.GetFulfillmentOrderResponse:
        async with self._database.connect() as conn:
            order = await store.get(conn, request.fulfillment_order_id)
        return rpc.GetFulfillmentOrderResponse(fulfillment_order=wire.fulfillment_order(order))

    async def ListFulfillmentOrders(
        self, request: rpc.ListFulfillmentOrdersRequest, context: ServicerContext
    ) -> rpc.ListFulfillmentOrdersResponse:
        size = page_size(request.page_size)
        async with self._database.connect() as conn:
            found = await store.page(
                conn,
                order_id=request.order_id,
                node_id=request.node_id,
                status=wire.status(request.status),
                carrier_code=request.carrier_code,
                service_code=request.service_code,
                waiting_only=request.waiting_only,
                before=pages.newest_first(request),
                size=size + 1,
                earliest_promise_first=request.earliest_promise_first,
            )
        page, last = found[:size], found[size - 1] if len(found) > size else None
        return rpc.ListFulfillmentOrdersResponse(
            fulfillment_orders=map(wire.fulfillment_order, page),
            next_page_token=encode_token(request, pages.place(request, last), last.fulfillment_order_id)
            if last
            else "",
        )

    async def CancelFulfillmentOrder(
        self, request: rpc.CancelFulfillmentOrderRequest, context: ServicerContext
    ) -> rpc.CancelFulfillmentOrderResponse:
        return await self._nodes.call_back(request)

    async def PurchaseLabel(
        self, request: rpc.PurchaseLabelRequest, context: ServicerContext
    ) -> rpc.PurchaseLabelResponse:
        return await self._parcels.label(request)

    async def RecordNodeEvents(
        self, request: rpc.RecordNodeEventsRequest, context: ServicerContext
    ) -> rpc.RecordNodeEventsResponse:
        results = await self._nodes.record([wire.node_event(one) for one in request.events])
        return rpc.RecordNodeEventsResponse(results=map(encoded, results))

    async def RecordTrackingEvents(
        self, request: rpc.RecordTrackingEventsRequest, context: ServicerContext
    ) -> rpc.RecordTrackingEventsResponse:
        results = await self._parcels.track(request.carrier_code, [wire.tracking_event(one) for one in request.events])
        return rpc.RecordTrackingEventsResponse(results=map(encoded, results))

    async def GetShipment(self, request: rpc.GetShipmentRequest, context: ServicerContext) -> rpc.GetShipmentResponse:
        async with self._database.connect() as conn:
            shipment = await store_shipments.get(conn, request.shipment_id)
        if shipment is None:
            raise UnknownParcel(request.shipment_id)
        return rpc.GetShipmentResponse(shipment=wire.shipment(shipment))

    async def ListShipments(
        self, request: rpc.ListShipmentsRequest, context: ServicerContext
    ) -> rpc.ListShipmentsResponse:
        size = page_size(request.page_size)
        async with self._database.connect() as conn:
            found = await store_shipments.page(
                conn,
                order_id=request.order_id,
                tracking_number=request.tracking_number,
                before=pages.newest_first(request),
                size=size + 1,
            )
        page, last = found[:size], found[size - 1] if len(found) > size else None
        return rpc.ListShipmentsResponse(
            shipments=map(wire.shipment, page),
            next_page_token=encode_token(request, last.create_time.isoformat(), last.shipment_id) if last else "",
        )

    async def ListTrackingEvents(
        self, request: rpc.ListTrackingEventsRequest, context: ServicerContext
    ) -> rpc.ListTrackingEventsResponse:
        size = page_size(request.page_size)
        async with self._database.connect() as conn:
            found = await store_events.page(
                conn, shipment_id=request.shipment_id, after=pages.tracking(request), size=size + 1
            )
        page, last = found[:size], found[size - 1] if len(found) > size else None
        place = (last.occur_time.isoformat(), last.place_in_time[1], last.event_id) if last else ()
        return rpc.ListTrackingEventsResponse(
            events=map(wire.tracking, page), next_page_token=encode_token(request, *place) if place else ""
        )

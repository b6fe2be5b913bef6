"""Telling routing how long a parcel took, so that promises learn. Never worth stopping a process for."""

import structlog

from oms.common.v1.address_pb2 import Destination
from oms.fulfillment.v1.fulfillment_service_pb2 import GetFulfillmentOrderRequest, GetShipmentRequest
from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from oms.routing.v1.routing_service_pb2 import RecordTransitRequest
from oms.workflow.v1.fulfillment_workflow_pb2 import ArriveCommand
from services.kernel.errors import OmsError
from workflows.activities.calls import Stubs

log = structlog.get_logger()

# In an activity that has other things to do, too.
_SECONDS = 3.0


async def record_transit(stubs: Stubs, command: ArriveCommand) -> None:
    """Tell routing of a parcel that was delivered: of the destination only its country, area and postal code."""
    try:
        request = await _request(stubs, command)
        if request.HasField("dispatch_time") and request.HasField("delivery_time") and request.carrier_code:
            await stubs.routing.RecordTransit(request, timeout=_SECONDS)
    except OmsError as error:
        log.warning("transit not recorded", shipment_id=command.shipment_id, reason=error.reason, error=error.message)


async def _request(stubs: Stubs, command: ArriveCommand) -> RecordTransitRequest:
    fulfillment = stubs.fulfillment
    found = await fulfillment.GetShipment(GetShipmentRequest(shipment_id=command.shipment_id), timeout=_SECONDS)
    of = GetFulfillmentOrderRequest(fulfillment_order_id=command.fulfillment_order_id)
    work = (await fulfillment.GetFulfillmentOrder(of, timeout=_SECONDS)).fulfillment_order
    order = (await stubs.intake.GetOrder(GetOrderRequest(order_id=command.order_id), timeout=_SECONDS)).order
    parcel = found.shipment
    return RecordTransitRequest(
        request_id=command.shipment_id,
        node_id=parcel.node_id,
        carrier_code=work.carrier_code or parcel.carrier_code,
        service_code=work.service_code or parcel.service_code,
        destination=Destination(
            country_code=order.ship_to.country_code,
            administrative_area=order.ship_to.administrative_area,
            postal_code=order.ship_to.postal_code,
        ),
        release_time=work.create_time,
        dispatch_time=parcel.ship_time if parcel.HasField("ship_time") else None,
        delivery_time=parcel.deliver_time if parcel.HasField("deliver_time") else None,
        promise_time=work.promise_time if work.HasField("promise_time") else None,
    )

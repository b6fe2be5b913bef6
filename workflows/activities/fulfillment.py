"""The steps of the fulfillment process."""

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.fulfillment_service_pb2 import (
    CancelFulfillmentOrderRequest,
    CreateFulfillmentOrderRequest,
    FulfillmentLineSpec,
    GetShipmentRequest,
)
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.intake_service_pb2 import (
    CapturePaymentRequest,
    CapturePaymentResponse,
    GetOrderRequest,
    RecordMovesRequest,
)
from oms.intake.v1.units_pb2 import Room
from oms.inventory.v1.inventory_service_pb2 import (
    ConsumeReservationsRequest,
    ReleaseReservationsRequest,
    ReservationUnits,
)
from oms.workflow.v1.fulfillment_workflow_pb2 import (
    ArriveCommand,
    CallBackCommand,
    ReleaseCommand,
    ReleaseResult,
    ShipCommand,
    ShipResult,
    UnshipCommand,
)
from oms.workflow.v1.order_workflow_pb2 import Recorded
from workflows.activities.calls import Stubs, step
from workflows.activities.moves import moves
from workflows.activities.transit import record_transit


class FulfillmentActivities:
    """What the fulfillment process asks of the services."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs

    @step("fulfillment.Release")
    async def release(self, command: ReleaseCommand) -> ReleaseResult:
        """Give the work to the node and record it; what it refuses at once goes back to stock and to the order."""
        work = command.work
        order = (await self._stubs.intake.GetOrder(GetOrderRequest(order_id=command.order_id))).order
        quantities: dict[tuple[str, str], int] = {}
        for line in work.lines:
            pair = (line.line_id, line.sku)
            quantities[pair] = quantities.get(pair, 0) + line.quantity
        request = CreateFulfillmentOrderRequest(
            request_id=f"{work.fulfillment_order_id}/release",
            fulfillment_order_id=work.fulfillment_order_id,
            order_id=command.order_id,
            node_id=work.node_id,
            lines=[
                FulfillmentLineSpec(line_id=line_id, sku=sku, quantity=quantity)
                for (line_id, sku), quantity in quantities.items()
            ],
            ship_to=order.ship_to,
            carrier_code=work.carrier_code,
            service_code=work.service_code,
            priority=command.priority,
        )
        if work.HasField("promise_time"):
            request.promise_time.CopyFrom(work.promise_time)
        answer = (await self._stubs.fulfillment.CreateFulfillmentOrder(request)).fulfillment_order
        refused = answer.request_status == FulfillmentOrder.REQUEST_STATUS_REJECTED
        if refused:
            units = [
                ReservationUnits(reservation_id=line.reservation_id, quantity=line.quantity) for line in work.lines
            ]
            await self._stubs.inventory.ReleaseReservations(
                ReleaseReservationsRequest(
                    request_id=f"{work.fulfillment_order_id}/refused", units=units, reason=answer.message[:200]
                )
            )
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=f"{work.fulfillment_order_id}/release",
                order_id=command.order_id,
                moves=moves(work.lines, Room.ROOM_RESERVED, Room.ROOM_OPEN if refused else Room.ROOM_RELEASED),
                reason=f"refused by {work.node_id}: {answer.message}"[:500] if refused else f"given to {work.node_id}",
                references=_references(work.fulfillment_order_id, work.node_id),
            )
        )
        return ReleaseResult(refused=refused, message=answer.message[:200])

    @step("fulfillment.Ship")
    async def ship(self, command: ShipCommand) -> ShipResult:
        """Use up the reservations, record the parcel, take the money: each once, whichever was done before."""
        key = f"{command.fulfillment_order_id}/ship/{command.shipment_id}"
        units = [ReservationUnits(reservation_id=line.reservation_id, quantity=line.quantity) for line in command.lines]
        await self._stubs.inventory.ConsumeReservations(
            ConsumeReservationsRequest(request_id=key, units=units, reference=command.shipment_id)
        )
        shipment = (
            await self._stubs.fulfillment.GetShipment(GetShipmentRequest(shipment_id=command.shipment_id))
        ).shipment
        shipped = moves(command.lines, Room.ROOM_RELEASED, Room.ROOM_SHIPPED)
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=key,
                order_id=command.order_id,
                moves=shipped,
                reason=f"shipped by {command.node_id}",
                references={
                    **_references(command.fulfillment_order_id, command.node_id),
                    "shipment_id": command.shipment_id,
                    **({"tracking_number": shipment.tracking_number} if shipment.tracking_number else {}),
                    **({"carrier_code": shipment.carrier_code} if shipment.carrier_code else {}),
                },
            )
        )
        capture = await self._stubs.intake.CapturePayment(
            CapturePaymentRequest(
                request_id=key,
                order_id=command.order_id,
                shipment_id=command.shipment_id,
                lines=[LineQuantity(line_id=move.line_id, quantity=move.quantity) for move in shipped],
            )
        )
        return ShipResult(capture_declined=capture.outcome == CapturePaymentResponse.OUTCOME_DECLINED)

    @step("fulfillment.Unship")
    async def unship(self, command: UnshipCommand) -> Recorded:
        """Give back the rights to units that the node will not ship, and record where they are now."""
        units = [ReservationUnits(reservation_id=line.reservation_id, quantity=line.quantity) for line in command.lines]
        await self._stubs.inventory.ReleaseReservations(
            ReleaseReservationsRequest(
                request_id=command.key, units=units, missing=command.missing, reason=command.reason[:200]
            )
        )
        target = Room.ROOM_CANCELLED if command.cancelled else Room.ROOM_OPEN
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=command.key,
                order_id=command.order_id,
                moves=moves(command.lines, Room.ROOM_RELEASED, target),
                reason=f"{command.node_id}: {command.reason or 'will not ship'}"[:500],
                references=_references(command.fulfillment_order_id, command.node_id),
            )
        )
        return Recorded()

    @step("fulfillment.Arrive")
    async def arrive(self, command: ArriveCommand) -> Recorded:
        """Record that a parcel was delivered, or lost."""
        target = Room.ROOM_LOST if command.lost else Room.ROOM_DELIVERED
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=command.key,
                order_id=command.order_id,
                moves=moves(command.lines, Room.ROOM_SHIPPED, target),
                reason="lost on the way" if command.lost else "delivered",
                references={
                    "fulfillment_order_id": command.fulfillment_order_id,
                    "shipment_id": command.shipment_id,
                },
            )
        )
        if not command.lost:
            await record_transit(self._stubs, command)
        return Recorded()

    @step("fulfillment.CallBack")
    async def call_back(self, command: CallBackCommand) -> Recorded:
        """Ask the node to stop whatever it has not shipped; what it stops is told by event."""
        await self._stubs.fulfillment.CancelFulfillmentOrder(
            CancelFulfillmentOrderRequest(
                request_id=command.key, fulfillment_order_id=command.fulfillment_order_id, reason=command.reason
            )
        )
        return Recorded()


def _references(fulfillment_order_id: str, node_id: str) -> dict[str, str]:
    return {"fulfillment_order_id": fulfillment_order_id, "node_id": node_id}

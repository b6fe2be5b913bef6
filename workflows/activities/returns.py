"""The steps of the return process."""

from oms.fulfillment.v1.fulfillment_service_pb2 import (
    FulfillmentLineSpec,
    ListShipmentsRequest,
    PurchaseLabelRequest,
    ReturnParcel,
)
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.intake.v1.intake_service_pb2 import GetOrderRequest, RecordMovesRequest
from oms.intake.v1.units_pb2 import Room
from oms.inventory.v1.inventory_service_pb2 import Adjustment, AdjustStockRequest
from oms.inventory.v1.position_pb2 import MovementReason
from oms.returns.v1.return_pb2 import Disposition, Reimbursement
from oms.returns.v1.returns_service_pb2 import (
    CancelReturnRequest,
    CloseReturnRequest,
    IssueReimbursementRequest,
    ReceivedLine,
    RecordReturnLabelRequest,
)
from oms.workflow.v1.order_workflow_pb2 import OrderInputLine, Recorded
from oms.workflow.v1.return_workflow_pb2 import (
    CloseCommand,
    GiveUpCommand,
    LabelCommand,
    LabelResult,
    ReimburseCommand,
    ReimburseResult,
    RestockCommand,
)
from services.kernel.errors import FailedPrecondition
from workflows.activities.calls import Stubs, step
from workflows.activities.moves import moves

# Units that are kept but cannot be sold as they are.
_UNSELLABLE = (Disposition.DISPOSITION_REFURBISH, Disposition.DISPOSITION_RETURN_TO_VENDOR)


class ReturnActivities:
    """What the return process asks of the services."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs

    @step("returns.Label")
    async def label(self, command: LabelCommand) -> LabelResult:
        """Buy a label to the node that is to have the goods (the one they came from, unless told) and record it."""
        order = (await self._stubs.intake.GetOrder(GetOrderRequest(order_id=command.order_id))).order
        node_id = command.node_id or await self._origin(command)
        purchase = PurchaseLabelRequest(
            request_id=f"{command.return_id}/label",
            return_parcel=ReturnParcel(
                return_id=command.return_id,
                order_id=command.order_id,
                node_id=node_id,
                lines=[
                    FulfillmentLineSpec(line_id=one.line_id, sku=one.sku, quantity=one.quantity)
                    for one in command.lines
                ],
                ship_from=order.ship_to,
            ),
        )
        shipment = (await self._stubs.fulfillment.PurchaseLabel(purchase)).shipment
        await self._stubs.returns.RecordReturnLabel(
            RecordReturnLabelRequest(
                request_id=f"{command.return_id}/label",
                return_id=command.return_id,
                shipment_id=shipment.shipment_id,
                tracking_number=shipment.tracking_number,
                label_uri=shipment.label_uri,
                node_id=node_id,
            )
        )
        return LabelResult(node_id=node_id, tracking_number=shipment.tracking_number)

    async def _origin(self, command: LabelCommand) -> str:
        """Return the node that shipped most of these units."""
        wanted = {one.line_id for one in command.lines}
        shipped: dict[str, int] = {}
        answer = await self._stubs.fulfillment.ListShipments(
            ListShipmentsRequest(order_id=command.order_id, page_size=500)
        )
        for shipment in answer.shipments:
            if shipment.direction == Shipment.DIRECTION_OUTBOUND and shipment.shipped:
                units = sum(line.quantity for line in shipment.lines if line.line_id in wanted)
                shipped[shipment.node_id] = shipped.get(shipment.node_id, 0) + units
        if not shipped:
            raise FailedPrecondition(
                f"no node has shipped any of {', '.join(sorted(wanted))}: name the node that is to have them",
                reason="NO_RETURN_NODE",
            )
        return max(sorted(shipped), key=lambda node_id: shipped[node_id])

    @step("returns.Restock")
    async def restock(self, command: RestockCommand) -> Recorded:
        """Record that units came back, and put into stock what belongs there; scrap never enters it."""
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=command.key,
                order_id=command.order_id,
                moves=moves(
                    (OrderInputLine(line_id=one.line_id, quantity=one.quantity) for one in command.units),
                    Room.ROOM_DELIVERED,
                    Room.ROOM_RETURNED,
                ),
                reason="came back",
                references={"return_id": command.return_id, "node_id": command.node_id},
            )
        )
        adjustments = [
            Adjustment(
                sku=one.sku,
                node_id=command.node_id,
                on_hand_delta=one.quantity,
                unsellable_delta=one.quantity if one.disposition in _UNSELLABLE else 0,
            )
            for one in command.units
            if one.disposition == Disposition.DISPOSITION_RESTOCK or one.disposition in _UNSELLABLE
        ]
        if adjustments:
            await self._stubs.inventory.AdjustStock(
                AdjustStockRequest(
                    request_id=command.key,
                    adjustments=adjustments,
                    reason=MovementReason.MOVEMENT_REASON_RETURN,
                    reference=command.return_id,
                )
            )
        return Recorded()

    @step("returns.Reimburse")
    async def reimburse(self, command: ReimburseCommand) -> ReimburseResult:
        """Pay back what is owed for units that came back."""
        answer = await self._stubs.returns.IssueReimbursement(
            IssueReimbursementRequest(
                request_id=command.key,
                order_id=command.order_id,
                return_id=command.return_id,
                cause=Reimbursement.CAUSE_RETURN,
                lines=[ReceivedLine(line_id=one.line_id, quantity=one.quantity) for one in command.lines],
            )
        )
        return ReimburseResult(state=answer.reimbursement.state)

    @step("returns.GiveUp")
    async def give_up(self, command: GiveUpCommand) -> Recorded:
        """Cancel a return of which nothing came; one that came in part stays as it is."""
        try:
            await self._stubs.returns.CancelReturn(
                CancelReturnRequest(
                    request_id=f"{command.return_id}/give-up", return_id=command.return_id, reason=command.reason
                )
            )
        except FailedPrecondition as error:
            if error.reason not in ("RETURN_RECEIVED", "RETURN_DECIDED"):
                raise
        return Recorded()

    @step("returns.CloseReturn")
    async def close(self, command: CloseCommand) -> Recorded:
        """Say that all that was to be done is done."""
        await self._stubs.returns.CloseReturn(
            CloseReturnRequest(request_id=f"{command.return_id}/close", return_id=command.return_id)
        )
        return Recorded()

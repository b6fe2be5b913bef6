"""The steps of the order process."""

from oms.fulfillment.v1.fulfillment_service_pb2 import CancelFulfillmentOrderRequest
from oms.fulfillment.v1.node_event_pb2 import NodeEventLine
from oms.intake.v1.hold_pb2 import Hold, HoldDeadlineAction
from oms.intake.v1.intake_service_pb2 import ExpireHoldRequest, RecordMovesRequest, VoidPaymentRequest
from oms.intake.v1.units_pb2 import Room
from oms.inventory.v1.inventory_service_pb2 import (
    CloseBackorderRequest,
    ReleaseReservationsRequest,
    ReservationUnits,
)
from oms.returns.v1.return_pb2 import Reimbursement
from oms.returns.v1.returns_service_pb2 import IssueReimbursementRequest, ReceivedLine
from oms.workflow.v1.fulfillment_workflow_pb2 import CallBackCommand, CallBackResult
from oms.workflow.v1.order_workflow_pb2 import (
    AllocateCommand,
    AllocateResult,
    ExpireHoldCommand,
    ExpireHoldResult,
    GiveBackCommand,
    OrderInputLine,
    Recorded,
    SettleCommand,
)
from services.kernel.errors import FailedPrecondition, Unavailable
from workflows.activities.allocate import allocate
from workflows.activities.calls import Stubs, step
from workflows.activities.moves import moves


class OrderActivities:
    """What the order process asks of the services."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs

    @step("order.Allocate")
    async def allocate(self, command: AllocateCommand) -> AllocateResult:
        """Plan, reserve, and record."""
        return await allocate(self._stubs, command)

    @step("order.GiveBack")
    async def give_back(self, command: GiveBackCommand) -> Recorded:
        """Give back what was set aside, stop waiting for stock, and record the units as cancelled."""
        if command.reserved_units:
            units = [
                ReservationUnits(reservation_id=one.reservation_id, quantity=one.quantity)
                for one in command.reserved_units
            ]
            await self._stubs.inventory.ReleaseReservations(
                ReleaseReservationsRequest(request_id=f"{command.key}/release", units=units, reason=command.reason)
            )
        if command.backordered_units:
            await self._stubs.inventory.CloseBackorder(
                CloseBackorderRequest(
                    request_id=f"{command.key}/close",
                    owner_id=command.order_id,
                    line_ids=[one.line_id for one in command.backordered_units],
                )
            )
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=command.key,
                order_id=command.order_id,
                moves=[
                    *moves(command.open_units, Room.ROOM_OPEN, Room.ROOM_CANCELLED),
                    *moves(command.backordered_units, Room.ROOM_BACKORDERED, Room.ROOM_CANCELLED),
                    *moves(command.reserved_units, Room.ROOM_RESERVED, Room.ROOM_CANCELLED),
                ],
                reason=command.reason or "cancelled",
                references={"asked_by": command.actor} if command.actor else {},
            )
        )
        return Recorded()

    @step("fulfillment.CancelFulfillmentOrder")
    async def call_back(self, command: CallBackCommand) -> CallBackResult:
        """Ask a node to stop."""
        answer = await self._stubs.fulfillment.CancelFulfillmentOrder(
            CancelFulfillmentOrderRequest(
                request_id=command.key,
                fulfillment_order_id=command.fulfillment_order_id,
                lines=[NodeEventLine(line_id=one.line_id, quantity=one.quantity) for one in command.lines],
                reason=command.reason,
            )
        )
        result = CallBackResult()
        for line in answer.lines:
            for target, quantity in (
                (result.cancelled, line.cancelled_quantity),
                (result.intercepting, line.intercepting_quantity),
                (result.too_late, line.too_late_quantity),
            ):
                if quantity:
                    target.append(OrderInputLine(line_id=line.line_id, quantity=quantity))
        return result

    @step("intake.ExpireHold")
    async def expire_hold(self, command: ExpireHoldCommand) -> ExpireHoldResult:
        """Apply a hold's deadline action."""
        request = ExpireHoldRequest(
            request_id=f"{command.hold_id}/expire", order_id=command.order_id, hold_id=command.hold_id
        )
        try:
            answer = await self._stubs.intake.ExpireHold(request)
        except FailedPrecondition as error:
            if error.reason != "HOLD_NOT_DUE":
                raise
            # Intake's clock is behind the process's, by a moment or by more: it will get there.
            raise Unavailable(error.message, reason=error.reason) from error
        gone = answer.hold.state != Hold.STATE_CREATED
        cancel = answer.hold.deadline_action == HoldDeadlineAction.HOLD_DEADLINE_ACTION_CANCEL
        return ExpireHoldResult(resolved=gone, cancel=gone and cancel and answer.hold.state == Hold.STATE_EXPIRED)

    @step("order.Settle")
    async def settle(self, command: SettleCommand) -> Recorded:
        """Pay back what was paid for units that will not arrive, and let go of what will not be captured."""
        for cause, units in (
            (Reimbursement.CAUSE_CANCELLATION, command.cancelled_units),
            (Reimbursement.CAUSE_LOSS, command.lost_units),
        ):
            if units:
                await self._stubs.returns.IssueReimbursement(
                    IssueReimbursementRequest(
                        request_id=f"{command.key}/{Reimbursement.Cause.Name(cause).lower()}",
                        order_id=command.order_id,
                        cause=cause,
                        lines=[ReceivedLine(line_id=one.line_id, quantity=one.quantity) for one in units],
                    )
                )
        if command.lost_units:
            await self._stubs.intake.RecordMoves(
                RecordMovesRequest(
                    request_id=f"{command.key}/lost",
                    order_id=command.order_id,
                    moves=moves(command.lost_units, Room.ROOM_LOST, Room.ROOM_CANCELLED),
                    reason="lost on the way, paid back",
                )
            )
        if command.nothing_left:
            await self._stubs.intake.VoidPayment(
                VoidPaymentRequest(request_id=f"{command.key}/void", order_id=command.order_id)
            )
        return Recorded()

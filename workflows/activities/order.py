"""The steps of the order process."""

from collections.abc import Sequence

from oms.fulfillment.v1.fulfillment_service_pb2 import CancelFulfillmentOrderRequest
from oms.fulfillment.v1.node_event_pb2 import NodeEventLine
from oms.intake.v1.hold_pb2 import Hold, HoldDeadlineAction
from oms.intake.v1.intake_service_pb2 import ExpireHoldRequest, RecordMovesRequest, VoidPaymentRequest
from oms.intake.v1.order_change_pb2 import OrderChange
from oms.intake.v1.order_change_service_pb2 import (
    DecideOrderChangeRequest,
    HandOverOrderRequest,
    TakeOverOrderRequest,
)
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
    AskBackCommand,
    AskBackResult,
    DecideChangeCommand,
    DecideChangeResult,
    ExpireHoldCommand,
    ExpireHoldResult,
    GiveBackCommand,
    MergeCommand,
    MergeResult,
    OrderInputLine,
    ProcessHold,
    PutBackCommand,
    Recorded,
    SettleCommand,
    WorkLine,
)
from services.kernel.errors import FailedPrecondition, NotFound, Unavailable
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
        await self._let_go(
            command.key, command.order_id, command.reserved_units, command.backordered_units, command.reason
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

    @step("order.PutBack")
    async def put_back(self, command: PutBackCommand) -> Recorded:
        """Give back what was set aside, stop waiting for stock, and record the units as open."""
        await self._let_go(
            command.key, command.order_id, command.reserved_units, command.backordered_units, "replanned"
        )
        await self._stubs.intake.RecordMoves(
            RecordMovesRequest(
                request_id=command.key,
                order_id=command.order_id,
                moves=[
                    *moves(command.reserved_units, Room.ROOM_RESERVED, Room.ROOM_OPEN),
                    *moves(command.backordered_units, Room.ROOM_BACKORDERED, Room.ROOM_OPEN),
                ],
                reason=command.reason,
            )
        )
        return Recorded()

    @step("fulfillment.AskBack")
    async def ask_back(self, command: AskBackCommand) -> AskBackResult:
        """Ask a node to leave units alone, so that they are planned again."""
        try:
            answer = await self._stubs.fulfillment.CancelFulfillmentOrder(
                CancelFulfillmentOrderRequest(
                    request_id=command.key,
                    fulfillment_order_id=command.fulfillment_order_id,
                    lines=[NodeEventLine(line_id=one.line_id, quantity=one.quantity) for one in command.lines],
                    reason=command.reason,
                    reroute=True,
                )
            )
        except NotFound as error:
            # Its process has begun and not given the work to the node: it will in a moment.
            raise Unavailable(error.message, reason=error.reason) from error
        result = AskBackResult()
        for line in answer.lines:
            if line.cancelled_quantity:
                result.taken.append(OrderInputLine(line_id=line.line_id, quantity=line.cancelled_quantity))
            if line.intercepting_quantity:
                result.intercepting.append(OrderInputLine(line_id=line.line_id, quantity=line.intercepting_quantity))
        return result

    @step("intake.TakeOverOrder")
    async def take_over(self, command: MergeCommand) -> MergeResult:
        """Have the other order's process hand it over."""
        request = TakeOverOrderRequest(request_id=f"{command.change_id}/take-over", change_id=command.change_id)
        answer = await self._stubs.changes.TakeOverOrder(request)
        lines = [OrderInputLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in answer.lines]
        return MergeResult(result=answer.result, lines=lines)

    @step("intake.HandOverOrder")
    async def hand_over(self, command: MergeCommand) -> MergeResult:
        """Have the order become part of the one that is merging it."""
        answer = await self._stubs.changes.HandOverOrder(
            HandOverOrderRequest(
                request_id=f"{command.change_id}/hand-over", order_id=command.order_id, change_id=command.change_id
            )
        )
        return MergeResult(result=answer.result)

    @step("intake.DecideOrderChange")
    async def decide_change(self, command: DecideChangeCommand) -> DecideChangeResult:
        """Have a change written as it was decided."""
        answer = await self._stubs.changes.DecideOrderChange(
            DecideOrderChangeRequest(
                request_id=f"{command.change_id}/decide",
                order_id=command.order_id,
                change_id=command.change_id,
                edit_results=command.edit_results,
                lines=command.lines,
            )
        )
        holds = [
            ProcessHold(
                hold_id=hold.hold_id,
                type=hold.type,
                line_id=hold.line_id,
                deadline_time=hold.deadline_time if hold.HasField("deadline_time") else None,
            )
            for hold in answer.holds
        ]
        return DecideChangeResult(
            confirmed=answer.change.state == OrderChange.STATE_CONFIRMED,
            edit_results=answer.change.edit_results,
            holds=holds,
        )

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

    async def _let_go(
        self,
        key: str,
        order_id: str,
        reserved: Sequence[WorkLine],
        backordered: Sequence[OrderInputLine],
        reason: str,
    ) -> None:
        if reserved:
            units = [ReservationUnits(reservation_id=one.reservation_id, quantity=one.quantity) for one in reserved]
            await self._stubs.inventory.ReleaseReservations(
                ReleaseReservationsRequest(request_id=f"{key}/release", units=units, reason=reason)
            )
        if backordered:
            await self._stubs.inventory.CloseBackorder(
                CloseBackorderRequest(
                    request_id=f"{key}/close", owner_id=order_id, line_ids=[one.line_id for one in backordered]
                )
            )

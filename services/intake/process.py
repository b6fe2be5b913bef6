"""The order's process, seen from intake: how it is started, told of facts, and asked to cancel.

The only file of intake that knows Temporal. Nothing here is needed to accept an order.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.message import Message
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from oms.intake.v1.hold_pb2 import Hold as HoldMessage
from oms.intake.v1.hold_pb2 import HoldType as HoldTypeNumber
from oms.workflow.v1.order_workflow_pb2 import (
    CancelOrderCommand,
    CancelOrderOutcome,
    ChangeOrderCommand,
    ChangeOrderOutcome,
    HoldPlaced,
    HoldResolved,
    OrderInput,
    OrderInputLine,
    ProcessHold,
)
from services.chassis.outbox import SignalWorkflow, StartWorkflow
from services.chassis.sinks.temporal import typed_search_attributes
from services.intake.domain.cancellation import LineCancellation
from services.intake.domain.holds import Hold, cancels
from services.intake.domain.order import Order
from services.intake.wire import cancellation_from
from services.intake.wire_values import number_of, stamp
from services.kernel.errors import OmsError, Unavailable
from workflows import contract, search_attributes

# Temporal shows a summary of 400 bytes and details of 20,000.
_SUMMARY_LIMIT = 400
_DETAIL_LINES = 50

Outcome = TypeVar("Outcome", bound=Message)


class ProcessClosedError(Exception):
    """The process has ended, so the rooms say all there is to say."""


def start_of(order: Order) -> StartWorkflow:
    """Return what starts the order's process: everything that it needs to begin, and no personal data."""
    workflow_id = contract.order_workflow_id(order.order_id)
    return StartWorkflow(
        key=workflow_id,
        workflow=contract.ORDER,
        workflow_id=workflow_id,
        task_queue=contract.TASK_QUEUE,
        input=_input(order),
        search_attributes=_attributes(order),
        summary=_summary(order),
        details=_details(order),
    )


def hold_placed(hold: Hold) -> SignalWorkflow:
    """Return the fact that the order has one hold more."""
    return _signal(hold, contract.HOLD_PLACED, HoldPlaced(hold=_process_hold(hold)))


def hold_resolved(hold: Hold) -> SignalWorkflow:
    """Return the fact that a hold is gone."""
    payload = HoldResolved(hold_id=hold.hold_id, state=number_of(HoldMessage.State, hold.state), cancel=cancels(hold))
    return _signal(hold, contract.HOLD_RESOLVED, payload)


class Process:
    """Asks the order's process, starting it where the relay has not done so yet."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect

    async def cancel(self, order: Order, command: CancelOrderCommand, limit: float) -> tuple[LineCancellation, ...]:
        """Return what the process made of the cancellation; the same request_id is the same cancellation.

        Raises:
            ProcessClosedError: it has ended, or refuses because nothing is left for it to do.
            Unavailable: PROCESS_UNAVAILABLE, where it did not answer within `limit` seconds.
        """
        outcome = await self._ask(
            order,
            command,
            limit,
            update=contract.CANCEL_ORDER,
            update_id=command.request_id,
            result_type=CancelOrderOutcome,
        )
        return tuple(cancellation_from(line) for line in outcome.lines)

    async def change(self, order: Order, command: ChangeOrderCommand, limit: float) -> bool:
        """Have the process decide a change, which is written when this returns; tell whether it was confirmed.

        Raises:
            ProcessClosedError: it has ended, or refuses because nothing is left for it to do.
            Unavailable: PROCESS_UNAVAILABLE, where it did not answer within `limit` seconds.
        """
        update_id = f"change/{command.change_id}"
        outcome = await self._ask(
            order, command, limit, update=contract.CHANGE_ORDER, update_id=update_id, result_type=ChangeOrderOutcome
        )
        return outcome.confirmed

    async def _ask(
        self, order: Order, command: Message, limit: float, *, update: str, update_id: str, result_type: type[Outcome]
    ) -> Outcome:
        try:
            async with asyncio.timeout(limit):
                client = await self._connect()
                outcome: Outcome = await client.execute_update_with_start_workflow(
                    update,
                    command,
                    start_workflow_operation=_start_operation(order),
                    id=update_id,
                    result_type=result_type,
                    rpc_timeout=timedelta(seconds=limit),
                )
        except (WorkflowAlreadyStartedError, WorkflowUpdateFailedError) as error:
            raise ProcessClosedError from error
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.ALREADY_EXISTS):
                raise ProcessClosedError from error
            raise unavailable(order.order_id) from error
        except (
            OmsError,
            TimeoutError,
            OSError,
            RuntimeError,  # the SDK's connection errors
            WorkflowUpdateRPCTimeoutOrCancelledError,  # what it makes of the cancellation that a timeout is
        ) as error:
            raise unavailable(order.order_id) from error
        return outcome


def _start_operation(order: Order) -> WithStartWorkflowOperation[object, object]:
    start = start_of(order)
    return WithStartWorkflowOperation(
        start.workflow,
        start.input,
        id=start.workflow_id,
        task_queue=start.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A process that has ended is never run again: it would ship everything a second time.
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=typed_search_attributes(start.search_attributes, search_attributes.TYPES),
        static_summary=start.summary,
        static_details=start.details,
    )


def unavailable(order_id: str) -> Unavailable:
    """Return the error for a process that did not answer."""
    return Unavailable(
        "the order's process did not answer: ask again with the same request_id",
        reason="PROCESS_UNAVAILABLE",
        order_id=order_id,
    )


def _input(order: Order) -> OrderInput:
    return OrderInput(
        order_id=order.order_id,
        channel=order.channel,
        region=order.region,
        priority=order.priority,
        lines=[OrderInputLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in order.lines],
        holds=[_process_hold(hold) for hold in order.open_holds],
        ship_complete=order.ship_complete,
    )


def _process_hold(hold: Hold) -> ProcessHold:
    return ProcessHold(
        hold_id=hold.hold_id,
        type=number_of(HoldTypeNumber, hold.type),
        line_id=hold.line_id,
        deadline_time=stamp(hold.deadline_time),
    )


def _signal(hold: Hold, signal: str, payload: HoldPlaced | HoldResolved) -> SignalWorkflow:
    workflow_id = contract.order_workflow_id(hold.order_id)
    return SignalWorkflow(key=workflow_id, workflow_id=workflow_id, signal=signal, payload=payload)


def _attributes(order: Order) -> dict[str, str | int | datetime]:
    attributes: dict[str, str | int | datetime] = {
        search_attributes.STATUS: order.status.words,
        search_attributes.CHANNEL: order.channel,
        search_attributes.REGION: order.region,
        search_attributes.PRIORITY: order.priority,
    }
    if order.open_holds:
        attributes[search_attributes.HOLD] = ", ".join(sorted({hold.type.value for hold in order.open_holds}))
    return attributes


def _summary(order: Order) -> str:
    number = order.order_number if order.order_number.startswith("#") else f"#{order.order_number}"
    units = "1 unit" if order.units.total == 1 else f"{order.units.total} units"
    rest = f" · {order.channel} · {units} · {order.region}"
    room = _SUMMARY_LIMIT - len(rest.encode())
    return number.encode()[:room].decode(errors="ignore") + rest


def _details(order: Order) -> str:
    shown = [f"- {line.quantity} × {line.sku}" for line in order.lines[:_DETAIL_LINES]]
    more = len(order.lines) - len(shown)
    return "\n".join([*shown, f"- … and {more} lines more"] if more else shown)

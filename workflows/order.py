"""The order process: from acceptance until every unit has come to rest.

It holds, allocates, waits for stock, starts a fulfillment process for each node, cancels, and settles. What to do next
is decided by `workflows.state.order`; this file carries it out and shows it.
"""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from oms.intake.v1.cancellation_pb2 import LineCancellation
    from oms.intake.v1.hold_pb2 import Hold as IntakeHold
    from oms.workflow.v1 import fulfillment_workflow_pb2 as ful
    from oms.workflow.v1 import order_workflow_pb2 as pb
    from workflows.activities.order import OrderActivities

from workflows import contract, options
from workflows.details import order_details
from workflows.fulfillment import FulfillmentWorkflow
from workflows.order_changes import Change, hold_of
from workflows.process import Process, child_attributes, lines_of, units_of, work_lines, work_of
from workflows.state import order as state
from workflows.state import order_steps as steps
from workflows.state.units import Work


@workflow.defn(name=contract.ORDER)
class OrderWorkflow:
    """Drives one order. Its id is "order/" and the order's."""

    @workflow.init
    def __init__(self, order: pb.OrderInput) -> None:
        self._input = order
        self._state = state.OrderState.begin(
            order.order_id,
            units_of(order.lines),
            [hold_of(hold) for hold in order.holds],
            ship_complete=order.ship_complete,
        )
        self._process = Process(self._state.status(), self._holds())
        self._step_lock = asyncio.Lock()
        self._works: dict[str, pb.NodeWork] = {}
        self._children: set[asyncio.Task[None]] = set()
        self._nodes: set[str] = set()
        self._promise: datetime | None = None
        self._cancellations = 0

    @workflow.run
    async def run(self, order: pb.OrderInput) -> pb.OrderResult:  # noqa: ARG002 - @workflow.init took it
        """Drive the order to rest. A cancellation of the workflow is a cancellation of the order."""
        drive = asyncio.ensure_future(self._drive())
        try:
            await asyncio.shield(drive)
        except asyncio.CancelledError:
            self._state.cancellation_asked(steps.Cancellation("workflow", {}, "operator", "workflow was cancelled"))
            await drive
        return pb.OrderResult(summary=self._state.status())

    async def _drive(self) -> None:
        self._show()
        while True:
            step = self._state.next_step(workflow.now())
            if isinstance(step, steps.Wait):
                await self._wait(step.until)
            elif isinstance(step, steps.Done):
                await workflow.wait_condition(workflow.all_handlers_finished)
                if isinstance(self._state.next_step(workflow.now()), steps.Done):
                    return
            else:
                async with self._step_lock:
                    # Somebody else may have had the lock: what is to be done now may be another thing.
                    await self._carry_out(self._state.next_step(workflow.now()))
            self._show()

    async def _carry_out(self, step: steps.Step) -> None:
        match step:
            case steps.Allocate():
                await self._allocate(step)
            case steps.Start(works):
                await asyncio.gather(*(self._start(work) for work in works))
            case steps.Cancel(cancellation):
                await self._cancel(cancellation)
                self._state.cancellation_done(cancellation.key)
            case steps.ExpireHold(hold_id):
                await self._expire(hold_id)
            case steps.Settle():
                await self._settle(step)
            case _:
                pass

    async def _wait(self, until: datetime | None) -> None:
        changes = self._state.changes
        limit = until - workflow.now() if until else None
        with contextlib.suppress(TimeoutError):  # next_step looks at the time
            await workflow.wait_condition(
                lambda: self._state.changes != changes,
                timeout=max(limit, timedelta()) if limit is not None else None,
                timeout_summary=f"{self._state.status().lower()}, until {until:%Y-%m-%d %H:%M} UTC" if until else None,
            )

    async def _allocate(self, step: steps.Allocate) -> None:
        command = pb.AllocateCommand(
            order_id=self._input.order_id,
            attempt=self._state.attempts,
            lines=[
                pb.AllocateLine(
                    line_id=line_id,
                    sku=self._state.lines[line_id].sku,
                    open_quantity=opened,
                    backordered_quantity=waiting,
                    node_id=self._state.lines[line_id].node,
                )
                for line_id, (opened, waiting) in step.lines.items()
            ],
            excluded=[pb.TriedPair(node_id=node_id, sku=sku) for node_id, sku in self._state.excluded()],
            priority=self._input.priority,
            ship_complete=self._input.ship_complete,
        )
        if self._promise:
            command.due_time.FromDatetime(self._promise)
        result = await self._process.call(
            OrderActivities.allocate, command, options.SERVICE_CALL, summary="plan and reserve"
        )
        self._works.update({work.fulfillment_order_id: work for work in result.work})
        promises = [work.promise_time.ToDatetime(UTC) for work in result.work if work.HasField("promise_time")]
        self._promise = max([*promises, *([self._promise] if self._promise else [])], default=None)
        works = [work_of(work) for work in result.work]
        self._state.allocated(works, units_of(result.backordered), step, workflow.now())

    async def _start(self, work: Work) -> None:
        """Start a fulfillment process; it is abandoned, never terminated: goods do not stop when a process does."""
        known = self._works.pop(work.fulfillment_order_id)
        order = self._input
        units = sum(line.quantity for line in work.lines)
        child_input = ful.FulfillmentInput(
            order_id=order.order_id,
            channel=order.channel,
            region=order.region,
            priority=order.priority,
            work=pb.NodeWork(
                fulfillment_order_id=work.fulfillment_order_id,
                node_id=work.node_id,
                lines=work_lines(work.lines),
                carrier_code=known.carrier_code,
                service_code=known.service_code,
                promise_time=known.promise_time,
            ),
        )
        child = await workflow.start_child_workflow(
            FulfillmentWorkflow.run,
            child_input,
            id=contract.fulfillment_workflow_id(work.fulfillment_order_id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"{work.node_id} ships {units} unit{'s' if units != 1 else ''}",
            search_attributes=child_attributes(order, work.node_id, known),
        )
        self._state.started(work)
        self._nodes.add(work.node_id)
        task = asyncio.ensure_future(self._follow(work.fulfillment_order_id, child))
        self._children.add(task)
        task.add_done_callback(self._children.discard)

    async def _follow(
        self,
        fulfillment_order_id: str,
        child: "workflow.ChildWorkflowHandle[FulfillmentWorkflow, ful.FulfillmentResult]",
    ) -> None:
        result = await child
        self._state.fulfillment_ended(
            fulfillment_order_id,
            delivered=units_of(result.delivered),
            rejected=units_of(result.rejected),
            cancelled=units_of(result.cancelled),
            lost=units_of(result.lost),
            node_refused=result.node_refused,
        )

    async def _cancel(self, cancellation: steps.Cancellation) -> list[LineCancellation]:
        """Cancel what can be, ask nodes for what they have, and return what really happened, per line."""
        plan = self._state.plan_cancellation(cancellation.wanted)
        return list((await self._cancel_units(plan, cancellation.actor, cancellation.reason)).values())

    async def _cancel_units(self, plan: steps.CancellationPlan, actor: str, reason: str) -> dict[str, LineCancellation]:
        tally = {line_id: LineCancellation(line_id=line_id) for line_id in plan.too_late}
        for line_id, quantity in plan.too_late.items():
            tally[line_id].too_late_quantity += quantity
            tally[line_id].cancelled_quantity += plan.cancelled_before[line_id]
        self._cancellations += 1
        key = f"{self._input.order_id}/cancel/{self._cancellations}"
        if plan.open or plan.backordered or plan.reserved:
            command = pb.GiveBackCommand(
                key=key,
                order_id=self._input.order_id,
                open_units=lines_of(plan.open),
                backordered_units=lines_of(plan.backordered),
                reserved_units=work_lines(plan.reserved),
                actor=actor,
                reason=reason,
            )
            await self._process.call(
                OrderActivities.give_back, command, options.SERVICE_CALL, summary="give back and cancel"
            )
            self._state.given_up(plan)
            for given_up in (plan.open, plan.backordered, plan.reserved):
                for units in given_up:
                    tally[units.line_id].cancelled_quantity += units.quantity
        for ask in plan.call_backs:
            call_back = ful.CallBackCommand(
                key=f"{key}/{ask.fulfillment_order_id}",
                fulfillment_order_id=ask.fulfillment_order_id,
                lines=lines_of(ask.units),
                reason=reason,
            )
            answer = await self._process.call(
                OrderActivities.call_back, call_back, options.PARTNER_CALL, summary="ask the node to stop"
            )
            self._state.called_off(ask.fulfillment_order_id, units_of(answer.cancelled))
            for line in answer.cancelled:
                tally[line.line_id].cancelled_quantity += line.quantity
            for line in answer.intercepting:
                tally[line.line_id].intercepting_quantity += line.quantity
            for line in answer.too_late:
                tally[line.line_id].too_late_quantity += line.quantity
        for result in tally.values():
            result.outcome = _outcome(result)
        return tally

    async def _expire(self, hold_id: str) -> None:
        command = pb.ExpireHoldCommand(order_id=self._input.order_id, hold_id=hold_id)
        result = await self._process.call(
            OrderActivities.expire_hold, command, options.SERVICE_CALL, summary="apply the hold's deadline"
        )
        if result.resolved:
            self._state.hold_resolved(hold_id, cancel=result.cancel, now=self._retry_time())
        else:
            self._state.hold_escalated(hold_id)

    async def _settle(self, step: steps.Settle) -> None:
        command = pb.SettleCommand(
            key=f"{self._input.order_id}/settle/{self._state.changes}",
            order_id=self._input.order_id,
            cancelled_units=lines_of(step.cancelled),
            lost_units=lines_of(step.lost),
            nothing_left=step.nothing_left,
        )
        await self._process.call(OrderActivities.settle, command, options.PARTNER_CALL, summary="pay back what is owed")
        self._state.settled(step)

    @workflow.update(name=contract.CANCEL_ORDER)
    async def cancel_order(self, command: pb.CancelOrderCommand) -> pb.CancelOrderOutcome:
        """Cancel units and say what really happened to each."""
        wanted = {line.line_id: line.quantity for line in command.lines}
        async with self._step_lock:
            lines = await self._cancel(
                steps.Cancellation(command.request_id, wanted, command.actor or "anonymous", command.reason)
            )
        self._show()
        return pb.CancelOrderOutcome(lines=lines)

    @workflow.update(name=contract.CHANGE_ORDER)
    async def change_order(self, command: pb.ChangeOrderCommand) -> pb.ChangeOrderOutcome:
        """Change the order as far as that can still be done; intake has written what was when this returns."""
        async with self._step_lock:
            change = Change(self._input.order_id, command, self._state, self._process, self._cancel_units)
            if command.edits[0].kind == pb.ProcessEdit.KIND_HAND_OVER:
                outcome = await change.hand_over()
            else:
                outcome, anew = await change.carry_out()
                self._promise = None if anew else self._promise
        self._show()
        return outcome

    @change_order.validator
    def _check_change(self, command: pb.ChangeOrderCommand) -> None:
        if not command.change_id or not command.edits:
            raise ValueError("a change has an id, and something to change")

    @workflow.signal(name=contract.HOLD_PLACED)
    def hold_placed(self, fact: pb.HoldPlaced) -> None:
        """A hold was placed."""
        self._state.hold_placed(hold_of(fact.hold))

    @workflow.signal(name=contract.HOLD_RESOLVED)
    def hold_resolved(self, fact: pb.HoldResolved) -> None:
        """A hold was released, rejected or expired."""
        cancel = fact.cancel or fact.state == IntakeHold.STATE_REJECTED
        self._state.hold_resolved(fact.hold_id, cancel=cancel, now=self._retry_time())

    @workflow.signal(name=contract.STOCK_ARRIVED)
    def stock_arrived(self, fact: pb.StockArrived) -> None:
        """Stock came that a backorder waits for."""
        self._state.stock_arrived(fact.skus, workflow.now())

    @workflow.signal(name=contract.BACKORDER_PROMISED)
    def backorder_promised(self, fact: pb.BackorderPromised) -> None:
        """What a backorder waits for is expected at another time: shown at once, as there is nothing else to do."""
        self._state.backorder_promised(
            {
                one.sku: one.promise_time.ToDatetime(UTC) if one.HasField("promise_time") else None
                for one in fact.promises
            }
        )
        if not self._process.stuck:
            self._show()

    @workflow.signal(name=contract.FULFILLMENT_CHANGED)
    def fulfillment_changed(self, fact: ful.FulfillmentChanged) -> None:
        """A node gave units back while it still works on others."""
        self._state.fulfillment_changed(
            fact.fulfillment_order_id, fact.sequence, units_of(fact.rejected), units_of(fact.cancelled)
        )

    def _retry_time(self) -> datetime | None:
        """Return the time where a hold that goes may have kept what waits for stock: it is planned again at once."""
        return workflow.now() if self._state.awaited() and workflow.patched("plan-again-on-release") else None

    def _holds(self) -> str:
        return ", ".join(sorted({hold.type for hold in self._state.holds.values()}))

    def _show(self) -> None:
        """Show in the Web UI where the order stands."""
        nodes = ", ".join(sorted(self._nodes))
        awaited = self._state.awaited().values()
        promises = [self._promise if self._state.working else None, *awaited]
        promise = max((one for one in promises if one), default=None)
        self._process.show(self._state.status(), hold=self._holds(), node=nodes or None, promise=promise)
        workflow.set_current_details(order_details(self._state, self._input.channel, nodes, promise))


def _outcome(line: LineCancellation) -> "LineCancellation.Outcome.ValueType":
    if line.too_late_quantity:
        return LineCancellation.OUTCOME_TOO_LATE
    return LineCancellation.OUTCOME_INTERCEPTING if line.intercepting_quantity else LineCancellation.OUTCOME_CANCELLED

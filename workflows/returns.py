"""The return process: from the customer's request until goods and money are settled.

What to do next is decided by `workflows.state.returns`; this file carries it out and shows it.
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from oms.returns.v1.return_pb2 import Disposition, Return
    from oms.workflow.v1 import order_workflow_pb2 as order
    from oms.workflow.v1 import return_workflow_pb2 as pb
    from workflows.activities.returns import ReturnActivities

from workflows import contract, options
from workflows.process import Process, lines_of, units_of
from workflows.state import returns as state


@workflow.defn(name=contract.RETURN)
class ReturnWorkflow:
    """Drives one return. Its id is "return/" and the return's."""

    @workflow.init
    def __init__(self, command: pb.ReturnInput) -> None:
        self._input = command
        self._state = state.ReturnState.begin(units_of(command.lines), authorized=command.authorized)
        self._process = Process("Awaiting parcel" if command.authorized else "Awaiting decision")
        self._node_id = command.node_id
        self._tracking_number = ""

    @workflow.run
    async def run(self, command: pb.ReturnInput) -> order.OrderResult:  # noqa: ARG002 - @workflow.init took it
        """Drive the return to its end. A cancellation of the workflow gives up what has not come."""
        drive = asyncio.ensure_future(self._drive())
        try:
            await asyncio.shield(drive)
        except asyncio.CancelledError:
            self._state.waited_too_long()
            await drive
        return order.OrderResult(summary=self._state.status())

    async def _drive(self) -> None:
        self._show()
        while not isinstance(step := self._state.next_step(), state.Done):
            await self._carry_out(step)
            self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        close = pb.CloseCommand(return_id=self._input.return_id)
        await self._process.call(ReturnActivities.close, close, options.SERVICE_CALL, summary="close the return")
        self._show()

    async def _carry_out(self, step: state.Step) -> None:
        match step:
            case state.Label():
                await self._label()
            case state.Restock(key, units):
                await self._restock(key, units)
            case state.Reimburse(key, units):
                command = pb.ReimburseCommand(
                    key=f"{self._input.return_id}/reimburse/{key}",
                    return_id=self._input.return_id,
                    order_id=self._input.order_id,
                    lines=lines_of(units),
                )
                await self._process.call(
                    ReturnActivities.reimburse, command, options.PARTNER_CALL, summary="pay back what is owed"
                )
                self._state.reimbursed()
            case state.Wait():
                await self._wait(step)
            case state.GiveUp(reason):
                give_up = pb.GiveUpCommand(return_id=self._input.return_id, reason=reason)
                await self._process.call(
                    ReturnActivities.give_up, give_up, options.SERVICE_CALL, summary=f"give up: {reason}"
                )
                self._state.gave_up()
            case _:
                pass

    async def _label(self) -> None:
        command = pb.LabelCommand(
            return_id=self._input.return_id,
            order_id=self._input.order_id,
            lines=self._input.lines,
            node_id=self._input.node_id,
        )
        result = await self._process.call(
            ReturnActivities.label, command, options.PARTNER_CALL, summary="buy a return label"
        )
        self._node_id, self._tracking_number = result.node_id, result.tracking_number
        self._state.label_bought()

    async def _restock(self, key: str, units: tuple[state.Judged, ...]) -> None:
        command = pb.RestockCommand(
            key=f"{self._input.return_id}/restock/{key}",
            return_id=self._input.return_id,
            order_id=self._input.order_id,
            node_id=self._node_id,
            units=[
                pb.InspectedUnits(
                    line_id=one.line_id,
                    sku=one.sku,
                    quantity=one.quantity,
                    disposition=Disposition.Value(f"DISPOSITION_{one.disposition}"),
                )
                for one in units
            ],
        )
        await self._process.call(
            ReturnActivities.restock, command, options.SERVICE_CALL, summary="record what came back"
        )
        self._state.restocked()

    async def _wait(self, step: state.Wait) -> None:
        changes = self._state.changes
        try:
            await workflow.wait_condition(
                lambda: self._state.changes != changes, timeout=step.limit, timeout_summary=f"limit of the {step.on}"
            )
        except TimeoutError:
            self._state.waited_too_long()

    @workflow.signal(name=contract.AUTHORIZATION_DECIDED)
    def authorization_decided(self, fact: pb.AuthorizationDecided) -> None:
        """It may come back, may not, or will not."""
        name = Return.Authorization.Name(fact.authorization).removeprefix("AUTHORIZATION_")
        self._state.decided(state.Authorization(name))

    @workflow.signal(name=contract.RECEIPT_RECORDED)
    def receipt_recorded(self, fact: pb.ReceiptRecorded) -> None:
        """Units came."""
        self._state.heard_receipt(fact.event_id, units_of(fact.lines))

    @workflow.signal(name=contract.INSPECTION_RECORDED)
    def inspection_recorded(self, fact: pb.InspectionRecorded) -> None:
        """Units got a disposition."""
        judged = [
            state.Judged(
                one.line_id, one.sku, one.quantity, Disposition.Name(one.disposition).removeprefix("DISPOSITION_")
            )
            for one in fact.units
        ]
        self._state.heard_inspection(fact.event_id, judged)

    def _show(self) -> None:
        """Show in the Web UI where the return stands."""
        self._process.show(self._state.status(), node=self._node_id or None)
        lines = [
            f"| {one.sku} | {one.quantity} | {self._state.received.get(one.line_id, 0)} "
            f"| {self._state.judged.get(one.line_id, 0)} |"
            for one in self._state.lines.values()
        ]
        label = f", label {self._tracking_number}" if self._tracking_number else ""
        workflow.set_current_details(
            "\n".join(
                [
                    f"**{self._state.status()}** · to {self._node_id or 'the node it came from'}{label}",
                    "",
                    "| SKU | asked back | received | judged |",
                    "|---|---|---|---|",
                    *lines[:50],
                ]
            )
        )

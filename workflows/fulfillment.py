"""The fulfillment process: one node's part of one order, from release to the customer's door.

What to do next is decided by `workflows.state.fulfillment`; this file carries it out and shows it.
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from oms.fulfillment.v1.node_event_pb2 import NodeEvent
    from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
    from oms.workflow.v1 import fulfillment_workflow_pb2 as pb
    from workflows.activities.fulfillment import FulfillmentActivities

from workflows import contract, options
from workflows.process import Process, lines_of, work_lines, work_of
from workflows.state import fulfillment as state


@workflow.defn(name=contract.FULFILLMENT)
class FulfillmentWorkflow:
    """Drives one fulfillment order. Its id is "fulfillment/" and the fulfillment order's."""

    @workflow.init
    def __init__(self, command: pb.FulfillmentInput) -> None:
        self._input = command
        self._state = state.FulfillmentState.begin(work_of(command.work))
        self._process = Process(self._state.status())

    @workflow.run
    async def run(
        self,
        command: pb.FulfillmentInput,  # noqa: ARG002 - @workflow.init took it
    ) -> pb.FulfillmentResult:
        """Drive the work to its end. A cancellation of the workflow asks the node to stop; goods decide the rest."""
        drive = asyncio.ensure_future(self._drive())
        try:
            return await asyncio.shield(drive)
        except asyncio.CancelledError:
            await self._call_back()
            return await drive

    async def _drive(self) -> pb.FulfillmentResult:
        self._show()
        refused = await self._release()
        while not isinstance(step := self._state.next_step(), state.Done):
            await self._carry_out(step)
            await self._tell()
            self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._show()
        return pb.FulfillmentResult(
            delivered=lines_of(self._state.delivered),
            rejected=lines_of(self._state.rejected),
            cancelled=lines_of(self._state.cancelled),
            lost=lines_of(self._state.lost),
            node_refused=refused,
        )

    async def _release(self) -> bool:
        work = self._input.work
        command = pb.ReleaseCommand(order_id=self._input.order_id, work=work, priority=self._input.priority)
        result = await self._process.call(
            FulfillmentActivities.release, command, options.PARTNER_CALL, summary=f"give the work to {work.node_id}"
        )
        if result.refused:
            self._state.refused()
        return result.refused

    async def _carry_out(self, step: state.Step) -> None:
        match step:
            case state.Unship():
                await self._unship(step)
            case state.Ship():
                await self._ship(step)
            case state.Arrive():
                await self._arrive(step)
            case state.Wait():
                await self._wait(step)
            case _:
                pass

    async def _wait(self, step: state.Wait) -> None:
        # What asks for nothing, such as trouble on the way, was taken in on the way to this step: show it.
        self._show()
        changes = self._state.changes
        try:
            await workflow.wait_condition(
                lambda: self._state.changes != changes, timeout=step.limit, timeout_summary=f"silence of the {step.on}"
            )
        except TimeoutError:
            self._state.silent()

    async def _ship(self, step: state.Ship) -> None:
        command = pb.ShipCommand(
            order_id=self._input.order_id,
            fulfillment_order_id=self._input.work.fulfillment_order_id,
            node_id=self._input.work.node_id,
            shipment_id=step.shipment_id,
            lines=work_lines(step.rights),
        )
        await self._process.call(
            FulfillmentActivities.ship, command, options.PARTNER_CALL, summary=f"{step.shipment_id} left the node"
        )
        self._state.shipped(step)

    async def _unship(self, step: state.Unship) -> None:
        command = pb.UnshipCommand(
            key=f"{self._input.work.fulfillment_order_id}/unship/{step.key}",
            order_id=self._input.order_id,
            fulfillment_order_id=self._input.work.fulfillment_order_id,
            node_id=self._input.work.node_id,
            lines=work_lines(step.rights),
            cancelled=step.cancelled,
            missing=step.missing,
            reason=step.reason,
        )
        await self._process.call(
            FulfillmentActivities.unship, command, options.SERVICE_CALL, summary="the node gave units back"
        )
        self._state.unshipped(step)

    async def _arrive(self, step: state.Arrive) -> None:
        end = "lost" if step.lost else "delivered"
        command = pb.ArriveCommand(
            key=f"{self._input.work.fulfillment_order_id}/{end}/{step.shipment_id}",
            order_id=self._input.order_id,
            fulfillment_order_id=self._input.work.fulfillment_order_id,
            shipment_id=step.shipment_id,
            lines=lines_of(step.units),
            lost=step.lost,
        )
        await self._process.call(
            FulfillmentActivities.arrive, command, options.SERVICE_CALL, summary=f"{step.shipment_id} was {end}"
        )
        self._state.arrived(step)

    async def _call_back(self) -> None:
        waiting = {right.line_id: right for right in self._state.waiting}
        if not waiting:
            return
        command = pb.CallBackCommand(
            key=f"{self._input.work.fulfillment_order_id}/call-back",
            fulfillment_order_id=self._input.work.fulfillment_order_id,
            reason="workflow was cancelled",
        )
        await self._process.call(
            FulfillmentActivities.call_back, command, options.PARTNER_CALL, summary="ask the node to stop"
        )

    async def _tell(self) -> None:
        """Tell the order process what it can act on before this one ends: units to be routed again or paid back."""
        news = self._state.news()
        if news is None:
            return
        sequence, rejected, cancelled = news
        order = workflow.get_external_workflow_handle(contract.order_workflow_id(self._input.order_id))
        await order.signal(
            contract.FULFILLMENT_CHANGED,
            pb.FulfillmentChanged(
                fulfillment_order_id=self._input.work.fulfillment_order_id,
                sequence=sequence,
                rejected=lines_of(rejected),
                cancelled=lines_of(cancelled),
                node_id=self._input.work.node_id,
            ),
        )

    @workflow.signal(name=contract.NODE_EVENT_RECORDED)
    def node_event_recorded(self, fact: pb.NodeEventRecorded) -> None:
        """The node said something that changes the process."""
        name = NodeEvent.Type.Name(fact.type).removeprefix("TYPE_")
        if name in state.Fact.__members__:
            units = tuple((line.line_id, line.quantity) for line in fact.lines)
            self._state.heard(state.Event(fact.event_id, state.Fact(name), units, fact.shipment_id, fact.message))

    @workflow.signal(name=contract.TRACKING_EVENT_RECORDED)
    def tracking_event_recorded(self, fact: pb.TrackingEventRecorded) -> None:
        """The carrier said something that changes the process."""
        name = TrackingEvent.Status.Name(fact.status).removeprefix("STATUS_")
        if name in state.Fact.__members__:
            self._state.heard(state.Event(fact.event_id, state.Fact(name), shipment_id=fact.shipment_id))

    def _show(self) -> None:
        """Show in the Web UI where the work stands."""
        self._process.show(self._state.status())
        work = self._input.work
        parcels = [
            f"- parcel {shipment_id}: {sum(one.quantity for one in units)} units on their way"
            for shipment_id, units in self._state.parcels.items()
        ]
        lines = [f"- {line.quantity} × {line.sku}" for line in work.lines]
        promise = f", promised for {work.promise_time.ToDatetime():%Y-%m-%d}" if work.HasField("promise_time") else ""
        workflow.set_current_details(
            "\n".join(
                [
                    f"**{self._state.status()}** · {work.node_id} by {work.carrier_code} {work.service_code}{promise}",
                    "",
                    *lines[:50],
                    *parcels,
                ]
            )
        )

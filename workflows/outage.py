"""The outage process: open work is taken away from a node, or a carrier service, that is off.

What to do next is decided by `workflows.state.outage`; this file carries it out and shows it. The order processes plan
the units again, as they do whenever a node rejects units.
"""

import contextlib
from datetime import UTC

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from google.protobuf.timestamp_pb2 import Timestamp

    from oms.routing.v1.outage_pb2 import OutageWork
    from oms.workflow.v1 import outage_workflow_pb2 as pb
    from workflows.activities.outage import OutageActivities

from workflows import contract, options
from workflows.process import Process
from workflows.state import outage as state


@workflow.defn(name=contract.OUTAGE)
class OutageWorkflow:
    """Drives one outage. Its id is "outage/" and the outage's."""

    @workflow.init
    def __init__(self, command: pb.OutageInput) -> None:
        self._input = command
        self._state = state.OutageState.begin(
            looks=command.looks,
            unanswered=command.unanswered,
            moved=command.moved,
            stayed=command.stayed,
            waiting=command.waiting,
        )
        self._process = Process("")
        self._last: list[str] = []

    @workflow.run
    async def run(self, command: pb.OutageInput) -> pb.OutageResult:  # noqa: ARG002 - @workflow.init took it
        """Move work away until the outage is over."""
        self._show()
        while not isinstance(step := self._next_step(), state.Done):
            await self._carry_out(step)
            self._show()
        return pb.OutageResult(summary=self._state.summary())

    def _next_step(self) -> state.Step:
        return self._state.next_step(long_history=workflow.info().is_continue_as_new_suggested())

    async def _carry_out(self, step: state.Step) -> None:
        match step:
            case state.Look(again):
                await self._look(again)
            case state.Take(piece):
                await self._take(piece)
            case state.Wait(limit):
                with contextlib.suppress(TimeoutError):
                    await workflow.wait_condition(
                        lambda: self._state.ended, timeout=limit, timeout_summary="look for more open work"
                    )
                self._state.waited()
            case state.StartOver():
                workflow.continue_as_new(self._so_far())
            case _:
                pass

    async def _look(self, again: tuple[str, ...]) -> None:
        command = pb.ListOpenWorkCommand(
            outage_id=self._input.outage_id,
            node_id=self._input.node_id,
            carrier_code=self._input.carrier_code,
            service_code=self._input.service_code,
            again=again,
            limit=state.BATCH,
        )
        found = await self._process.call(
            OutageActivities.list_work, command, options.SERVICE_CALL, summary="look for open work"
        )
        self._state.listed([_piece(one) for one in found.works], ended=found.ended)

    async def _take(self, piece: state.Piece) -> None:
        """Take one piece back, wait until it is planned again, and write down what became of it."""
        weigh = pb.WeighCommand(work=_work(piece), node_off=bool(self._input.node_id))
        before = await self._process.call(
            OutageActivities.weigh, weigh, options.SERVICE_CALL, summary=f"weigh {piece.fulfillment_order_id}"
        )
        record = OutageWork(
            fulfillment_order_id=piece.fulfillment_order_id,
            order_id=piece.order_id,
            promise_time=_timestamp(piece),
            outcome=OutageWork.OUTCOME_STAYS,
        )
        answered = True
        if before.nobody_else:
            record.note = "nobody else can ship it"
        elif not before.lines and not before.given_back:
            record.note = "nothing of it waits any more"
        else:
            try:
                answered = await self._move(piece, before, record)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                answered = False
                workflow.logger.warning("no answer about %s: %s", piece.fulfillment_order_id, error.cause)
                record.note = "the node does not answer; it will be asked again"
        command = pb.RecordWorkCommand(key=f"{self._key(piece)}/record", outage_id=self._input.outage_id, work=record)
        await self._process.call(OutageActivities.record, command, options.SERVICE_CALL, summary="write it down")
        name = OutageWork.Outcome.Name(record.outcome).removeprefix("OUTCOME_")
        self._state.taken(piece, state.Outcome(name), answered=answered)
        self._last = [*self._last[-19:], f"- {piece.order_id}: {name.lower()}" + (record.note and f", {record.note}")]

    async def _move(self, piece: state.Piece, before: pb.WeighResult, record: OutageWork) -> bool:
        """Have it moved; tell whether that is all there is to say of it."""
        answer = pb.TakeBackResult(taken=before.given_back)
        if before.lines:
            answer = await self._ask(piece)
        if not answer.taken:
            tries = answer.intercepting_quantity
            record.note = f"the node tries to stop {tries} units" if tries else "it had gone too far"
            return not tries
        found = await self._plan_of(piece, before, answer)
        record.outcome = OutageWork.OUTCOME_MOVED if found.moved_quantity else OutageWork.OUTCOME_WAITS
        stayed = answer.intercepting_quantity + answer.too_late_quantity
        notes = [
            f"to {', '.join(found.node_ids)}" if found.node_ids else "",
            f"{found.waiting_quantity} units wait: {found.note}" if found.waiting_quantity else "",
            f"{stayed} units stay" if stayed else "",
        ]
        record.note = "; ".join(filter(None, notes))[:500]
        if found.HasField("promise_time"):
            record.new_promise_time.CopyFrom(found.promise_time)
        if found.HasField("cost_difference"):
            record.cost_difference.CopyFrom(found.cost_difference)
        elif found.moved_quantity and before.HasField("cost_difference"):
            record.cost_difference.CopyFrom(before.cost_difference)
        return True

    async def _ask(self, piece: state.Piece) -> pb.TakeBackResult:
        """Ask the node for what it has not packed."""
        take_back = pb.TakeBackCommand(
            key=self._key(piece),
            fulfillment_order_id=piece.fulfillment_order_id,
            reason=f"{self._input.node_id or self._input.service_code} is off: {self._input.reason}"[:500],
        )
        answer: pb.TakeBackResult = await workflow.execute_activity_method(  # type: ignore[call-overload]  # as in Process
            OutageActivities.take_back,
            take_back,
            summary=f"ask {piece.node_id} for {piece.fulfillment_order_id}",
            **options.TAKE_BACK,
        )
        return answer

    async def _plan_of(
        self, piece: state.Piece, before: pb.WeighResult, answer: pb.TakeBackResult
    ) -> pb.FindPlanResult:
        command = pb.FindPlanCommand(work=_work(piece), taken=answer.taken, before=before)
        try:
            found: pb.FindPlanResult = await workflow.execute_activity_method(  # type: ignore[call-overload]
                OutageActivities.find_plan, command, summary=f"see who ships {piece.order_id} now", **options.FIND_PLAN
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            units = sum(line.quantity for line in answer.taken)
            return pb.FindPlanResult(waiting_quantity=units, note="not planned again yet")
        return found

    @workflow.signal(name=contract.OUTAGE_ENDED)
    def outage_ended(self, fact: pb.OutageEnded) -> None:  # noqa: ARG002 - a signal has a payload
        """It is on again: what has not been taken back stays."""
        self._state.over()

    def _key(self, piece: state.Piece) -> str:
        return f"{self._input.outage_id}/{piece.fulfillment_order_id}/{self._state.looks}"

    def _so_far(self) -> pb.OutageInput:
        so_far = pb.OutageInput()
        so_far.CopyFrom(self._input)
        so_far.looks = self._state.looks
        so_far.unanswered[:] = sorted(self._state.asked_again)
        tally = self._state.tally
        so_far.moved, so_far.stayed = tally[state.Outcome.MOVED], tally[state.Outcome.STAYS]
        so_far.waiting = tally[state.Outcome.WAITS]
        return so_far

    def _show(self) -> None:
        """Show in the Web UI where the work stands."""
        self._process.show(self._state.status(), node=self._input.node_id or None)
        what = self._input.node_id or f"{self._input.carrier_code} {self._input.service_code}"
        workflow.set_current_details(
            "\n".join(
                [
                    f"**{self._state.status()}** · {what} is off: {self._input.reason}",
                    "",
                    f"{self._state.summary()}; looked {self._state.looks} times",
                    "",
                    *self._last,
                ]
            )
        )


def _piece(work: pb.OpenWork) -> state.Piece:
    promise = work.promise_time.ToDatetime(UTC) if work.HasField("promise_time") else None
    return state.Piece(work.fulfillment_order_id, work.order_id, work.node_id, promise)


def _work(piece: state.Piece) -> pb.OpenWork:
    return pb.OpenWork(
        fulfillment_order_id=piece.fulfillment_order_id,
        order_id=piece.order_id,
        node_id=piece.node_id,
        promise_time=_timestamp(piece),
    )


def _timestamp(piece: state.Piece) -> Timestamp | None:
    if piece.promise is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(piece.promise)
    return timestamp

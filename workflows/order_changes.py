"""Changing an order while its process runs: what can still be done is done, and the rest is told, unit by unit."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from oms.intake.v1.cancellation_pb2 import LineCancellation
    from oms.intake.v1.hold_pb2 import HoldType
    from oms.intake.v1.order_change_pb2 import EditResult, LineChange
    from oms.workflow.v1 import order_workflow_pb2 as pb
    from workflows.activities.order import OrderActivities

from workflows import options
from workflows.process import Process, lines_of, units_of, work_lines
from workflows.state import changing
from workflows.state.order import Hold, OrderState
from workflows.state.order_steps import CancellationPlan

Kind = pb.ProcessEdit
Cancel = Callable[[CancellationPlan, str, str], Awaitable[Mapping[str, LineCancellation]]]
# After these everything that no node has is planned again, for another place or another time.
_ANEW = (Kind.KIND_ADDRESS, Kind.KIND_SERVICE_LEVEL, Kind.KIND_DATES)


@dataclass(slots=True)
class Change:
    """One change while it is carried out. Whoever carries it out has the order's step lock."""

    order_id: str
    command: pb.ChangeOrderCommand
    state: OrderState
    process: Process
    cancel: Cancel
    results: list[EditResult] = field(default_factory=list)
    lines: list[LineChange] = field(default_factory=list)
    changeable: bool = False
    steps: int = 0

    async def carry_out(self) -> tuple[pb.ChangeOrderOutcome, bool]:
        """Return what was decided, and whether what was promised before is void."""
        self.changeable = any(changing.free(self.state, line_id) for line_id in self.state.lines)
        for number, edit in enumerate(self.command.edits):
            before = len(self.lines)
            if edit.kind == Kind.KIND_MERGE and self.changeable and not edit.refusal:
                self.results.append(await self._take_over())
                continue
            refusal = edit.refusal or await self._edit(number, edit)
            self.results.append(EditResult(reason=refusal) if refusal else _result(self.lines[before:]))
        command = pb.DecideChangeCommand(
            order_id=self.order_id,
            change_id=self.command.change_id,
            edit_results=self.results,
            lines=[*self.lines, *self._called_off()],
        )
        decided = await self.process.call(
            OrderActivities.decide_change, command, options.SERVICE_CALL, summary="write what was decided"
        )
        applied = [at for at, result in enumerate(decided.edit_results) if result.applied]
        for number in applied:
            self._applied(number, self.command.edits[number])
        changing.replanned(self.state, map(hold_of, decided.holds), workflow.now())
        anew = any(self.command.edits[number].kind in _ANEW for number in applied)
        return pb.ChangeOrderOutcome(confirmed=decided.confirmed, edit_results=decided.edit_results), anew

    async def hand_over(self) -> pb.ChangeOrderOutcome:
        """Make the order, where nothing has happened to it yet, part of the one that is merging it."""
        if not changing.is_untouched(self.state):
            return pb.ChangeOrderOutcome(edit_results=[EditResult(reason="UNITS_NOT_FREE")])
        await self._put_back(self.state.lines)
        command = pb.MergeCommand(order_id=self.order_id, change_id=self.command.change_id)
        answer = await self.process.call(
            OrderActivities.hand_over, command, options.SERVICE_CALL, summary="become part of another order"
        )
        if answer.result.applied:
            changing.handed_over(self.state)
        return pb.ChangeOrderOutcome(confirmed=answer.result.applied, edit_results=[answer.result])

    async def _take_over(self) -> EditResult:
        command = pb.MergeCommand(order_id=self.order_id, change_id=self.command.change_id)
        answer = await self.process.call(
            OrderActivities.take_over, command, options.PARTNER_CALL, summary="take another order in"
        )
        for line in answer.lines:
            changing.added(self.state, line.line_id, line.sku, line.quantity)
        return answer.result

    async def _edit(self, number: int, edit: pb.ProcessEdit) -> str:
        """Do what can be done of an edit; return why nothing can, or nothing."""
        every = [line_id for line_id in self.state.lines if changing.alive(self.state, line_id)]
        if edit.kind == Kind.KIND_CANCEL:
            wanted = {line_id: changing.alive(self.state, line_id) for line_id in every}
            await self._reduce(number, wanted)
            return "" if wanted else "NOTHING_LEFT"
        if edit.kind == Kind.KIND_QUANTITY:
            return await self._quantity(number, edit)
        if edit.kind == Kind.KIND_ADDRESS:
            asks = changing.ask_backs(self.state)
            if not self.changeable and not asks:
                return "NOTHING_LEFT"
            await self._replan(number, every, ask=True)
            return ""
        if not self.changeable:
            return "NOTHING_LEFT"
        if edit.kind == Kind.KIND_ADD:
            self._add(number, "", edit.added_line_id, edit.lines[0].quantity)
        elif edit.kind == Kind.KIND_SPLIT:
            return await self._split(number, edit)
        else:
            named = [line.line_id for line in edit.lines if line.line_id in every]
            await self._replan(number, named if edit.lines else every, ask=False)
        return ""

    async def _quantity(self, number: int, edit: pb.ProcessEdit) -> str:
        family = [line.line_id for line in edit.lines]
        less = sum(changing.alive(self.state, line_id) for line_id in family) - edit.quantity
        if less >= 0:
            await self._reduce(number, changing.reduction(self.state, family, less))
            return ""
        if not self.changeable:
            return "NOTHING_LEFT"
        self._add(number, family[0], edit.added_line_id, -less)
        return ""

    def _add(self, number: int, line_id: str, added_line_id: str, quantity: int) -> None:
        self.lines.append(
            LineChange(
                line_id=line_id,
                edit=number,
                wanted_quantity=quantity,
                done_quantity=quantity,
                added_line_id=added_line_id,
            )
        )

    async def _reduce(self, number: int, wanted: Mapping[str, int]) -> None:
        plan = changing.plan_reduction(self.state, wanted)
        tally = await self.cancel(plan, self.command.actor or "anonymous", self.command.reason)
        for line_id, units in wanted.items():
            told = tally.get(line_id, LineCancellation())
            done = min(units, told.cancelled_quantity)
            asked = min(units - done, told.intercepting_quantity)
            self._tell(number, line_id, units, done=done, intercepting=asked)

    async def _replan(self, number: int, line_ids: Sequence[str], *, ask: bool) -> None:
        """Have the units of these lines planned again, those at nodes too where `ask` says so."""
        await self._put_back(line_ids)
        done = {line_id: changing.free(self.state, line_id) for line_id in line_ids}
        trying: dict[str, int] = {}
        for one in changing.ask_backs(self.state) if ask else ():
            self.steps += 1
            changing.asking_back(self.state, one)
            command = pb.AskBackCommand(
                key=f"{self.command.change_id}/ask-back/{self.steps}",
                fulfillment_order_id=one.fulfillment_order_id,
                lines=lines_of(one.units),
                reason=self.command.reason or "the order was changed",
            )
            answer = await self.process.call(
                OrderActivities.ask_back, command, options.PARTNER_CALL, summary="ask the node to leave it"
            )
            taken, intercepting = units_of(answer.taken), units_of(answer.intercepting)
            changing.answered(self.state, one, taken, intercepting)
            for told, units in ((done, taken), (trying, intercepting)):
                for some in units:
                    told[some.line_id] = told.get(some.line_id, 0) + some.quantity
        # What a node leaves comes home by its own process: whoever asks next finds it open, and not on its way.
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: not any(self.state.returning.values()),
                timeout=options.COMING_HOME,
                timeout_summary="units come back from nodes",
            )
        for line_id in line_ids:
            wanted = changing.alive(self.state, line_id)
            got = min(wanted, done.get(line_id, 0))
            asked = min(wanted - got, trying.get(line_id, 0))
            self._tell(number, line_id, wanted, done=got, intercepting=asked)

    async def _split(self, number: int, edit: pb.ProcessEdit) -> str:
        wanted = {line.line_id: line.quantity or changing.alive(self.state, line.line_id) for line in edit.lines}
        left = sum(changing.alive(self.state, line_id) for line_id in self.state.lines) - sum(wanted.values())
        if left <= 0 or any(not 0 < units <= changing.free(self.state, line_id) for line_id, units in wanted.items()):
            return "UNITS_NOT_FREE"
        await self._put_back(wanted)
        for line_id, units in wanted.items():
            self._tell(number, line_id, units, done=units, intercepting=0)
        return ""

    async def _put_back(self, line_ids: Iterable[str]) -> None:
        plan = changing.plan_put_back(self.state, line_ids)
        if not plan.reserved and not plan.backordered:
            return
        self.steps += 1
        command = pb.PutBackCommand(
            key=f"{self.order_id}/{self.command.change_id}/put-back/{self.steps}",
            order_id=self.order_id,
            reserved_units=work_lines(plan.reserved),
            backordered_units=lines_of(plan.backordered),
            reason=self.command.reason or "the order was changed",
        )
        await self.process.call(OrderActivities.put_back, command, options.SERVICE_CALL, summary="take off the plan")
        changing.put_back(self.state, plan)

    def _tell(self, number: int, line_id: str, wanted: int, *, done: int, intercepting: int) -> None:
        self.lines.append(
            LineChange(
                line_id=line_id,
                edit=number,
                wanted_quantity=wanted,
                done_quantity=done,
                intercepting_quantity=intercepting,
                too_late_quantity=wanted - done - intercepting,
                cancelled_quantity=changing.cancelled(self.state, line_id),
            )
        )

    def _called_off(self) -> list[LineChange]:
        """Return how many units are cancelled of lines that nodes have not given back yet: intake cannot know."""
        told = {line.line_id for line in self.lines}
        late = dict.fromkeys(line_id for (_, line_id), units in self.state.confirmed.items() if units)
        return [
            LineChange(line_id=line_id, cancelled_quantity=changing.cancelled(self.state, line_id))
            for line_id in late
            if line_id not in told
        ]

    def _applied(self, number: int, edit: pb.ProcessEdit) -> None:
        """Take note of what intake has written."""
        lines = [line for line in self.lines if line.edit == number]
        if edit.kind in (Kind.KIND_ADD, Kind.KIND_QUANTITY):
            for line in lines:
                if line.added_line_id:
                    changing.added(self.state, line.added_line_id, edit.lines[0].sku, line.done_quantity)
        elif edit.kind == Kind.KIND_SPLIT:
            changing.moved_out(self.state, {line.line_id: line.done_quantity for line in lines})
        elif edit.kind == Kind.KIND_NODE:
            chosen = [line.line_id for line in edit.lines] or list(self.state.lines)
            changing.pinned(self.state, chosen, edit.node_id)


def hold_of(hold: pb.ProcessHold) -> Hold:
    """Read a hold from the wire."""
    deadline = hold.deadline_time.ToDatetime(UTC) if hold.HasField("deadline_time") else None
    return Hold(hold.hold_id, HoldType.Name(hold.type).removeprefix("HOLD_TYPE_"), hold.line_id, deadline)


def _result(lines: Sequence[LineChange]) -> EditResult:
    """Return what an edit comes to, from what became of the units that it is about."""
    done = sum(line.done_quantity for line in lines)
    asked = sum(line.intercepting_quantity for line in lines)
    late = sum(line.too_late_quantity for line in lines)
    applied = bool(done or asked) or not late
    if late:
        return EditResult(applied=applied, reason="PARTLY_TOO_LATE" if applied else "TOO_LATE")
    return EditResult(applied=applied, reason="INTERCEPTING" if asked else "")

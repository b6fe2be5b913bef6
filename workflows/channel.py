"""The process of a channel: its platform is told what became of its orders.

What to do next is decided by `workflows.state.channel`; this file carries it out and shows it. It never ends.
"""

import asyncio
import contextlib
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from google.protobuf.duration_pb2 import Duration

    from oms.workflow.v1 import push_workflow_pb2 as pb
    from workflows.activities.channel import ChannelActivities

from workflows import contract, options
from workflows.process import Process
from workflows.state import channel as state


@workflow.defn(name=contract.CHANNEL)
class ChannelWorkflow:
    """Tells one channel's platform. Its id is "channel/" and the channel's."""

    @workflow.init
    def __init__(self, command: pb.ChannelInput) -> None:
        self._input = command
        self._state = state.ChannelState.begin(
            failures=command.failure_count,
            reason=command.reason,
            pause=command.wait.ToTimedelta(),
            done=command.done_count,
            refused=command.refused_count,
        )
        self._process = Process("")
        self._reports = 0

    @workflow.run
    async def run(self, command: pb.ChannelInput) -> None:  # noqa: ARG002 - @workflow.init took it
        """Tell the platform whatever waits, for ever."""
        while True:
            self._show()
            await self._carry_out(self._state.next_step(long_history=workflow.info().is_continue_as_new_suggested()))

    @workflow.signal(name=contract.PUSHES_WAITING)
    def pushes_waiting(self, fact: pb.PushesWaiting) -> None:  # noqa: ARG002 - a signal has a payload
        """There is something to tell."""
        self._state.pushes_waiting()

    @workflow.signal(name=contract.PARTNER_SWITCHED)
    def partner_switched(self, fact: pb.PartnerSwitched) -> None:  # noqa: ARG002 - a signal has a payload
        """The partner was paused or resumed, or something is to be tried at once."""
        self._state.switched()

    async def _carry_out(self, step: state.Step) -> None:
        match step:
            case state.Look(limit):
                await self._look(limit)
            case state.Send(push_ids, spaced):
                await self._send(push_ids, spaced)
            case state.Report(failures, reason, wait):
                await self._report(failures, reason, wait)
            case state.Wait(limit):
                with contextlib.suppress(TimeoutError):
                    await workflow.wait_condition(
                        self._state.interrupted, timeout=limit, timeout_summary="look for pushes"
                    )
                self._state.waited()
            case state.StartOver():
                workflow.continue_as_new(self._so_far())

    async def _look(self, limit: int) -> None:
        self._state.looking()
        command = pb.ClaimPushesCommand(channel=self._input.channel, limit=limit)
        found = await self._process.call(
            ChannelActivities.claim, command, options.SERVICE_CALL, summary="look for pushes"
        )
        self._state.listed(
            list(found.push_ids),
            paused=found.paused,
            rate=found.rate_per_second,
            waiting=found.waiting_count,
            blocked_orders=found.blocked_order_count,
            wait=found.wait.ToTimedelta() if found.HasField("wait") else None,
        )

    async def _send(self, push_ids: tuple[str, ...], spaced: timedelta) -> None:
        began = workflow.now()
        sent = await asyncio.gather(*(self._send_one(push_id) for push_id in push_ids))
        self._state.sent([_answer(one) for one in sent])
        left = spaced - (workflow.now() - began)
        if left > timedelta():
            await workflow.sleep(left, summary="as much as it bears")

    async def _send_one(self, push_id: str) -> pb.SendPushResult:
        command = pb.SendPushCommand(push_id=push_id)
        return await self._process.call(
            ChannelActivities.send, command, options.PARTNER_CALL, summary=f"tell {push_id}"
        )

    async def _report(self, failures: int, reason: str, wait: timedelta) -> None:
        self._reports += 1
        command = pb.RecordPartnerCommand(
            key=f"{workflow.info().run_id}/{self._reports}",
            channel=self._input.channel,
            failure_count=failures,
            reason=reason,
            wait=_duration(wait),
        )
        await self._process.call(
            ChannelActivities.record_partner, command, options.SERVICE_CALL, summary="say how the partner is"
        )
        self._state.reported()

    def _so_far(self) -> pb.ChannelInput:
        so_far = self._state
        return pb.ChannelInput(
            channel=self._input.channel,
            failure_count=so_far.failures,
            wait=_duration(so_far.pause_left),
            reason=so_far.reason,
            done_count=so_far.done,
            refused_count=so_far.refused,
        )

    def _show(self) -> None:
        """Show in the Web UI how the partner is."""
        self._process.show(self._state.status())
        workflow.set_current_details(f"**{self._state.status()}** · {self._input.channel}\n\n{self._state.summary()}")


def _answer(sent: pb.SendPushResult) -> state.Answer:
    outcome = pb.SendPushResult.Outcome.Name(sent.outcome).removeprefix("OUTCOME_")
    retry_after = sent.retry_after.ToTimedelta() if sent.HasField("retry_after") else None
    return state.Answer(state.Outcome(outcome), sent.reason, retry_after)


def _duration(span: timedelta) -> Duration:
    message = Duration()
    message.FromTimedelta(span)
    return message

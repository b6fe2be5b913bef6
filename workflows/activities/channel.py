"""The steps of the process of a channel. The platform is spoken to by intake, which has its secret and its format."""

from temporalio import activity

from oms.intake.v1 import push_service_pb2 as rpc
from oms.intake.v1.push_pb2 import PUSH_OUTCOME_AGAIN, PUSH_OUTCOME_HELD
from oms.workflow.v1 import push_workflow_pb2 as pb
from oms.workflow.v1.order_workflow_pb2 import Recorded
from workflows.activities.calls import Stubs, step


class ChannelActivities:
    """What the process of a channel asks of intake."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs

    @step("channel.ClaimPushes")
    async def claim(self, command: pb.ClaimPushesCommand) -> pb.ClaimPushesResult:
        """List what may be sent now."""
        request = rpc.ClaimPushesRequest(request_id=_key(), channel=command.channel, limit=command.limit)
        found = await self._stubs.pushes.ClaimPushes(request)
        return pb.ClaimPushesResult(
            push_ids=found.push_ids,
            paused=found.paused,
            rate_per_second=found.rate_per_second,
            waiting_count=found.waiting_count,
            blocked_order_count=found.blocked_order_count,
            wait=found.wait if found.HasField("wait") else None,
        )

    @step("channel.SendPush")
    async def send(self, command: pb.SendPushCommand) -> pb.SendPushResult:
        """Send a push and write down what came of it. Ended in between, it is sent again under the same key."""
        sent = await self._stubs.pushes.SendPush(rpc.SendPushRequest(request_id=_key(), push_id=command.push_id))
        if sent.outcome != PUSH_OUTCOME_HELD:
            record = rpc.RecordPushRequest(
                request_id=_key(),
                push_id=command.push_id,
                outcome=sent.outcome,
                reason=sent.reason,
                perhaps_this_only=sent.perhaps_this_only,
            )
            await self._stubs.pushes.RecordPush(record)
        return pb.SendPushResult(
            outcome=sent.outcome,  # the same words under the same numbers
            retry_after=sent.retry_after if sent.HasField("retry_after") else None,
            # What a platform says when it refuses may quote the order; why it gave no answer is a status.
            reason=sent.reason if sent.outcome == PUSH_OUTCOME_AGAIN else "",
        )

    @step("channel.RecordPartner")
    async def record_partner(self, command: pb.RecordPartnerCommand) -> Recorded:
        """Write down how the partner is."""
        request = rpc.RecordPartnerRequest(
            request_id=command.key,
            channel=command.channel,
            failure_count=command.failure_count,
            reason=command.reason,
            wait=command.wait,
        )
        await self._stubs.pushes.RecordPartner(request)
        return Recorded()


def _key() -> str:
    """Return a key for this attempt at a step: another attempt is another request, also of the platform's answer."""
    info = activity.info()
    return f"{info.workflow_run_id}/{info.activity_id}/{info.attempt}"

"""The process of a channel, seen from intake: how it is started, and told that there is something to tell."""

from oms.workflow.v1.push_workflow_pb2 import ChannelInput, PartnerSwitched, PushesWaiting
from services.chassis.outbox import SignalWorkflow, StartWorkflow
from services.kernel import ids
from workflows import contract, search_attributes


def waiting(channel: str) -> tuple[StartWorkflow, SignalWorkflow]:
    """Return what tells the channel's process that pushes wait, and starts it where it never ran."""
    workflow_id = contract.channel_workflow_id(channel)
    signal = SignalWorkflow(
        key=workflow_id, workflow_id=workflow_id, signal=contract.PUSHES_WAITING, payload=PushesWaiting()
    )
    return _start(channel), signal


def switched(channel: str) -> tuple[StartWorkflow, SignalWorkflow]:
    """Return what has the channel's process look at once, even where its partner is down."""
    workflow_id = contract.channel_workflow_id(channel)
    signal = SignalWorkflow(
        key=workflow_id, workflow_id=workflow_id, signal=contract.PARTNER_SWITCHED, payload=PartnerSwitched()
    )
    return _start(channel), signal


def _start(channel: str) -> StartWorkflow:
    workflow_id = contract.channel_workflow_id(channel)
    return StartWorkflow(
        key=workflow_id,
        workflow=contract.CHANNEL,
        workflow_id=workflow_id,
        task_queue=contract.CHANNELS_TASK_QUEUE,
        input=ChannelInput(channel=channel),
        search_attributes={search_attributes.STATUS: "Up", search_attributes.CHANNEL: channel},
        summary=f"what {channel} is told of its orders",
        # Written once while the outbox remembers it.
        event_id=ids.derived(ids.EVENT, "start", workflow_id),
    )

"""Holds for what nobody can ship, where the rules say that people should look at it instead of waiting for stock."""

from collections.abc import Sequence

from oms.intake.v1.hold_pb2 import HoldDeadlineAction, HoldSpec, HoldType
from oms.intake.v1.intake_service_pb2 import PlaceHoldRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_pb2 import Order
from oms.routing.v1.decision_pb2 import Decision
from oms.routing.v1.rule_set_pb2 import Fallback
from services.kernel.errors import FailedPrecondition

_HOLDS = {Fallback.ACTION_PARK: "parked", Fallback.ACTION_HOLD: "held"}


async def hold_back(
    intake: IntakeServiceStub, order: Order, decision: Decision, line_ids: Sequence[str], key: str
) -> None:
    """Hold these lines as the decision says: the whole order where it is all of them, else each by itself.

    Nothing happens where the decision lets them wait for stock. The decision is in the handle: twice is once.
    """
    if decision.fallback.action not in _HOLDS:
        return
    everything = {line.line_id for line in order.lines} <= set(line_ids)
    for line_id in [""] if everything else sorted(line_ids):
        handle = f"{decision.decision_id}/{line_id}" if line_id else decision.decision_id
        request = PlaceHoldRequest(
            request_id=f"{key}/hold/{line_id}", order_id=order.order_id, hold=_spec(decision, handle, line_id)
        )
        try:
            await intake.PlaceHold(request)
        except FailedPrecondition as error:
            if error.reason != "NOTHING_TO_HOLD":  # it was cancelled meanwhile
                raise


def _spec(decision: Decision, handle: str, line_id: str) -> HoldSpec:
    fallback = decision.fallback
    known = HoldType.items()
    spec = HoldSpec(
        handle=handle,
        type=dict(known).get(f"HOLD_TYPE_{fallback.hold_type}", HoldType.HOLD_TYPE_OTHER),
        line_id=line_id,
        owner_queue=fallback.queue,
        note=f"nobody can ship it: {_HOLDS[fallback.action]} by rules {decision.rule_version}, {decision.decision_id}",
    )
    if decision.HasField("auto_cancel_time"):
        spec.deadline_time.CopyFrom(decision.auto_cancel_time)
        spec.deadline_action = HoldDeadlineAction.HOLD_DEADLINE_ACTION_CANCEL
    return spec

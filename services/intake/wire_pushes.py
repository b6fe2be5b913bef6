"""Pushes and partners: messages ⇄ domain."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from oms.intake.v1 import push_pb2 as pb
from oms.intake.v1 import push_service_pb2 as rpc
from services.intake.channels.push_request import Again, Done, Outcome, Refused
from services.intake.domain.pushes import Backlog, Partner, PartnerState, Push
from services.intake.pushing_recording import Claimed
from services.intake.pushing_sending import Sent
from services.intake.wire_values import number_of, stamp


def push_message(push: Push) -> pb.Push:
    """Return the push as a message."""
    return pb.Push(
        push_id=push.push_id,
        order_id=push.order_id,
        channel=push.channel,
        kind=number_of(pb.Push.Kind, push.kind),
        state=number_of(pb.Push.State, push.state),
        event_id=push.event_id,
        attempts=push.attempts,
        last_error=push.last_error,
        next_attempt_time=stamp(push.next_attempt_time) if push.done_time is None else None,
        promise_time=stamp(push.promise_time),
        done_time=stamp(push.done_time),
        create_time=stamp(push.create_time),
    )


def partner_message(partner: Partner, backlog: Backlog) -> pb.Partner:
    """Return the partner and what waits for it as a message."""
    state = partner.state
    paused, down = state == PartnerState.PAUSED, state == PartnerState.DOWN
    return pb.Partner(
        channel=partner.channel,
        state=number_of(pb.Partner.State, state),
        since_time=stamp(partner.pause_time if paused else partner.down_time),
        reason=partner.pause_reason if paused else partner.down_reason,
        failure_count=partner.failure_count,
        next_attempt_time=stamp(partner.next_attempt_time) if down else None,
        waiting_count=backlog.waiting,
        blocked_order_count=backlog.blocked_orders,
        blocked_order_ids=backlog.first_order_ids,
        oldest_time=stamp(backlog.oldest_time),
        refused_count=backlog.refused,
    )


def claimed_message(claimed: Claimed) -> rpc.ClaimPushesResponse:
    """Return what may be sent as a message."""
    return rpc.ClaimPushesResponse(
        push_ids=claimed.push_ids,
        paused=claimed.paused,
        rate_per_second=claimed.rate_per_second,
        waiting_count=claimed.waiting,
        blocked_order_count=claimed.blocked_orders,
        wait=_duration(claimed.wait),
    )


def sent_message(sent: Sent) -> rpc.SendPushResponse:
    """Return what came of sending as a message."""
    answer = rpc.SendPushResponse(retry_after=_duration(sent.retry_after))
    match sent.outcome:
        case Done():
            answer.outcome = pb.PUSH_OUTCOME_DONE
        case Again(reason=reason, perhaps_this_only=alone):
            answer.outcome, answer.reason, answer.perhaps_this_only = pb.PUSH_OUTCOME_AGAIN, reason, alone
        case Refused(reason=reason):
            answer.outcome, answer.reason = pb.PUSH_OUTCOME_REFUSED, reason
        case _:
            answer.outcome = pb.PUSH_OUTCOME_HELD
    return answer


def outcome_from(request: rpc.RecordPushRequest) -> Outcome:
    """Return the outcome that a request tells."""
    match request.outcome:
        case pb.PUSH_OUTCOME_DONE:
            return Done()
        case pb.PUSH_OUTCOME_REFUSED:
            return Refused(reason=request.reason)
    return Again(reason=request.reason, perhaps_this_only=request.perhaps_this_only)


def _duration(span: timedelta | None) -> Duration | None:
    if span is None:
        return None
    message = Duration()
    message.FromTimedelta(span)
    return message

"""Subscribers as messages, and their events as CloudEvents."""

import base64

from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.subscription_pb2 import Subscription as SubscriptionMessage
from oms.intake.v1.subscription_service_pb2 import SetSubscriptionRequest
from services.chassis import cloud_events
from services.intake.domain.events import Event, EventType
from services.intake.domain.subscriptions import Subscription, Switch, Wanted
from services.intake.wire import event_message
from services.intake.wire_values import number_of, stamp, word_from

SOURCE = "/oms/intake"


def wanted_from(request: SetSubscriptionRequest) -> Wanted:
    """Return which events are asked for."""
    return Wanted(
        event_types=frozenset(
            word_from(OrderEvent.Type, number, EventType, EventType.SUBMITTED) for number in request.event_types
        ),
        channels=frozenset(request.channels),
        regions=frozenset(request.regions),
        order_ids=frozenset(request.order_ids),
    )


def subscription_message(subscription: Subscription) -> SubscriptionMessage:
    """Return the subscription without its secrets."""
    failure, wanted = subscription.failure, subscription.wanted
    failing = failure is not None and subscription.switch == Switch.ACTIVE
    state = SubscriptionMessage.STATE_FAILING if failing else number_of(SubscriptionMessage.State, subscription.switch)
    return SubscriptionMessage(
        name=subscription.name,
        url=subscription.url,
        state=state,
        event_types=sorted(number_of(OrderEvent.Type, one) for one in wanted.event_types),
        channels=sorted(wanted.channels),
        regions=sorted(wanted.regions),
        order_ids=sorted(wanted.order_ids),
        cursor=_cursor(subscription),
        delivered_count=subscription.delivered_count,
        deliver_time=stamp(subscription.deliver_time),
        failing_since_time=stamp(failure.since_time) if failure else None,
        attempts=failure.attempts if failure else 0,
        last_error=failure.error if failure else "",
        failing_event_id=failure.event_id if failure else "",
        failing_cursor=failure.cursor if failure else "",
        next_attempt_time=stamp(failure.next_attempt_time) if failure else None,
        old_secret_expire_time=stamp(subscription.old_secret_expire_time),
        create_time=stamp(subscription.create_time),
        update_time=stamp(subscription.update_time),
    )


def cloud_event(event: Event) -> str:
    """Return the event as the relay's webhook says it: the same words under the same id."""
    return cloud_events.body(
        event_id=event.event_id,
        source=SOURCE,
        kind=f"oms.intake.order.{event.fact.type.lower()}",
        subject=event.order_id,
        time=event.create_time,
        data=event_message(event),
    )


def _cursor(subscription: Subscription) -> str:
    # As domain/feed.py writes them: a subscription may stand where no event is.
    words = ".".join(map(str, subscription.position))
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")

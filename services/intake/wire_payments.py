"""What the payment service says: messages ⇄ domain."""

from datetime import datetime

from oms.intake.v1.payment_service_pb2 import PaymentEvent as PaymentEventMessage
from services.intake.domain.payment_events import PaymentEvent, PaymentKind
from services.intake.wire_values import moment_from, money_from, money_message, number_of, stamp, word_from


def event_from(message: PaymentEventMessage, now: datetime) -> PaymentEvent:
    """Return what is said; it happened now where nobody said when.

    Raises:
        InvalidArgument: INEXACT_AMOUNT, INVALID_TIME, CURRENCY_MISMATCH (no currency).
    """
    return PaymentEvent(
        event_id=message.event_id,
        reference=message.reference,
        kind=word_from(PaymentEventMessage.Kind, message.kind, PaymentKind, PaymentKind.DECLINED),
        amount=money_from(message.amount, message.amount.currency_code or "XXX", "event.amount"),
        occur_time=moment_from(message, "occur_time") or now,
        expire_time=moment_from(message, "expire_time"),
        key=message.key,
        create_time=now,
    )


def event_message(event: PaymentEvent) -> PaymentEventMessage:
    """Return the event as it is kept."""
    return PaymentEventMessage(
        event_id=event.event_id,
        reference=event.reference,
        kind=number_of(PaymentEventMessage.Kind, event.kind),
        amount=money_message(event.amount.minor, event.amount.currency_code),
        expire_time=stamp(event.expire_time),
        occur_time=stamp(event.occur_time),
        key=event.key,
        order_id=event.order_id,
        state=number_of(PaymentEventMessage.State, event.state),
        message=event.message,
        create_time=stamp(event.create_time),
    )

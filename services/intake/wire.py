"""Orders, holds, events and documents as messages."""

from collections.abc import Iterable, Sequence

from oms.intake.v1.cancellation_pb2 import LineCancellation as LineCancellationMessage
from oms.intake.v1.document_pb2 import Document as DocumentMessage
from oms.intake.v1.document_pb2 import DocumentProblem
from oms.intake.v1.hold_pb2 import Hold as HoldMessage
from oms.intake.v1.hold_pb2 import HoldApproval
from oms.intake.v1.hold_pb2 import HoldDeadlineAction as DeadlineActionNumber
from oms.intake.v1.hold_pb2 import HoldType as HoldTypeNumber
from oms.intake.v1.intake_service_pb2 import IngestedOrder as IngestedOrderMessage
from oms.intake.v1.order_event_pb2 import OrderEvent as OrderEventMessage
from oms.intake.v1.order_pb2 import Order as OrderMessage
from oms.intake.v1.order_pb2 import OrderLine as OrderLineMessage
from oms.intake.v1.order_pb2 import OrderStatus as OrderStatusNumber
from oms.intake.v1.order_pb2 import Payment as PaymentMessage
from oms.intake.v1.order_pb2 import ServiceLevel as ServiceLevelNumber
from oms.intake.v1.units_pb2 import Move as MoveMessage
from oms.intake.v1.units_pb2 import Room as RoomNumber
from oms.intake.v1.units_pb2 import Units as UnitsMessage
from services.intake.domain.cancellation import LineCancellation, Outcome
from services.intake.domain.document import Document, IngestedOrder
from services.intake.domain.events import Event
from services.intake.domain.feed import cursor_of
from services.intake.domain.holds import Hold
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.repricing import paid, unpaid
from services.intake.domain.rooms import ROOM_NAMES, Move, Room, Units
from services.intake.wire_details import details_message, line_details_message
from services.intake.wire_values import address_message, money_message, number_of, stamp, word_from


def order_message(order: Order) -> OrderMessage:
    """Return the order, whole."""
    currency = order.currency_code
    return OrderMessage(
        order_id=order.order_id,
        channel=order.channel,
        external_id=order.external_id,
        order_number=order.order_number,
        status=number_of(OrderStatusNumber, order.status),
        resting=order.resting,
        region=order.region,
        priority=order.priority,
        currency_code=currency,
        customer_reference=order.customer_reference,
        ship_to=address_message(order.ship_to),
        bill_to=address_message(order.bill_to) if order.bill_to else None,
        lines=[_line_message(line, currency) for line in _with_dues(order)],
        holds=[hold_message(hold) for hold in order.holds],
        shipping_amount=money_message(order.shipping, currency),
        shipping_tax_amount=money_message(order.shipping_tax, currency),
        total_amount=money_message(order.total, currency),
        payment=payment_message(order.payment, currency),
        service_level=number_of(ServiceLevelNumber, order.service_level),
        ship_complete=order.ship_complete,
        promise_time=stamp(order.promise_time),
        order_time=stamp(order.order_time),
        create_time=stamp(order.create_time),
        update_time=stamp(order.update_time),
        etag=order.etag,
        document_id=order.document_id,
        units=units_message(order.units),
        note=order.note,
        email=order.email,
        phone=order.phone,
        details=details_message(order.details),
        tags=order.tags,
    )


def payment_message(payment: Payment, currency: str) -> PaymentMessage:
    """Return where the money stands; what was given back is not authorized any more."""
    return PaymentMessage(
        state=number_of(PaymentMessage.State, payment.state),
        reference=payment.reference,
        authorized_amount=money_message(payment.authorized - payment.voided, currency),
        captured_amount=money_message(payment.captured, currency),
        refunded_amount=money_message(payment.refunded, currency) if payment.refunded else None,
        authorization_expire_time=stamp(payment.expire_time),
    )


def units_message(units: Units) -> UnitsMessage:
    return UnitsMessage(**{name: getattr(units, name) for name in ROOM_NAMES})


def hold_message(hold: Hold) -> HoldMessage:
    return HoldMessage(
        hold_id=hold.hold_id,
        order_id=hold.order_id,
        line_id=hold.line_id,
        handle=hold.handle,
        type=number_of(HoldTypeNumber, hold.type),
        state=number_of(HoldMessage.State, hold.state),
        owner_queue=hold.owner_queue,
        deadline_time=stamp(hold.deadline_time),
        deadline_action=number_of(DeadlineActionNumber, hold.deadline_action),
        overdue=hold.overdue,
        note=hold.note,
        create_time=stamp(hold.create_time),
        resolve_time=stamp(hold.resolve_time),
        resolved_by=hold.resolved_by,
        after=hold.after,
        approvals=hold.approvals,
        approved=[HoldApproval(queue=one.queue, actor=one.actor, time=stamp(one.time)) for one in hold.approved],
    )


def event_message(event: Event) -> OrderEventMessage:
    fact = event.fact
    return OrderEventMessage(
        event_id=event.event_id,
        order_id=event.order_id,
        sequence=event.sequence,
        type=number_of(OrderEventMessage.Type, fact.type),
        moves=[_move_message(move) for move in fact.moves],
        reason=fact.reason,
        actor=fact.actor,
        key=fact.key,
        references=fact.references,
        create_time=stamp(event.create_time),
        cursor=cursor_of(event),
    )


def document_message(document: Document, content: bytes = b"") -> DocumentMessage:
    return DocumentMessage(
        document_id=document.document_id,
        channel=document.channel,
        format=document.format,
        state=number_of(DocumentMessage.State, document.state),
        digest=document.digest,
        size=document.size,
        order_ids=document.order_ids,
        problems=[
            DocumentProblem(
                reason=problem.reason,
                position=problem.position,
                message=problem.message,
                external_id=problem.external_id,
            )
            for problem in document.problems
        ],
        create_time=stamp(document.create_time),
        update_time=stamp(document.update_time),
        name=document.name,
        content=content,
        headers=document.headers,
    )


def ingested_message(order: IngestedOrder) -> IngestedOrderMessage:
    return IngestedOrderMessage(
        order_id=order.order_id,
        external_id=order.external_id,
        outcome=number_of(IngestedOrderMessage.Outcome, order.outcome),
    )


def moves_from(messages: Iterable[MoveMessage]) -> tuple[Move, ...]:
    """Return the moves that are asked for."""
    return tuple(
        Move(
            line_id=message.line_id,
            from_room=word_from(RoomNumber, message.from_room, Room, Room.OPEN),
            to_room=word_from(RoomNumber, message.to_room, Room, Room.OPEN),
            quantity=message.quantity,
        )
        for message in messages
    )


def cancellation_message(line: LineCancellation) -> LineCancellationMessage:
    return LineCancellationMessage(
        line_id=line.line_id,
        outcome=number_of(LineCancellationMessage.Outcome, line.outcome),
        cancelled_quantity=line.cancelled,
        intercepting_quantity=line.intercepting,
        too_late_quantity=line.too_late,
    )


def cancellation_from(message: LineCancellationMessage) -> LineCancellation:
    return LineCancellation(
        line_id=message.line_id,
        outcome=word_from(LineCancellationMessage.Outcome, message.outcome, Outcome, Outcome.TOO_LATE),
        cancelled=message.cancelled_quantity,
        intercepting=message.intercepting_quantity,
        too_late=message.too_late_quantity,
    )


def _with_dues(order: Order) -> Sequence[OrderLine]:
    """Return the lines with what they are due; nothing is where nobody has paid yet for what a change added."""
    return paid(order).lines if unpaid(order) else order.lines


def _line_message(line: OrderLine, currency: str) -> OrderLineMessage:
    return OrderLineMessage(
        line_id=line.line_id,
        external_line_id=line.external_line_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        units=units_message(line.units),
        unit_price=money_message(line.unit_price, currency),
        discount_amount=money_message(line.discount, currency),
        tax_amount=money_message(line.tax, currency),
        prices_include_tax=line.prices_include_tax,
        total_amount=money_message(line.total, currency),
        details=line_details_message(line.details),
        due_amount=money_message(line.due, currency) if line.due is not None else None,
    )


def _move_message(move: Move) -> MoveMessage:
    return MoveMessage(
        line_id=move.line_id,
        from_room=number_of(RoomNumber, move.from_room),
        to_room=number_of(RoomNumber, move.to_room),
        quantity=move.quantity,
    )

"""Protobuf ⇄ domain. Pure: no call, no SQL, no rule."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from oms.intake.v1.order_pb2 import Order as OrderMessage
from oms.intake.v1.order_pb2 import OrderLine as OrderLineMessage
from oms.returns.v1 import return_pb2
from oms.returns.v1.returns_service_pb2 import InspectedLine, ReceivedLine, ReturnLineSpec
from services.kernel.errors import InvalidArgument
from services.kernel.money import exponent
from services.returns.domain.authorization import Authorization
from services.returns.domain.disposition import Disposition
from services.returns.domain.order import Order, OrderLine, merged
from services.returns.domain.reimbursement import Cause, Reimbursement, State
from services.returns.domain.return_record import Inspection, ReturnLine, ReturnRecord

Answer = TypeVar("Answer", bound=Message)

_NANOS = 1_000_000_000
# Below the 4 MiB that a message may have.
_PAGE_BYTES = 3 * 1024 * 1024


def order_from(message: OrderMessage) -> Order:
    return Order(
        order_id=message.order_id,
        order_number=message.order_number,
        channel=message.channel,
        region=message.region,
        currency_code=message.currency_code,
        lines=tuple(map(_order_line, message.lines)),
        shipping=_minor(message.shipping_amount) + _minor(message.shipping_tax_amount),
        total=_minor(message.total_amount),
        captured=_minor(message.payment.captured_amount),
        payment_reference=message.payment.reference,
        update_time=message.update_time.ToDatetime(UTC),
    )


def quantities(lines: Iterable[ReceivedLine] | Iterable[ReturnLineSpec]) -> dict[str, int]:
    """Return units per line, lines that are named twice added up."""
    return merged((line.line_id, line.quantity) for line in lines)


def return_lines(order: Order, specs: Sequence[ReturnLineSpec]) -> tuple[ReturnLine, ...]:
    """Return the lines of a new return; of a line that is named twice every reason is kept.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
    """
    reasons: dict[str, list[str]] = {}
    for spec in specs:
        said = reasons.setdefault(spec.line_id, [])
        if spec.reason and spec.reason not in said:
            said.append(spec.reason)
    return tuple(
        ReturnLine(line_id=line_id, sku=order.line(line_id).sku, quantity=quantity, reason="; ".join(reasons[line_id]))
        for line_id, quantity in quantities(specs).items()
    )


def inspections(lines: Iterable[InspectedLine]) -> list[Inspection]:
    return [
        Inspection(
            line_id=line.line_id,
            quantity=line.quantity,
            disposition=Disposition(return_pb2.Disposition.Name(line.disposition).removeprefix("DISPOSITION_")),
            note=line.note,
        )
        for line in lines
    ]


def authorization_from(number: "return_pb2.Return.Authorization.ValueType") -> Authorization | None:
    word = return_pb2.Return.Authorization.Name(number).removeprefix("AUTHORIZATION_")
    return None if word == "UNSPECIFIED" else Authorization(word)


def cause_from(number: "return_pb2.Reimbursement.Cause.ValueType") -> Cause:
    return Cause(return_pb2.Reimbursement.Cause.Name(number).removeprefix("CAUSE_"))


def state_from(number: "return_pb2.Reimbursement.State.ValueType") -> State | None:
    word = return_pb2.Reimbursement.State.Name(number).removeprefix("STATE_")
    return None if word == "UNSPECIFIED" else State(word)


def position_from(token: Sequence[str | int] | None) -> str | None:
    """Return the id after which the page starts, None for the first page.

    Raises:
        InvalidArgument: INVALID_PAGE_TOKEN.
    """
    match token:
        case None:
            return None
        case [str(position)] if "\0" not in position:
            return position
    raise InvalidArgument("page_token was not given by this service", reason="INVALID_PAGE_TOKEN")


def return_message(record: ReturnRecord, reimbursements: Iterable[Reimbursement] = ()) -> return_pb2.Return:
    return return_pb2.Return(
        return_id=record.return_id,
        order_id=record.order_id,
        authorization=authorization_number(record.authorization),
        reception=return_pb2.Return.Reception.Value(f"RECEPTION_{record.reception}"),
        lines=map(_return_line, record.lines),
        node_id=record.node_id,
        shipment_id=record.shipment_id,
        tracking_number=record.tracking_number,
        label_uri=record.label_uri,
        decision_reason=record.decision_reason,
        closed=record.closed,
        reimbursements=map(reimbursement_message, reimbursements),
        create_time=_time(record.create_time),
        update_time=_time(record.update_time),
    )


def reimbursement_message(one: Reimbursement) -> return_pb2.Reimbursement:
    return return_pb2.Reimbursement(
        reimbursement_id=one.reimbursement_id,
        order_id=one.order_id,
        return_id=one.return_id,
        cause=return_pb2.Reimbursement.Cause.Value(f"CAUSE_{one.cause}"),
        state=return_pb2.Reimbursement.State.Value(f"STATE_{one.state}"),
        amount=_money(one.due.amount, one.currency_code),
        reference=one.reference,
        lines=[
            return_pb2.ReimbursedLine(
                line_id=line.line_id, quantity=line.quantity, amount=_money(line.amount, one.currency_code)
            )
            for line in one.due.lines
        ],
        create_time=_time(one.create_time),
        message=one.message,
    )


def fitting(messages: list[Answer]) -> list[Answer]:
    """Return as many of these as one answer can carry, and at least one: the page then ends early."""
    size = 0
    for index, message in enumerate(messages):
        size += message.ByteSize()
        if index and size > _PAGE_BYTES:
            return messages[:index]
    return messages


def authorization_number(word: Authorization) -> "return_pb2.Return.Authorization.ValueType":
    return return_pb2.Return.Authorization.Value(f"AUTHORIZATION_{word}")


def disposition_number(word: Disposition) -> "return_pb2.Disposition.ValueType":
    return return_pb2.Disposition.Value(f"DISPOSITION_{word}")


def _order_line(message: OrderLineMessage) -> OrderLine:
    units = message.units
    return OrderLine(
        line_id=message.line_id,
        sku=message.sku,
        quantity=message.quantity,
        total=_minor(message.total_amount),
        shipped=units.shipped,
        delivered=units.delivered,
        returned=units.returned,
        cancelled=units.cancelled,
        lost=units.lost,
        due=_minor(message.due_amount) if message.HasField("due_amount") else None,
    )


def _return_line(line: ReturnLine) -> return_pb2.ReturnLine:
    return return_pb2.ReturnLine(
        line_id=line.line_id,
        sku=line.sku,
        quantity=line.quantity,
        reason=line.reason,
        received_quantity=line.received,
        dispositions=[
            return_pb2.DispositionUnits(disposition=disposition_number(one), quantity=line.dispositions[one])
            for one in Disposition
            if line.dispositions.get(one)
        ],
    )


def _minor(message: MoneyMessage) -> int:
    """Intake has checked that amounts are exact."""
    step: int = _NANOS // 10 ** exponent(message.currency_code)
    nanos: int = message.units * _NANOS + message.nanos
    return nanos // step


def _money(minor: int, currency_code: str) -> MoneyMessage:
    # Never negative: what is owed is checked by the database.
    units, rest = divmod(minor, 10 ** exponent(currency_code))
    nanos = rest * (_NANOS // 10 ** exponent(currency_code))
    return MoneyMessage(currency_code=currency_code, units=units, nanos=nanos)


def _time(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.astimezone(UTC))
    return timestamp

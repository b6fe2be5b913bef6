"""Changes of orders: messages ⇄ domain, both ways, and what the order's process is told of them."""

from collections.abc import Iterable

import protovalidate

from oms.intake.v1 import order_change_pb2 as pb
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.order_pb2 import ServiceLevel as ServiceLevelNumber
from services.chassis.validation import path_of
from services.intake.domain.changes import EditResult, LineChange, OrderChange
from services.intake.domain.draft import ServiceLevel
from services.intake.domain.edits import (
    AddLine,
    CancelOrder,
    Edit,
    Merge,
    SetAddress,
    SetDates,
    SetNode,
    SetQuantity,
    SetServiceLevel,
    Split,
)
from services.intake.domain.repricing import Worth
from services.intake.wire_draft import draft_line_from, draft_line_message
from services.intake.wire_values import (
    address_from,
    address_message,
    moment_from,
    money_message,
    number_of,
    stamp,
    word_from,
)
from services.kernel.errors import InvalidArgument


def edits_from(messages: Iterable[pb.OrderEdit], currency: str) -> tuple[Edit, ...]:
    """Return what is to be changed.

    Raises:
        InvalidArgument: EMPTY_EDIT, CURRENCY_MISMATCH, INEXACT_AMOUNT, INVALID_TIME.
    """
    return tuple(_edit_from(message, currency, f"edits[{at}]") for at, message in enumerate(messages))


def edit_message(edit: Edit) -> pb.OrderEdit:
    """Return the edit as a message."""
    match edit:
        case CancelOrder():
            return pb.OrderEdit(cancel_order=pb.CancelEverything())
        case SetQuantity(line_id=line_id, quantity=quantity):
            return pb.OrderEdit(set_quantity=pb.SetQuantity(line_id=line_id, quantity=quantity))
        case AddLine(line=line):
            return pb.OrderEdit(add_line=draft_line_message(line))
        case SetAddress(ship_to=ship_to):
            return pb.OrderEdit(set_address=pb.SetAddress(ship_to=address_message(ship_to)))
        case SetServiceLevel(service_level=level):
            number = number_of(ServiceLevelNumber, level)
            return pb.OrderEdit(set_service_level=pb.SetServiceLevel(service_level=number))
        case SetDates(earliest_time=earliest, due_time=due):
            return pb.OrderEdit(set_dates=pb.SetDates(earliest_time=stamp(earliest), due_time=stamp(due)))
        case SetNode(node_id=node_id, line_ids=line_ids):
            return pb.OrderEdit(set_node=pb.SetNode(node_id=node_id, line_ids=line_ids))
        case Split(quantities=quantities):
            units = [LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in quantities]
            return pb.OrderEdit(split=pb.SplitOrder(quantities=units))
        case Merge(order_id=order_id):
            return pb.OrderEdit(merge=pb.MergeOrder(order_id=order_id))


def check_limits(edits: Iterable[Edit]) -> None:
    """Hold edits against the limits that the contract sets for callers of ChangeOrder.

    Raises:
        InvalidArgument: LIMIT_EXCEEDED, UNREADABLE_TEXT.
    """
    try:
        for edit in edits:
            protovalidate.validate(edit_message(edit))
    except protovalidate.ValidationError as error:
        violation = error.violations[0]
        field = path_of(violation)
        message = f"{field}: {violation.proto.message or violation.proto.rule_id}"
        raise InvalidArgument(message, reason="LIMIT_EXCEEDED", field=field) from error
    except (ValueError, TypeError, OverflowError) as error:
        # Half a surrogate pair, a number beyond 64 bits: JSON has them, nothing behind it does.
        raise InvalidArgument(f"it has a value that cannot be kept: {error}", reason="UNREADABLE_TEXT") from error


def change_message(change: OrderChange) -> pb.OrderChange:
    """Return the change, whole."""
    currency = change.currency_code
    return pb.OrderChange(
        change_id=change.change_id,
        order_id=change.order_id,
        version=change.version,
        state=number_of(pb.OrderChange.State, change.state),
        edits=map(edit_message, change.edits),
        reason=change.reason,
        actor=change.actor,
        etag=change.etag,
        request_time=stamp(change.request_time),
        decide_time=stamp(change.decide_time),
        edit_results=map(result_message, change.results),
        lines=map(line_change_message, change.lines),
        before=_worth_message(change.before, currency),
        after=_worth_message(change.after, currency),
        refund_amount=money_message(change.refund, currency),
    )


def result_message(result: EditResult) -> pb.EditResult:
    return pb.EditResult(applied=result.applied, reason=result.reason, order_id=result.order_id)


def result_from(message: pb.EditResult) -> EditResult:
    return EditResult(applied=message.applied, reason=message.reason, order_id=message.order_id)


def line_change_message(line: LineChange) -> pb.LineChange:
    return pb.LineChange(
        line_id=line.line_id,
        edit=line.edit,
        wanted_quantity=line.wanted,
        done_quantity=line.done,
        intercepting_quantity=line.intercepting,
        too_late_quantity=line.too_late,
        added_line_id=line.added_line_id,
        cancelled_quantity=line.cancelled,
    )


def line_change_from(message: pb.LineChange) -> LineChange:
    return LineChange(
        line_id=message.line_id,
        edit=message.edit,
        wanted=message.wanted_quantity,
        done=message.done_quantity,
        intercepting=message.intercepting_quantity,
        too_late=message.too_late_quantity,
        added_line_id=message.added_line_id,
        cancelled=message.cancelled_quantity,
    )


def _edit_from(message: pb.OrderEdit, currency: str, field: str) -> Edit:
    match message.WhichOneof("edit"):
        case "cancel_order":
            return CancelOrder()
        case "set_quantity":
            return SetQuantity(line_id=message.set_quantity.line_id, quantity=message.set_quantity.quantity)
        case "add_line":
            return AddLine(line=draft_line_from(message.add_line, currency, f"{field}.add_line"))
        case "set_address":
            return SetAddress(ship_to=address_from(message.set_address.ship_to))
        case "set_service_level":
            level = message.set_service_level.service_level
            return SetServiceLevel(
                service_level=word_from(ServiceLevelNumber, level, ServiceLevel, ServiceLevel.STANDARD)
            )
        case "set_dates":
            dates = message.set_dates
            return SetDates(earliest_time=moment_from(dates, "earliest_time"), due_time=moment_from(dates, "due_time"))
        case "set_node":
            return SetNode(node_id=message.set_node.node_id, line_ids=tuple(message.set_node.line_ids))
        case "split":
            return Split(quantities=tuple((one.line_id, one.quantity) for one in message.split.quantities))
        case "merge":
            return Merge(order_id=message.merge.order_id)
    raise InvalidArgument(f"{field} says nothing: name what is to be changed", reason="EMPTY_EDIT", field=field)


def _worth_message(worth: Worth | None, currency: str) -> pb.ChangeMoney | None:
    if worth is None:
        return None
    return pb.ChangeMoney(
        total_amount=money_message(worth.total, currency),
        tax_amount=money_message(worth.tax, currency),
        discount_amount=money_message(worth.discount, currency),
    )

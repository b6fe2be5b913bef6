"""What the order's process is told of a change: lines, units and kinds, and nothing personal."""

from collections.abc import Iterable

from oms.workflow.v1.order_workflow_pb2 import ChangeOrderCommand, OrderInputLine, ProcessEdit
from services.intake.domain.changes import OrderChange, added_line_id, family
from services.intake.domain.changes_money import split_refusal
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
from services.intake.domain.order import Order, OrderLine


def command_of(order: Order, change: OrderChange, merge_refusal: str = "") -> ChangeOrderCommand:
    """Return what the process is asked; `merge_refusal` says why another order cannot be taken in."""
    return ChangeOrderCommand(
        change_id=change.change_id,
        version=change.version,
        edits=[_edit(order, change.change_id, number, edit, merge_refusal) for number, edit in enumerate(change.edits)],
        actor=change.actor,
        reason=change.reason,
    )


def _edit(order: Order, change_id: str, number: int, edit: Edit, merge_refusal: str) -> ProcessEdit:
    match edit:
        case CancelOrder():
            return ProcessEdit(kind=ProcessEdit.KIND_CANCEL)
        case SetQuantity(line_id=line_id, quantity=quantity):
            return ProcessEdit(
                kind=ProcessEdit.KIND_QUANTITY,
                lines=_lines(family(order, order.line(line_id))),
                quantity=quantity,
                added_line_id=added_line_id(change_id, number),
            )
        case AddLine(line=line):
            added = added_line_id(change_id, number)
            lines = [OrderInputLine(line_id=added, sku=line.sku, quantity=line.quantity)]
            return ProcessEdit(kind=ProcessEdit.KIND_ADD, lines=lines, added_line_id=added)
        case SetAddress():
            return ProcessEdit(kind=ProcessEdit.KIND_ADDRESS)
        case SetServiceLevel():
            return ProcessEdit(kind=ProcessEdit.KIND_SERVICE_LEVEL)
        case SetDates():
            return ProcessEdit(kind=ProcessEdit.KIND_DATES)
        case SetNode(node_id=node_id, line_ids=line_ids):
            return ProcessEdit(kind=ProcessEdit.KIND_NODE, lines=_lines(map(order.line, line_ids)), node_id=node_id)
        case Split(quantities=quantities):
            refusal = split_refusal(order, [line_id for line_id, _ in quantities])
            lines = [OrderInputLine(line_id=line_id, quantity=units) for line_id, units in quantities]
            return ProcessEdit(kind=ProcessEdit.KIND_SPLIT, lines=lines, refusal=refusal or "")
        case Merge():
            return ProcessEdit(kind=ProcessEdit.KIND_MERGE, refusal=merge_refusal)


def _lines(lines: Iterable[OrderLine]) -> list[OrderInputLine]:
    return [OrderInputLine(line_id=line.line_id, sku=line.sku) for line in lines]

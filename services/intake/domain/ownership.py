"""Who owns what of an order: field or decision → the system that may write it. Nobody else's writes are taken.

The contract is a table that machines can read. A channel may have its own; what that does not say is as
in the common one.
"""

from collections.abc import Mapping
from enum import StrEnum

from services.intake.domain.draft import Draft
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
from services.intake.domain.order import Order

# Anybody may write it, by asking: the order's process decides what can still be done.
SHARED = "shared"
CHANNEL = "channel"
OMS = "oms"


class Field(StrEnum):
    """What can be owned."""

    CANCELLATION = "order.cancellation"
    SHIP_TO = "order.ship_to"
    SERVICE_LEVEL = "order.service_level"
    DATES = "order.dates"
    LINES = "order.lines"
    QUANTITY = "line.quantity"
    PRICE = "line.price"
    TOTAL = "order.total"
    PAYMENT = "order.payment"
    CUSTOMER = "order.customer"
    NODE = "decision.node"
    PROMISE = "decision.promise"
    SPLIT = "decision.split"
    HOLD = "decision.hold"
    STATUS = "order.status"


# Which system has the last word, where a channel has not agreed on something else.
COMMON: Mapping[Field, str] = {
    Field.CANCELLATION: SHARED,
    Field.SHIP_TO: SHARED,
    Field.SERVICE_LEVEL: SHARED,
    Field.DATES: SHARED,
    Field.LINES: SHARED,
    Field.QUANTITY: SHARED,
    Field.PRICE: CHANNEL,
    Field.TOTAL: CHANNEL,
    Field.PAYMENT: "payment",
    Field.CUSTOMER: CHANNEL,
    Field.NODE: OMS,
    Field.PROMISE: OMS,
    Field.SPLIT: OMS,
    Field.HOLD: OMS,
    Field.STATUS: OMS,
}

_FIELDS: Mapping[type, Field] = {
    CancelOrder: Field.CANCELLATION,
    SetQuantity: Field.QUANTITY,
    AddLine: Field.LINES,
    SetAddress: Field.SHIP_TO,
    SetServiceLevel: Field.SERVICE_LEVEL,
    SetDates: Field.DATES,
    SetNode: Field.NODE,
    Split: Field.SPLIT,
    Merge: Field.SPLIT,
}


def field_of(edit: Edit) -> Field:
    """Return what an edit writes."""
    return _FIELDS[type(edit)]


def may_write(contract: Mapping[Field, str], field: Field, writer: str) -> bool:
    """Tell whether a system may write a field."""
    return contract.get(field, COMMON[field]) in {SHARED, writer}


def drift(order: Order, draft: Draft) -> list[Field]:
    """Return where a channel says something else of an order that it sent before than what we know."""
    found: list[Field] = []
    lines = {line.external_line_id: line for line in order.lines}
    said = {line.external_line_id or str(at): line for at, line in enumerate(draft.lines, start=1)}
    if lines.keys() != said.keys() or any(lines[key].sku != line.sku for key, line in said.items() if key in lines):
        found.append(Field.LINES)
    both = [(lines[key], line) for key, line in said.items() if key in lines]
    if any(ours.quantity != theirs.quantity for ours, theirs in both):
        found.append(Field.QUANTITY)
    if any(ours.unit_price != theirs.unit_price.minor for ours, theirs in both):
        found.append(Field.PRICE)
    if order.total != draft.total.minor:
        found.append(Field.TOTAL)
    if order.ship_to != draft.ship_to:
        found.append(Field.SHIP_TO)
    if order.service_level != draft.service_level:
        found.append(Field.SERVICE_LEVEL)
    if order.customer_reference != draft.customer_reference:
        found.append(Field.CUSTOMER)
    return found

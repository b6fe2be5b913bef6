"""Taking another order in: only where the two differ in nothing but their lines, and nothing has happened to it yet."""

from dataclasses import replace

from services.intake.domain.changes import OrderChange, Reason, added_line_id
from services.intake.domain.changes_money import DIVIDABLE
from services.intake.domain.draft import HoldType
from services.intake.domain.edits import Merge
from services.intake.domain.order import Order
from services.intake.domain.repricing import fixed
from services.intake.domain.rooms import Units


def merge_refusal(order: Order, other: Order) -> Reason | None:
    """Return why the other order cannot become part of this one; None where it can, as far as the rooms say."""
    if _identity(order) != _identity(other) or _held(other) - _held(order):
        return Reason.NOT_ALIKE
    if other.units.before_node != other.units.total or order.units.before_node == 0:
        return Reason.UNITS_NOT_FREE
    for one in (order, other):
        if one.payment.state not in DIVIDABLE or one.payment.voided or any(line.captured for line in one.lines):
            return Reason.MONEY_TAKEN
        if one.shipping + one.shipping_tax > one.total:
            return Reason.MONEY_NOT_EXACT
    return None


def place_of(change: OrderChange) -> tuple[int, str] | None:
    """Return which edit merges, and the order that it takes in."""
    for number, edit in enumerate(change.edits):
        if isinstance(edit, Merge):
            return number, edit.order_id
    return None


def merged(order: Order, other: Order, change_id: str, number: int) -> tuple[Order, Order]:
    """Return this order with the other one's lines, open, and the other one with nothing left but what it was."""
    order, other = fixed(order), fixed(other)
    last = max(line.position for line in order.lines)
    lines = tuple(
        replace(
            line,
            line_id=added_line_id(change_id, number, line.line_id),
            position=last + place,
            external_line_id=f"{other.external_id}/{line.external_line_id}",
            units=Units(open=line.quantity),
        )
        for place, line in enumerate(other.lines, start=1)
    )
    mine, theirs = order.payment, other.payment
    payment = replace(
        mine,
        authorized=mine.authorized + theirs.authorized,
        captured=mine.captured + theirs.captured,
        shared=max(0, mine.shared - theirs.authorized),
    )
    whole = replace(
        order,
        lines=(*order.lines, *lines),
        shipping=order.shipping + other.shipping,
        shipping_tax=order.shipping_tax + other.shipping_tax,
        total=order.total + other.total,
        payment=payment,
    )
    left = replace(
        other,
        lines=tuple(replace(line, due=0, units=Units(cancelled=line.quantity)) for line in other.lines),
        shipping=0,
        shipping_tax=0,
        total=0,
        payment=replace(theirs, authorized=0, captured=0),
    )
    return whole, left


def _identity(order: Order) -> tuple[object, ...]:
    money = order.payment
    return (
        order.channel,
        order.currency_code,
        order.customer_reference,
        order.ship_to,
        order.bill_to,
        order.service_level,
        order.ship_complete,
        order.details.pickup_location,
        order.details.earliest_time,
        order.details.due_time,
        money.state,
        # Money can only be taken where it was set aside.
        money.reference if money.authorized or money.captured else "",
    )


def _held(order: Order) -> set[tuple[HoldType, bool]]:
    return {(hold.type, bool(hold.line_id)) for hold in order.open_holds}

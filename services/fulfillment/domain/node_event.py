"""What a node says of its work, and what that changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.fulfillment.domain.problems import MoreUnitsThanWait
from services.fulfillment.domain.status import RequestStatus
from services.fulfillment.domain.work import FulfillmentOrder, Units


class Type(StrEnum):
    """What happened."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    PICKED = "PICKED"
    SHORT_PICKED = "SHORT_PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    CANCELLATION_REJECTED = "CANCELLATION_REJECTED"


# Units move from waiting to here; the other events only tell how the work goes on.
_PLACES: Mapping[Type, str] = {
    Type.REJECTED: "rejected",
    Type.SHORT_PICKED: "rejected",
    Type.SHIPPED: "shipped",
    Type.CANCELLED: "cancelled",
}

# What the process must hear of: exactly what moves units.
MILESTONES = frozenset(_PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvent:
    """One thing that a node says. Without `units` it is about all that wait (a SHIPPED one: about its parcel)."""

    event_id: str
    fulfillment_order_id: str
    type: Type
    occur_time: datetime
    units: Units
    tracking_number: str = ""
    message: str = ""


def apply(order: FulfillmentOrder, event: NodeEvent) -> tuple[FulfillmentOrder, NodeEvent]:
    """Return the order after the event, and the event with its units filled in.

    Raises:
        UnknownLine: the order has no such line.
        MoreUnitsThanWait: it moves units that do not wait, or names more than the line ever had.
    """
    whole = replace(event, units=event.units or order.waiting)
    moves = event.type in _PLACES
    if moves and not whole.units:
        raise MoreUnitsThanWait("", 0, 0)
    for line_id, said in whole.units.items():
        line = order.line(line_id)
        # Picks and packs may be told after the parcel has left: they are measured against the whole line.
        there = line.waiting if moves else line.quantity
        if said > there:
            raise MoreUnitsThanWait(line_id, said, there)
    after = order.moved(whole.units, _PLACES[event.type]) if moves else order
    return after.settled(_request_status(after, event.type), message=event.message), whole


def told_apart(order: FulfillmentOrder, event: NodeEvent) -> tuple[FulfillmentOrder, tuple[NodeEvent, ...]]:
    """Return the events that this one amounts to, and the order with what it was asked to give back seen to.

    A node says that it stopped, not what for. Units that somebody else is to ship are rejected, others are cancelled.

    Raises:
        UnknownLine, MoreUnitsThanWait: as `apply` does for the whole of it.
    """
    if not order.rerouting or event.type not in {Type.CANCELLED, Type.CANCELLATION_REJECTED}:
        return order, (event,)
    if event.type is Type.CANCELLATION_REJECTED:
        return replace(order, rerouting={}), (event,)
    said = apply(order, event)[1].units
    rejected = {i: part for i, units in said.items() if (part := min(units, order.rerouting.get(i, 0)))}
    cancelled = {i: part for i, units in said.items() if (part := units - rejected.get(i, 0))}
    rest = {i: part for i, units in order.rerouting.items() if (part := units - rejected.get(i, 0))}
    parts = [replace(event, type=Type.REJECTED, units=rejected)] if rejected else []
    if cancelled:
        own_id = f"{event.event_id}/cancelled" if parts else event.event_id
        parts.append(replace(event, event_id=own_id, units=cancelled))
    return replace(order, rerouting=rest), tuple(parts)


def _request_status(after: FulfillmentOrder, said: Type) -> RequestStatus:
    now = after.request_status
    if now in {RequestStatus.REJECTED, RequestStatus.CLOSED}:
        return now
    asked_to_stop = now is RequestStatus.CANCELLATION_REQUESTED
    match said:
        case Type.CANCELLED if asked_to_stop or _all(after, "cancelled"):
            return RequestStatus.CANCELLATION_ACCEPTED
        case Type.CANCELLATION_REJECTED if asked_to_stop:
            return RequestStatus.CANCELLATION_REJECTED
        case Type.REJECTED if _all(after, "rejected"):
            return RequestStatus.REJECTED
        case Type.CANCELLED | Type.CANCELLATION_REJECTED if after.waiting:
            return now  # what is left is to be done, or still to be given to the node, as before
    if not after.waiting:
        return now if now is RequestStatus.CANCELLATION_ACCEPTED and said not in MILESTONES else RequestStatus.CLOSED
    # Whoever works on it has accepted it, even where the answer that said so has not come home yet.
    known = now not in {RequestStatus.UNSUBMITTED, RequestStatus.SUBMITTED}
    return now if known else RequestStatus.ACCEPTED


def _all(order: FulfillmentOrder, place: str) -> bool:
    return all(getattr(line, place) == line.quantity for line in order.lines)

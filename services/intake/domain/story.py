"""What happened to an order, in sentences that people read."""

from services.intake.domain.events import Event, EventType
from services.intake.domain.rooms import Room

_ROOMS = {
    Room.OPEN: "to be routed",
    Room.BACKORDERED: "waiting for stock",
    Room.RESERVED: "set aside",
    Room.RELEASED: "given to a node",
    Room.SHIPPED: "shipped",
    Room.DELIVERED: "delivered",
    Room.RETURNED: "returned",
    Room.CANCELLED: "cancelled",
    Room.LOST: "lost",
}
_WORDS = {
    EventType.SUBMITTED: "The order was accepted",
    EventType.HOLD_PLACED: "A hold was placed",
    EventType.HOLD_RELEASED: "A hold was released",
    EventType.HOLD_REJECTED: "A hold was rejected: what it held is cancelled",
    EventType.HOLD_EXPIRED: "A hold's deadline passed",
    EventType.HOLD_APPROVED: "A hold's release was approved",
    EventType.PAYMENT_CAPTURED: "Money was captured",
    EventType.PAYMENT_DECLINED: "A capture was declined",
    EventType.PAYMENT_VOIDED: "What was set aside was given back",
    EventType.PAYMENT_CHANGED: "The payment changed",
    EventType.PROMISED: "Delivery was promised",
    EventType.CANCELLATION_REQUESTED: "A cancellation was asked for",
    EventType.CONFLICT: "Another document for this order could not be applied",
    EventType.CHANGE_REQUESTED: "A change was asked for",
    EventType.CHANGE_CONFIRMED: "A change was made",
    EventType.CHANGE_DECLINED: "A change was declined",
    EventType.MESSAGE_SENT: "The customer was told",
    EventType.CHANNEL_TOLD: "The channel was told",
    EventType.NOTED: "A note was written",
    EventType.TAGGED: "Tags were changed",
    EventType.ERASED: "Personal data was erased",
}


def sentence(event: Event) -> str:
    """Return what happened in one sentence."""
    fact = event.fact
    if fact.type == EventType.UNITS_MOVED:
        said = "; ".join(f"{count} unit{'s' if count != 1 else ''} {_ROOMS[room]}" for room, count in _counts(event))
        said = said[:1].upper() + said[1:]
    else:
        said = _WORDS.get(fact.type, fact.type.replace("_", " ").capitalize())
    where = [fact.references[name] for name in ("node_id", "tracking_number", "handle") if fact.references.get(name)]
    said += f" ({', '.join(where)})" if where else ""
    return f"{said}: {fact.reason}." if fact.reason else f"{said}."


def _counts(event: Event) -> list[tuple[Room, int]]:
    counts: dict[Room, int] = {}
    for move in event.fact.moves:
        counts[move.to_room] = counts.get(move.to_room, 0) + move.quantity
    return list(counts.items())

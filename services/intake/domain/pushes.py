"""What the channel that an order came from is told about it: which events it hears of, and what it is told by each."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.intake.domain.events import Event, EventType
from services.intake.domain.order import Order, OrderLine
from services.intake.domain.rooms import Room

PUSH = "psh"
# A push that may itself be what its platform stumbles over is put off this long at first, and twice as long each time.
FIRST_PUT_OFF = timedelta(seconds=2)
LONGEST_PUT_OFF = timedelta(minutes=5)
# A partner that was down for longer than this was not brought down by single pushes: what was put off is due at once.
LONG_DOWN = timedelta(minutes=10)


class PushKind(StrEnum):
    """What the channel is told."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    FULFILLMENT = "FULFILLMENT"
    CANCEL = "CANCEL"
    REFUND = "REFUND"


class PushState(StrEnum):
    """Where a push stands."""

    WAITING = "WAITING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class PartnerState(StrEnum):
    """How the platform of a channel is."""

    UP = "UP"
    DOWN = "DOWN"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPayload:
    """What is told, by our ids: nothing personal. Quantities are by line."""

    quantities: tuple[tuple[str, int], ...] = ()
    shipment_id: str = ""
    tracking_number: str = ""
    carrier_code: str = ""
    # Such as "12.50 USD".
    amount: str = ""
    # Units of the order that were not shipped or cancelled either: 0 where this was the last of it.
    left: int = 0
    # Nothing of the order was shipped, or ever will be.
    all_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Something that the channel is told about an order, once however often it is sent."""

    push_id: str
    order_id: str
    channel: str
    kind: PushKind
    event_id: str
    event_key: str
    sequence: int
    payload: PushPayload
    promise_time: datetime | None
    # When what it tells of happened.
    create_time: datetime
    next_attempt_time: datetime
    state: PushState = PushState.WAITING
    attempts: int = 0
    last_error: str = ""
    done_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """How the platform of a channel is, and what waits for it."""

    channel: str
    paused: bool = False
    pause_reason: str = ""
    pause_time: datetime | None = None
    failure_count: int = 0
    down_reason: str = ""
    down_time: datetime | None = None
    next_attempt_time: datetime | None = None

    @property
    def state(self) -> PartnerState:
        """A paused partner is not tried, whether it is down or not."""
        if self.paused:
            return PartnerState.PAUSED
        return PartnerState.DOWN if self.failure_count else PartnerState.UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for a partner."""

    waiting: int = 0
    refused: int = 0
    blocked_orders: int = 0
    first_order_ids: tuple[str, ...] = field(default=())
    oldest_time: datetime | None = None


def pushes_of(event: Event, order: Order, kinds: Collection[PushKind]) -> list[tuple[PushKind, PushPayload]]:
    """Return what the channel is told by this event, of the kinds that its platform hears of."""
    match event.fact.type:
        case EventType.SUBMITTED:
            found = [(PushKind.ACKNOWLEDGE, PushPayload())]
        case EventType.UNITS_MOVED:
            found = _moved(event, order)
        case EventType.PAYMENT_CHANGED if event.fact.references.get("kind") == "REFUNDED":
            found = [(PushKind.REFUND, PushPayload(amount=event.fact.references.get("amount", "")))]
        case _:
            found = []
    return [(kind, payload) for kind, payload in found if kind in kinds]


def put_off(attempts: int) -> timedelta:
    """Return how long a push waits after it failed this often."""
    wait: timedelta = FIRST_PUT_OFF * 2 ** min(attempts - 1, 20)
    return min(wait, LONGEST_PUT_OFF)


def lines_of(push: Push, order: Order) -> list[tuple[OrderLine, int]]:
    """Return the order's lines that the push is about, each with its units."""
    known = {line.line_id: line for line in order.lines}
    return [(known[line_id], quantity) for line_id, quantity in push.payload.quantities if line_id in known]


def number_at_channel(order: Order) -> str:
    """Return the channel's id of the order: of the whole, where one document became several orders."""
    whole = order.details.group_id
    return whole if whole and order.external_id.startswith(f"{whole}/") else order.external_id


def _moved(event: Event, order: Order) -> list[tuple[PushKind, PushPayload]]:
    shipped = _quantities(event, from_rooms=frozenset({Room.RELEASED}), to_room=Room.SHIPPED)
    # Units that were lost on their way had been shipped, as far as the channel knows: it hears of the refund.
    cancelled = _quantities(event, from_rooms=frozenset(Room) - {Room.LOST}, to_room=Room.CANCELLED)
    references, found = event.fact.references, []
    left = sum(line.quantity - line.units.gone - line.units.cancelled for line in order.lines)
    if shipped:
        payload = PushPayload(
            quantities=shipped,
            shipment_id=references.get("shipment_id", ""),
            tracking_number=references.get("tracking_number", ""),
            carrier_code=references.get("carrier_code", ""),
            left=left,
        )
        found.append((PushKind.FULFILLMENT, payload))
    if cancelled:
        whole = not left and not any(line.units.gone for line in order.lines)
        found.append((PushKind.CANCEL, PushPayload(quantities=cancelled, left=left, all_cancelled=whole)))
    return found


def _quantities(event: Event, *, from_rooms: frozenset[Room], to_room: Room) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for move in event.fact.moves:
        if move.to_room == to_room and move.from_room in from_rooms:
            found[move.line_id] = found.get(move.line_id, 0) + move.quantity
    return tuple(found.items())

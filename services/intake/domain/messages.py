"""What customers are told: which event becomes which message, to whom, and when not.

A message belongs to an event's business key, so the same parcel is never told of twice. Nobody is told of suspicion,
credit or compliance: of holds, only of those that the customer can end.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.intake.domain.draft import HoldType
from services.intake.domain.events import Event, EventType
from services.intake.domain.holds import HoldState
from services.intake.domain.order import Order
from services.intake.domain.quiet_hours import local_date
from services.intake.domain.rooms import Room
from services.intake.domain.status import OrderStatus, derive
from services.kernel.errors import InvalidArgument

# Whoever is told later than this wonders more than who is not told: after a restart, or when messages are switched on.
TOO_LATE = timedelta(days=3)
FIRST_BACKOFF = timedelta(seconds=30)
SLOWEST_BACKOFF = timedelta(hours=1)
MOST_ATTEMPTS = 30
_CUSTOMER_CAN_ACT = frozenset({HoldType.AWAITING_PAYMENT, HoldType.INCORRECT_ADDRESS})
_REFUNDED = "REFUNDED"
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.?[^\s@<>,;:\"()\[\]\\]+")
_NOT_DIALLED = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_ADVERTISES = re.compile(r"://|www\.|@", re.IGNORECASE)
_LANGUAGES = {"AT": "de", "CH": "de", "DE": "de", "LI": "de", "FR": "fr", "LU": "fr", "MC": "fr"}
_DEFAULT_LANGUAGE = "en"


class MessageKind(StrEnum):
    """What a message says."""

    CONFIRMED = "CONFIRMED"
    HELD = "HELD"
    DELAYED = "DELAYED"
    SHIPPED = "SHIPPED"
    READY_FOR_PICKUP = "READY_FOR_PICKUP"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"


class Medium(StrEnum):
    """How a message travels."""

    EMAIL = "EMAIL"
    SMS = "SMS"


class MessageState(StrEnum):
    """Where a message is in its life."""

    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    SUPPRESSED = "SUPPRESSED"
    UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something to tell the customer: `quantities` by line, where it is about some units only."""

    kind: MessageKind
    event_key: str
    quantities: Mapping[str, int] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    hold_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `reason` says why it is not sent."""

    message_id: str
    order_id: str
    kind: MessageKind
    medium: Medium
    event_key: str
    event_id: str
    state: MessageState
    address: str
    country_code: str
    brand: str
    language: str
    subject: str
    text: str
    html: str
    reason: str
    create_time: datetime
    next_attempt_time: datetime
    attempts: int = 0
    send_time: datetime | None = None


def occasion_of(event: Event, order: Order, *, promised_before: datetime | None) -> Occasion | None:
    """Return what the customer is to be told of this event; None for most."""
    fact = event.fact
    match fact.type:
        case EventType.SUBMITTED:
            return Occasion(kind=MessageKind.CONFIRMED, event_key="")
        case EventType.HOLD_PLACED:
            return _held(event, order)
        case EventType.PROMISED:
            return _delayed(event, order, promised_before)
        case EventType.UNITS_MOVED:
            return _moved(event, order)
        case EventType.PAYMENT_CHANGED if fact.references.get("kind") == _REFUNDED:
            return Occasion(kind=MessageKind.REFUNDED, event_key=fact.key, references=fact.references)
    return None


def email_of(order: Order) -> str:
    """Return where the customer reads e-mail; empty where nothing usable is known."""
    for known in (order.email, order.ship_to.email, order.bill_to.email if order.bill_to else ""):
        if _EMAIL.fullmatch(known.strip()) and known.isprintable():
            return known.strip()
    return ""


def phone_of(order: Order) -> str:
    """Return where the customer gets text messages, with the country code; empty where nothing usable is known."""
    for known in (order.phone, order.ship_to.phone, order.bill_to.phone if order.bill_to else ""):
        dialled = _dialled(known)
        if _PHONE.fullmatch(dialled):
            return dialled
    return ""


def address_digest(address: str) -> str:
    """Return what stands for an address where the address itself is not kept; the same however it is written.

    Raises:
        InvalidArgument: INVALID_ADDRESS.
    """
    plain = address.strip().casefold()
    if not _EMAIL.fullmatch(plain):
        plain = _dialled(plain)
        if not _PHONE.fullmatch(plain):
            raise InvalidArgument(
                "send an e-mail address, or a telephone number that starts with + and the country",
                reason="INVALID_ADDRESS",
            )
    return hashlib.sha256(f"oms/consent/{plain}".encode()).hexdigest()


def language_of(order: Order) -> str:
    """Return the language to write in: what the channel said, else the country's."""
    said = order.details.locale.replace("_", "-").lower()
    return said or _LANGUAGES.get(order.ship_to.country_code, _DEFAULT_LANGUAGE)


def languages(language: str) -> tuple[str, ...]:
    """Return the language, and the wider ones it is part of: "fr-ca", "fr"."""
    parts = language.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def shown_status(order: Order) -> OrderStatus:
    """Return where the order stands as the customer may know it: suspicion and credit look like work."""
    told = any(hold.type in _CUSTOMER_CAN_ACT for hold in order.open_holds)
    return derive(order.units, 1 if told else 0)


def name_of(order: Order) -> str:
    """Return the customer's name; empty where it is an advertisement that we would carry to somebody's door."""
    name = order.ship_to.name or (order.bill_to.name if order.bill_to else "")
    return "" if _ADVERTISES.search(name) else name


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts."""
    return min(SLOWEST_BACKOFF, FIRST_BACKOFF * float(2 ** min(attempts - 1, 20)))


def _held(event: Event, order: Order) -> Occasion | None:
    hold_id = event.fact.references.get("hold_id", "")
    for hold in order.holds:
        if hold.hold_id == hold_id and hold.state == HoldState.CREATED and hold.type in _CUSTOMER_CAN_ACT:
            return Occasion(kind=MessageKind.HELD, event_key=hold_id, hold_type=hold.type)
    return None


def _delayed(event: Event, order: Order, before: datetime | None) -> Occasion | None:
    references = event.fact.references
    try:
        promised = datetime.fromisoformat(references.get("promise_time", ""))
    except ValueError:
        return None
    country = order.ship_to.country_code
    # Customers are promised days: a later hour is no news.
    if before is None or local_date(promised, country) <= local_date(before, country):
        return None
    return Occasion(kind=MessageKind.DELAYED, event_key=event.fact.key, references=references)


def _moved(event: Event, order: Order) -> Occasion | None:
    fact = event.fact
    arrived: dict[Room, Counter[str]] = {}
    for move in fact.moves:
        arrived.setdefault(move.to_room, Counter())[move.line_id] += move.quantity
    parcel = fact.references.get("shipment_id") or fact.key
    # What is to be picked up is handed over at the counter: it has left the shelf and waits there.
    left = MessageKind.READY_FOR_PICKUP if order.details.pickup_location else MessageKind.SHIPPED
    kinds = {
        Room.SHIPPED: (left, parcel),
        Room.DELIVERED: (MessageKind.DELIVERED, parcel),
        Room.RETURNED: (MessageKind.RETURNED, fact.key),
    }
    for room, (kind, key) in kinds.items():
        if room in arrived:
            return Occasion(kind=kind, event_key=key, quantities=arrived[room], references=fact.references)
    return None


def _dialled(text: str) -> str:
    plain = _NOT_DIALLED.sub("", text)
    return "+" + plain[2:] if plain.startswith("00") else plain

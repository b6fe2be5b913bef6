"""The timeline of an order: what happened, who did it, and under which business key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.intake.domain.rooms import Move


class EventType(StrEnum):
    """What happened."""

    SUBMITTED = "SUBMITTED"
    UNITS_MOVED = "UNITS_MOVED"
    HOLD_PLACED = "HOLD_PLACED"
    HOLD_RELEASED = "HOLD_RELEASED"
    HOLD_REJECTED = "HOLD_REJECTED"
    HOLD_EXPIRED = "HOLD_EXPIRED"
    PAYMENT_CAPTURED = "PAYMENT_CAPTURED"
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    PAYMENT_VOIDED = "PAYMENT_VOIDED"
    PROMISED = "PROMISED"
    CANCELLATION_REQUESTED = "CANCELLATION_REQUESTED"
    CONFLICT = "CONFLICT"
    CHANGE_REQUESTED = "CHANGE_REQUESTED"
    CHANGE_CONFIRMED = "CHANGE_CONFIRMED"
    CHANGE_DECLINED = "CHANGE_DECLINED"
    HOLD_APPROVED = "HOLD_APPROVED"
    PAYMENT_CHANGED = "PAYMENT_CHANGED"
    MESSAGE_SENT = "MESSAGE_SENT"
    CHANNEL_TOLD = "CHANNEL_TOLD"
    NOTED = "NOTED"
    TAGGED = "TAGGED"
    ERASED = "ERASED"


# They tell of an order and do not change it: whoever read it before has read what it is.
SILENT = frozenset({EventType.MESSAGE_SENT, EventType.CHANNEL_TOLD, EventType.NOTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something to be written on an order's timeline; `type` and `key` together are written once."""

    type: EventType
    key: str
    actor: str
    reason: str = ""
    moves: tuple[Move, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact on the timeline: its number in the order, and its place in the feed of all orders."""

    fact: Fact
    event_id: str
    order_id: str
    sequence: int
    create_time: datetime
    transaction_id: int

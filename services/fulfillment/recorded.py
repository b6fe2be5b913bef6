"""What became of events that were told to us, each by itself."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from oms.fulfillment.v1.fulfillment_service_pb2 import RecordedEvent
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound, OmsError

# What makes an event impossible, and nothing else about the request.
REFUSALS = (NotFound, InvalidArgument, FailedPrecondition)

Event = TypeVar("Event")
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event: recorded, repeated, or refused for a reason."""

    event_id: str
    repeated: bool = False
    refusal: OmsError | None = None


def grouped(events: Iterable[Event], group: Callable[[Event], Group]) -> dict[Group, list[tuple[int, Event]]]:
    """Return the events by what they are about, in their order, each with its place in the request."""
    groups: dict[Group, list[tuple[int, Event]]] = {}
    for place, event in enumerate(events):
        groups.setdefault(group(event), []).append((place, event))
    return groups


def encoded(one: Recorded) -> RecordedEvent:
    """Return it for the wire."""
    if one.refusal:
        return RecordedEvent(
            event_id=one.event_id,
            outcome=RecordedEvent.OUTCOME_REFUSED,
            reason=one.refusal.reason,
            message=one.refusal.message,
        )
    outcome = RecordedEvent.OUTCOME_REPEATED if one.repeated else RecordedEvent.OUTCOME_RECORDED
    return RecordedEvent(event_id=one.event_id, outcome=outcome)

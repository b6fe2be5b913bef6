"""What a cancellation comes to where the rooms alone can say: nothing that was asked for can still be stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.intake.domain.order import Order, OrderLine


class Outcome(StrEnum):
    """What a whole line comes to."""

    CANCELLED = "CANCELLED"
    INTERCEPTING = "INTERCEPTING"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCancellation:
    """The answer for one line, unit by unit."""

    line_id: str
    outcome: Outcome
    cancelled: int
    intercepting: int
    too_late: int


def wanted(order: Order, lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return how many units of each line are asked for: all of them where 0, all lines where none is named.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
    """
    asked: dict[str, int] = {}
    for line_id, quantity in lines:
        line = order.line(line_id)
        asked[line_id] = min(line.quantity, asked.get(line_id, 0) + (quantity or line.quantity))
    return asked or {line.line_id: line.quantity for line in order.lines}


def needs_process(order: Order, asked: Mapping[str, int]) -> bool:
    """Tell whether any unit asked for can still be stopped, which only the order's process can do."""
    return any(order.line(line_id).units.cancellable > 0 for line_id in asked)


def from_rooms(order: Order, asked: Mapping[str, int]) -> tuple[LineCancellation, ...]:
    """Return the answer for lines of which nothing can be stopped any more: units are cancelled or had left."""
    return tuple(_line_from_rooms(order.line(line_id), quantity) for line_id, quantity in asked.items())


def _line_from_rooms(line: OrderLine, quantity: int) -> LineCancellation:
    cancelled = min(quantity, line.units.cancelled)
    too_late = quantity - cancelled
    return LineCancellation(
        line_id=line.line_id,
        outcome=Outcome.TOO_LATE if too_late else Outcome.CANCELLED,
        cancelled=cancelled,
        intercepting=0,
        too_late=too_late,
    )

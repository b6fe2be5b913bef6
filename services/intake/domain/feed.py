"""Cursors: where an event stands in the feed of all orders, as text that callers keep and send back."""

import base64
import binascii

from services.intake.domain.events import Event
from services.kernel.errors import InvalidArgument

# Transaction, order, number in the order: see store_events.py.
FeedPosition = tuple[int, str, int]

BEGINNING: FeedPosition = (0, "", 0)
_LARGEST = 2**63 - 1


def position_of(event: Event) -> FeedPosition:
    """Return where the event stands in the feed."""
    return event.transaction_id, event.order_id, event.sequence


def cursor_of(event: Event) -> str:
    """Return where the event stands in the feed, as text that means nothing to anybody else."""
    transaction_id, order_id, sequence = position_of(event)
    return base64.urlsafe_b64encode(f"{transaction_id}.{order_id}.{sequence}".encode()).decode().rstrip("=")


def position_from(cursor: str) -> FeedPosition:
    """Return the position that a cursor names.

    Raises:
        InvalidArgument: INVALID_CURSOR.
    """
    try:
        words = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        transaction_id, order_id, sequence = words.split(".")
        position = int(transaction_id), order_id, int(sequence)
    except (ValueError, binascii.Error) as error:
        raise _invalid() from error
    if not (0 <= position[0] <= _LARGEST and 0 <= position[2] <= _LARGEST and order_id.isprintable()):
        raise _invalid()
    return position


def _invalid() -> InvalidArgument:
    return InvalidArgument("this is no cursor: send one that an event came with", reason="INVALID_CURSOR")

"""Page tokens, read back into the place where the next page starts; nonsense is the caller's error."""

from datetime import datetime

from google.protobuf.message import Message

from services.chassis.paging import decode_token
from services.kernel.errors import InvalidArgument


def pair(request: Message) -> tuple[str, str] | None:
    """Return the last pair seen."""
    match decode_token(request):
        case None:
            return None
        case [str(sku), str(node_id)]:
            return sku, node_id
    raise _nonsense()


def reservation(request: Message) -> tuple[datetime, str] | None:
    """Return the last reservation seen."""
    match decode_token(request):
        case None:
            return None
        case [str(create_time), str(reservation_id)]:
            return _moment(create_time), reservation_id
    raise _nonsense()


def backorder(request: Message) -> tuple[int, datetime, str, str] | None:
    """Return the last backorder seen."""
    match decode_token(request):
        case None:
            return None
        case [int(priority), str(create_time), str(owner_id), str(line_id)] if 1 <= priority <= 5:
            return priority, _moment(create_time), owner_id, line_id
    raise _nonsense()


def entry(request: Message) -> int | None:
    """Return the last ledger entry seen."""
    match decode_token(request):
        case None:
            return None
        case [int(sequence)] if 0 <= sequence < 2**63:
            return sequence
    raise _nonsense()


def drift_exception(request: Message) -> tuple[datetime, str] | None:
    """Return the last difference seen."""
    return reservation(request)


def supply(request: Message) -> tuple[datetime, str] | None:
    """Return the last supply seen."""
    return reservation(request)


def lot(request: Message) -> tuple[str, str, datetime | None, str] | None:
    """Return the last lot seen."""
    match decode_token(request):
        case None:
            return None
        case [str(sku), str(node_id), str(expire_time), str(lot_id)]:
            return sku, node_id, _moment(expire_time) if expire_time else None, lot_id
    raise _nonsense()


def name(request: Message) -> str:
    """Return the last name seen (a channel, a SKU); an empty one, which comes before all, for the first page."""
    match decode_token(request):
        case None:
            return ""
        case [str(last)]:
            return last
    raise _nonsense()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _nonsense() from error
    if moment.tzinfo is None:
        raise _nonsense()
    return moment


def _nonsense() -> InvalidArgument:
    return InvalidArgument("the page token belongs to no page of this list", reason="INVALID_PAGE_TOKEN")

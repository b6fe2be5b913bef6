"""Where a page starts: a row's place in its list, in the request's page token and out of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from services.chassis.paging import decode_token, encode_token
from services.kernel.errors import InvalidArgument

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**62


def next_token(request: Message, places: Sequence[tuple[datetime | str | int | None, ...]], size: int) -> str:
    """Return the token of the page after the first `size` rows; empty where there are no more."""
    if len(places) <= size:
        return ""
    return encode_token(request, *(_encoded(part) for part in places[size - 1]))


def moment_and_id(request: Message) -> tuple[datetime, str] | None:
    """Return the place after which the page starts in a list by time; None for the first page.

    Raises:
        InvalidArgument: INVALID_PAGE_TOKEN.
    """
    place = decode_token(request)
    if place is None:
        return None
    try:
        microseconds, row_id = place
        return _EPOCH + timedelta(microseconds=int(microseconds)), str(row_id)
    except (ValueError, OverflowError) as error:
        raise _invalid() from error


def number(request: Message) -> int:
    """Return the number after which the page starts; 0 for the first page.

    Raises:
        InvalidArgument: INVALID_PAGE_TOKEN.
    """
    place = decode_token(request)
    if place is None:
        return 0
    if len(place) != 1 or not isinstance(place[0], int) or not 0 <= place[0] <= _LARGEST:
        raise _invalid()
    return place[0]


def name(request: Message) -> str:
    """Return the name after which the page starts in a list by name; empty, which is before all names, for the first.

    Raises:
        InvalidArgument: INVALID_PAGE_TOKEN.
    """
    match decode_token(request):
        case None:
            return ""
        case [str(last)]:
            return last
    raise _invalid()


def name_and_number(request: Message) -> tuple[str, int] | None:
    """Return the place after which the page starts in a list by name and number; None for the first page.

    Raises:
        InvalidArgument: INVALID_PAGE_TOKEN.
    """
    match decode_token(request):
        case None:
            return None
        case [str(last), int(at)] if 0 <= at < 2**31:
            return last, at
    raise _invalid()


def _encoded(part: datetime | str | int | None) -> str | int:
    return (part - _EPOCH) // timedelta(microseconds=1) if isinstance(part, datetime) else part or ""


def _invalid() -> InvalidArgument:
    return InvalidArgument("page_token was not given by this service", reason="INVALID_PAGE_TOKEN")

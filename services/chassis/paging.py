"""Page tokens: where the next page starts, bound to everything else that was asked."""

import base64
import hashlib
import json

from google.protobuf.message import Message

from services.kernel.errors import InvalidArgument

DEFAULT = 50
MAXIMUM = 500


def page_size(requested: int, *, default: int = DEFAULT, maximum: int = MAXIMUM) -> int:
    """Return how many rows a page has."""
    return min(requested or default, maximum)


def encode_token(request: Message, *position: str | int) -> str:
    """Return a token for the page that starts after `position`."""
    text = json.dumps([_digest(request), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_token(request: Message) -> list[str | int] | None:
    """Return the position that the request's token stands for; None for the first page.

    Raises:
        InvalidArgument: the token is none, or was given for a request with other filters.
    """
    token: str = request.page_token  # type: ignore[attr-defined]
    if not token:
        return None
    try:
        digest, *position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, RecursionError):
        raise _invalid("it was not given by this service") from None
    if digest != _digest(request):
        raise _invalid("it was given for a request with other filters")
    if not all(isinstance(part, str | int) and not isinstance(part, bool) for part in position):
        raise _invalid("it was not given by this service")
    return list(position)


def _digest(request: Message) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    return hashlib.sha256(bare.DESCRIPTOR.full_name.encode() + bare.SerializeToString(deterministic=True)).hexdigest()[
        :16
    ]


def _invalid(why: str) -> InvalidArgument:
    return InvalidArgument(
        f"page_token cannot be used: {why}; leave it empty to start over", reason="INVALID_PAGE_TOKEN"
    )

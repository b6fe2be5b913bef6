"""Asking a platform: an answer that is none is one error, and says what the platform said."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.intake.doors.pulling import PullFailed

# Fetched again at the next round: platforms list an order some time after they date it.
OVERLAP = timedelta(minutes=5)
# Where a channel begins that was never fetched before.
FIRST = timedelta(days=7)
_TEXT_LIMIT = 300
_LARGEST = 20_000_000
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


async def ask(
    http: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> httpx.Response:
    """Return the answer to a GET.

    Raises:
        PullFailed: it was no yes, or is too large to be a page.
    """
    async with http.stream("GET", url, params=params, headers=headers, auth=auth) as response:
        content = await _content(response)
    if not response.is_success:
        said = content.decode(response.encoding or "utf-8", errors="replace")[:_TEXT_LIMIT]
        raise PullFailed(f"{response.request.url.path} answered {response.status_code}: {said}")
    return httpx.Response(
        response.status_code,
        headers=[(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_WIRE],
        content=content,
        request=response.request,
    )


async def _content(response: httpx.Response) -> bytes:
    """Return the body, unpacked. What is too large is not read to the end: a few bytes can unpack to any number."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _LARGEST:
            raise PullFailed(
                f"{response.request.url.path} answered with more than {_LARGEST} bytes: ask for less at once"
            )
    return bytes(content)


def body_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that an answer is.

    Raises:
        PullFailed: it is none.
    """
    try:
        body = response.json()
    except ValueError as error:
        raise PullFailed(f"{response.request.url.path} answered with something that is not JSON") from error
    if not isinstance(body, dict):
        raise PullFailed(f"{response.request.url.path} answered with something that is not an object")
    return body


def place_of(cursor: str) -> dict[str, Any]:
    """Return the parts of a cursor; none where it is the first time."""
    return dict(json.loads(cursor)) if cursor else {}


def cursor_of(**parts: object) -> str:
    """Return the cursor with these parts."""
    return json.dumps({name: part for name, part in parts.items() if part}, sort_keys=True)


def document(body: object) -> bytes:
    """Return JSON as it is kept: the same order is the same bytes, however often it is fetched."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def moment(now: datetime) -> str:
    """Return a moment as platforms write it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Any platform that lists orders as JSON by pages: a list, or an object with "orders" (or "data", "items", "results").

The next page is where the header Link (rel=next) or the body's "next" says; the first is the channel's url with
`updated_since` and `limit`. The secret is a bearer token.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from services.intake.domain.channel import Channel
from services.intake.doors.connectors.asking import FIRST, OVERLAP, ask, cursor_of, document, moment, place_of
from services.intake.doors.pulling import Fetched, PullFailed

_LISTS = ("orders", "data", "items", "results")


async def fetch(http: httpx.AsyncClient, channel: Channel, secret: str, cursor: str, now: datetime) -> Fetched:
    """Return the page at the cursor; each order is a document."""
    place = place_of(cursor)
    since = place.get("since") or moment(now - FIRST)
    began = place.get("began") or moment(now - OVERLAP)
    url = place.get("next") or channel.pull.url
    params = None if place.get("next") else {"updated_since": since, "limit": str(channel.pull.page_size)}
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    response = await ask(http, url, params=params, headers=headers)
    try:
        body = response.json()
    except ValueError as error:
        raise PullFailed("the answer is not JSON") from error
    orders = body if isinstance(body, list) else _listed(body)
    documents = [(_name(order, place), document(order)) for place, order in enumerate(orders)]
    told = response.links.get("next", {}).get("url") or (body.get("next") if isinstance(body, dict) else None)
    if told:
        following = _within(channel.pull.url, urljoin(str(response.request.url), str(told)))
        return Fetched(documents=documents, cursor=cursor_of(since=since, began=began, next=following), more=True)
    return Fetched(documents=documents, cursor=cursor_of(since=began), more=False)


def _listed(body: Any) -> list[Any]:
    for name in _LISTS:
        if isinstance(body, dict) and isinstance(body.get(name), list):
            return list(body[name])
    raise PullFailed(f"the answer has no list of orders under {', '.join(_LISTS)}")


def _name(order: Any, place: int) -> str:
    return str(order.get("id") or order.get("order_id") or place) if isinstance(order, dict) else str(place)


def _within(base: str, following: str) -> str:
    """Return the address of the next page. The token is shown to nobody but the platform.

    Raises:
        PullFailed: it is another host's.
    """
    here, there = urlsplit(base), urlsplit(following)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise PullFailed(f"the next page is at another host: {there.netloc}")
    return following

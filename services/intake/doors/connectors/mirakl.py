"""Mirakl's OR11: orders changed since a time, by offset. The secret is the shop's API key, the account its shop id.

Offsets shift while orders change, so every round begins some minutes before the last one did.
"""

from datetime import datetime

import httpx

from services.intake.domain.channel import Channel
from services.intake.doors.connectors.asking import FIRST, OVERLAP, ask, body_of, cursor_of, document, moment, place_of
from services.intake.doors.pulling import Fetched, PullFailed

_LARGEST_PAGE = 100


async def fetch(http: httpx.AsyncClient, channel: Channel, secret: str, cursor: str, now: datetime) -> Fetched:
    """Return the page at the cursor; each order is a document."""
    place = place_of(cursor)
    since = place.get("since") or moment(now - FIRST)
    began = place.get("began") or moment(now - OVERLAP)
    offset = int(place.get("offset", 0))
    size = min(channel.pull.page_size, _LARGEST_PAGE)
    params = {"start_update_date": since, "offset": str(offset), "max": str(size), "sort": "dateCreated"}
    if channel.pull.account:
        params["shop_id"] = channel.pull.account
    url = f"{channel.pull.url.rstrip('/')}/api/orders"
    body = body_of(await ask(http, url, params=params, headers={"Authorization": secret}))
    orders = body.get("orders")
    if not isinstance(orders, list):
        raise PullFailed("OR11 answered without orders")
    documents = [(str(order["order_id"]), document({"orders": [order], "total_count": 1})) for order in orders]
    reached = offset + len(orders)
    if orders and reached < int(body.get("total_count") or 0):
        return Fetched(documents=documents, cursor=cursor_of(since=since, began=began, offset=reached), more=True)
    return Fetched(documents=documents, cursor=cursor_of(since=began), more=False)

"""Amazon's Orders API v0: orders since a time, by pages; items, address and buyer of each asked for by themselves.

The secret is JSON: {"client_id", "client_secret", "refresh_token"} and "token_url" where it is not Amazon's own. The
account is the marketplace id. When Amazon says "too often" in the middle of a page, what is whole is kept, and the next
round begins with the first order that is not.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from services.intake.domain.channel import Channel, Pull
from services.intake.doors.connectors.asking import FIRST, OVERLAP, ask, body_of, cursor_of, document, moment, place_of
from services.intake.doors.pulling import Fetched, PullFailed

_TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address
_LARGEST_PAGE = 100


async def fetch(http: httpx.AsyncClient, channel: Channel, secret: str, cursor: str, now: datetime) -> Fetched:
    """Return the page at the cursor."""
    place = place_of(cursor)
    since = place.get("since") or moment(now - FIRST)
    headers = {"x-amz-access-token": await _token(http, secret)}
    base = f"{channel.pull.url.rstrip('/')}/orders/v0/orders"
    listed = await _list(http, base, channel.pull, headers, since=since, token=place.get("next", ""))
    began = place.get("began") or moment(now - OVERLAP)
    done: list[str] = place.get("done", [])
    documents: list[tuple[str, bytes]] = []
    for order in listed.get("Orders") or ():
        order_id = str(order["AmazonOrderId"])
        if order_id in done:
            continue
        try:
            documents.append((order_id, await _whole(http, f"{base}/{quote(order_id, safe='')}", headers, order)))
        except (PullFailed, httpx.HTTPError):
            if not documents:
                raise
            there = [*done, *(name for name, _ in documents)]
            stopped = cursor_of(since=since, began=began, next=place.get("next"), done=there)
            return Fetched(documents=documents, cursor=stopped, more=False)
    following = listed.get("NextToken")
    if following:
        return Fetched(documents=documents, cursor=cursor_of(since=since, began=began, next=following), more=True)
    return Fetched(documents=documents, cursor=cursor_of(since=began), more=False)


async def _token(http: httpx.AsyncClient, secret: str) -> str:
    """Exchange the refresh token for one of an hour (Login with Amazon)."""
    try:
        words = json.loads(secret)
        form = {name: str(words[name]) for name in ("client_id", "client_secret", "refresh_token")}
    except (ValueError, KeyError, TypeError) as error:
        raise PullFailed("the secret must be JSON with client_id, client_secret and refresh_token") from error
    response = await http.post(words.get("token_url") or _TOKEN_URL, data={"grant_type": "refresh_token", **form})
    if not response.is_success:
        raise PullFailed(f"no access token: answered {response.status_code}")
    return str(body_of(response)["access_token"])


async def _list(
    http: httpx.AsyncClient, base: str, pull: Pull, headers: dict[str, str], *, since: str, token: str
) -> dict[str, Any]:
    params = {"MarketplaceIds": pull.account}
    if token:
        params["NextToken"] = token
    else:
        params |= {"LastUpdatedAfter": since, "MaxResultsPerPage": str(min(pull.page_size, _LARGEST_PAGE))}
    return _payload(await ask(http, base, params=params, headers=headers))


async def _whole(http: httpx.AsyncClient, url: str, headers: dict[str, str], order: dict[str, Any]) -> bytes:
    items: list[Any] = []
    token = ""
    while True:
        params = {"NextToken": token} if token else {}
        page = _payload(await ask(http, f"{url}/orderItems", params=params, headers=headers))
        items += page.get("OrderItems") or []
        token = page.get("NextToken") or ""
        if not token:
            break
    address = _payload(await ask(http, f"{url}/address", headers=headers))
    buyer = _payload(await ask(http, f"{url}/buyerInfo", headers=headers))
    return document({"order": order, "items": items, "address": address, "buyer": buyer})


def _payload(response: httpx.Response) -> dict[str, Any]:
    payload = body_of(response).get("payload")
    if not isinstance(payload, dict):
        raise PullFailed(f"{response.request.url.path} answered without a payload")
    return payload

"""Sales channels to practise with: `python -m deploy.local.sandbox.channel`.

Four platforms that are polled and three that send webhooks, over one heap of orders, which is in SQLite at OMS_STATE;
listens on OMS_LISTEN (host:port).

    POST /orders/{platform}        put an order there, as that platform writes it: {"id", "updated", "body", …}
    POST /webhooks                 {"url", "scheme", "secret", "topic", "body", "id"}: signs the body and sends it;
                                   answers {"status", "answer"} of whoever got it
    POST /scenario                 {"platform", "fail_after", "status"}: after so many more requests that platform
                                   answers with the status, once; 0 requests is the next one
    GET  /healthz

    amazon      POST /amazon/token (Login with Amazon) · GET /amazon/orders/v0/orders and, of each,
                /{id}/orderItems, /{id}/address, /{id}/buyerInfo
    mirakl      GET /mirakl/api/orders               (OR11; Authorization: the key)
    prestashop  GET /prestashop/api/{resource}[/{id}] (XML; HTTP Basic with the key)
    json        GET /json/orders                     (Link: rel="next"; Authorization: Bearer)

The key of every platform is "sandbox-key"; the access token of amazon is given for its refresh token.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kernel.clock import SystemClock

KEY = "sandbox-key"
_TOKEN = "sandbox-access-token"
_TOO_OFTEN = 429
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    platform TEXT NOT NULL, id TEXT NOT NULL, updated TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (platform, id)
) STRICT
"""


@dataclass(slots=True)
class Heap:
    """The orders of every platform, and what goes wrong next."""

    path: str
    failing: dict[str, tuple[int, int]] = field(default_factory=dict)
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db.execute(_SCHEMA)

    def put(self, platform: str, order: Mapping[str, Any]) -> None:
        row = (platform, str(order["id"]), str(order["updated"]), json.dumps(order))
        self._db.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", row)

    def since(self, platform: str, moment: str, start: int, size: int) -> tuple[list[dict[str, Any]], int]:
        """Return a page of the orders changed since then, the earliest first, and how many there are in all."""
        found = self._db.execute(
            "SELECT body FROM orders WHERE platform = ? AND updated >= ? ORDER BY updated, id", (platform, moment)
        ).fetchall()
        return [json.loads(body) for (body,) in found[start : start + size]], len(found)

    def get(self, platform: str, identity: str) -> dict[str, Any] | None:
        """Return one order."""
        row = self._db.execute("SELECT body FROM orders WHERE platform = ? AND id = ?", (platform, identity)).fetchone()
        return json.loads(row[0]) if row else None

    def fails(self, platform: str) -> int:
        """Return the status that the platform answers with now; 0 where all is well."""
        left, status = self.failing.get(platform, (-1, 0))
        if left > 0:
            self.failing[platform] = (left - 1, status)
        elif left == 0:
            del self.failing[platform]
            return status
        return 0


def application(heap: Heap) -> Starlette:
    """Return the HTTP face of the platforms."""
    routes = [
        Route("/healthz", _health),
        Route("/webhooks", _send_webhook, methods=["POST"]),
        Route("/scenario", _scenario(heap), methods=["POST"]),
        Route("/orders/{platform}", _put(heap), methods=["POST"]),
        Route("/amazon/token", _token, methods=["POST"]),
        Route("/amazon/orders/v0/orders", _asked(heap, "amazon", _amazon_orders)),
        Route("/amazon/orders/v0/orders/{id}/{part}", _asked(heap, "amazon", _amazon_part)),
        Route("/mirakl/api/orders", _asked(heap, "mirakl", _mirakl_orders)),
        Route("/prestashop/api/orders", _asked(heap, "prestashop", _prestashop_orders)),
        Route("/prestashop/api/{resource}/{id}", _asked(heap, "prestashop", _prestashop_resource)),
        Route("/json/orders", _asked(heap, "json", _json_orders)),
    ]
    return Starlette(routes=routes)


def sign(scheme: str, secret: str, body: bytes, *, topic: str, identity: str, now: int) -> dict[str, str]:
    """Return the headers with which a platform sends a webhook."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    match scheme:
        case "shopify":
            return {
                "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
                "X-Shopify-Topic": topic,
                "X-Shopify-Webhook-Id": identity,
            }
        case "woocommerce":
            return {
                "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
                "X-WC-Webhook-Topic": topic,
                "X-WC-Webhook-Delivery-ID": identity,
            }
        case "standard-webhooks":
            key = base64.b64decode(secret.removeprefix("whsec_"))
            signed = hmac.new(key, f"{identity}.{now}.".encode() + body, hashlib.sha256).digest()
            return {
                "webhook-id": identity,
                "webhook-timestamp": str(now),
                "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
            }
    raise ValueError(f"no scheme {scheme!r}")


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _put(heap: Heap) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        heap.put(request.path_params["platform"], await request.json())
        return JSONResponse({})

    return endpoint


def _scenario(heap: Heap) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        said = await request.json()
        heap.failing[said["platform"]] = (int(said.get("fail_after", 0)), int(said.get("status", _TOO_OFTEN)))
        return JSONResponse(said)

    return endpoint


async def _send_webhook(request: Request) -> Response:
    said = await request.json()
    body = said["body"] if isinstance(said["body"], str) else json.dumps(said["body"])
    now = int(SystemClock().now().timestamp())
    headers = sign(
        said["scheme"], said["secret"], body.encode(), topic=said.get("topic", ""), identity=said["id"], now=now
    )
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        headers["Content-Type"] = "application/json"
        answer = await http.post(said["url"], content=body.encode(), headers=headers)
    return JSONResponse({"status": answer.status_code, "answer": answer.text})


def _asked(heap: Heap, platform: str, answer: Callable[[Heap, Request], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        if not _known(platform, request):
            return JSONResponse({"message": "who are you?"}, 401)
        if status := heap.fails(platform):
            return JSONResponse({"message": "not now"}, status)
        return answer(heap, request)

    return endpoint


def _known(platform: str, request: Request) -> bool:
    told = request.headers.get("authorization", "")
    match platform:
        case "amazon":
            return request.headers.get("x-amz-access-token") == _TOKEN
        case "mirakl":
            return told == KEY
        case "json":
            return told == f"Bearer {KEY}"
    return told == f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"


async def _token(request: Request) -> Response:
    form = _form(await request.body())
    if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != KEY:
        return JSONResponse({"error": "invalid_grant"}, 400)
    return JSONResponse({"access_token": _TOKEN, "token_type": "bearer", "expires_in": 3600})


def _form(body: bytes) -> dict[str, str]:
    return dict(httpx.QueryParams(body.decode()))


def _amazon_orders(heap: Heap, request: Request) -> Response:
    query = request.query_params
    if token := query.get("NextToken"):
        since, start, size = json.loads(base64.urlsafe_b64decode(token))
    else:
        since, start, size = query["LastUpdatedAfter"], 0, int(query.get("MaxResultsPerPage", "100"))
    found, total = heap.since("amazon", since, start, size)
    payload: dict[str, Any] = {"Orders": [order["body"]["order"] for order in found]}
    if start + size < total:
        payload["NextToken"] = base64.urlsafe_b64encode(json.dumps([since, start + size, size]).encode()).decode()
    return JSONResponse({"payload": payload})


def _amazon_part(heap: Heap, request: Request) -> Response:
    order = heap.get("amazon", request.path_params["id"])
    part = {"orderItems": "items", "address": "address", "buyerInfo": "buyer"}.get(request.path_params["part"])
    if order is None or part is None:
        return JSONResponse({"errors": [{"code": "NotFound"}]}, 404)
    found = order["body"].get(part)
    return JSONResponse({"payload": {"OrderItems": found} if part == "items" else found or {}})


def _mirakl_orders(heap: Heap, request: Request) -> Response:
    query = request.query_params
    start, size = int(query.get("offset", "0")), int(query.get("max", "10"))
    found, total = heap.since("mirakl", query.get("start_update_date", ""), start, size)
    return JSONResponse({"orders": [order["body"] for order in found], "total_count": total})


def _json_orders(heap: Heap, request: Request) -> Response:
    query = request.query_params
    start, size = int(query.get("page", "0")), int(query.get("limit", "50"))
    since = query.get("updated_since", "")
    found, total = heap.since("json", since, start, size)
    more = request.url.include_query_params(page=start + size, limit=size, updated_since=since)
    headers = {"Link": f'<{more}>; rel="next"'} if start + size < total else None
    return JSONResponse([order["body"] for order in found], headers=headers)


def _prestashop_orders(heap: Heap, request: Request) -> Response:
    query = request.query_params
    since = query.get("filter[date_upd]", "[,]").strip("[]").split(",")[0]
    start, _, size = query.get("limit", "0,50").partition(",")
    found, _ = heap.since("prestashop", since, int(start), int(size))
    return _xml("orders", "".join(_element("order", order["body"]["order"]) for order in found))


def _prestashop_resource(heap: Heap, request: Request) -> Response:
    resource, identity = request.path_params["resource"], request.path_params["id"]
    for order in heap.since("prestashop", "", 0, 10_000)[0]:
        for name, fields in order["body"].get(resource, {}).items():
            if str(fields["id"]) == identity:
                return _xml("", _element(name.partition("#")[0], fields))
    return Response("<prestashop><errors/></prestashop>", 404, media_type="text/xml")


def _xml(within: str, inside: str) -> Response:
    inside = f"<{within}>{inside}</{within}>" if within else inside
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><prestashop>{inside}</prestashop>', media_type="text/xml; charset=utf-8"
    )


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inside = "".join(_element(key, part) for key, part in value.items())
    elif isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    else:
        inside = escape(str(value))
    return f"<{name}>{inside}</{name}>"


def main() -> None:
    """Serve until told to stop."""
    host, _, port = os.environ.get("OMS_LISTEN", "127.0.0.1:7716").rpartition(":")
    heap = Heap(os.environ.get("OMS_STATE", ".oms/channel.sqlite"))
    uvicorn.run(application(heap), host=host, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

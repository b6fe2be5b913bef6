"""A risk service to practise with: `python -m deploy.local.sandbox.risk`.

It listens on OMS_LISTEN (host:port) and remembers nothing: the same order has the same score, today and tomorrow.

    POST /scores  {email, total_minor, ship_to, bill_to, lines}   200 {"score": 0.0…1.0, "reasons": ["…"]}
    GET  /healthz

The score grows with the total (in minor units, up to 0.4), with many units (0.2), without an e-mail address (0.1), and
with a bill paid from another country (0.2). An e-mail address that begins with "fraud" scores 0.95, one that begins
with "honest" 0.01, and one that begins with "riskdown" is answered with 503: so that everything can be seen at will.
"""

import json
import os
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

# An order of so much is as risky as its total can make it.
_FULL_MINOR = 500_000
_MANY_UNITS = 20


def judged(order: dict[str, Any]) -> dict[str, Any]:
    """Return the score of an order, and why."""
    email = str(order.get("email") or "").lower()
    if email.startswith("fraud"):
        return {"score": 0.95, "reasons": ["this e-mail address is known for fraud"]}
    if email.startswith("honest"):
        return {"score": 0.01, "reasons": []}
    parts = {
        "a high total": 0.4 * min(int(order["total_minor"]), _FULL_MINOR) / _FULL_MINOR,
        "paid from abroad": 0.2 if _country(order, "bill_to") not in ("", _country(order, "ship_to")) else 0.0,
        "many units": 0.2 if sum(int(line["quantity"]) for line in order["lines"]) > _MANY_UNITS else 0.0,
        "no e-mail address": 0.0 if email else 0.1,
    }
    return {"score": round(sum(parts.values()), 4), "reasons": [name for name, part in parts.items() if part >= 0.1]}


def application() -> Starlette:
    """Return the HTTP face of the risk service."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def scores(request: Request) -> Response:
        try:
            order = json.loads(await request.body())
            if str(order.get("email") or "").lower().startswith("riskdown"):
                return JSONResponse({"reason": "DOWN", "message": "out of order, as asked for"}, 503)
            return JSONResponse(judged(order))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"reason": "BAD_REQUEST", "message": f"not what was expected: {error}"}, 400)

    return Starlette(routes=[Route("/healthz", healthz), Route("/scores", scores, methods=["POST"])])


def _country(order: dict[str, Any], field: str) -> str:
    return str((order.get(field) or {}).get("country_code") or "")


def main() -> None:
    """Serve until told to stop."""
    host, _, port = os.environ.get("OMS_LISTEN", "127.0.0.1:7719").rpartition(":")
    uvicorn.run(application(), host=host, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

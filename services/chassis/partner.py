"""How services speak to systems that are not ours (a warehouse, a carrier, a payment provider): JSON over HTTP.

What it promises: a call ends within its time limit, and never later than the call it is made for; every write carries
an `Idempotency-Key`, so that it may be repeated; a partner that is down, slow, overloaded or talks nonsense is one
typed error, and a partner that says no (4xx) is an answer, not an error.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from opentelemetry import propagate, trace

from services.chassis.context import remaining_seconds as remaining_of_call
from services.kernel.errors import DeadlineExceeded, Unavailable

_TRY_AGAIN = frozenset({408, 425, 429})
_TEXT_LIMIT = 500
# Kept back from the caller's time, so that the error that says who was silent arrives before the caller gives up.
_TO_GET_HOME = 0.05
_tracer = trace.get_tracer(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner said: 2xx is a yes, 4xx a no; `body` is the JSON object that came with it."""

    status: int
    body: Mapping[str, Any]

    @property
    def refused(self) -> bool:
        """Whether the partner said no."""
        return self.status >= 400

    @property
    def message(self) -> str:
        """The partner's own words, where it has some."""
        said = self.body.get("message") or self.body.get("error") or ""
        return said if isinstance(said, str) else str(said)


class Partner:
    """One partner at one address: `name` is for people, `unavailable_reason` for machines, when it does not answer."""

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        unavailable_reason: str,
        timeout_seconds: float = 5.0,
        remaining_seconds: Callable[[], float | None] = remaining_of_call,
    ) -> None:
        """`remaining_seconds` tells how much time the call being served has left, or None for as much as it takes."""
        self._name = name
        self._reason = unavailable_reason
        self._timeout = timeout_seconds
        self._remaining = remaining_seconds
        self._http = httpx.AsyncClient(base_url=base_url, headers={"Accept": "application/json"})

    async def post(self, path: str, body: Mapping[str, Any], *, key: str) -> Answer:
        """Send `body`; the partner takes what has the same `key` once.

        Raises:
            Unavailable: no usable answer came; whether it was done is unknown, so repeat it with the same key.
            DeadlineExceeded: the call being served has no time left; nothing was sent.
        """
        return await self._send("POST", path, json=dict(body), headers={"Idempotency-Key": key})

    async def get(self, path: str) -> Answer:
        """Read; raises as `post` does."""
        return await self._send("GET", path)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any) -> Answer:
        carried = dict(headers or {})
        with _tracer.start_as_current_span(
            f"{self._name} {method} {path}", kind=trace.SpanKind.CLIENT, attributes={"http.request.method": method}
        ) as span:
            propagate.inject(carried)
            limit = self._limit()
            try:
                # httpx limits each read; a partner that drips its answer is stopped by the limit on the whole.
                async with asyncio.timeout(limit):
                    response = await self._http.request(method, path, headers=carried, timeout=limit, **rest)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                raise self._down(str(error) or type(error).__name__) from error
            span.set_attribute("http.response.status_code", response.status_code)
            return self._read(response)

    def _limit(self) -> float:
        remaining = self._remaining()
        if remaining is None:
            return self._timeout
        remaining -= _TO_GET_HOME
        if remaining <= 0:
            raise DeadlineExceeded(f"no time was left to ask {self._name}", partner=self._name)
        return min(self._timeout, remaining)

    def _read(self, response: httpx.Response) -> Answer:
        status = response.status_code
        if status in _TRY_AGAIN or not (200 <= status < 300 or 400 <= status < 500):
            raise self._down(f"it answered {status}")
        try:
            body = response.json() if response.content else {}
        except ValueError:
            body = None
        if isinstance(body, dict):
            return Answer(status, body)
        if status < 300:
            raise self._down("its answer is not a JSON object")
        return Answer(status, {"message": response.text[:_TEXT_LIMIT]})

    def _down(self, why: str) -> Unavailable:
        return Unavailable(
            f"{self._name} did not answer ({why}); the same request can be repeated",
            reason=self._reason,
            partner=self._name,
        )

"""Sending a push to its platform: one HTTP request, bounded in time, under the push's id as its Idempotency-Key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import structlog

from services.chassis.context import remaining_seconds
from services.chassis.database import Database
from services.intake import store, store_channels, store_partners, store_pushes
from services.intake.channels.push_formats import push_format_of
from services.intake.channels.push_request import Again, Done, HttpRequest, Outcome, PushFormat, Refused
from services.intake.domain.channel import Channel
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushState
from services.intake.doors.secrets import Secrets
from services.kernel.clock import Clock
from services.kernel.errors import OmsError

SECONDS = 10.0
_LONGEST_LEFT_ALONE = timedelta(hours=1)
_BODY_LIMIT = 64 * 1024
# Kept back from the caller's time, so that the answer arrives before the caller gives up.
_TO_GET_HOME = 0.5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """It was not sent: the partner is paused, or is not told of orders any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of it; `retry_after` is how long the platform wants to be left alone."""

    outcome: Outcome | Held
    retry_after: timedelta | None = None


@dataclass(slots=True)
class PushSender:
    """Sends pushes; writes nothing."""

    database: Database
    secrets: Secrets
    clock: Clock
    _http: httpx.AsyncClient | None = field(default=None, init=False)

    async def send(self, push_id: str) -> Sent:
        """Send the push, unless it has ended or its partner is paused.

        Raises:
            NotFound: PUSH_NOT_FOUND.
        """
        async with self.database.connect() as conn:
            push = await store_pushes.get(conn, push_id)
            if push.state == PushState.DONE:
                return Sent(outcome=Done())
            if push.state == PushState.REFUSED:
                return Sent(outcome=Refused(reason=push.last_error))
            channel = await store_channels.find_channel(conn, push.channel)
            form = push_format_of(channel)
            if form is None or (await store_partners.find(conn, push.channel)).paused:
                return Sent(outcome=Held())
            order = await store.get_order(conn, push.order_id)
        return await self._ask(form, channel, push, order)

    async def close(self) -> None:
        """Close the connections."""
        if self._http:
            await self._http.aclose()

    async def _ask(self, form: PushFormat, channel: Channel, push: Push, order: Order) -> Sent:
        try:
            request = form.request_of(push, order)
        except (OmsError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            _log.error("a push cannot be put into words", push_id=push.push_id, error=type(error).__name__)
            return Sent(outcome=Refused(reason=f"it cannot be put into the platform's words: {type(error).__name__}"))
        secret = next(iter(self.secrets.find(channel.push.secret_name or channel.secret_name)), "")
        headers = {
            **request.headers,
            **(form.authorize(secret) if secret else {}),
            "Idempotency-Key": push.push_id,
            "Accept": "application/json",
        }
        try:
            # httpx limits each read; a platform that drips its answer is stopped by the limit on the whole.
            async with asyncio.timeout(_limit()):
                status, told, body = await self._exchange(channel.push.url, request, headers)
        except (TimeoutError, httpx.ReadTimeout):
            return Sent(outcome=Again(reason="it did not answer in time", perhaps_this_only=True))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Sent(outcome=Again(reason=type(error).__name__))
        outcome = form.outcome_of(status, body)
        wait = self._left_alone(told.get("retry-after", "")) if isinstance(outcome, Again) else None
        return Sent(outcome=outcome, retry_after=wait)

    async def _exchange(
        self, url: str, request: HttpRequest, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=SECONDS, trust_env=False)
        body = dict(request.body) if request.body else None
        async with self._http.stream(request.method, url + request.path, json=body, headers=headers) as response:
            said = b""
            async for chunk in response.aiter_bytes():
                said += chunk
                if len(said) > _BODY_LIMIT:
                    break
        return response.status_code, response.headers, said[:_BODY_LIMIT]

    def _left_alone(self, told: str) -> timedelta | None:
        """Return what Retry-After says: seconds, or a date."""
        if not told:
            return None
        if told.isdecimal():
            return min(timedelta(seconds=int(told[:9])), _LONGEST_LEFT_ALONE)
        try:
            until: datetime = parsedate_to_datetime(told)
            return min(max(until - self.clock.now(), timedelta()), _LONGEST_LEFT_ALONE)
        except (ValueError, TypeError):
            return None


def _limit() -> float:
    remaining = remaining_seconds()
    return SECONDS if remaining is None else max(0.1, min(SECONDS, remaining - _TO_GET_HOME))

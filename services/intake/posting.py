"""One event to one subscriber: posted once, with a time limit, and as little read of the answer as needed."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from services.intake.domain.events import Event
from services.intake.domain.subscriptions import Subscription
from services.intake.subscriber_address import resolved
from services.intake.wire_subscriptions import cloud_event
from services.kernel.clock import Clock
from services.kernel.errors import OmsError

POST_SECONDS = 10.0
_GONE = 410
# What is read of an answer, so that the connection can be used again; whoever says more is hung up on.
_READ_BYTES = 4096
_READ_SECONDS = 2.0


class NotTaken(OmsError):
    """The subscriber did not take the event."""

    reason = "NOT_TAKEN"


class Gone(OmsError):
    """The subscriber wants no more events."""

    reason = "SUBSCRIBER_GONE"


class Post:
    """The way to one subscriber, for as long as its address stays the same."""

    def __init__(self, url: str, clock: Clock, *, at_once: int, seconds: float = POST_SECONDS) -> None:
        self.url = url
        self._clock = clock
        self._seconds = seconds
        # Its own connections: nobody waits for a connection that another subscriber keeps busy.
        self._http = httpx.AsyncClient(
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
        )
        self._target = httpx.URL(url)
        self._headers = {"host": urlsplit(url).netloc}

    async def look_up(self) -> None:
        """Find out where the subscriber is.

        Raises:
            NotTaken: nobody knows, or it is where nobody may be sent to.
        """
        try:
            self._target = httpx.URL(self.url).copy_with(host=await resolved(self.url))
        except (OSError, TimeoutError, ValueError) as error:  # the last: what no name can be
            raise NotTaken(f"the address cannot be used: {_said(error)}") from error

    async def send(self, subscription: Subscription, event: Event) -> None:
        """Post the event under its id.

        Raises:
            NotTaken: another answer than 2xx, or none in time. Gone: it answered 410.
        """
        body, sent = cloud_event(event), self._clock.now()
        signatures = [Webhook(one).sign(event.event_id, sent, body) for one in subscription.secrets(sent)]
        headers = {
            **self._headers,
            "content-type": "application/cloudevents+json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(sent.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._post(body, headers)
        except TimeoutError:
            raise NotTaken(f"no answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise NotTaken(f"no usable answer: {_said(error)}") from error
        if status == _GONE:
            raise Gone("it answered 410: it does not want events any more")
        if not 200 <= status < 300:
            raise NotTaken(f"it answered {status}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _post(self, body: str, headers: dict[str, str]) -> int:
        # The certificate must be that of the name, wherever the name led.
        extensions = {"sni_hostname": urlsplit(self.url).hostname or ""}
        async with self._http.stream(
            "POST", self._target, content=body, headers=headers, extensions=extensions
        ) as answer:
            # The status is the answer; what else it says is nobody's concern, and may not take long.
            with contextlib.suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(_READ_SECONDS):
                    read = 0
                    async for chunk in answer.aiter_raw():
                        read += len(chunk)
                        if read > _READ_BYTES:
                            break
            return answer.status_code


def _said(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()

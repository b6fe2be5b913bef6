"""The sink that tells subscribers: CloudEvents 1.0 as JSON, signed as Standard Webhooks asks."""

from datetime import UTC, datetime

import httpx
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import Default
from standardwebhooks import Webhook

from services.chassis import cloud_events
from services.chassis.relay import Refused
from services.chassis.store_outbox import Delivery
from services.kernel.clock import Clock
from services.kernel.errors import OmsError, Unavailable

_GONE = 410
_BUSY = (429, 502, 503, 504)
_TIMEOUT_SECONDS = 10


class WebhookSink:
    """Posts events to one address. The event's id is the webhook's id, the same on every attempt."""

    def __init__(self, url: str, secret: str, source: str, clock: Clock) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._source = source
        self._clock = clock
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS)

    async def deliver(self, event: Delivery) -> str:
        body = self._body(event)
        sent = self._clock.now()
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(sent.timestamp())),
            "webhook-signature": self._signer.sign(event.event_id, sent, body),
        }
        try:
            answer = await self._http.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._url} does not answer: {error!r}", reason="WEBHOOK_UNAVAILABLE") from error
        if answer.is_success:
            return ""
        if answer.status_code in _BUSY:
            raise Unavailable(f"{self._url} answered {answer.status_code}", reason="WEBHOOK_UNAVAILABLE")
        if answer.status_code == _GONE:
            raise Refused(f"{self._url} answered 410: it does not want events any more")
        raise OmsError(f"{self._url} answered {answer.status_code}", reason="WEBHOOK_FAILED")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _body(self, event: Delivery) -> str:
        kind = message_factory.GetMessageClass(Default().FindMessageTypeByName(event.message_type))
        return cloud_events.body(
            event_id=event.event_id,
            source=self._source,
            kind=event.type,
            subject=event.attributes["subject"],
            time=datetime.fromtimestamp(event.create_time.timestamp(), UTC),
            data=kind.FromString(event.message),
        )

"""The HTTP door: POST /channels/<channel>, where the body is the document.

A request is answered as soon as its document is kept: 202 with its id, or 200 where it had been kept before. Reading
comes afterwards. What is not kept is answered with a JSON body that says why and what to do; a platform repeats what
was answered with 429 or 503.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.chassis.database import Database, translate
from services.intake import store_channels
from services.intake.counting import count
from services.intake.domain.channel import Channel, SignatureScheme
from services.intake.doors.reading_later import LaterReader
from services.intake.doors.secrets import Secrets
from services.intake.doors.signatures import delivery_id, kept_headers, refusal
from services.intake.ingesting import Reader
from services.intake.keeping import Kept, keep
from services.kernel.clock import Clock
from services.kernel.errors import InvalidArgument, OmsError

# As large as a document may be that comes by gRPC.
LIMIT_BYTES = 3_000_000
# Requests in hand at once; platforms come back with what is too much.
_AT_ONCE = 32
_BODY_SECONDS = 10.0
_KEEP_SECONDS = 3.0
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NOT_DOCUMENTS = ("multipart/", "image/", "audio/", "video/", "font/", "application/x-www-form-urlencoded")
_PING = re.compile(rb"webhook_id=\d+")
_METRIC = "oms_intake_webhooks_total"

_log = structlog.get_logger(__name__)


class Refused(Exception):
    """A request that is answered with something else than its document's id."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        headers = {"Retry-After": "5"} if status in (429, 503) else None
        self.response = JSONResponse({"reason": reason, "message": message}, status, headers)


class HttpDoor:
    """What a request meets on its way to being a document."""

    def __init__(
        self, *, database: Database, reader: Reader, later: LaterReader, clock: Clock, secrets: Secrets
    ) -> None:
        self._database = database
        self._reader = reader
        self._later = later
        self._clock = clock
        self._secrets = secrets
        self._in_hand = 0

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/healthz", self._health, methods=["GET"]),
                Route("/channels/{channel}", self._post, methods=["POST"]),
            ],
            exception_handlers={404: _not_found, 405: _not_found},
        )

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _post(self, request: Request) -> Response:
        try:
            # Whoever sends slowly keeps nobody else waiting: a place is taken when all of it is there.
            return await self._in_turn(request, await _body(request))
        except Refused as refused:
            return refused.response
        except ClientDisconnect:
            return Refused(400, "BODY_INCOMPLETE", "the connection ended before the body did").response

    async def _in_turn(self, request: Request, body: bytes) -> Response:
        if self._in_hand >= _AT_ONCE:
            raise Refused(429, "TOO_MANY_REQUESTS", "too many requests at once: send it again in a few seconds")
        self._in_hand += 1
        try:
            return await self._take(request, body)
        finally:
            self._in_hand -= 1

    async def _take(self, request: Request, body: bytes) -> Response:
        channel = await self._channel(request.path_params["channel"])
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            if channel.http.scheme == SignatureScheme.WOOCOMMERCE and _is_ping(headers, body):
                return JSONResponse({"message": "the webhook is set up"})
            self._let_in(channel, headers, body)
            kept = await self._keep(channel, headers, body)
        except Refused as refused:
            count(_METRIC, channel.channel, refused.reason)
            raise
        count(_METRIC, channel.channel, "REPEATED" if kept.replayed else "KEPT")
        document_id = kept.document.document_id
        if kept.replayed:
            return JSONResponse({"document_id": document_id, "replayed": True})
        read = None if channel.paused else BackgroundTask(self._later.read, document_id, kept.document.format)
        return JSONResponse({"document_id": document_id, "replayed": False}, 202, background=read)

    async def _channel(self, name: str) -> Channel:
        channel = Channel(channel=name)
        if _CHANNEL.fullmatch(name):
            async with _away_is_503(), asyncio.timeout(_KEEP_SECONDS), self._database.connect() as conn:
                channel = await store_channels.find_channel(conn, name)
        if channel.http.scheme == SignatureScheme.UNSPECIFIED:
            message = "this channel has no HTTP door: set its signature scheme and the name of its secret"
            raise Refused(404, "NO_DOOR", message)
        return channel

    def _let_in(self, channel: Channel, headers: Mapping[str, str], body: bytes) -> None:
        secrets = self._secrets.find(channel.secret_name)
        if not secrets:
            _log.error("a channel's secret is missing", channel=channel.channel, secret_name=channel.secret_name)
            raise Refused(503, "SECRET_MISSING", "the channel's secret is not there: its operator must provide it")
        refused = refusal(channel.http, headers, body, secrets, self._clock.now())
        if refused:
            _log.warning("a webhook was not let in", channel=channel.channel, reason=refused[0])
            raise Refused(401, *refused)
        if not body:
            raise Refused(400, "EMPTY_BODY", "the body is the document, and it is empty")
        kind = headers.get("content-type", "").lower()
        coding = headers.get("content-encoding", "identity").lower()
        if kind.startswith(_NOT_DOCUMENTS) or coding != "identity":
            raise Refused(
                415, "NOT_A_DOCUMENT", "send the document itself as the body: JSON, XML, EDI or CSV, not packed"
            )

    async def _keep(self, channel: Channel, headers: Mapping[str, str], body: bytes) -> Kept:
        try:
            form = self._reader.format_of(channel.channel, channel.format)
        except InvalidArgument as error:
            raise Refused(404, error.reason, error.message) from error
        given = delivery_id(channel.http, headers)
        kept_with = kept_headers(channel.http, headers)
        received = self._reader.received(
            channel=channel.channel, form=form, name=given, content=body, headers=kept_with
        )
        async with _away_is_503(), asyncio.timeout(_KEEP_SECONDS), self._database.begin() as conn:
            return await keep(conn, channel, received, body, delivery_id=given)


@contextlib.asynccontextmanager
async def _away_is_503() -> AsyncIterator[None]:
    """The database is away or too slow: nothing is kept, and the platform is told to come back."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        known = error if isinstance(error, OmsError | TimeoutError) else translate(error)
        if isinstance(known, InvalidArgument):
            raise Refused(400, known.reason, known.message) from error
        if known is None:
            raise
        raise Refused(503, "NOT_KEPT", "the document could not be kept just now: send it again") from error


def _is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether WooCommerce only asks whether somebody is here, which it does without a signature."""
    form = headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    return form and _PING.fullmatch(body) is not None


async def _body(request: Request) -> bytes:
    too_large = Refused(413, "TOO_LARGE", f"a document has at most {LIMIT_BYTES} bytes: send it in parts, or as a file")
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > LIMIT_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LIMIT_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise Refused(408, "TOO_SLOW", "the body did not come in time: send it again") from error
    return bytes(body)


async def _not_found(_request: Request, error: Any) -> Response:
    status = getattr(error, "status_code", 404)
    return Refused(status, "NO_DOOR", "documents are sent by POST to /channels/<channel>").response

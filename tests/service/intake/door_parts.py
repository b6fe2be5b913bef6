"""The doors of a running intake, each turned by hand: a look, a round or a sweep at a time."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx

from oms.intake.v1 import channel_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Channel, ChannelHttp, SignatureScheme
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceStub
from services.chassis.client import Channels
from services.chassis.database import Database
from services.chassis.settings import Settings
from services.intake.doors import opening
from services.intake.doors.http import HttpDoor
from services.intake.doors.reading_later import LaterReader
from services.intake.doors.secrets import Secrets
from services.intake.rpcs import reader_of

SECRET = "shpss_example"
SHOPIFY = Channel(
    channel="shopify-us",
    secret_name="SHOP",
    http=ChannelHttp(scheme=SignatureScheme.SIGNATURE_SCHEME_SHOPIFY),
)


def turn_by_hand(monkeypatch: Any) -> None:
    """Have the service's own loops turn once, when there is nothing yet, and leave the rest to the test."""
    for name in ("UNREAD_SECONDS", "PULL_SECONDS", "ACKNOWLEDGE_SECONDS", "FOLDER_SECONDS"):
        monkeypatch.setattr(opening, name, 3600.0)


class Doors:
    """The doors, made of the parts of a running service."""

    def __init__(self, running: Any, channels: Channels) -> None:
        parts = running.parts
        self.stub = channels.connect(ChannelServiceStub, running.address)
        self.parts = parts
        self.reader = reader_of(parts)
        self.secrets = Secrets(None)
        self.later = LaterReader(database=parts.database, reader=self.reader, clock=parts.clock, wake=parts.relay.wake)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.door_of(parts.database).app()), base_url="http://door"
        )

    def door_of(self, database: Database) -> HttpDoor:
        return HttpDoor(
            database=database, reader=self.reader, later=self.later, clock=self.parts.clock, secrets=self.secrets
        )

    async def set_channel(self, channel: Channel, etag: str = "", key: str = "") -> Channel:
        digest = hashlib.sha256(channel.SerializeToString(deterministic=True)).hexdigest()
        request = rpc.SetChannelRequest(request_id=key or f"{digest}{etag}", channel=channel, etag=etag)
        return (await self.stub.SetChannel(request)).channel

    async def switch(self, channel: str, *, paused: bool, key: str) -> Channel:
        request = rpc.SwitchChannelRequest(request_id=key, channel=channel, paused=paused, reason="being moved")
        return (await self.stub.SwitchChannel(request)).channel

    async def webhook(self, body: Any, identity: str = "w-1", secret: str = SECRET, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.new(secret.encode(), content, hashlib.sha256).digest()
        sent = {
            "content-type": "application/json",
            "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
            "x-shopify-webhook-id": identity,
            "x-shopify-topic": "orders/create",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.http.post("/channels/shopify-us", content=content, headers=sent)


async def opened(running: Any) -> Any:
    """Yield the doors; for an async generator fixture."""
    async with Channels(Settings()) as channels:
        doors = Doors(running, channels)
        async with doors.http:
            yield doors

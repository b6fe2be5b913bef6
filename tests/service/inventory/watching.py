"""Watching what can be sold, in few words."""

import asyncio
from typing import Any, Self

from oms.inventory.v1 import inventory_service_pb2 as rpc
from tests.service.inventory.shop import Shop

LIMIT_SECONDS = 15


class Watcher:
    """A reader of the feed: what it was told last of each SKU (and node), and the cursor it would come back with."""

    def __init__(self, shop: Shop, channel: str = "", *, cursor: str = "", skus: tuple[str, ...] = ()) -> None:
        request = rpc.WatchAvailabilityRequest(channel=channel, cursor=cursor, skus=skus)
        self._call = shop.stub.WatchAvailability(request)
        self._messages: Any = aiter(self._call)
        self.cursor = cursor
        self.known: dict[Any, int] = {}
        self.messages: list[list[tuple[Any, int]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()

    async def hear(self) -> rpc.WatchAvailabilityResponse:
        """Take the next message."""
        message = await asyncio.wait_for(anext(self._messages), LIMIT_SECONDS)
        told = [
            ((one.sku, one.node_id) if one.node_id else one.sku, one.available_quantity)
            for one in message.availabilities
        ]
        self.messages.append(told)
        self.known |= dict(told)
        self.cursor = message.cursor
        return message

    async def catch_up(self) -> dict[Any, int]:
        """Listen until everything has been told."""
        while not (await self.hear()).caught_up:
            pass
        return self.known

    async def until(self, what: Any, units: int) -> None:
        """Listen until this is told."""
        while self.known.get(what) != units:
            await self.hear()

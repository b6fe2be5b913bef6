"""Watching what can be sold, in few words."""

import asyncio
from typing import Any, Self

from oms.inventory.v1 import inventory_service_pb2 as rpc
from tests.service import settling as settled
from tests.service.inventory.shop import Shop

LIMIT_SECONDS = 15


async def settle(shop: Shop) -> None:
    """Wait until what is committed can be told."""
    await settled.settle(shop.parts.database)


class Watcher:
    """A reader of the feed: what it was told last of each SKU (and node), and the cursor it would come back with."""

    def __init__(self, shop: Shop, channel: str = "", *, cursor: str = "", skus: tuple[str, ...] = ()) -> None:
        self._request = rpc.WatchAvailabilityRequest(channel=channel, cursor=cursor, skus=skus)
        self._shop = shop
        self._call: Any = None
        self._messages: Any = None
        self.cursor = cursor
        self.known: dict[Any, int] = {}
        self.messages: list[list[tuple[Any, int]]] = []

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def _begin(self) -> None:
        await settle(self._shop)
        self._call = self._shop.stub.WatchAvailability(self._request)
        self._messages = aiter(self._call)

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()

    async def hear(self) -> rpc.WatchAvailabilityResponse:
        """Take the next message."""
        if self._messages is None:
            await self._begin()
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

"""The RPC that tells what can be sold whenever it changes."""

from collections.abc import AsyncIterator

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.service import Parts
from services.inventory import wire_feed
from services.inventory.feed import Feed
from services.inventory.rpcs import Rpcs


class FeedRpcs(Rpcs):
    """That tell what can be sold whenever it changes."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._feed = Feed(parts.database, parts.clock)

    async def WatchAvailability(
        self, request: rpc.WatchAvailabilityRequest, context: ServicerContext
    ) -> AsyncIterator[rpc.WatchAvailabilityResponse]:
        question, cursor = wire_feed.question(request), request.cursor
        async for step in self._feed.follow(question, cursor):
            for message in wire_feed.messages(question, cursor, step):
                yield message
                cursor = message.cursor

"""What inventory does without being asked: ends reservations whose time is over, and tells those who were overlooked.

Safe with any number of replicas: expiry skips rows that another one has locked, and filling takes the queue's lock.
An expired reservation counts as reserved until it is swept, so stock is never offered before it is free.
"""

from collections.abc import Coroutine

from services.chassis.service import Parts
from services.chassis.sweeping import forever
from services.inventory import store_backorders
from services.inventory.demand import READ_SECONDS, UnroutedDemand
from services.inventory.expiring_lots import ExpiringLots
from services.inventory.feed_publishing import PUBLISH_SECONDS, FeedPublishing
from services.inventory.moving import Moving
from services.inventory.partitions import PARTITION_SECONDS, Partitions
from services.inventory.queues import Queues
from services.inventory.rights import Rights

EXPIRY_SECONDS = 1.0
# The net below what changes of stock do themselves: orders that are filled as a whole and need several SKUs, and those
# who could not be looked at in one transaction with the rest.
OVERLOOKED_SECONDS = 1.0
_BATCH = 200


def loops(parts: Parts) -> list[Coroutine[object, object, None]]:
    """Return the background loops of the service."""
    sweeper = Sweeper(parts)
    return [
        forever("expiry", sweeper.expire, EXPIRY_SECONDS),
        forever("overlooked", sweeper.tell_overlooked, OVERLOOKED_SECONDS),
        forever("lots", ExpiringLots(parts).expire, EXPIRY_SECONDS),
        forever("partitions", Partitions(parts).make, PARTITION_SECONDS),
        forever("availability feed", FeedPublishing(parts).go_on, PUBLISH_SECONDS),
        forever("unrouted demand", UnroutedDemand(parts).take_over, READ_SECONDS),
    ]


class Sweeper:
    """One round of each sweep."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._queues = Queues(parts.outbox, parts.clock)
        self._rights = Rights(Moving(self._queues, parts.clock), parts.clock)

    async def expire(self) -> int:
        """End all reservations whose time is over, a batch a transaction, and return how many there were."""
        ended = 0
        while True:
            async with self._database.begin() as conn:
                batch = await self._rights.expire(conn, size=_BATCH)
            ended += batch
            if batch < _BATCH:
                return ended

    async def tell_overlooked(self) -> int:
        """Keep free stock for those who wait for it, and return how many of them got some."""
        told, after = 0, ""
        while True:
            async with self._database.begin() as conn:
                skus = await store_backorders.overlooked(conn, after=after, size=_BATCH)
                if skus:
                    told += await self._queues.tell_overlooked(conn, skus)
            if len(skus) < _BATCH:
                return told
            after = skus[-1]

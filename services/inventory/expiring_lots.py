"""Lots that are over: their units go into quarantine, and are not sold any more.

Safe with any number of replicas: candidates are read without a lock and looked at again under the locks of their
positions, so whoever comes second finds nothing to do.
"""

from services.chassis.service import Parts
from services.inventory import store, store_lots
from services.inventory.moving import Moving
from services.inventory.queues import Queues

# Who moves them, as the ledger says it.
LOT_EXPIRY = "inventory-lot-expiry"
_BATCH = 200


class ExpiringLots:
    """The sweep."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._clock = parts.clock
        self._moving = Moving(Queues(parts.outbox, parts.clock), parts.clock)

    async def expire(self) -> int:
        """Put all lots whose time is over into quarantine, a batch a transaction, and return how many there were."""
        ended = 0
        while True:
            async with self._database.begin() as conn:
                places = await store_lots.over(conn, self._clock.now(), size=_BATCH)
                if places:
                    await store.lock(conn, {pair for pair, _ in places})
                    ended += await self._moving.settle(conn, places, LOT_EXPIRY)
            if len(places) < _BATCH:
                return ended

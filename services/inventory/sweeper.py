"""What inventory does without being asked: ends reservations whose time is over, and tells those who were overlooked.

Safe with any number of replicas: expiry skips rows that another one has locked, and telling takes the queue's lock.
An expired reservation counts as reserved until it is swept, so stock is never offered before it is free.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from services.chassis.service import Parts
from services.inventory import store_backorders
from services.inventory.moving import Moving
from services.inventory.queues import Queues
from services.inventory.rights import Rights
from services.kernel.errors import OmsError

EXPIRY_SECONDS = 1.0
# The net below the notices that changes of stock send themselves: it offers what a head start left over.
OVERLOOKED_SECONDS = 10.0
_BATCH = 200

_log = structlog.get_logger()


def loops(parts: Parts) -> list[Coroutine[object, object, None]]:
    """Return the background loops of the service."""
    sweeper = Sweeper(parts)
    return [
        _forever("expiry", sweeper.expire, EXPIRY_SECONDS),
        _forever("overlooked", sweeper.tell_overlooked, OVERLOOKED_SECONDS),
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
        """Offer free stock to those who wait for it, and return how many SKUs were looked at."""
        seen, after = 0, ""
        while True:
            async with self._database.begin() as conn:
                skus = await store_backorders.overlooked(conn, after=after, size=_BATCH)
                if skus:
                    await self._queues.tell_overlooked(conn, skus)
            seen += len(skus)
            if len(skus) < _BATCH:
                return seen
            after = skus[-1]


async def _forever(name: str, sweep: Callable[[], Awaitable[int]], seconds: float) -> None:
    """Sweep again and again: a database that is away for a while, or a lost race, is tried again at the next turn."""
    while True:
        try:
            found = await sweep()
        except Exception as error:
            level = "warning" if isinstance(error, OmsError) else "error"
            getattr(_log, level)("sweep failed", sweep=name, error=str(error))
        else:
            if found:
                _log.info("swept", sweep=name, found=found)
        await asyncio.sleep(seconds)

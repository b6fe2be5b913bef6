"""What a replica keeps in memory of how channels are set up, so that accepting an order asks nobody.

It asks at most once a second: what a channel is told counts for new orders within that second.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.chassis.database import Database
from services.intake import store_channels
from services.intake.domain.channel import Channel
from services.kernel.clock import Clock

_FRESH = timedelta(seconds=1)
_LIMIT = 10_000


class ChannelMemory:
    """The channels that are set up."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: Mapping[str, Channel] = {}
        self._asked: datetime | None = None
        self._one_reads = asyncio.Lock()

    async def channel(self, name: str) -> Channel:
        """Return how the channel is set up, or was a second ago; one that never was has nothing but its name."""
        if not self._is_fresh():
            async with self._one_reads:
                if not self._is_fresh():
                    now = self._clock.now()
                    async with self._database.connect() as conn:
                        found = await store_channels.list_channels(conn, limit=_LIMIT)
                    self._known, self._asked = {channel.channel: channel for channel, _ in found}, now
        return self._known.get(name) or Channel(channel=name)

    def _is_fresh(self) -> bool:
        return self._asked is not None and abs(self._clock.now() - self._asked) < _FRESH

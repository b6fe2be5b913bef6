"""The availability feed as CloudEvents: every channel's, from where it was, by one replica at a time.

An event and the cursor behind it are of one transaction: each change is told at least once, each channel's in order.
"""

from datetime import timedelta

from services.chassis.outbox import Publish
from services.chassis.service import Parts
from services.inventory import store_feed, wire_feed
from services.inventory.domain import feed
from services.inventory.domain.feed import Question
from services.inventory.feed import Step, step

CHANGED = "oms.inventory.v1.AvailabilityChanged"
PUBLISH_SECONDS = 0.5
# Whoever comes back to the feed after a longer time is told everything again.
KEPT = timedelta(days=7)
_BATCH = 5_000


class FeedPublishing:
    """One round of publishing what changed, and of forgetting what changed long ago."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._outbox = parts.outbox
        self._clock = parts.clock
        # Where the feed ended when this channel's was published as a whole: until it goes on, there is nothing to do.
        self._ends: dict[str, int] = {}

    async def go_on(self) -> int:
        """Forget what is old, publish what is new, and return how many figures were published."""
        await self.forget()
        return await self.publish() if self._outbox.publishes else 0

    async def publish(self) -> int:
        """Publish each channel's feed up to where it ends, a step of each in turn; return how many figures it were."""
        async with self._database.connect() as conn:
            channels, end = await store_feed.channels(conn), await store_feed.end(conn)
        behind = [channel for channel in channels if self._ends.get(channel) != end]
        figures = 0
        while behind:
            steps = [(channel, await self._publish_step(channel)) for channel in behind]
            figures += sum(len(told.figures) for _, told in steps if told)
            self._ends |= {channel: end for channel, told in steps if told and not told.more}
            behind = [channel for channel, told in steps if told and told.more]
        return figures

    async def _publish_step(self, channel: str) -> Step | None:
        """Publish some of a channel's feed, and return it; None while another replica publishes."""
        question, now = Question(channel=channel), self._clock.now()
        async with self._database.begin() as conn:
            if not await store_feed.try_lock(conn):
                return None
            before = await store_feed.published(conn, channel)
            told = await step(conn, question, feed.read(before, question), now)
            after = told.cursor.write(question)
            if after != before:
                await store_feed.save_published(conn, channel, after, now)
            if told.figures:
                data = wire_feed.message(question, told)
                await self._outbox.add(conn, Publish(key=channel, type=CHANGED, subject=channel, data=data))
        return told

    async def forget(self) -> int:
        """Delete changes that are kept long enough, a batch a transaction, and return how many there were."""
        gone, now = 0, self._clock.now()
        while True:
            async with self._database.begin() as conn:
                if not await store_feed.try_lock(conn):
                    return gone
                batch = await store_feed.forget(conn, before=now - KEPT, size=_BATCH, now=now)
            gone += batch
            if batch < _BATCH:
                return gone

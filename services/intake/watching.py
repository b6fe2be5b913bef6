"""Watching the feed: many watchers, one look at the database for all of them while nothing happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import structlog

from services.chassis.database import Database
from services.intake import store, store_events
from services.intake.domain.events import Event
from services.intake.domain.feed import BEGINNING, FeedPosition, position_from, position_of
from services.intake.domain.status import OrderStatus
from services.kernel.errors import InvalidArgument, ResourceExhausted

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.2
_BATCH = 200
_MOST_WATCHERS = 500


class Feed:
    """The events of all orders, to be followed from anywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        # Replaced at every change: whoever holds the old one is woken once.
        self._changed = asyncio.Event()
        self._newest: FeedPosition | None = None

    async def start(self, *, order_id: str, after_cursor: str, from_now: bool) -> FeedPosition:
        """Return where to begin.

        Raises:
            InvalidArgument: INVALID_CURSOR. NotFound: ORDER_NOT_FOUND.
        """
        if after_cursor and from_now:
            raise InvalidArgument("send after_cursor or from_now, not both", reason="INVALID_CURSOR")
        position = position_from(after_cursor) if after_cursor else BEGINNING
        async with self._database.connect() as conn:
            if order_id:
                await store.check_order(conn, order_id)
            return await store_events.end_of_feed(conn) if from_now else position

    async def follow(
        self, position: FeedPosition, *, order_id: str, channel: str
    ) -> AsyncIterator[tuple[Event, OrderStatus]]:
        """Yield the events after this position, for ever.

        Raises:
            ResourceExhausted: TOO_MANY_WATCHERS.
        """
        with self._watching():
            while True:
                # Taken before looking, so that a change in between is not slept through.
                changed = self._changed
                async with self._database.connect() as conn:
                    batch = await store_events.feed(
                        conn, order_id=order_id, channel=channel, after=position, limit=_BATCH
                    )
                for event, status in batch:
                    position = position_of(event)
                    yield event, status
                if len(batch) < _BATCH:
                    await changed.wait()

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        if self._watchers >= _MOST_WATCHERS:
            raise ResourceExhausted("too many are watching: try another replica", reason="TOO_MANY_WATCHERS")
        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                async with self._database.connect() as conn:
                    newest = await store_events.last_shown(conn)
                if newest != self._newest:
                    self._newest = newest
                    self._wake()
            except Exception:
                # Watchers that are woken meet the same error and end with it; the next ones start afresh.
                _log.warning("feed_unreadable", exc_info=True)
                self._wake()
            await asyncio.sleep(_LOOK_SECONDS)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

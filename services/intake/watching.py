"""Watching the feed: many watchers, one look at the database for all of them while nothing happens."""

from collections.abc import AsyncIterator

from services.chassis.database import Database
from services.chassis.lookout import Lookout
from services.intake import store, store_events
from services.intake.domain.events import Event
from services.intake.domain.feed import BEGINNING, FeedPosition, position_from, position_of
from services.intake.domain.status import OrderStatus
from services.kernel.errors import InvalidArgument

_BATCH = 200


class Feed:
    """The events of all orders, to be followed from anywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lookout = Lookout(self._look)

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
        with self._lookout.watching():
            while True:
                # Taken before looking, so that a change in between is not slept through.
                changed = self._lookout.changed
                async with self._database.connect() as conn:
                    batch = await store_events.feed(
                        conn, order_id=order_id, channel=channel, after=position, limit=_BATCH
                    )
                for event, status in batch:
                    position = position_of(event)
                    yield event, status
                if len(batch) < _BATCH:
                    await changed.wait()

    async def _look(self) -> object:
        async with self._database.connect() as conn:
            return await store_events.last_shown(conn)

"""Many watchers, and one look at the database for all of them while nothing happens."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import structlog

from services.kernel.errors import ResourceExhausted

_LOOK_SECONDS = 0.2
_MOST_WATCHERS = 500

_log = structlog.get_logger(__name__)


class Lookout:
    """Looks while anybody watches, and wakes all of them when what it sees is not what it saw."""

    def __init__(self, look: Callable[[], Awaitable[object]]) -> None:
        self._look = look
        self._seen: object = None
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        # Replaced at every change: whoever holds the old one is woken once. To be taken before reading, so that a
        # change in between is not slept through.
        self.changed = asyncio.Event()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for as long as this is open.

        Raises:
            ResourceExhausted: TOO_MANY_WATCHERS.
        """
        if self._watchers >= _MOST_WATCHERS:
            raise ResourceExhausted("too many are watching: try another replica", reason="TOO_MANY_WATCHERS")
        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _keep_looking(self) -> None:
        while True:
            try:
                seen = await self._look()
                if seen != self._seen:
                    self._seen = seen
                    self.changed.set()
                    self.changed = asyncio.Event()
            except Exception:
                # Watchers sleep on, and hear what they missed when the database is back.
                _log.warning("feed_unreadable", exc_info=True)
            await asyncio.sleep(_LOOK_SECONDS)

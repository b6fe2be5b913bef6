"""Fetching from platforms that are polled: one replica a channel, a cursor each, and patience with those that fail.

What was fetched and how far that was are kept in one transaction. A fetch that fails in the middle goes on where the
last page that was kept ended; what overlaps is the same document or the same order, so it is there once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import httpx
import structlog

from services.chassis.database import Database
from services.intake import store_channels
from services.intake.counting import count
from services.intake.domain.channel import Channel, Progress
from services.intake.doors.reading_later import LaterReader
from services.intake.doors.secrets import Secrets
from services.intake.doors.turns import turn
from services.intake.ingesting import Reader
from services.intake.keeping import keep
from services.kernel.clock import Clock
from services.kernel.errors import OmsError

# Pages of one turn; the next turn goes on, so that one channel with a million orders does not keep the others waiting.
_PAGES = 20
# How long one channel may take; what was kept by then is kept.
_TURN_SECONDS = 300.0
_AT_ONCE = 4
_LONGEST_PAUSE = timedelta(hours=1)
_TEXT_LIMIT = 500
_METRIC = "oms_intake_pulls_total"
_log = structlog.get_logger(__name__)


class PullFailed(Exception):
    """The platform did not give what was asked for; it is asked again later."""


# The last three are how answers that are not what they should be end.
_TO_BE_TRIED_AGAIN = (
    PullFailed,
    httpx.HTTPError,
    httpx.InvalidURL,
    TimeoutError,
    OmsError,
    ValueError,
    LookupError,
    TypeError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page: documents, each with the platform's id of its order; where the next one begins, and whether it exists."""

    documents: Sequence[tuple[str, bytes]]
    cursor: str
    more: bool


class Connector(Protocol):
    """Fetches from one platform. `cursor` is empty the first time, and afterwards whatever it returned last."""

    async def __call__(
        self, http: httpx.AsyncClient, channel: Channel, secret: str, cursor: str, now: datetime
    ) -> Fetched:
        """Return the page at the cursor.

        Raises:
            PullFailed, httpx.HTTPError, ValueError: to be tried again.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Puller:
    """Fetches what is due."""

    database: Database
    reader: Reader
    later: LaterReader
    clock: Clock
    secrets: Secrets
    connectors: Mapping[str, Connector]
    client: Callable[[], httpx.AsyncClient] = field(default=lambda: httpx.AsyncClient(timeout=30, trust_env=False))

    async def pull_due(self) -> int:
        """Fetch the channels that are due, and return how many documents came."""
        async with self.database.connect() as conn:
            due = await store_channels.due_channels(conn, self.clock.now())
        room = asyncio.Semaphore(_AT_ONCE)

        async def take(name: str) -> int:
            async with room, turn(self.database, f"pull/{name}") as mine:
                return await self.pull(name) if mine else 0

        results = await asyncio.gather(*(take(channel.channel) for channel, _ in due), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return sum(result for result in results if isinstance(result, int))

    async def pull(self, name: str) -> int:
        """Fetch one channel from where it is until nothing new is there, and return how many documents came."""
        async with self.database.connect() as conn:
            channel, progress = await store_channels.get_channel(conn, name)
        if channel.paused or (progress.next_time is not None and progress.next_time > self.clock.now()):
            return 0  # another replica was here since it was found due
        fetched = 0
        try:
            async with asyncio.timeout(_TURN_SECONDS), self.client() as http:
                for _ in range(_PAGES):
                    page, progress = await self._page(http, channel, progress)
                    fetched += page
                    if progress.next_time is not None and progress.next_time > self.clock.now():
                        break
        except _TO_BE_TRIED_AGAIN as error:
            await self._failed(channel, error)
        return fetched

    async def _page(self, http: httpx.AsyncClient, channel: Channel, progress: Progress) -> tuple[int, Progress]:
        secret = next(iter(self.secrets.find(channel.secret_name)), "")
        connector = self.connectors.get(channel.pull.connector)
        if connector is None:
            raise PullFailed(f"there is no connector {channel.pull.connector!r}")
        page = await connector(http, channel, secret, progress.cursor, self.clock.now())
        now = self.clock.now()
        pause = timedelta(0) if page.more else channel.pull.interval
        reached = Progress(cursor=page.cursor, next_time=now + pause, success_time=now)
        form = self.reader.format_of(channel.channel, channel.format)
        kept = []
        async with self.database.begin() as conn:
            known = await store_channels.known_orders(conn, channel.channel, [name for name, _ in page.documents])
            for name, content in page.documents:
                # An order that is here already comes again because something about it has changed.
                headers = {"oms-event": "updated"} if name in known else {}
                received = self.reader.received(
                    channel=channel.channel, form=form, name=name[:300], content=content, headers=headers
                )
                kept.append(await keep(conn, channel, received, content))
            await store_channels.write_progress(conn, channel.channel, reached)
        count(_METRIC, channel.channel, "FETCHED")
        for one in kept:
            if not one.replayed or one.document.read_time is None:
                await self.later.read(one.document.document_id, form)
        _log.info("fetched", channel=channel.channel, documents=len(kept), more=page.more)
        return len(kept), reached

    async def _failed(self, channel: Channel, error: Exception) -> None:
        async with self.database.begin() as conn:
            _, progress = await store_channels.get_channel(conn, channel.channel)
            failures = progress.failure_count + 1
            pause = min(channel.pull.interval * 2 ** min(failures - 1, 20), _LONGEST_PAUSE)
            told = replace(
                progress,
                failure_count=failures,
                last_error=(str(error) or type(error).__name__).replace("\x00", "")[:_TEXT_LIMIT],
                next_time=self.clock.now() + pause,
            )
            await store_channels.write_progress(conn, channel.channel, told)
        count(_METRIC, channel.channel, "FAILED")
        _log.warning("a fetch failed", channel=channel.channel, failures=failures, error=told.last_error)

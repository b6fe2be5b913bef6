"""The availability feed: many watchers, one look at the database for all of them while nothing happens.

A watcher is a cursor and nothing else. Woken, it reads for itself, a step at a time: some SKUs that changed after its
cursor, and what they are now. So however slow it is, it holds nothing, and what changed often meanwhile is told once.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime

from services.chassis.database import Connection, Database
from services.chassis.lookout import Lookout
from services.inventory import store_availability, store_channels, store_feed
from services.inventory.domain import feed
from services.inventory.domain.feed import Cursor, Question
from services.inventory.domain.problems import TooManyPairs
from services.inventory.store_feed import Change
from services.kernel.clock import Clock

# Of so many SKUs a step tells, and of bundles that they are in.
STEP_SKUS = 200
# So many changes it looks at: those of a SKU that sells by the thousand are one for the feed.
_STEP_CHANGES = 5_000
# More would take the connections that reservations are made with.
_MOST_READING = 3
# After so many changes that a watcher did not ask for it is told how far it has come.
_SILENT_STEPS = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """What can be sold now. Without a node: everywhere; in a feed per node, at any node that is not named after it."""

    sku: str
    node_id: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Figures, and the cursor of whoever knows them."""

    figures: list[Figure]
    cursor: Cursor
    # There is more to be told right now.
    more: bool = False
    # With this, everything has been told.
    complete: bool = False


async def step(conn: Connection, question: Question, cursor: Cursor | None, now: datetime) -> Step:
    """Return what comes after the cursor; without one, the beginning of everything.

    Raises:
        ChannelNotFound: nobody said how this channel sees stock.
    """
    if cursor is not None and not cursor.everything:
        changes = await store_feed.changes(conn, cursor, size=_STEP_CHANGES)
        if not await store_feed.lost(conn, cursor):
            return await _changed(conn, question, cursor, changes, now)
    elif cursor is not None and not await store_feed.lost(conn, cursor):
        return await _everything(conn, question, cursor, now)
    # Changes are told from before anything was read: what changes while everything is told is told again.
    start = Cursor(everything=True, transaction_id=await store_feed.end(conn))
    return await _everything(conn, question, start, now)


async def _everything(conn: Connection, question: Question, cursor: Cursor, now: datetime) -> Step:
    if question.skus:
        skus = sorted(sku for sku in question.skus if sku > cursor.after)[:STEP_SKUS]
    else:
        skus = await store_feed.skus(conn, after=cursor.after, size=STEP_SKUS)
    last = len(skus) < STEP_SKUS
    after = cursor.changes() if last else Cursor(everything=True, transaction_id=cursor.transaction_id, after=skus[-1])
    return Step(figures=await _figures(conn, question, skus, now), cursor=after, more=True, complete=last)


async def _changed(
    conn: Connection, question: Question, cursor: Cursor, changes: Collection[Change], now: datetime
) -> Step:
    seen: dict[str, bool] = {}
    more = len(changes) == _STEP_CHANGES
    for change in changes:
        if change.sku not in seen and len(seen) == STEP_SKUS:
            more = True
            break
        seen[change.sku] = seen.get(change.sku, False) or change.otherwise
        cursor = Cursor(everything=False, transaction_id=change.transaction_id, after=change.sku)
    if seen and not more:  # nothing of its last transaction is left
        cursor = Cursor(everything=False, transaction_id=cursor.transaction_id + 1)
    bundles = sorted(await store_channels.bundles_of(conn, seen) - seen.keys()) if seen else []
    otherwise = {sku for sku, changed in seen.items() if changed}
    figures = await _figures(conn, question, question.wants([*seen, *bundles]), now, otherwise)
    return Step(figures=figures, cursor=cursor, more=more, complete=not more)


async def _figures(
    conn: Connection, question: Question, skus: list[str], now: datetime, otherwise: Collection[str] = ()
) -> list[Figure]:
    found: list[Figure] = []
    for start in range(0, len(skus), STEP_SKUS):
        some = skus[start : start + STEP_SKUS]
        found += await (_of_channel if question.channel else _of_nodes)(conn, question, some, now, otherwise)
    # A channel that nobody knows is refused, also where there is nothing to tell.
    if not skus and question.channel:
        await store_channels.policy(conn, question.channel)
    return found


async def _of_channel(
    conn: Connection, question: Question, skus: list[str], now: datetime, otherwise: Collection[str]
) -> list[Figure]:
    policy = await store_channels.policy(conn, question.channel)
    try:
        found = await store_availability.outlook(conn, skus, policy, now)
    except TooManyPairs:
        first, second = _halves(skus)
        return [
            *await _of_channel(conn, question, first, now, otherwise),
            *await _of_channel(conn, question, second, now, otherwise),
        ]
    return [Figure(sku, "", found[sku].now) for sku in skus]


async def _of_nodes(
    conn: Connection, question: Question, skus: list[str], now: datetime, otherwise: Collection[str]
) -> list[Figure]:
    try:
        found = await store_availability.free(conn, skus, nothing=True, limit=store_availability.MAX_SEEN)
    except TooManyPairs:
        first, second = _halves(skus)
        return [
            *await _of_nodes(conn, question, first, now, otherwise),
            *await _of_nodes(conn, question, second, now, otherwise),
        ]
    figures: list[Figure] = []
    for sku in skus:
        nodes = found.get(sku, {})
        # A bundle that is made of something else now is gone from nodes that nobody remembers.
        if sku in otherwise or not nodes:
            figures.append(Figure(sku, "", 0))
        figures += (Figure(sku, node_id, units) for node_id, units in nodes.items())
    return figures


def _halves(skus: list[str]) -> tuple[list[str], list[str]]:
    if len(skus) < 2:
        raise TooManyPairs(store_availability.MAX_SEEN)
    middle = len(skus) // 2
    return skus[:middle], skus[middle:]


class Feed:
    """What can be sold of everything, to be followed from anywhere."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lookout = Lookout(self._look)
        self._reading = asyncio.Semaphore(_MOST_READING)

    async def follow(self, question: Question, cursor: str) -> AsyncIterator[Step]:
        """Yield what comes after the cursor, for ever; `complete` once when everything has been told.

        Raises:
            InvalidCursor: it is none of ours.
            ChannelNotFound: nobody said how this channel sees stock.
            ResourceExhausted: TOO_MANY_WATCHERS.
        """
        place = feed.read(cursor, question)
        complete, silent = False, 0
        with self._lookout.watching():
            while True:
                # Taken before looking, so that a change in between is not slept through.
                changed = self._lookout.changed
                async with self._reading, self._database.connect() as conn:
                    told = await step(conn, question, place, self._clock.now())
                place = told.cursor
                complete = complete and not place.everything
                news = told.complete and not complete
                complete = complete or told.complete
                silent = 0 if told.figures else silent + 1
                if told.figures or news or silent % _SILENT_STEPS == 0:
                    yield Step(figures=told.figures, cursor=place, more=told.more, complete=news)
                if not told.more:
                    await changed.wait()

    async def _look(self) -> object:
        async with self._database.connect() as conn:
            return await store_feed.end(conn)

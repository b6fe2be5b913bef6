"""Delivering the feed to subscribers: each in a task of its own, by one replica at a time, in the order of the feed.

A turn takes the lease, posts a page (different orders at once, the events of one order one after the other) and writes
how far it came in the statement that lets go of the lease. What comes after an event that was not taken is posted again
in a later turn, under the same ids; nothing is dropped. Nothing is written where nothing happens.
"""

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import Any

import structlog

from services.chassis.lookout import Lookout
from services.chassis.service import Parts
from services.intake import store_events, store_subscriptions
from services.intake.domain.events import Event
from services.intake.domain.feed import position_of
from services.intake.domain.subscriptions import Subscription, Switch, failed
from services.intake.posting import POST_SECONDS, Gone, NotTaken, Post

_log = structlog.get_logger()

_PAGE = 200
_AT_ONCE = 16
# How long a turn may begin new posts, and how long it may take in all: the lease outlives both.
_TURN_SECONDS = 20.0
_LEASE = timedelta(seconds=60)
_LOOK_SECONDS = 1.0


def deliveries(parts: Parts) -> list[Coroutine[Any, Any, None]]:
    """Return the background work: nothing where the relay is off too."""
    return [Deliverer(parts).run()] if parts.settings.relay_enabled else []


class Deliverer:
    """The subscribers of one replica."""

    def __init__(self, parts: Parts, *, post_seconds: float = POST_SECONDS) -> None:
        self._database = parts.database
        self._clock = parts.clock
        self._post_seconds = post_seconds
        self._lookout = Lookout(self._look)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._posts: dict[str, Post] = {}
        # Events past a subscriber's position that it has: the event before them was not taken. Forgotten with the
        # process, and then repeated under the same ids.
        self._ahead: dict[str, set[str]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                try:
                    await self._keep_up()
                except Exception as error:
                    _log.warning("subscriptions unreadable", error=str(error)[:300])
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for post in self._posts.values():
            await post.close()
        self._posts.clear()

    async def turn(self, name: str) -> bool:
        """Deliver a page, or find that there is none or that it is not our turn; tell whether there may be more now."""
        now = self._clock.now()
        async with self._database.connect() as conn:
            seen = await store_subscriptions.find(conn, name)
            if seen is None or not seen.due(now) or not await self._read(conn, seen, limit=1):
                return False
            taken = await store_subscriptions.take_turn(conn, name, now, now + _LEASE)
        if taken is None:
            return False
        after = taken
        try:
            after, more = await self._deliver(taken)
        finally:
            # Also when told to stop: the lease is let go of, and what was not waited for is posted again.
            async with self._database.connect() as conn:
                kept = await store_subscriptions.end_turn(conn, after)
        return more and kept

    async def _deliver(self, subscription: Subscription) -> tuple[Subscription, bool]:
        # One that fails is asked with a single event.
        limit = 1 if subscription.failure else _PAGE
        async with self._database.connect() as conn:
            page = await self._read(conn, subscription, limit=_PAGE)
            wanted = await self._wanted(conn, subscription, page)
        chosen = wanted[:limit]
        ahead = self._ahead.setdefault(subscription.name, set())
        batch = _Batch(
            await self._post(subscription), subscription, [one for one in chosen if one.event_id not in ahead]
        )
        await batch.send()
        ahead |= batch.delivered
        held = {one.event_id for one in wanted} - ahead
        past = list(takewhile(lambda event: event.event_id not in held, page))
        ahead -= {event.event_id for event in past}
        return self._after(subscription, batch, past), not batch.stopped and bool(past)

    def _after(self, subscription: Subscription, batch: "_Batch", past: Sequence[Event]) -> Subscription:
        now = self._clock.now()
        after = replace(
            subscription,
            position=position_of(past[-1]) if past else subscription.position,
            delivered_count=subscription.delivered_count + len(batch.delivered),
            deliver_time=now if batch.delivered else subscription.deliver_time,
            failure=None if batch.delivered else subscription.failure,
        )
        if batch.refusal is None:
            return after
        event, error = batch.refusal
        jitter = random.random()  # noqa: S311 - jitter, not a secret
        failure = failed(after.failure, event, error.message, now, jitter=jitter)
        level = _log.error if isinstance(error, Gone) else _log.warning
        level("event was not taken", subscription=after.name, event_id=event.event_id, attempts=failure.attempts)
        return replace(after, failure=failure, switch=Switch.OFF if isinstance(error, Gone) else after.switch)

    async def _post(self, subscription: Subscription) -> Post:
        post = self._posts.get(subscription.name)
        if post and post.url != subscription.url:
            await post.close()
            post = None
        if post is None:
            post = Post(subscription.url, self._clock, at_once=_AT_ONCE, seconds=self._post_seconds)
            self._posts[subscription.name] = post
        return post

    async def _read(self, conn: Any, subscription: Subscription, *, limit: int) -> list[Event]:
        found = await store_events.feed(conn, order_id="", channel="", after=subscription.position, limit=limit)
        return [event for event, _ in found]

    async def _wanted(self, conn: Any, subscription: Subscription, page: Sequence[Event]) -> list[Event]:
        wanted = subscription.wanted
        orders = {}
        if wanted.by_order:
            orders = await store_subscriptions.channels_and_regions(conn, (event.order_id for event in page))
        chosen = []
        for event in page:
            channel, region = orders.get(event.order_id, ("", ""))
            if wanted.takes(event, channel=channel, region=region):
                chosen.append(event)
        return chosen

    async def _keep_up(self) -> None:
        """Have a task for each subscription that is delivered to, and none for the others."""
        async with self._database.connect() as conn:
            active = await store_subscriptions.active(conn)
        for name in [name for name, task in self._tasks.items() if task.done() or name not in active]:
            self._tasks.pop(name).cancel()
        for name in active - self._tasks.keys():
            self._tasks[name] = asyncio.create_task(self._serve(name))
        for name in self._posts.keys() - active:
            await self._posts.pop(name).close()
            self._ahead.pop(name, None)

    async def _serve(self, name: str) -> None:
        with self._lookout.watching():
            while True:
                # Taken before looking, so that a change in between is not slept through.
                changed = self._lookout.changed
                try:
                    more = await self.turn(name)
                except Exception as error:
                    _log.warning("delivery failed", subscription=name, error=str(error)[:300])
                    more = False
                    await asyncio.sleep(_LOOK_SECONDS)
                if not more:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_SECONDS):
                            await changed.wait()

    async def _look(self) -> object:
        async with self._database.connect() as conn:
            return await store_events.last_shown(conn)


class _Batch:
    """Some events on their way to one subscriber. The first that is not taken stops it."""

    def __init__(self, post: Post, subscription: Subscription, events: Sequence[Event]) -> None:
        self._post = post
        self._subscription = subscription
        self._events = events
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.delivered: set[str] = set()
        self.refusal: tuple[Event, NotTaken | Gone] | None = None
        # Nothing more is begun.
        self.stopped = False

    async def send(self) -> None:
        """Post the events, those of one order one after the other."""
        if not self._events:
            return
        try:
            await self._post.look_up()
        except NotTaken as error:
            self._refused(self._events[0], error)
            return
        by_order: dict[str, list[Event]] = {}
        for event in self._events:
            by_order.setdefault(event.order_id, []).append(event)
        until = asyncio.get_running_loop().time() + _TURN_SECONDS
        async with asyncio.TaskGroup() as tasks:
            for events in by_order.values():
                tasks.create_task(self._send_order(events, until))

    async def _send_order(self, events: Sequence[Event], until: float) -> None:
        async with self._places:
            for event in events:
                if self.stopped or asyncio.get_running_loop().time() > until:
                    return
                try:
                    await self._post.send(self._subscription, event)
                except (NotTaken, Gone) as error:
                    self._refused(event, error)
                    return
                self.delivered.add(event.event_id)

    def _refused(self, event: Event, error: NotTaken | Gone) -> None:
        self.stopped = True
        if self.refusal is None or isinstance(error, Gone):
            self.refusal = event, error

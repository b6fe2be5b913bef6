"""The relay: delivers what is in the outbox, in order for each key, however many replicas run it.

Each sink has a loop of its own, so a receiver that hangs delays nobody else. A sink that is down as a whole is
waited for without counting attempts; an event that is refused for good, or too often, is dead: it stays, visible and
replayable, and holds up the later events of its key, because delivering those first would tell another story.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import structlog
from opentelemetry import propagate, trace
from sqlalchemy import Table

from services.chassis import store_outbox, telemetry
from services.chassis.database import Database, translate
from services.chassis.store_outbox import Delivery
from services.kernel.clock import Clock
from services.kernel.errors import OmsError, Unavailable

log = structlog.get_logger()
tracer = trace.get_tracer("oms.relay")

BATCH = 50
MAX_ATTEMPTS = 20
FIRST_BACKOFF = 0.2
SLOWEST_BACKOFF = 60.0
KEPT = timedelta(days=7)


class Refused(OmsError):
    """A sink will never take this event."""

    reason = "REFUSED"


class Sink(Protocol):
    """Where events go."""

    async def deliver(self, event: Delivery) -> str:
        """Deliver an event, or find that it was delivered before; return a note worth keeping, or "".

        Raises:
            Unavailable: the sink is down; nothing is wrong with the event.
            Refused: the event will never be taken.
        """
        ...


class Relay:
    """The relay of one service's outbox."""

    def __init__(
        self, database: Database, table: Table, sinks: Mapping[str, Sink], clock: Clock, *, poll_seconds: float = 0.2
    ) -> None:
        self._database = database
        self._table = table
        self._sinks = sinks
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._wakers = {name: asyncio.Event() for name in sinks}

    def wake(self) -> None:
        """Say that something was written: the relay looks at once instead of at its next turn."""
        for waker in self._wakers.values():
            waker.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._sinks:
                tasks.create_task(self._loop(name))
            tasks.create_task(self._purge_loop())

    async def drain_once(self) -> int:
        """Deliver what is due now, one batch a sink, and return how many were."""
        return sum([await self._batch(name) for name in self._sinks])

    async def _loop(self, name: str) -> None:
        while True:
            self._wakers[name].clear()
            try:
                done = await self._batch(name)
            except Exception as error:
                # The database is away, or a sink has a bug: either way the next turn may be better.
                log.warning("relay turn failed", sink=name, error=str(translate(error) or repr(error))[:300])
                done = 0
                await asyncio.sleep(1.0)
            if not done:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wakers[name].wait(), self._poll_seconds)

    async def _batch(self, name: str) -> int:
        async with self._database.begin() as connection:
            now = self._clock.now()
            events = await store_outbox.claim(connection, self._table, name, now, BATCH)
            if not events:
                return 0
            results = await asyncio.gather(*(self._deliver(name, event) for event in events), return_exceptions=True)
            notes: dict[int, str] = {}
            for event, result in zip(events, results, strict=True):
                if isinstance(result, str):
                    notes[event.sequence] = result
                elif isinstance(result, asyncio.CancelledError):
                    raise result
                else:
                    await self._failed(connection, name, event, result)
            await store_outbox.delivered(connection, self._table, notes, self._clock.now())
            telemetry.count_deliveries(name, delivered=len(notes), failed=len(events) - len(notes))
            return len(notes)

    async def _deliver(self, name: str, event: Delivery) -> str:
        with tracer.start_as_current_span(
            f"deliver {event.type}",
            context=propagate.extract(event.trace),
            attributes={"oms.event_id": event.event_id, "oms.sink": name, "oms.key": event.key},
        ):
            return await self._sinks[name].deliver(event)

    async def _failed(self, connection, name: str, event: Delivery, error: BaseException) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        down = isinstance(error, Unavailable)
        dead = isinstance(error, Refused) or (not down and event.attempts + 1 >= MAX_ATTEMPTS)
        backoff = min(SLOWEST_BACKOFF, FIRST_BACKOFF * 2 ** min(event.attempts, 20))
        if down:
            backoff = 1.0
        wait = timedelta(seconds=backoff * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        log.log(
            40 if dead else 30,
            "event is dead" if dead else "event was not delivered",
            sink=name,
            event_id=event.event_id,
            type=event.type,
            attempts=event.attempts + 1,
            error=str(error)[:300],
        )
        await store_outbox.failed(
            connection,
            self._table,
            event.sequence,
            error=str(error) or type(error).__name__,
            next_attempt_time=self._clock.now() + wait,
            dead=dead,
            counts=not down,
        )

    async def _purge_loop(self) -> None:
        while True:
            await asyncio.sleep(60 * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the replicas
            with contextlib.suppress(Exception):
                async with self._database.begin() as connection:
                    await store_outbox.purge(connection, self._table, self._clock.now() - KEPT, 5000)

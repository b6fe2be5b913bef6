"""The relay: delivers what is in the outbox, in order for each key, however many replicas run it.

Each sink has a loop of its own, so a receiver that hangs delays nobody else. A sink that is down as a whole is
waited for without counting attempts; an event that is refused for good, or too often, is dead: it stays, visible and
replayable, and holds up the later events of its key, because delivering those first would tell another story.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from opentelemetry import propagate, trace
from sqlalchemy import Table

from services.chassis import store_outbox, telemetry
from services.chassis.database import Connection, Database, translate
from services.chassis.store_outbox import Delivery
from services.kernel.clock import Clock
from services.kernel.errors import OmsError, Unavailable

log = structlog.get_logger()
tracer = trace.get_tracer("oms.relay")

BATCH = 50
MAX_ATTEMPTS = 20
FIRST_BACKOFF = 0.2
SLOWEST_BACKOFF = 60.0
# While a sink is down as a whole: how often it is tried, and how late an event may be once it is back.
SLOWEST_TURN = 2.0
LONGEST_POSTPONED = 10.0
# A delivery holds a row lock in an idle transaction: well below the database's limit for those.
DELIVERY_SECONDS = 15.0
KEPT = timedelta(days=7)
PURGED_AT_ONCE = 5000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one look at the outbox: how many events a sink took, and how many found it down."""

    delivered: int = 0
    down: int = 0


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
        return sum([(await self._turn(name)).delivered for name in self._sinks])

    async def _loop(self, name: str) -> None:
        pause = self._poll_seconds
        while True:
            self._wakers[name].clear()
            try:
                turn = await self._turn(name)
            except Exception as error:
                # The database is away, or a sink has a bug: either way a later turn may be better.
                log.warning("relay turn failed", sink=name, error=str(translate(error) or repr(error))[:300])
                turn = Turn(down=1)
            if turn.delivered:
                pause = self._poll_seconds
            elif turn.down:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, SLOWEST_TURN)
            else:
                pause = self._poll_seconds
                with contextlib.suppress(TimeoutError):
                    # Not wait_for: before Python 3.12 it can lose a cancellation that meets its timeout.
                    async with asyncio.timeout(pause):
                        await self._wakers[name].wait()

    async def _turn(self, name: str) -> Turn:
        async with self._database.begin() as connection:
            events = await store_outbox.claim(connection, self._table, name, self._clock.now(), BATCH)
            if not events:
                return Turn()
            results = await asyncio.gather(*(self._deliver(name, event) for event in events), return_exceptions=True)
            notes: dict[int, str] = {}
            down: list[tuple[Delivery, Unavailable]] = []
            for event, result in zip(events, results, strict=True):
                if isinstance(result, str):
                    notes[event.sequence] = result
                elif isinstance(result, asyncio.CancelledError):
                    raise result
                elif isinstance(result, Unavailable):
                    down.append((event, result))
                else:
                    await self._failed(connection, name, event, result)
            if down:
                await self._postponed(connection, name, down)
            await store_outbox.delivered(connection, self._table, notes, self._clock.now())
        telemetry.count_deliveries(name, delivered=len(notes), failed=len(events) - len(notes))
        return Turn(delivered=len(notes), down=len(down))

    async def _deliver(self, name: str, event: Delivery) -> str:
        with tracer.start_as_current_span(
            f"deliver {event.type}",
            context=propagate.extract(event.trace),
            attributes={"oms.event_id": event.event_id, "oms.sink": name, "oms.key": event.key},
        ):
            try:
                async with asyncio.timeout(DELIVERY_SECONDS):
                    return await self._sinks[name].deliver(event)
            except TimeoutError:
                raise Unavailable(f"{name} took longer than {DELIVERY_SECONDS:.0f} s") from None

    async def _postponed(self, connection: Connection, name: str, down: Sequence[tuple[Delivery, Unavailable]]) -> None:
        """Put off what a sink that is down could not take: the longer it waits already, the less often it is tried."""
        now = self._clock.now()
        oldest = min(event.create_time for event, _ in down)
        wait = min(LONGEST_POSTPONED, max(1.0, (now - oldest).total_seconds() / 10)) * random.uniform(0.5, 1.0)  # noqa: S311
        error = str(down[0][1])
        log.warning("sink is down", sink=name, events=len(down), error=error[:300])
        await store_outbox.postponed(
            connection,
            self._table,
            [event.sequence for event, _ in down],
            error=error,
            next_attempt_time=now + timedelta(seconds=wait),
        )

    async def _failed(self, connection: Connection, name: str, event: Delivery, error: BaseException) -> None:
        dead = isinstance(error, Refused) or event.attempts + 1 >= MAX_ATTEMPTS
        backoff = min(SLOWEST_BACKOFF, FIRST_BACKOFF * 2 ** min(event.attempts, 20))
        said = str(error) or type(error).__name__
        (log.error if dead else log.warning)(
            "event is dead" if dead else "event was not delivered",
            sink=name,
            event_id=event.event_id,
            type=event.type,
            attempts=event.attempts + 1,
            error=said[:300],
        )
        await store_outbox.failed(
            connection,
            self._table,
            event.sequence,
            error=said,
            next_attempt_time=self._clock.now() + timedelta(seconds=backoff * random.uniform(0.5, 1.0)),  # noqa: S311
            dead=dead,
        )

    async def _purge_loop(self) -> None:
        while True:
            await asyncio.sleep(60 * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the replicas
            try:
                await self.purge()
            except Exception as error:
                log.warning("purge failed", error=str(translate(error) or repr(error))[:300])

    async def purge(self) -> int:
        """Delete what was delivered more than a week ago, in batches, and return how much it was."""
        purged = 0
        while True:
            async with self._database.begin() as connection:
                batch = await store_outbox.purge(connection, self._table, self._clock.now() - KEPT, PURGED_AT_ONCE)
            purged += batch
            if batch < PURGED_AT_ONCE:
                return purged

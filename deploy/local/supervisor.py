"""Keeps parts alive: one that dies, however it dies, is started again."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from deploy.local.parts import Part
from deploy.local.processes import tail

CHECK_SECONDS = 0.1
# A part that cannot live is not started in a circle: the pauses grow, and after this many starts in a minute it rests.
STARTS_PER_MINUTE = 6
FIRST_PAUSE_SECONDS = 0.1
READY_SECONDS = 60.0

Change = Callable[[Part, str, str], None]


class Supervisor:
    """Starts, watches and stops parts; every change is told as (part, state, a sentence for people)."""

    def __init__(self, changed: Change) -> None:
        self._changed = changed
        self._threads = ThreadPoolExecutor(16, "oms-parts")
        self._running: set[Future[None]] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, parts: Iterable[Part]) -> None:
        """Start these together, and return when all are ready; raises what the first to fail raised."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(self._start_locked(part))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def restart(self, part: Part) -> None:
        """Stop a part where it runs, and start it."""
        async with self._lock(part):
            await self._apart(part.stop)
            await self._start(part, "STARTING")

    def watch(self, parts: Iterable[Part]) -> None:
        """From now on, start again whichever dies."""
        self._watches += [asyncio.create_task(self._watch(part)) for part in parts]

    async def stop(self, stages: Iterable[Iterable[Part]]) -> None:
        """Stop watching, then stop the parts, stage by stage in the order given."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches.clear()
        order = [list(stage) for stage in stages]
        for stage in order:
            await asyncio.gather(*(asyncio.to_thread(part.stop) for part in stage))
        # A start that was interrupted still goes on in its thread, and may have launched something meanwhile.
        await asyncio.gather(*map(asyncio.wrap_future, self._running), return_exceptions=True)
        for part in (part for stage in order for part in stage):
            await asyncio.to_thread(part.stop)

    async def _start_locked(self, part: Part) -> None:
        async with self._lock(part):
            await self._start(part, "STARTING")

    def _lock(self, part: Part) -> asyncio.Lock:
        return self._locks.setdefault(part.name, asyncio.Lock())

    async def _start(self, part: Part, state: str) -> None:
        self._changed(part, state, "")
        await self._apart(part.launch)
        self._changed(part, state, "")  # now its process is known
        await self._apart(lambda: part.await_ready(READY_SECONDS))
        self._changed(part, "UP", "")

    async def _apart(self, work: Callable[[], None]) -> None:
        future = self._threads.submit(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        await asyncio.wrap_future(future)

    async def _watch(self, part: Part) -> None:
        starts: deque[float] = deque(maxlen=STARTS_PER_MINUTE)
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if part.pid is not None or self._lock(part).locked():
                continue
            end = tail(part.log, 5)
            self._changed(part, "RESTARTING", f"{part.name} died and is started again; the end of its log:\n{end}")
            await asyncio.sleep(self._pause(part, starts))
            async with self._lock(part):
                if part.pid is None:
                    starts.append(asyncio.get_running_loop().time())
                    await self._heal(part)

    async def _heal(self, part: Part) -> None:
        try:
            await self._start(part, "RESTARTING")
        except Exception as error:
            self._changed(part, "RESTARTING", f"{part.name} could not be started again: {error}")

    def _pause(self, part: Part, starts: deque[float]) -> float:
        now = asyncio.get_running_loop().time()
        recent = [moment for moment in starts if now - moment < 60]
        if len(recent) == STARTS_PER_MINUTE:
            rest = 60 - (now - recent[0])
            self._changed(
                part, "RESTARTING", f"{part.name} died {STARTS_PER_MINUTE} times in a minute; it rests for {rest:.0f} s"
            )
            return rest
        return FIRST_PAUSE_SECONDS * 2 ** len(recent) if recent else 0.0

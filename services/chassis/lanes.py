"""Group commit: what is asked for at the same time is done together, in the order in which it came.

Nothing waits for company: whoever finds nobody at work starts at once, and those who come meanwhile are the next group.
A few groups are at work at once, so that while one waits for the disk, the next one is made ready.
"""

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar


class Waiting(Protocol):
    """Somebody who waits for an answer."""

    @property
    def answer(self) -> "Future[Any]": ...


One = TypeVar("One", bound=Waiting)


class Lanes(Generic[One]):
    """Those who wait, and the groups at work."""

    def __init__(
        self,
        work: Callable[[list[One]], Awaitable[None]],
        *,
        key: Callable[[One], str],
        weight: Callable[[One], int],
        most: int,
        heaviest: int,
        lanes: int,
        enough: int,
    ) -> None:
        """`work` answers each of a group: at most `most`, not above `heaviest` in all unless one alone is.

        The same key twice goes into two groups. Another lane is opened where at least `enough` wait.
        """
        self._work = work
        self._key = key
        self._weight = weight
        self._most = most
        self._heaviest = heaviest
        self._lanes = lanes
        self._enough = enough
        self._waiting: list[One] = []
        self._at_work: set[asyncio.Task[None]] = set()

    def add(self, one: One) -> None:
        """Have this one answered, soon."""
        self._waiting.append(one)
        if not self._at_work or (len(self._at_work) < self._lanes and len(self._waiting) >= self._enough):
            self._at_work.add(asyncio.create_task(self._go_on()))

    async def _go_on(self) -> None:
        try:
            while group := self._next_group():
                await self._work(group)
        finally:
            # In the same breath as it found nobody waiting: who asks next must find that nobody is at work.
            self._at_work.discard(asyncio.current_task())

    def _next_group(self) -> list[One]:
        """Take who is first, as many as fit and a fair part of them."""
        most = min(self._most, max(self._enough, -(-len(self._waiting) // self._lanes)))
        group: list[One] = []
        later: list[One] = []
        keys: set[str] = set()
        weight = 0
        for number, one in enumerate(self._waiting):
            weight += self._weight(one)
            if group and (len(group) == most or weight > self._heaviest):
                later += self._waiting[number:]
                break
            if (key := self._key(one)) in keys:
                later.append(one)
            elif not one.answer.cancelled():
                keys.add(key)
                group.append(one)
        self._waiting = later
        return group

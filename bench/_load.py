"""Callers that ask again and again for a while, and how long each answer took."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a load."""

    callers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int = 0


async def load(call: Callable[[int], Awaitable[bool]], callers: int, seconds: float) -> Seen:
    """Let so many callers call for so long, after a tenth of it unmeasured. A call tells whether it succeeded."""
    took: list[float] = []
    refused = 0
    begin = time.perf_counter() + seconds / 10
    end = begin + seconds

    async def caller(number: int) -> None:
        nonlocal refused
        while (started := time.perf_counter()) < end:
            succeeded = await call(number)
            done = time.perf_counter()
            if begin <= done <= end:
                took.append(done - started)
                refused += not succeeded

    await asyncio.gather(*map(caller, range(callers)))
    took.sort()
    return Seen(callers, len(took) / seconds, _at(took, 0.5), _at(took, 0.99), refused)


def _at(sorted_seconds: list[float], share: float) -> float:
    if not sorted_seconds:
        return 0.0
    return sorted_seconds[min(len(sorted_seconds) - 1, int(len(sorted_seconds) * share))] * 1000

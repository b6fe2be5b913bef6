"""Long work beside calls that somebody waits for: it rests while others are busy, and tells how far it has come."""

import asyncio
import time

# Whoever else had a turn of this length was at work, and will be again soon.
_WORK_SECONDS, _SOON_SECONDS = 0.0003, 0.1
# While others are at work, so many times as long is rested as was worked.
_REST = 3.0


class Pace:
    """Works in short pieces, with `rest` after each."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._busy_until = 0.0

    async def rest(self) -> None:
        """Let others have their turn; where there are any, for longer than this piece took."""
        ended = time.perf_counter()
        worked = ended - self._begun
        await asyncio.sleep(0)
        now = time.perf_counter()
        if now - ended > _WORK_SECONDS:
            self._busy_until = now + _SOON_SECONDS
        if now < self._busy_until:
            await asyncio.sleep(_REST * worked)
        self._begun = time.perf_counter()


class Beat:
    """Says when it is time to tell how far one has come: every 50 orders, and every half second."""

    _ORDERS, _SECONDS = 50, 0.5

    def __init__(self) -> None:
        self._orders, self._told = 0, time.perf_counter()

    def due(self, orders: int) -> bool:
        """Tell whether it is time, after so many orders."""
        now = time.perf_counter()
        if orders < self._orders + self._ORDERS and now < self._told + self._SECONDS:
            return False
        self._orders, self._told = orders, now
        return True

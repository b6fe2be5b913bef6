"""What a service does again and again without being asked."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.kernel.errors import OmsError

_log = structlog.get_logger()


async def forever(name: str, sweep: Callable[[], Awaitable[int]], seconds: float) -> None:
    """Sweep again and again: a database that is away for a while, or a lost race, is tried again at the next turn.

    A sweep tells how much it found, and must be safe with several replicas at it.
    """
    while True:
        try:
            found = await sweep()
        except Exception as error:
            level = "warning" if isinstance(error, OmsError) else "error"
            getattr(_log, level)("sweep failed", sweep=name, error=str(error))
        else:
            if found:
                _log.info("swept", sweep=name, found=found)
        await asyncio.sleep(seconds)

"""A world that does not give up: whoever asks a part that is down asks again, with the same key, until it answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import fields
from typing import Any

import httpx

from deploy.local.demo.system import System, connected
from services.kernel.errors import OmsError

SECONDS = 60.0
_PAUSE = 0.2


@contextlib.asynccontextmanager
async def patient(addresses: Mapping[str, str]) -> AsyncIterator[System]:
    """Connect to the system at these addresses; every call is repeated where the failure says that it may be."""
    async with connected(addresses) as system:
        yield System(**{field.name: Patient(getattr(system, field.name)) for field in fields(system)})  # type: ignore[arg-type]


class Patient:
    """Wraps a gRPC stub or an HTTP client. What is not retryable goes through at once: chaos must not cause it."""

    def __init__(self, caller: Any, seconds: float = SECONDS) -> None:
        self._caller = caller
        self._seconds = seconds

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._caller, name)

        async def ask(*arguments: Any, **options: Any) -> Any:
            loop = asyncio.get_running_loop()
            limit = loop.time() + self._seconds
            while True:
                try:
                    return await call(*arguments, **options)
                except (OmsError, httpx.TransportError) as error:
                    may_be_repeated = error.retryable if isinstance(error, OmsError) else True
                    if not may_be_repeated or loop.time() > limit:
                        raise
                await asyncio.sleep(_PAUSE)

        return ask

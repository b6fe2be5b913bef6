"""What is known of the call being served: who asks, how long they will wait."""

import asyncio
from contextvars import ContextVar

_caller: ContextVar[str] = ContextVar("oms_caller", default="anonymous")
_deadline: ContextVar[float | None] = ContextVar("oms_deadline", default=None)


def context_caller() -> str:
    """Return who is calling: the verified subject, or what the caller says where nobody is verified."""
    return _caller.get()


def set_caller(caller: str) -> None:
    """Remember who is calling, for the call being served."""
    _caller.set(caller)


def remaining_seconds() -> float | None:
    """Return how long the caller of the call being served will still wait; None where there is no such call."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())


def set_remaining(seconds: float) -> None:
    """Remember how long the caller will wait, for the call being served."""
    _deadline.set(asyncio.get_running_loop().time() + seconds)

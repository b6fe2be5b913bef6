"""What is known of the call being served: who asks for what, how long they will wait."""

import asyncio
from contextvars import ContextVar
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A call as every line of the log shows it. One value, as each thing that is remembered apart costs every call."""

    service: str
    rpc: str
    caller: str
    request_id: str | None


_call: ContextVar[Call | None] = ContextVar("oms_call", default=None)
_deadline: ContextVar[float | None] = ContextVar("oms_deadline", default=None)


def context_caller() -> str:
    """Return who is calling: the verified subject, or what the caller says where nobody is verified."""
    call = _call.get()
    return "anonymous" if call is None else call.caller


def set_call(call: Call) -> None:
    """Remember the call being served."""
    _call.set(call)


def add_call(_logger: object, _method: str, event: Any) -> Any:
    """Show in a line of the log which call it is about (a processor of structlog)."""
    call = _call.get()
    return event if call is None else {**call._asdict(), **event}


def remaining_seconds() -> float | None:
    """Return how long the caller of the call being served will still wait; None where there is no such call."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())


def set_remaining(seconds: float) -> None:
    """Remember how long the caller will wait, for the call being served."""
    _deadline.set(asyncio.get_running_loop().time() + seconds)

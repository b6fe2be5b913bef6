"""Time is handed in, never taken: everything that needs "now" gets a `Clock`."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the time."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        ...


class SystemClock:
    """The clock on the wall: the only place in the system that reads it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until told otherwise, for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by this much."""
        self._now += by


def milliseconds(moment: datetime) -> int:
    """Return Unix milliseconds."""
    return int(moment.timestamp() * 1000)

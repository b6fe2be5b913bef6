"""What the process of a channel does next: it tells the platform what waits, at its pace, and tries it again when down.

Pushes are sent in batches: as many at once as the platform bears in a second, and the next batch when that second is
over. A partner that gives no usable answer is down: one push at a time tries it, seldomer and seldomer, until one is
answered; then everything goes on in the order in which it is listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

# So many pushes are under way at once, however many a platform bears.
AT_ONCE = 10
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
# Where nothing waits and nobody says anything, it looks once in a while.
LOOK_AGAIN = timedelta(hours=1)
# So many batches of one history; then the process starts anew.
LONGEST = 300
_SLOWEST = 0.001


class Outcome(StrEnum):
    """What came of a push."""

    DONE = "DONE"
    AGAIN = "AGAIN"
    REFUSED = "REFUSED"
    HELD = "HELD"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one push; `retry_after` is how long the partner wants to be left alone."""

    outcome: Outcome
    reason: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """See what may be sent: at most this many pushes."""

    limit: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send these at once; the next look is not before `spaced` has passed since the sending began."""

    push_ids: tuple[str, ...]
    spaced: timedelta


@dataclass(frozen=True, slots=True)
class Report:
    """Say how the partner is, for everybody to see."""

    failures: int
    reason: str
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for this long, unless somebody says otherwise; of new pushes it hears where `hears_pushes`."""

    limit: timedelta
    hears_pushes: bool


@dataclass(frozen=True, slots=True)
class StartOver:
    """Go on with a new history."""


Step = Look | Send | Report | Wait | StartOver


@dataclass(slots=True)
class ChannelState:
    """The machine: `next_step` says what to do, the other methods take what happened."""

    failures: int = 0
    reason: str = ""
    # Until the partner is tried again, while it is down.
    pause: timedelta = timedelta()
    done: int = 0
    refused: int = 0
    waiting: int = 0
    blocked_orders: int = 0
    paused: bool = False
    rate: float = 1.0
    _batch: tuple[str, ...] = ()
    _rest: timedelta | None = None
    _hears: bool = True
    _told: bool = False
    _switched: bool = False
    _reported: int = 0
    _batches: int = 0

    @classmethod
    def begin(cls, *, failures: int, reason: str, pause: timedelta, done: int, refused: int) -> "ChannelState":
        """Return the state at the start, or where the history before ended."""
        state = cls(failures=failures, reason=reason, pause=pause, done=done, refused=refused)
        state._reported = failures
        if failures:
            state._rest, state._hears = pause, False
        return state

    def next_step(self, *, long_history: bool) -> Step:
        """Return what to do now."""
        if self._batch:
            return Send(self._batch, self._spaced())
        if self._reported != self.failures:
            return Report(self.failures, self.reason, self.pause)
        if long_history or self._batches >= LONGEST:
            return StartOver()
        if self._rest is not None and not self._wanted():
            return Wait(self._rest, self._hears)
        return Look(self._limit())

    def listed(
        self,
        push_ids: Sequence[str],
        *,
        paused: bool,
        rate: float,
        waiting: int,
        blocked_orders: int,
        wait: timedelta | None,
    ) -> None:
        """Take note of what may be sent; where that is nothing, of how long to wait."""
        self.paused, self.rate = paused, max(rate, _SLOWEST)
        self.waiting, self.blocked_orders = waiting, blocked_orders
        self._batch = () if paused else tuple(push_ids[: self._limit()])
        self._rest, self._hears = None, True
        if not self._batch:
            self._rest = LOOK_AGAIN if paused or wait is None else min(wait, LOOK_AGAIN)

    def looking(self) -> None:
        """Take note that a look begins: what was said before is answered by it, what is said from now on is not."""
        self._told = self._switched = False
        self._rest = None

    def sent(self, answers: Sequence[Answer]) -> None:
        """Take note of what came of a batch."""
        self._batch = ()
        self._batches += 1
        self.done += sum(one.outcome == Outcome.DONE for one in answers)
        self.refused += sum(one.outcome == Outcome.REFUSED for one in answers)
        failed = [one for one in answers if one.outcome == Outcome.AGAIN]
        answered = any(one.outcome in (Outcome.DONE, Outcome.REFUSED) for one in answers)
        if failed:
            self._failed(failed)
        elif answered:
            self.failures, self.reason, self.pause = 0, "", timedelta()

    def reported(self) -> None:
        """Take note that everybody can see how the partner is."""
        self._reported = self.failures

    def waited(self) -> None:
        """Take note that the wait is over."""
        self._rest = None

    def pushes_waiting(self) -> None:
        """Take note that there is something to tell."""
        self._told = True

    def switched(self) -> None:
        """Take note that somebody wants it tried at once."""
        self._switched = True

    def interrupted(self) -> bool:
        """Tell whether a wait is over before its time."""
        return self._rest is None or self._wanted()

    @property
    def pause_left(self) -> timedelta:
        """How long a new history waits before it tries a partner that is down."""
        return timedelta() if self._switched or self._rest is None else self.pause

    def status(self) -> str:
        """Return how the partner is, in the words of the search attribute."""
        if self.paused:
            return "Paused"
        return "Down" if self.failures else "Up"

    def summary(self) -> str:
        """Return it in a sentence."""
        down = f", failed {self.failures} times: {self.reason}" if self.failures else ""
        waits = f"{self.waiting} wait, {self.blocked_orders} orders blocked"
        return f"{self.done} told, {self.refused} refused, {waits}{down}"

    def _wanted(self) -> bool:
        return self._switched or (self._told and self._hears)

    def _limit(self) -> int:
        return 1 if self.failures else min(max(int(self.rate), 1), AT_ONCE)

    def _spaced(self) -> timedelta:
        return timedelta(seconds=len(self._batch) / self.rate)

    def _failed(self, failed: Sequence[Answer]) -> None:
        self.failures += 1
        backoff = min(FIRST_PAUSE * 2 ** min(self.failures - 1, 20), LONGEST_PAUSE)
        asked = max((one.retry_after for one in failed if one.retry_after is not None), default=timedelta())
        self.pause = max(backoff, asked)
        self.reason = failed[0].reason
        self._rest, self._hears = self.pause, False

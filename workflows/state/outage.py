"""What the outage process does next: open work is taken away from what is off, the earliest promise first.

One piece of work at a time: what other nodes have goes to whoever is promised first. When all of it has been gone
through, the process looks again from time to time, as work may still come from plans that were made before; it ends
with the outage.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# Plans that were made just before something went off reach their node within this time.
FIRST_LOOK_AGAIN = timedelta(seconds=30)
# Work that was held back at its node's door, and nodes that did not answer.
LOOK_AGAIN = timedelta(minutes=15)
# So much work is listed at once.
BATCH = 25
# After so much the process starts anew: its history stays short.
LONGEST = 100


class Outcome(StrEnum):
    """What became of a piece of work."""

    MOVED = "MOVED"
    STAYS = "STAYS"
    WAITS = "WAITS"


@dataclass(frozen=True, slots=True)
class Piece:
    """A fulfillment order that has not been shipped."""

    fulfillment_order_id: str
    order_id: str
    node_id: str
    promise: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """List open work; `again` is listed although it has been seen to."""

    again: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Take this piece away from what is off."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class StartOver:
    """Go on with a new history."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for this long, unless the outage ends."""

    limit: timedelta


@dataclass(frozen=True, slots=True)
class Done:
    """The outage is over."""


Step = Look | Take | StartOver | Wait | Done


@dataclass(slots=True)
class OutageState:
    """The machine: `next_step` says what to do, the other methods take what happened."""

    looks: int = 0
    unanswered: set[str] = field(default_factory=set)
    tally: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    ended: bool = False
    queue: deque[Piece] = field(default_factory=deque)
    _again: tuple[str, ...] = ()
    _looking: bool = True
    _seen: int = 0

    @classmethod
    def begin(cls, *, looks: int, unanswered: Iterable[str], moved: int, stayed: int, waiting: int) -> "OutageState":
        """Return the state at the start, or where the history before ended: in the middle of a look.

        What was not answered is asked for again at the next one, and so with other keys.
        """
        tally = {Outcome.MOVED: moved, Outcome.STAYS: stayed, Outcome.WAITS: waiting}
        return cls(looks=looks, unanswered=set(unanswered), tally=tally)

    def next_step(self, *, long_history: bool) -> Step:
        """Return what to do now. What has not been taken back when the outage ends stays where it is."""
        if self.ended:
            return Done()
        if self.queue:
            return Take(self.queue[0])
        if self._seen >= LONGEST or (long_history and self._seen):
            return StartOver()
        if self._looking:
            return Look(self._again)
        if long_history:
            return StartOver()
        return Wait(FIRST_LOOK_AGAIN if self.looks == 1 else LOOK_AGAIN)

    def listed(self, pieces: Sequence[Piece], *, ended: bool) -> None:
        """Take note of open work; none means that all of it has been gone through."""
        self._again = ()
        self.queue.extend(pieces)
        self.ended = self.ended or ended
        if not pieces:
            self._looking = False
            self.looks += 1

    def taken(self, piece: Piece, outcome: Outcome, *, answered: bool = True) -> None:
        """Take note of what became of a piece; one without an answer is asked for again at the next look."""
        self.queue.popleft()
        self._seen += 1
        if answered:
            self.tally[outcome] += 1
        else:
            self.unanswered.add(piece.fulfillment_order_id)

    def waited(self) -> None:
        """Take note that it is time to look again."""
        self._looking = True
        self._again = tuple(sorted(self.unanswered))
        self.unanswered = set()

    def over(self) -> None:
        """Take note that the outage is over."""
        self.ended = True

    @property
    def asked_again(self) -> frozenset[str]:
        """What a new history has to ask for again."""
        return frozenset({*self.unanswered, *self._again})

    def status(self) -> str:
        """Return where it stands, in the words of the search attribute."""
        if self.ended:
            return "Ended"
        return "Moving work" if self.queue or self._looking else "Watching"

    def summary(self) -> str:
        """Return what became of the work, in words."""
        words = {Outcome.MOVED: "moved", Outcome.STAYS: "stay", Outcome.WAITS: "wait"}
        counted = ", ".join(f"{self.tally[outcome]} {word}" for outcome, word in words.items())
        return counted + (f", {len(self.unanswered)} without an answer" if self.unanswered else "")

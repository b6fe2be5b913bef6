"""Holds that several people must agree to: one queue after another, each time somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kernel.errors import FailedPrecondition


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody agreed for a queue."""

    queue: str
    actor: str
    time: datetime


class Chain(Protocol):
    """What asks for approvals, in order, and who has agreed so far."""

    @property
    def handle(self) -> str: ...

    @property
    def approvals(self) -> tuple[str, ...]: ...

    @property
    def approved(self) -> tuple[Approval, ...]: ...


def turn(approvals: Sequence[str], approved: Sequence[Approval]) -> str:
    """Return the queue that is asked now; "" where none is."""
    return approvals[len(approved)] if len(approved) < len(approvals) else ""


def approve(chain: Chain, *, queue: str, actor: str, now: datetime) -> tuple[Approval, ...]:
    """Return who has agreed now; the same person agreeing for the same queue again is once.

    Raises:
        FailedPrecondition: APPROVAL_NEEDED (no queue was named), NO_APPROVAL_ASKED, NOT_ITS_TURN, SAME_APPROVER.
    """
    asked = turn(chain.approvals, chain.approved)
    if not chain.approvals:
        raise _refusal(chain, "NO_APPROVAL_ASKED", "asks for no approval: release it without naming a queue", queue)
    if not queue:
        raise _refusal(chain, "APPROVAL_NEEDED", f"is released by approvals: agree for {asked}", asked)
    if queue != asked:
        if any(one.queue == queue and one.actor == actor for one in chain.approved):
            return chain.approved
        raise _refusal(chain, "NOT_ITS_TURN", f"asks {asked} now, not {queue}", asked)
    if any(one.actor == actor for one in chain.approved):
        raise _refusal(chain, "SAME_APPROVER", f"needs somebody else than {actor}, who has agreed already", queue)
    return (*chain.approved, Approval(queue=queue, actor=actor, time=now))


def _refusal(chain: Chain, reason: str, sentence: str, queue: str) -> FailedPrecondition:
    return FailedPrecondition(f"the hold {chain.handle} {sentence}", reason=reason, handle=chain.handle, queue=queue)

"""Whether goods may come back: the first of the three axes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from services.kernel.errors import FailedPrecondition


class Authorization(StrEnum):
    """Whether it may come back."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"


ALLOWED: Mapping[Authorization, frozenset[Authorization]] = {
    Authorization.PENDING: frozenset({Authorization.AUTHORIZED, Authorization.DECLINED, Authorization.CANCELLED}),
    Authorization.AUTHORIZED: frozenset({Authorization.CANCELLED}),
    Authorization.DECLINED: frozenset(),
    Authorization.CANCELLED: frozenset(),
}


def at_first(last_change: datetime, now: datetime, window: timedelta) -> Authorization:
    """Return the authorization that a new return begins with: within the window nobody has to decide."""
    return Authorization.AUTHORIZED if now <= last_change + window else Authorization.PENDING


def decide(before: Authorization, to: Authorization, *, received: int, closed: bool) -> bool:
    """Return whether deciding `to` changes anything: twice is once.

    Raises:
        FailedPrecondition: RETURN_DECIDED, where it was decided the other way; RETURN_RECEIVED, where it is to be
            cancelled and something has come.
    """
    if before == to:
        return False
    if to not in ALLOWED[before] or (closed and not received):
        raise FailedPrecondition(
            f"the return is {before.lower()} and cannot be {to.lower()} any more",
            reason="RETURN_DECIDED",
            authorization=before.value,
        )
    if to == Authorization.CANCELLED and received:
        raise FailedPrecondition(
            f"{received} units have come back; the return cannot be cancelled any more",
            reason="RETURN_RECEIVED",
            received=received,
        )
    return True

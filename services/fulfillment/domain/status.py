"""Where a fulfillment order stands, and what was asked and answered: the words, and which may follow which."""

from enum import StrEnum


class Status(StrEnum):
    """Where the work stands: computed from the units, never set by hand."""

    SCHEDULED = "SCHEDULED"
    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"
    INCOMPLETE = "INCOMPLETE"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class RequestStatus(StrEnum):
    """What was asked of the node, and what it answered."""

    UNSUBMITTED = "UNSUBMITTED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CANCELLATION_REQUESTED = "CANCELLATION_REQUESTED"
    CANCELLATION_ACCEPTED = "CANCELLATION_ACCEPTED"
    CANCELLATION_REJECTED = "CANCELLATION_REJECTED"
    CLOSED = "CLOSED"


class Action(StrEnum):
    """What can be done with a fulfillment order now."""

    CANCEL = "CANCEL"
    REPORT = "REPORT"
    PURCHASE_LABEL = "PURCHASE_LABEL"
    SUBMIT = "SUBMIT"


_ENDS = frozenset({Status.INCOMPLETE, Status.CLOSED, Status.CANCELLED})

# SCHEDULED and ON_HOLD have their places; no request leads there yet.
ALLOWED: dict[Status, frozenset[Status]] = {
    Status.SCHEDULED: frozenset({Status.OPEN, Status.CANCELLED}),
    Status.OPEN: frozenset({Status.IN_PROGRESS, Status.ON_HOLD, *_ENDS}),
    Status.ON_HOLD: frozenset({Status.OPEN, Status.IN_PROGRESS, *_ENDS}),
    Status.IN_PROGRESS: frozenset({Status.ON_HOLD, *_ENDS}),
    Status.INCOMPLETE: frozenset(),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}

_ASKED_TO_STOP = frozenset(
    {
        RequestStatus.CANCELLATION_REQUESTED,
        RequestStatus.CANCELLATION_ACCEPTED,
        RequestStatus.CANCELLATION_REJECTED,
    }
)
_ANSWERS = frozenset({*_ASKED_TO_STOP, RequestStatus.REJECTED, RequestStatus.CLOSED})

# A node may speak of work before its answer to the submission got home: everything may follow UNSUBMITTED.
ALLOWED_REQUEST: dict[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.UNSUBMITTED: frozenset({RequestStatus.SUBMITTED, RequestStatus.ACCEPTED, *_ANSWERS}),
    RequestStatus.SUBMITTED: frozenset({RequestStatus.ACCEPTED, *_ANSWERS}),
    RequestStatus.ACCEPTED: _ANSWERS,
    RequestStatus.CANCELLATION_REQUESTED: _ANSWERS - {RequestStatus.CANCELLATION_REQUESTED},
    RequestStatus.CANCELLATION_ACCEPTED: _ANSWERS - {RequestStatus.CANCELLATION_ACCEPTED},
    RequestStatus.CANCELLATION_REJECTED: _ANSWERS - {RequestStatus.CANCELLATION_REJECTED},
    RequestStatus.REJECTED: frozenset(),
    RequestStatus.CLOSED: frozenset(),
}


def move_status(now: Status, to: Status) -> Status:
    """Return `to`, where the table allows it; staying is allowed."""
    if to != now and to not in ALLOWED[now]:
        raise ValueError(f"a fulfillment order that is {now} cannot become {to}")
    return to


def move_request(now: RequestStatus, to: RequestStatus) -> RequestStatus:
    """Return `to`, where the table allows it; staying is allowed."""
    if to != now and to not in ALLOWED_REQUEST[now]:
        raise ValueError(f"a request that is {now} cannot become {to}")
    return to

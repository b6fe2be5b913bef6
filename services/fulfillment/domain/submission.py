"""Giving work to a node: what its first answer means."""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.fulfillment.domain.status import RequestStatus
from services.fulfillment.domain.work import FulfillmentOrder


class Verdict(StrEnum):
    """What a node says when it is given work."""

    ACCEPTED = "ACCEPTED"
    LATER = "LATER"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A node's first answer; LATER means that it will say by event."""

    verdict: Verdict
    reference: str = ""
    message: str = ""


_REQUEST_STATUS = {
    Verdict.ACCEPTED: RequestStatus.ACCEPTED,
    Verdict.LATER: RequestStatus.SUBMITTED,
    Verdict.REFUSED: RequestStatus.REJECTED,
}


def submitted(order: FulfillmentOrder, answer: Submission) -> FulfillmentOrder:
    """Return the order after the node's first answer; where events told more in the meantime, they stand."""
    known = replace(order, node_reference=answer.reference or order.node_reference)
    if order.request_status is not RequestStatus.UNSUBMITTED:
        return known
    if answer.verdict is Verdict.REFUSED:
        known = known.moved(known.waiting, "rejected")
    return known.settled(_REQUEST_STATUS[answer.verdict], message=answer.message)

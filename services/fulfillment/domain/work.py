"""A fulfillment order: units that one node was asked to ship, each in one of four places."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.fulfillment.domain.address import Address
from services.fulfillment.domain.problems import LineRepeated, OtherWork, UnknownLine
from services.fulfillment.domain.status import Action, RequestStatus, Status, move_request, move_status
from services.kernel.quantity import checked

# Units by line: what events, labels and cancellations are about.
Units = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units of one order line: quantity = waiting + shipped + rejected + cancelled, always."""

    line_id: str
    sku: str
    quantity: int
    waiting: int
    shipped: int = 0
    rejected: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        rooms = (self.waiting, self.shipped, self.rejected, self.cancelled)
        if min(rooms) < 0 or sum(rooms) != self.quantity:
            raise ValueError(f"{self.quantity} units of line {self.line_id} cannot be {rooms}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrder:
    """What one node was asked to ship for one order, and how far it is."""

    fulfillment_order_id: str
    order_id: str
    node_id: str
    lines: tuple[Line, ...]
    ship_to: Address
    carrier_code: str
    service_code: str
    promise_time: datetime | None
    priority: int
    create_time: datetime
    update_time: datetime
    status: Status = Status.OPEN
    request_status: RequestStatus = RequestStatus.UNSUBMITTED
    message: str = ""
    node_reference: str = ""
    # What the node tries to stop and somebody else is to ship: should it report so, they count as rejected.
    rerouting: Units = field(default_factory=dict)

    @property
    def waiting(self) -> dict[str, int]:
        """Units that the node still has to deal with, by line; lines without any are left out."""
        return {line.line_id: line.waiting for line in self.lines if line.waiting}

    @property
    def supported_actions(self) -> tuple[Action, ...]:
        """What can be done with it now."""
        submitted = self.request_status is not RequestStatus.UNSUBMITTED
        possible = {
            Action.CANCEL: bool(self.waiting),
            Action.REPORT: bool(self.waiting),
            Action.PURCHASE_LABEL: bool(self.waiting) and submitted,
            Action.SUBMIT: not submitted,
        }
        return tuple(action for action, can in possible.items() if can)

    def line(self, line_id: str) -> Line:
        """Return the line.

        Raises:
            UnknownLine: it has none of this id.
        """
        found = next((line for line in self.lines if line.line_id == line_id), None)
        if found is None:
            raise UnknownLine(line_id)
        return found

    def moved(self, units: Units, place: str) -> "FulfillmentOrder":
        """Return it with these units moved from waiting to `place`: "shipped", "rejected" or "cancelled"."""
        return replace(
            self,
            lines=tuple(
                replace(
                    line,
                    waiting=line.waiting - units.get(line.line_id, 0),
                    **{place: getattr(line, place) + units.get(line.line_id, 0)},
                )
                for line in self.lines
            ),
        )

    def rerouted(self, units: Units) -> "FulfillmentOrder":
        """Return it with these units, too, to be shipped by somebody else as soon as the node has stopped them."""
        lines = {**self.rerouting, **units}
        return replace(self, rerouting={i: max(units.get(i, 0), self.rerouting.get(i, 0)) for i in lines})

    def settled(self, request_status: RequestStatus, *, message: str = "") -> "FulfillmentOrder":
        """Return it with this request status, and the status that follows from both it and the units."""
        moved = replace(
            self, request_status=move_request(self.request_status, request_status), message=message or self.message
        )
        return replace(moved, status=move_status(self.status, _status(moved)))

    def require_same_work(self, other: "FulfillmentOrder") -> None:
        """Raise `OtherWork` where the two are not the same units of the same order at the same node."""
        mine, theirs = (
            (one.order_id, one.node_id, sorted((line.line_id, line.sku, line.quantity) for line in one.lines))
            for one in (self, other)
        )
        if mine != theirs:
            raise OtherWork(self.fulfillment_order_id)


def lines_of(wanted: Iterable[tuple[str, str, int]]) -> tuple[Line, ...]:
    """Return the lines for (line, SKU, quantity), what is named twice summed.

    Raises:
        LineRepeated: a line is named with two SKUs.
    """
    sums: dict[str, tuple[str, int]] = {}
    for line_id, sku, quantity in wanted:
        known_sku, before = sums.get(line_id, (sku, 0))
        if known_sku != sku:
            raise LineRepeated(line_id)
        sums[line_id] = (sku, before + checked(quantity))
    return tuple(
        Line(line_id=line_id, sku=sku, quantity=quantity, waiting=quantity) for line_id, (sku, quantity) in sums.items()
    )


def summed(units: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return units by line, a line that is named twice summed."""
    sums: dict[str, int] = {}
    for line_id, quantity in units:
        sums[line_id] = sums.get(line_id, 0) + quantity
    return sums


def _status(order: FulfillmentOrder) -> Status:
    """Nothing waits: the units say how it ended. Something does: the node's answer says whether it is begun."""
    if not order.waiting:
        if not any(line.shipped for line in order.lines):
            return Status.CANCELLED
        return Status.INCOMPLETE if any(line.rejected for line in order.lines) else Status.CLOSED
    begun = order.request_status not in {RequestStatus.UNSUBMITTED, RequestStatus.SUBMITTED}
    return Status.IN_PROGRESS if begun or order.status is Status.IN_PROGRESS else Status.OPEN

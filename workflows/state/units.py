"""Units of an order as the processes handle them: how many of which line, and who has the right to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one line."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RightToUnits:
    """Units of one line that a node has stock for, and the reservation that says so."""

    line_id: str
    sku: str
    quantity: int
    reservation_id: str


@dataclass(frozen=True, slots=True)
class Work:
    """What one node is to ship."""

    fulfillment_order_id: str
    node_id: str
    lines: tuple[RightToUnits, ...]

    def units_of(self, line_id: str) -> int:
        """Return how many units of this line there are."""
        return sum(line.quantity for line in self.lines if line.line_id == line_id)

    def without(self, gone: Sequence[RightToUnits]) -> "Work":
        """Return the work without these rights, reservation by reservation."""
        less = {right.reservation_id: right.quantity for right in gone}
        rest = [replace(right, quantity=right.quantity - less.get(right.reservation_id, 0)) for right in self.lines]
        return replace(self, lines=tuple(right for right in rest if right.quantity))

    def less(self, gone: Sequence[Units]) -> "Work":
        """Return the work without these units, whichever of the line's reservations they are on."""
        left: dict[str, int] = {}
        for units in gone:
            left[units.line_id] = left.get(units.line_id, 0) + units.quantity
        rest = []
        for right in self.lines:
            taken = min(right.quantity, left.get(right.line_id, 0))
            left[right.line_id] = left.get(right.line_id, 0) - taken
            rest.append(replace(right, quantity=right.quantity - taken))
        return replace(self, lines=tuple(right for right in rest if right.quantity))


@dataclass(slots=True)
class Line:
    """Where the units of one line are, as far as deciding needs it."""

    sku: str
    ordered: int
    open: int
    backordered: int = 0
    reserved: int = 0  # stock is set aside, the node does not know yet
    working: int = 0  # with a fulfillment process
    delivered: int = 0
    cancelled: int = 0
    lost: int = 0
    node: str = ""  # the only one that is to ship it; any where empty

    @property
    def accounted(self) -> int:
        return self.open + self.backordered + self.reserved + self.working + self.delivered + self.cancelled + self.lost

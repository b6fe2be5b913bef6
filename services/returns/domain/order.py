"""As much of an order as returns needs to know. Intake owns it; amounts are minor units of the order's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kernel.errors import InvalidArgument
from services.kernel.money import allocate


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line, with the rooms of its units that matter here. `lost` units left and never arrived."""

    line_id: str
    sku: str
    quantity: int
    total: int
    shipped: int = 0
    delivered: int = 0
    returned: int = 0
    cancelled: int = 0
    lost: int = 0
    # What it is due of the order's total, where intake has fixed it.
    due: int | None = None

    @property
    def ever_delivered(self) -> int:
        """Units that reached the customer, wherever they are now. It never falls."""
        return self.delivered + self.returned

    @property
    def gone(self) -> int:
        """Units that left a node and were not written off."""
        return self.shipped + self.delivered + self.returned + self.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as intake tells it: `captured` of `total` was taken from the customer."""

    order_id: str
    order_number: str
    channel: str
    region: str
    currency_code: str
    lines: tuple[OrderLine, ...]
    shipping: int
    total: int
    captured: int
    payment_reference: str
    update_time: datetime

    def line(self, line_id: str) -> OrderLine:
        """Return the line.

        Raises:
            InvalidArgument: UNKNOWN_LINE.
        """
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise unknown_line(line_id)

    @property
    def shipping_due(self) -> int:
        """What of the total is for shipping and its tax."""
        return min(self.shipping, self.total)

    def line_dues(self) -> dict[str, int]:
        """Return what each line is due of the total; together with shipping they are the total exactly.

        Where lines and shipping add up to the total this is each line's own total; what the channel knows besides (a
        discount on the order) is spread over the lines in proportion, as it is when the money is captured.
        """
        fixed = {line.line_id: line.due for line in self.lines if line.due is not None}
        if len(fixed) == len(self.lines):
            return fixed
        weights = [line.total for line in self.lines]
        if not any(weights):
            weights = [line.quantity for line in self.lines]
        dues = allocate(self.total - self.shipping_due, weights)
        return dict(zip((line.line_id for line in self.lines), dues, strict=True))


def unknown_line(line_id: str) -> InvalidArgument:
    """Return the error for a line that is not there."""
    return InvalidArgument(f"there is no line {line_id}", reason="UNKNOWN_LINE", line_id=line_id)


def merged(quantities: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the quantities with lines that are named twice added up."""
    sums: dict[str, int] = {}
    for line_id, quantity in quantities:
        sums[line_id] = sums.get(line_id, 0) + quantity
    return sums

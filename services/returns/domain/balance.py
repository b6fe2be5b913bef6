"""What of an order can still come back, and what can still be paid back for it.

Intake says how many units ever arrived and how much money was captured; both only grow. What was asked back and what
was paid back is counted here, under one lock per order, so that however many ask at once nothing is given twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.kernel.errors import FailedPrecondition
from services.returns.domain.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBalance:
    """Units of a line that returns hold (`claimed`), and whose share of the money was paid back (`settled`).

    `settled_minor` is the share of the settled units; `settled_for_return` are those of them that came back.
    """

    claimed: int = 0
    settled: int = 0
    settled_for_return: int = 0
    settled_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The counts of one order. `reimbursed_minor` is what was paid back or is being paid back, shipping included."""

    order_id: str
    reimbursed_minor: int = 0
    shipping_minor: int = 0
    lines: Mapping[str, LineBalance] = field(default_factory=dict)

    def line(self, line_id: str) -> LineBalance:
        """Return the line's counts; of a line that nobody asked about they are nought."""
        return self.lines.get(line_id, LineBalance())


def require_returnable(order: Order, balance: Balance, wanted: Mapping[str, int]) -> None:
    """Raise where not all of these units can be asked back.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
        FailedPrecondition: NOT_RETURNABLE, with the number that can be.
    """
    for line_id, quantity in wanted.items():
        returnable = max(0, order.line(line_id).ever_delivered - balance.line(line_id).claimed)
        if quantity > returnable:
            raise FailedPrecondition(
                f"{returnable} units of line {line_id} can be returned, not {quantity}",
                reason="NOT_RETURNABLE",
                line_id=line_id,
                wanted=quantity,
                returnable=returnable,
            )

"""How much goes back to the customer for units: exact to the last minor unit, and never more than was taken.

A line's share is cut cumulatively by units, so the shares of all its units add up to what it is due. What is paid is
bounded by what was captured and not paid back yet. A cancelled unit may never have been paid for (money is captured as
goods are shipped), so a cancellation leaves alone what was captured for the units that left, and for shipping. Shipping
is paid back once, with the last unit of an order of which nothing arrived; goods that come back do not bring it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.money import allocate, share
from services.returns.domain.balance import Balance, LineBalance
from services.returns.domain.order import Order, OrderLine


class Cause(StrEnum):
    """What money goes back for."""

    RETURN = "RETURN"
    CANCELLATION = "CANCELLATION"
    LOSS = "LOSS"


class State(StrEnum):
    """Where the money is."""

    PENDING = "PENDING"
    REIMBURSED = "REIMBURSED"
    NOTHING_DUE = "NOTHING_DUE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """What goes back for `quantity` units: `settled` of them had their share, `share` minor units, cut to `amount`."""

    line_id: str
    quantity: int
    settled: int
    share: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What goes back, in minor units: for the lines, and for shipping."""

    lines: tuple[DueLine, ...]
    shipping: int

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines) + self.shipping


@dataclass(frozen=True, slots=True, kw_only=True)
class Reimbursement:
    """Money that goes back. `captured` and `payment_reference` are kept so that a retry says the same words."""

    reimbursement_id: str
    order_id: str
    return_id: str
    cause: Cause
    state: State
    currency_code: str
    due: Due
    captured: int
    payment_reference: str
    reference: str
    message: str
    create_time: datetime


def due(order: Order, balance: Balance, cause: Cause, units: Mapping[str, int], payable: Mapping[str, int]) -> Due:
    """Return what is owed for these units, of which no more than `payable` count (all, where a line is not in it).

    Raises:
        InvalidArgument: UNKNOWN_LINE.
    """
    dues = order.line_dues()
    lines = [
        _share(order.line(line_id), balance.line(line_id), dues[line_id], quantity, payable.get(line_id, quantity))
        for line_id, quantity in units.items()
    ]
    shipping = _shipping(order, balance, cause)
    limit = order.captured - balance.reimbursed_minor
    if cause == Cause.CANCELLATION:
        limit -= _kept(order, balance, dues, shipping)
    return _within(max(0, limit), lines, shipping)


def _share(line: OrderLine, counted: LineBalance, line_due: int, quantity: int, payable: int) -> DueLine:
    """Cut the next units' share. Counting from what was settled, not from where, also puts right what was refused."""
    settled = max(0, min(quantity, payable, line.quantity - counted.settled))
    up_to_now = share(line_due, 0, counted.settled + settled, line.quantity)
    amount = max(0, up_to_now - counted.settled_minor) if settled else 0
    return DueLine(line_id=line.line_id, quantity=quantity, settled=settled, share=amount, amount=amount)


def _shipping(order: Order, balance: Balance, cause: Cause) -> int:
    """Return what of the shipping charge goes back now: all of it, once nothing of the order will ever arrive."""
    over = cause != Cause.RETURN and all(
        line.cancelled + (line.lost if cause == Cause.LOSS else 0) == line.quantity for line in order.lines
    )
    return order.shipping_due - balance.shipping_minor if over else 0


def _kept(order: Order, balance: Balance, dues: Mapping[str, int], shipping: int) -> int:
    """Return what was captured for units that left and were not paid back for, and for shipping."""
    kept = order.shipping_due - balance.shipping_minor - shipping
    for line in order.lines:
        counted = balance.line(line.line_id)
        units = max(0, line.gone - counted.settled_for_return)
        kept += share(dues[line.line_id], min(counted.settled, line.quantity - units), units, line.quantity)
    return kept


def _within(limit: int, lines: list[DueLine], shipping: int) -> Due:
    """Cut what is owed to the limit. Units for which there is no money at all are not settled."""
    wanted = [line.share for line in lines] + [shipping]
    if limit == 0:
        return Due(lines=tuple(_cut(line, 0, settled=0) for line in lines), shipping=0)
    if sum(wanted) > limit:
        wanted = allocate(limit, wanted)
    cut = tuple(_cut(line, amount, settled=line.settled) for line, amount in zip(lines, wanted, strict=False))
    return Due(lines=cut, shipping=wanted[-1])


def _cut(line: DueLine, amount: int, *, settled: int) -> DueLine:
    return DueLine(
        line_id=line.line_id,
        quantity=line.quantity,
        settled=settled,
        share=line.share if settled else 0,
        amount=amount,
    )

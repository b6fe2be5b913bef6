"""What an order is worth when units of it go, come or move: exact to the last minor unit, in every currency.

Nothing is priced again. A line's due, tax and discount are cut cumulatively by units, the way money is captured and
paid back, so that what goes and what remains always add up to what was placed. Added units come at the line's price,
with tax in proportion to it and without the line's discount. Shipping is kept until nothing is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.intake.domain.charges import line_dues, shipping_due
from services.intake.domain.draft import HoldType, PaymentState
from services.intake.domain.holds import Hold, HoldState
from services.intake.domain.order import Order, OrderLine
from services.kernel.money import share

# The handle of the hold on an added line is this and the change's version.
PAYMENT_OF_CHANGE = "payment-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What units that are not cancelled are worth, in minor units, shipping included."""

    total: int
    tax: int
    discount: int

    def __sub__(self, other: "Worth") -> "Worth":
        return Worth(total=self.total - other.total, tax=self.tax - other.tax, discount=self.discount - other.discount)


def worth(order: Order, cancelled: Mapping[str, int] | None = None) -> Worth:
    """Return what is left of the order; `cancelled` says how many units of a line are, where the rooms do not yet."""
    gone = {
        line.line_id: min(line.quantity, (cancelled or {}).get(line.line_id, line.units.cancelled))
        for line in order.lines
    }
    if all(gone[line.line_id] == line.quantity for line in order.lines):
        return Worth(total=0, tax=0, discount=0)
    prepaid = is_prepaid(order)
    dues = line_dues(order)

    def kept(line: OrderLine, amount: int) -> int:
        return remaining(amount, gone[line.line_id], line.quantity, prepaid=prepaid)

    return Worth(
        total=shipping_due(order) + sum(kept(line, dues[line.line_id]) for line in order.lines),
        tax=order.shipping_tax + sum(kept(line, line.tax) for line in order.lines),
        discount=sum(kept(line, line.discount) for line in order.lines),
    )


def remaining(amount: int, gone: int, quantity: int, *, prepaid: bool) -> int:
    """Return what is left of a line's amount when `gone` of its units are cancelled.

    What was paid before is paid back from the first unit on; what is paid at shipment is taken from the first unit on.
    """
    if prepaid:
        return amount - share(amount, 0, gone, quantity)
    return share(amount, 0, quantity - gone, quantity)


def is_prepaid(order: Order) -> bool:
    """Tell whether the channel took the money before anything was shipped, so that it has to be paid back."""
    refundable = (PaymentState.CAPTURED, PaymentState.PARTLY_REFUNDED)
    return order.payment.state in refundable and not any(line.captured for line in order.lines)


def unpaid(order: Order) -> frozenset[str]:
    """Return the lines that wait, or waited in vain, for money of their own: nothing of them is ever paid back."""
    return frozenset(
        hold.line_id for hold in order.holds if waits_for_its_own_money(hold) and hold.state != HoldState.RELEASED
    )


def waits_for_its_own_money(hold: Hold) -> bool:
    """Tell whether the hold is on a line that a change added, for money that nobody had set aside."""
    ours = hold.handle.startswith(PAYMENT_OF_CHANGE)
    return ours and hold.type == HoldType.AWAITING_PAYMENT and bool(hold.line_id)


def paid(order: Order, *, but: Iterable[str] = ()) -> Order:
    """Return the order as it would be if nothing were due for lines that nobody has paid, nor for those named."""
    free = unpaid(order).union(but)
    return replace(
        order, lines=tuple(replace(line, due=0) if line.line_id in free else line for line in fixed(order).lines)
    )


def tax_of_more(line: OrderLine, quantity: int) -> int:
    """Return the tax on more units of the line: in proportion to their price, rounded half up."""
    taxed = line.unit_price * line.quantity - line.discount
    if taxed <= 0:
        return 0
    return (2 * line.tax * line.unit_price * quantity + taxed) // (2 * taxed)


def fixed(order: Order) -> Order:
    """Return the order with what each line is due written on it, so that no line that comes or goes changes it."""
    dues = line_dues(order)
    return replace(order, lines=tuple(replace(line, due=dues[line.line_id]) for line in order.lines))


def cut(line: OrderLine, quantity: int) -> tuple[OrderLine, OrderLine]:
    """Return the line as (these units, the others); every amount of the two adds up to the line's.

    The ids, rooms and details are left to the caller.
    """
    whole = line.total if line.due is None else line.due
    discount = share(line.discount, 0, quantity, line.quantity)
    tax = share(line.tax, 0, quantity, line.quantity)
    total = line.unit_price * quantity - discount + (0 if line.prices_include_tax else tax)
    due = total if whole == line.total else share(whole, 0, quantity, line.quantity)
    part = replace(line, quantity=quantity, discount=discount, tax=tax, total=total, due=due)
    rest = replace(
        line,
        quantity=line.quantity - quantity,
        discount=line.discount - discount,
        tax=line.tax - tax,
        total=line.total - total,
        due=whole - due,
    )
    return part, rest

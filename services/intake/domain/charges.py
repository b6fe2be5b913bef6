"""How much of an order's money a shipment is due: exact to the last minor unit, however the order is split.

What the customer pays (`total`) is shipping with its tax, and the rest, which is spread over the lines in proportion
to their totals: where lines and shipping add up to the total, every line is due exactly its own total; where the
channel knows of something else (a discount on the order), it is spread evenly. A line's part is cut cumulatively by
units, so the shares of all its units add up to it. Shipping goes with the first shipment. A capture never exceeds
what is still set aside, and units whose share was taken (a reshipment of a lost parcel) owe nothing again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.intake.domain.draft import PaymentState
from services.intake.domain.order import Order, OrderLine
from services.kernel.errors import FailedPrecondition
from services.kernel.money import allocate, share

# Only these have money set aside that a shipment can take.
CAPTURABLE = frozenset({PaymentState.AUTHORIZED, PaymentState.PARTLY_CAPTURED, PaymentState.CAPTURE_DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a shipment takes: `units` per line whose share it is, and the amount in minor units."""

    units: Mapping[str, int]
    amount: int


def charge(order: Order, shipped: Mapping[str, int], *, first: bool, promised: int) -> Charge:
    """Return what these shipped units are due; `promised` is what captures under way may still take.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
    """
    units = {line_id: _uncharged(order.line(line_id), quantity) for line_id, quantity in shipped.items()}
    if order.payment.state not in CAPTURABLE:
        return Charge(units={}, amount=0)
    dues = line_dues(order)
    due = sum(
        share(dues[line_id], order.line(line_id).captured, quantity, order.line(line_id).quantity)
        for line_id, quantity in units.items()
    )
    if first:
        due += shipping_due(order)
    return Charge(units=units, amount=max(0, min(due, order.payment.outstanding - promised)))


def shipping_due(order: Order) -> int:
    """Return what the first shipment takes for shipping and its tax."""
    return min(order.shipping + order.shipping_tax, order.total)


def line_dues(order: Order) -> dict[str, int]:
    """Return what each line is due of the order's total; together with shipping they are the total exactly."""
    fixed = {line.line_id: line.due for line in order.lines if line.due is not None}
    if len(fixed) == len(order.lines):
        return fixed
    rest = order.total - shipping_due(order)
    weights = [line.total for line in order.lines]
    if not any(weights):
        weights = [line.quantity for line in order.lines]
    return dict(zip((line.line_id for line in order.lines), allocate(rest, weights), strict=True))


def voidable(order: Order) -> int:
    """Return what can be given back now that nothing is left to ship.

    Raises:
        FailedPrecondition: UNITS_LEFT.
    """
    if order.units.cancellable > 0:
        raise FailedPrecondition(
            f"{order.units.cancellable} units may still be shipped", reason="UNITS_LEFT", order_id=order.order_id
        )
    return order.payment.outstanding if order.payment.state in CAPTURABLE else 0


def merged(quantities: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the quantities with lines that are named twice added up."""
    sums: dict[str, int] = {}
    for line_id, quantity in quantities:
        sums[line_id] = sums.get(line_id, 0) + quantity
    return sums


def _uncharged(line: OrderLine, quantity: int) -> int:
    return min(quantity, line.quantity - line.captured)

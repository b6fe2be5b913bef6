"""What the money of an order says about changing it: what cannot be divided, and what has to be paid first."""

from collections.abc import Iterable

from services.intake.domain.changes import Reason
from services.intake.domain.draft import HoldType, PaymentState
from services.intake.domain.order import Order

# Nobody waits for money before goods of these are shipped.
_TRUSTED = frozenset({PaymentState.ON_TERMS, PaymentState.MARKETPLACE_HELD})
# Only as long as nothing has happened to the money can it be divided exactly.
DIVIDABLE = frozenset({PaymentState.PENDING, PaymentState.AUTHORIZED, PaymentState.CAPTURED, *_TRUSTED})


def split_refusal(order: Order, line_ids: Iterable[str]) -> Reason | None:
    """Return why the money of these lines cannot be divided; None where it can."""
    payment = order.payment
    if payment.state not in DIVIDABLE or payment.voided or any(line.captured for line in order.lines):
        return Reason.MONEY_TAKEN
    if payment.state == PaymentState.CAPTURED and order.units.cancelled:
        # Some of it is being paid back.
        return Reason.MONEY_TAKEN
    if any(order.line(line_id).units.cancelled for line_id in line_ids):
        return Reason.MONEY_NOT_EXACT
    if payment.authorized not in (0, order.total):
        return Reason.MONEY_NOT_EXACT
    return None


def has_to_be_paid(order: Order, left: int) -> bool:
    """Tell whether units that were added must wait for money: all that is left of the order is worth `left` now."""
    payment = order.payment
    if payment.state in _TRUSTED:
        return False
    if payment.state == PaymentState.PENDING:
        return not any(hold.type == HoldType.AWAITING_PAYMENT and not hold.line_id for hold in order.open_holds)
    if payment.state == PaymentState.AUTHORIZED or (
        payment.state in (PaymentState.PARTLY_CAPTURED, PaymentState.CAPTURED)
        and any(line.captured for line in order.lines)
    ):
        return left > payment.authorized - payment.voided
    return True

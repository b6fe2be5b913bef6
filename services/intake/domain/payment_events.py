"""What a payment service says about an order's money, and what that makes of what is known.

Events come late, twice and in any order: what is known only ever grows. More may never be captured than was authorized,
and never more be paid back than was captured; an event that says so is refused, for somebody to look at, and tried
again when more is known. Several orders may share one authorization: its money is shared out, and each has its part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.intake.domain.draft import PaymentState
from services.intake.domain.order import Payment
from services.kernel.money import Money


class PaymentKind(StrEnum):
    """What happened."""

    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CAPTURED = "CAPTURED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"


class PaymentEventState(StrEnum):
    """What became of an event."""

    WAITING = "WAITING"
    APPLIED = "APPLIED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent:
    """Something that the payment service says; `key` is that of the request of ours that it answers."""

    event_id: str
    reference: str
    kind: PaymentKind
    amount: Money
    occur_time: datetime
    expire_time: datetime | None = None
    key: str = ""
    order_id: str = ""
    state: PaymentEventState = PaymentEventState.WAITING
    message: str = ""
    create_time: datetime


class Contradiction(Exception):
    """What is said cannot be, as far as is known."""


# Money is set aside, or was.
_HELD = frozenset(
    {
        PaymentState.AUTHORIZED,
        PaymentState.PARTLY_CAPTURED,
        PaymentState.CAPTURE_DECLINED,
        PaymentState.AUTHORIZATION_EXPIRED,
    }
)


# What is said of the others is true of every order that has the reference.
SHARED = frozenset({PaymentKind.AUTHORIZED, PaymentKind.CAPTURED, PaymentKind.REFUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an order has of the money that an event is about; what is being captured just now is `promised`."""

    payment: Payment
    offered: int
    promised: int = 0

    def most(self, kind: PaymentKind) -> int:
        """Return how much of an event of this kind can be about this order."""
        match kind:
            case PaymentKind.AUTHORIZED:
                return max(self.payment.authorized, self.offered)
            case PaymentKind.CAPTURED:
                return max(0, self.payment.outstanding - self.promised)
            case PaymentKind.REFUNDED:
                return self.payment.captured - self.payment.refunded
        return 0


def shared_out(kind: PaymentKind, amount: int, shares: Sequence[Share]) -> list[int]:
    """Return each order's part of the amount: as much as it can have, one after the other; one alone has it all.

    Raises:
        Contradiction: it is more than all of them can have.
    """
    if len(shares) == 1 or kind not in SHARED:
        return [amount] * len(shares)
    left, parts = amount, []
    for share in shares:
        part = min(left, share.most(kind))
        left -= part
        parts.append(part)
    if left and kind != PaymentKind.AUTHORIZED:
        raise Contradiction(f"{left} are more than the {len(shares)} orders of this reference can have")
    return parts


def applied(payment: Payment, event: PaymentEvent, *, promised: int = 0, offered: int = 0) -> Payment:
    """Return the payment after the event; unchanged where it says what is known.

    Where all that was `offered` is captured of a payment that nobody has authorized, it was a sale: both at once.
    What is being captured just now is `promised`: the answer to that will say what became of it.

    Raises:
        Contradiction.
    """
    amount = event.amount.minor
    match event.kind:
        case PaymentKind.AUTHORIZED:
            return _authorized(payment, amount, event.expire_time)
        case PaymentKind.EXPIRED:
            if payment.state not in _HELD or payment.outstanding == 0:
                return payment
            return replace(payment, state=PaymentState.AUTHORIZATION_EXPIRED, expire_time=None)
        case PaymentKind.CAPTURED:
            return _captured(payment, amount, promised=promised, offered=offered)
        case PaymentKind.REFUNDED:
            if payment.refunded + amount > payment.captured:
                left = payment.captured - payment.refunded
                raise Contradiction(f"{amount} cannot have been paid back: {left} of what was captured are left")
            return settled(replace(payment, refunded=payment.refunded + amount))
        case PaymentKind.VOIDED:
            return settled(
                replace(payment, voided=max(payment.voided, payment.authorized - payment.captured - promised))
            )
        case PaymentKind.DECLINED:
            return payment


def _captured(payment: Payment, amount: int, *, promised: int, offered: int) -> Payment:
    if payment.state == PaymentState.PENDING and 0 < offered <= amount:
        return settled(replace(payment, authorized=amount, captured=amount))
    left = max(0, payment.outstanding - promised)
    if amount > left:
        raise Contradiction(f"{amount} more cannot be captured: {left} are set aside")
    return settled(replace(payment, captured=payment.captured + amount))


def settled(payment: Payment) -> Payment:
    """Return the payment with the state that its sums say."""
    if payment.outstanding > 0:
        state = PaymentState.PARTLY_CAPTURED if payment.captured else payment.state
    elif payment.refunded:
        whole = payment.refunded == payment.captured
        state = PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED
    else:
        state = PaymentState.CAPTURED if payment.captured else PaymentState.VOIDED
    return replace(payment, state=state)


def _authorized(payment: Payment, amount: int, expire_time: datetime | None) -> Payment:
    if payment.state not in _HELD and payment.state != PaymentState.PENDING:
        return payment  # late news: it was captured or given back since
    longest = max((moment for moment in (payment.expire_time, expire_time) if moment), default=None)
    after = replace(payment, authorized=max(payment.authorized, amount), expire_time=longest)
    state = PaymentState.PARTLY_CAPTURED if after.captured else PaymentState.AUTHORIZED
    return replace(after, state=state)

"""Customers' credit: an order on terms beyond it is held for somebody to decide, never refused."""

from services.chassis.database import Connection
from services.intake import store_drafts
from services.intake.domain.channel import CustomerCredit
from services.intake.domain.draft import Draft, HoldSpec, HoldType, PaymentState
from services.kernel.money import Money

HANDLE = "credit-limit"


def may_owe(draft: Draft) -> bool:
    """Tell whether the order is one that a customer's credit is looked at for."""
    return draft.payment.state == PaymentState.ON_TERMS and bool(draft.customer_reference)


async def credit_hold(conn: Connection, draft: Draft, *, lock: bool) -> HoldSpec | None:
    """Return the hold of an order on terms that goes beyond the customer's credit; None where it needs none.

    With `lock`, the limit stays locked to the end of the transaction, so that two orders at once do not both fit.
    """
    if not may_owe(draft) or any(hold.handle == HANDLE for hold in draft.holds):
        return None
    credit = await store_drafts.find_credit(conn, draft.customer_reference, draft.currency_code, lock=lock)
    return hold_of(draft, credit) if credit else None


def hold_of(draft: Draft, credit: CustomerCredit) -> HoldSpec | None:
    """Return the hold that the order needs; None where it fits into what is left."""
    left = credit.limit - credit.used
    if draft.total.minor <= left:
        return None
    note = f"on terms: {Money(max(left, 0), draft.currency_code)} of the customer's credit is left"
    return HoldSpec(handle=HANDLE, type=HoldType.CREDIT_LIMIT, note=note)

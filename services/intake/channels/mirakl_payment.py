"""Where the money of a Mirakl order stands: with the marketplace, unless the customer pays later.

PAY_ON_ACCEPTANCE orders are paid before they may be shipped; PAY_ON_DELIVERY and PAY_ON_DUE_DATE orders afterwards,
and until the customer is debited the seller ships on terms. What a marketplace keeps (commission) is not looked at.
"""

from services.intake.channels.json_document import Node
from services.intake.domain.details import Tender, TenderKind
from services.intake.domain.draft import HoldSpec, HoldType, PaymentDraft, PaymentState
from services.kernel.money import Money

_LATER = {"PAY_ON_DELIVERY", "PAY_ON_DUE_DATE", "PAY_ON_SHIPMENT"}


def payment(order: Node) -> PaymentDraft:
    """Return where the money stands."""
    reference = order["transaction_number"].identifier(200)
    debited = not order["customer_debited_date"].missing
    if order["customer_directly_pays_seller"].flag(default=False):
        later = PaymentState.ON_TERMS if _is_later(order) else PaymentState.PENDING
        return PaymentDraft(state=PaymentState.CAPTURED if debited else later, reference=reference)
    if _is_later(order) and not debited:
        return PaymentDraft(state=PaymentState.ON_TERMS, reference=reference)
    return PaymentDraft(state=PaymentState.MARKETPLACE_HELD, reference=reference)


def tenders(order: Node, total: Money) -> tuple[Tender, ...]:
    """Return how it is paid."""
    if not total.minor:
        return ()
    direct = order["customer_directly_pays_seller"].flag(default=False)
    late = _is_later(order) and order["customer_debited_date"].missing
    kind = TenderKind.TERMS if late else TenderKind.OTHER if direct else TenderKind.MARKETPLACE
    return (Tender(kind=kind, amount=total, reference=order["transaction_number"].text(200)),)


def terms(order: Node) -> str:
    """Return payment terms such as "NET30"; empty where none were agreed."""
    agreed = order["invoice_details"]["payment_terms"]
    days = agreed["days"].text(10) or order["payment_duration"].text(10)
    return f"{agreed['type'].text(50) or 'NET'}{days}" if days else ""


def holds(order: Node) -> tuple[HoldSpec, ...]:
    """Return the holds for what the marketplace has not settled yet."""
    found = []
    if order["waiting_funding_confirmation"].flag(default=False):
        note = "The marketplace has not confirmed how the order is funded."
        found.append(HoldSpec(handle="funding", type=HoldType.AWAITING_PAYMENT, note=note))
    if order["has_incident"].flag(default=False):
        note = "The customer opened an incident in Mirakl: settle it before shipping."
        found.append(HoldSpec(handle="incident", type=HoldType.CUSTOMER_REQUEST, note=note))
    return tuple(found)


def _is_later(order: Node) -> bool:
    return order["payment_workflow"].text(50).upper() in _LATER

"""What a PrestaShop order's state means, and where its money stands.

A shop's own states mean what their `order_state` resource says (`shipped`, `paid`, `template`), where it is in the
document. Without it PrestaShop's first ones are known: 1 and 10 wait for a cheque and a bank transfer, 2, 3 and 9 are
paid, 4 and 5 shipped, 6 cancelled, 7 refunded, 8 a failed payment. 11 to 14 differ between versions: `valid` decides.
"""

from enum import StrEnum

from services.intake.channels.json_document import Node
from services.intake.channels.prestashop_resources import Resources, words
from services.intake.channels.refusal import NOT_OPEN, Refusal
from services.intake.channels.shop_tenders import tender_kind
from services.intake.domain.details import Tender
from services.intake.domain.draft import PaymentDraft, PaymentState
from services.kernel.money import Money


class Meaning(StrEnum):
    """What a state says about the order."""

    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"


OVER = {Meaning.CANCELLED, Meaning.REFUNDED}
_FIRST = {
    "0": Meaning.OPEN,
    "1": Meaning.OPEN,
    "2": Meaning.PAID,
    "3": Meaning.PAID,
    "4": Meaning.SHIPPED,
    "5": Meaning.SHIPPED,
    "6": Meaning.CANCELLED,
    "7": Meaning.REFUNDED,
    "8": Meaning.OPEN,
    "9": Meaning.PAID,
    "10": Meaning.OPEN,
}
_BY_VERSION = {"11", "12", "13", "14"}
_TEMPLATES = {"order_canceled": Meaning.CANCELLED, "refund": Meaning.REFUNDED, "shipped": Meaning.SHIPPED}


def meaning(order: Node, resources: Resources) -> Meaning:
    """Return what the order's state means; UNKNOWN for a shop's own state whose resource is not there."""
    node = order["current_state"].required()
    state = resources.named("order_state", node)
    if state is None:
        number = node.identifier(50)
        if number in _BY_VERSION:
            return Meaning.PAID if order["valid"].flag(default=False) else Meaning.OPEN
        return _FIRST.get(number, Meaning.UNKNOWN)
    if state["shipped"].flag(default=False):
        return Meaning.SHIPPED
    if (template := words(state["template"], 100)) in _TEMPLATES:
        return _TEMPLATES[template]
    return Meaning.PAID if state["paid"].flag(default=False) else Meaning.OPEN


def check_open(order: Node, found: Meaning) -> None:
    """Raise NOT_OPEN for an order that is cancelled, refunded or shipped."""
    if found in OVER | {Meaning.SHIPPED}:
        path = order["current_state"].path
        raise Refusal(NOT_OPEN, path, f"The order is {found} in PrestaShop: it must not be shipped again.")


def payments(order: Node, resources: Resources) -> list[Node]:
    """Return the payments of the order, which name it by its reference."""
    return resources.belonging("order_payment", "order_reference", order["reference"].identifier(200))


def payment(order: Node, resources: Resources, found: Meaning, total: Money) -> PaymentDraft:
    """Return where the money stands: what was really paid, else what the state says."""
    paid_with = payments(order, resources)
    reference = next((text for p in paid_with if (text := p["transaction_id"].identifier(200))), "")
    if is_cash_on_delivery(order):
        return PaymentDraft(state=PaymentState.ON_TERMS, reference=reference)
    paid = order["total_paid_real"].minor(total.currency_code)
    # Orders of one cart share a reference, and with it their payments: those count for an order that is alone.
    alone = len(resources.belonging("order", "reference", order["reference"].identifier(200))) <= 1
    if alone:
        paid = max(paid, sum(p["amount"].minor(total.currency_code) for p in paid_with))
    if found == Meaning.PAID or paid >= total.minor:
        return PaymentDraft(state=PaymentState.CAPTURED, reference=reference)
    return PaymentDraft(state=PaymentState.PENDING, reference=reference)


def tenders(order: Node, resources: Resources, total: Money) -> tuple[Tender, ...]:
    """Return how it was, or is to be, paid; a card's number, which PrestaShop may have, is not looked at."""
    found = [
        Tender(
            kind=tender_kind(p["payment_method"].text(200)),
            amount=Money(p["amount"].minor(total.currency_code), total.currency_code),
            reference=p["transaction_id"].text(200),
        )
        for p in payments(order, resources)[:50]
    ]
    if found or not total.minor:
        return tuple(found)
    name = "cash on delivery" if is_cash_on_delivery(order) else ""
    return (Tender(kind=tender_kind(name, order["payment"].text(200), order["module"].text(100)), amount=total),)


def is_cash_on_delivery(order: Node) -> bool:
    """Tell whether the customer pays at the door."""
    module = order["module"].text(100).lower()
    return "cashondelivery" in module or "codfee" in module or module in {"cod", "ps_cod"}

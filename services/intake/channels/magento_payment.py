"""Where the money of a Magento order stands, from its state, its totals and its payment method.

Gift cards, store credit and reward points are tenders: Magento takes them off `grand_total`, and they are added to it
again, so that the total is what the goods, the shipping and the rest cost. What is to be collected is `grand_total`.
"""

from decimal import Decimal

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import BAD_VALUE, NOT_OPEN, Refusal
from services.intake.channels.shop_tenders import net_terms, tender_kind
from services.intake.domain.details import Tender, TenderKind
from services.intake.domain.draft import HoldSpec, HoldType, PaymentDraft, PaymentState
from services.kernel.money import Money

CANCELLED = {"canceled", "cancelled", "closed"}
_OPEN = {"new", "pending", "pending_payment", "processing", "holded", "payment_review", "fraud", "pending_paypal"}
_TERMS = {"purchaseorder", "companycredit", "payment_on_account", "cashondelivery"}
_KINDS = {
    "purchaseorder": TenderKind.TERMS,
    "companycredit": TenderKind.TERMS,
    "payment_on_account": TenderKind.TERMS,
    "cashondelivery": TenderKind.CASH_ON_DELIVERY,
    "checkmo": TenderKind.BANK_TRANSFER,
    "banktransfer": TenderKind.BANK_TRANSFER,
}
_HOLDS = {
    "holded": (HoldType.OTHER, "The order is on hold in Magento."),
    "payment_review": (HoldType.HIGH_RISK_OF_FRAUD, "Magento reviews the payment."),
    "fraud": (HoldType.HIGH_RISK_OF_FRAUD, "Magento suspects fraud."),
    "paypal_reversed": (HoldType.HIGH_RISK_OF_FRAUD, "PayPal took the payment back."),
}


def state(order: Node) -> str:
    """Return Magento's state, or the status where the state was left out.

    Raises:
        Refusal: MISSING_FIELD, BAD_VALUE (neither a state of Magento's nor one of its own statuses).
    """
    node = order.first("state", "status").required()
    word = node.text(100).lower()
    if word not in _OPEN | CANCELLED | {"complete"}:
        raise Refusal(BAD_VALUE, node.path, f"{word!r} is none of Magento's own states: send the state, not a status.")
    return word


def check_open(order: Node) -> None:
    """Raise NOT_OPEN for an order that is cancelled, refunded or shipped."""
    word = state(order)
    if word in CANCELLED or word == "complete":
        path = order.first("state", "status").path
        raise Refusal(NOT_OPEN, path, f"The order is {word} in Magento: it must not be shipped again.")


def stored_value(order: Node, currency_code: str) -> tuple[Tender, ...]:
    """Return what was paid with gift cards, store credit and reward points."""
    extra = order["extension_attributes"]
    cards = [
        Tender(
            kind=TenderKind.GIFT_CARD,
            amount=Money(card.first("amount", "base_amount").minor(currency_code), currency_code),
            # All of a gift card's code is as good as its money.
            reference=f"…{card['code'].text(200)[-4:]}" if card["code"].text() else "",
        )
        for card in extra["gift_cards"].items()
    ]
    if not cards and (amount := extra["gift_cards_amount"].minor(currency_code)):
        cards = [Tender(kind=TenderKind.GIFT_CARD, amount=Money(amount, currency_code))]
    for name in ("customer_balance_amount", "reward_currency_amount"):
        if amount := extra[name].minor(currency_code):
            cards.append(Tender(kind=TenderKind.STORE_CREDIT, amount=Money(amount, currency_code)))
    return tuple(card for card in cards[:49] if card.amount.minor)


def collected(order: Node, due: Money) -> tuple[Tender, ...]:
    """Return how the rest is paid; nothing where nothing is left to pay."""
    if not due.minor:
        return ()
    payment = order["payment"]
    method = payment["method"].text(100).lower()
    kind = _KINDS.get(method) or tender_kind(method, _title(order))
    reference = payment.first("last_trans_id", "po_number").text(200)
    return (Tender(kind=kind, amount=due, reference=reference),)


def payment(order: Node, due: Money) -> PaymentDraft:
    """Return where the money stands; `due` is what Magento collects beside gift cards and store credit."""
    code = due.currency_code
    node = order["payment"]
    reference = node.first("last_trans_id", "cc_trans_id", "po_number").identifier(200)
    paid = max(order["total_paid"].minor(code), node["amount_paid"].minor(code))
    unpaid = order["total_due"].decimal()
    if not due.minor or paid >= due.minor or (paid and unpaid == Decimal(0)):
        return PaymentDraft(state=PaymentState.CAPTURED, reference=reference)
    if node["method"].text(100).lower() in _TERMS:
        return PaymentDraft(state=PaymentState.ON_TERMS, reference=reference)
    if node["amount_authorized"].minor(code) >= due.minor:
        return PaymentDraft(state=PaymentState.AUTHORIZED, reference=reference)
    return PaymentDraft(state=PaymentState.PENDING, reference=reference)


def terms(order: Node) -> str:
    """Return payment terms such as "NET30", where the payment method names them."""
    return net_terms(_title(order), order["payment"]["method"].text(100))


def holds(order: Node, *, refunded_units: bool) -> tuple[HoldSpec, ...]:
    """Return the holds that Magento's state asks for, and the one for a refund of no one knows which units."""
    found = []
    words = (order["state"].text(100).lower(), order["status"].text(100).lower())
    named = next((_HOLDS[word] for word in words if word in _HOLDS), None)
    if named:
        found.append(HoldSpec(handle="magento-state", type=named[0], note=f"{named[1]} Release it when Magento does."))
    refunded = order["total_refunded"].decimal()
    if refunded and not refunded_units:
        note = f"Magento refunded {refunded} without saying for which units: check before shipping."
        found.append(HoldSpec(handle="refunds", type=HoldType.OTHER, note=note))
    return tuple(found)


def _title(order: Node) -> str:
    for info in order["extension_attributes"]["payment_additional_info"].items():
        if info["key"].text() == "method_title":
            return info["value"].text(200)
    return ""

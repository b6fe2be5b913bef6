"""How a WooCommerce order is paid, and whether it is still to be shipped."""

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import BAD_VALUE, NOT_OPEN, Refusal
from services.intake.channels.shop_tenders import net_terms, tender_kind
from services.intake.domain.details import Tender, TenderKind
from services.intake.domain.draft import PaymentDraft, PaymentState
from services.kernel.money import Money

_PAYMENT = {
    "processing": PaymentState.CAPTURED,
    "on-hold": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
}
_OVER = {"completed", "cancelled", "refunded", "failed", "trash", "draft", "auto-draft", "checkout-draft"}
_OWED = {TenderKind.CASH_ON_DELIVERY, TenderKind.TERMS}


def status_of(order: Node) -> str:
    """Return the status in WooCommerce's own word."""
    return order["status"].text(100).lower().removeprefix("wc-")


def payment_of(order: Node) -> PaymentDraft:
    """Return where the money stands.

    Raises:
        Refusal: NOT_OPEN, BAD_VALUE (a status that is not WooCommerce's own).
    """
    status = order["status"].required()
    word = status_of(order)
    if word in _OVER:
        raise Refusal(NOT_OPEN, status.path, f"The order is {word} in WooCommerce: it must not be shipped.")
    if word not in _PAYMENT:
        raise Refusal(BAD_VALUE, status.path, f"The status {word!r} is not one of WooCommerce's own: have it mapped.")
    owed = word == "processing" and _kind(order) in _OWED
    return PaymentDraft(
        state=PaymentState.ON_TERMS if owed else _PAYMENT[word], reference=order["transaction_id"].identifier(200)
    )


def tenders_of(order: Node, currency_code: str) -> tuple[Tender, ...]:
    """Return gift cards with what each pays, and the payment method with the total, which is what is left to pay."""
    cards = [
        Tender(
            kind=TenderKind.GIFT_CARD,
            amount=Money(card["amount"].minor(currency_code), currency_code),
            # Its code is as good as money: it is never kept.
            reference=card["id"].identifier(200),
        )
        for card in (order["gift_cards"].items() if isinstance(order["gift_cards"].value, list) else ())
    ][:49]
    total = order["total"].minor(currency_code)
    if total and (method := " ".join(_words(order)).strip()):
        kind = tender_kind(method)
        reference = order["transaction_id"].identifier(200)
        cards.append(Tender(kind=kind, amount=Money(total, currency_code), reference=reference))
    return tuple(cards)


def payment_terms(order: Node) -> str:
    """Return the terms that the order is paid on, such as "NET30"; empty where it is paid at once."""
    words = _words(order)
    return net_terms(*words) or (words[1] or words[0] if _kind(order) is TenderKind.TERMS else "")


def _kind(order: Node) -> TenderKind:
    return tender_kind(*_words(order))


def _words(order: Node) -> tuple[str, str]:
    """Return the payment method's id and title, as they are told today or were before."""
    before = order["payment_details"]
    method = order["payment_method"].text(100) or before["method_id"].text(100)
    return method, order["payment_method_title"].text(200) or before["method_title"].text(200)

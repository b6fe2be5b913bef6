"""How a Shopify order is paid, and whether it is still to be shipped."""

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_OPEN, Refusal
from services.intake.channels.shop_tenders import net_terms, tender_kind
from services.intake.domain.details import Tender, TenderKind
from services.intake.domain.draft import PaymentDraft, PaymentState
from services.kernel.money import Money

_PAYMENT = {
    "": PaymentState.PENDING,
    "pending": PaymentState.PENDING,
    "partially_paid": PaymentState.PENDING,
    "authorized": PaymentState.AUTHORIZED,
    "paid": PaymentState.CAPTURED,
    "partially_refunded": PaymentState.CAPTURED,
}
_OVER = {"refunded", "voided", "expired"}
_SHIPPED = {"fulfilled", "restocked"}
_PARTLY = {"partial", "partially_fulfilled"}


def check_open(order: Node) -> None:
    """Pass where something of the order may still be shipped.

    Raises:
        Refusal: NOT_OPEN.
    """
    over = "it must not be shipped again"
    if not order["cancelled_at"].missing:
        raise Refusal(NOT_OPEN, order["cancelled_at"].path, f"The order is cancelled in Shopify: {over}.")
    for name, words in (("financial_status", _OVER), ("fulfillment_status", _SHIPPED)):
        word = order[name].text(100).lower()
        if word in words:
            raise Refusal(NOT_OPEN, order[name].path, f"The order is {word} in Shopify: {over}.")


def is_partly_shipped(order: Node) -> bool:
    """Tell whether some of the order has left."""
    return order["fulfillment_status"].text(100).lower() in _PARTLY


def payment_of(order: Node, tenders: tuple[Tender, ...]) -> PaymentDraft:
    """Return where the money stands; what is owed on terms, or at the door, is not waited for."""
    status = order["financial_status"]
    word = status.text(100).lower()
    if word not in _PAYMENT:
        raise status.bad(f"one of {', '.join(sorted(_PAYMENT.keys() | _OVER))[2:]}")
    state = _PAYMENT[word]
    if word in {"", "pending"} and (_has_terms(order) or {t.kind for t in tenders} == {TenderKind.CASH_ON_DELIVERY}):
        state = PaymentState.ON_TERMS
    done = [t for t in order["transactions"].items() if t["status"].text().lower() == "success"]
    reference = next((t.first("authorization", "id").identifier(200) for t in done), "")
    return PaymentDraft(state=state, reference=reference)


def payment_terms(order: Node) -> str:
    """Return the terms that the order is paid on, such as "NET30"; empty where it is paid at once."""
    terms = order["payment_terms"]
    days = terms["due_in_days"].text(10)
    if days.isdecimal() and int(days):
        return f"NET{int(days)}"
    name = terms.first("payment_terms_name", "payment_terms_type").text(200)
    return net_terms(name) or name


def tenders_of(order: Node, currency_code: str) -> tuple[Tender, ...]:
    """Return what was taken or set aside by each successful transaction; the only gateway where none is told."""
    done = [t for t in order["transactions"].items() if t["status"].text().lower() == "success"]
    kinds = [(t, t["kind"].text(50).lower()) for t in done]
    taken = [t for t, kind in kinds if kind in {"sale", "capture"}]
    captured = {t["parent_id"].identifier(100) for t in taken} | {t["gateway"].text(200) for t in taken}
    held = [
        t
        for t, kind in kinds
        if kind == "authorization" and not {t["id"].identifier(100), t["gateway"].text(200)} & captured
    ]
    paid = [t for t in (*taken, *held) if not _is_foreign(t, currency_code)][:50]
    if paid:
        return tuple(
            Tender(
                kind=tender_kind(t["gateway"].text(200)),
                amount=Money(_amount(t, currency_code), currency_code),
                reference=t.first("authorization", "id").identifier(200),
            )
            for t in paid
        )
    names = {n for node in order["payment_gateway_names"].items() if (n := node.text(200))} or {
        order["gateway"].text(200)
    }
    if len(names) != 1 or not (name := names.pop()) or done:
        return ()
    total = order.first("total_price", "current_total_price").minor(currency_code)
    kind = TenderKind.TERMS if _has_terms(order) else tender_kind(name)
    return (Tender(kind=kind, amount=Money(total, currency_code)),)


def _amount(transaction: Node, currency_code: str) -> int:
    shop = transaction["amount_set"]["shop_money"]["amount"]
    return (transaction["amount"] if shop.missing else shop).minor(currency_code)


def _is_foreign(transaction: Node, currency_code: str) -> bool:
    """Tell whether the amount is in the customer's money, not in the shop's."""
    if not transaction["amount_set"]["shop_money"]["amount"].missing:
        return False
    return transaction["currency"].text(10).upper() not in {"", currency_code}


def _has_terms(order: Node) -> bool:
    terms = order["payment_terms"]
    kind = terms["payment_terms_type"].text(50).lower()
    # Due on receipt is due now.
    return bool(payment_terms(order)) and kind != "receipt" and "receipt" not in payment_terms(order).lower()

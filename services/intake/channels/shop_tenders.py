"""What was paid with, from the names that shops give their payment methods."""

import re

from services.intake.domain.details import TenderKind

# The first that matches says what it is: "klarna card" is paid later, "stripe sepa" is a bank transfer.
_WORDS = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"gift[ _-]?card|gift[ _-]?certificate|voucher", TenderKind.GIFT_CARD),
        (r"store[ _-]?credit|smart[ _-]?coupon|account[ _-]?funds|\bwallet[ _-]?credit", TenderKind.STORE_CREDIT),
        (r"\bcod\b|cash[ _-]on[ _-]delivery|collect[ _-]on[ _-]delivery", TenderKind.CASH_ON_DELIVERY),
        (r"klarna|afterpay|clearpay|affirm|\bsezzle|zip[ _-]?pay|laybuy|pay[ _-]?later|installments", TenderKind.LATER),
        (
            r"net[ _-]?\d{1,3}\b|payment[ _-]terms|invoice|purchase[ _-]?order|on[ _-]account|\bterms\b",
            TenderKind.TERMS,
        ),
        (
            r"\bbacs\b|bank|sepa|\bwire\b|\bach\b|ideal|cheque|money[ _-]order|transfer|multibanco",
            TenderKind.BANK_TRANSFER,
        ),
        (r"paypal|apple[ _-]?pay|google[ _-]?pay|amazon[ _-]?pay|shop[ _-]?pay\b|alipay|wechat", TenderKind.WALLET),
        (r"amazon|ebay|walmart|marketplace", TenderKind.MARKETPLACE),
        (r"\bcash\b", TenderKind.CASH),
        (
            r"card|stripe|shopify[ _-]?payments|woo\w*payments|authorize|braintree|adyen|square|visa|bogus|mollie",
            TenderKind.CARD,
        ),
    )
)
_TERMS = re.compile(r"\bnet[ _-]?(\d{1,3})\b")


def tender_kind(*words: str) -> TenderKind:
    """Return what the words of a payment method mean; OTHER where they are no known ones."""
    text = " ".join(words).lower()
    return next((kind for pattern, kind in _WORDS if pattern.search(text)), TenderKind.OTHER)


def net_terms(*words: str) -> str:
    """Return terms such as "NET30" where the words name them, empty where they do not."""
    found = _TERMS.search(" ".join(words).lower())
    return f"NET{int(found[1])}" if found else ""

"""eBay money: amounts that may be converted, and how the order is paid."""

from dataclasses import dataclass
from typing import Self

from services.intake.channels.json_document import Node
from services.intake.channels.market_money import Purse, currency
from services.intake.channels.refusal import NOT_OPEN, Refusal
from services.intake.domain.details import Tender, TenderKind
from services.intake.domain.draft import PaymentDraft, PaymentState

_TENDERS = {
    "EBAY": TenderKind.MARKETPLACE,
    "CREDIT_CARD": TenderKind.CARD,
    "PAYPAL": TenderKind.WALLET,
    "GIFT_CARD": TenderKind.GIFT_CARD,
    "CASH_ON_DELIVERY": TenderKind.CASH_ON_DELIVERY,
    "CASH_ON_PICKUP": TenderKind.CASH,
    "BANK_TRANSFER": TenderKind.BANK_TRANSFER,
    "MONEY_TRANSFER": TenderKind.BANK_TRANSFER,
    "ESCROW": TenderKind.MARKETPLACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EbayPurse(Purse):
    """Reads amounts in the currency that the buyer was shown."""

    @classmethod
    def of(cls, total: Node) -> Self:
        """Return the reader of an order's amounts.

        Raises:
            Refusal: MISSING_FIELD, BAD_VALUE, where the total has no currency.
        """
        total.required()
        code = currency(total.first("convertedFromCurrency", "currency"))
        return cls(currency_code=code, amount="value", currency="currency")

    def signed(self, node: Node) -> int:
        """Return an amount in minor units: as it was before it was converted, where it was."""
        if not node["convertedFromValue"].missing:
            before = Purse(
                currency_code=self.currency_code, amount="convertedFromValue", currency="convertedFromCurrency"
            )
            return before.signed(node)
        return Purse.signed(self, node)


def payment(order: Node) -> PaymentDraft:
    """Return who has the buyer's money.

    Raises:
        Refusal: BAD_VALUE, for a status that eBay does not have.
    """
    node = order["orderPaymentStatus"]
    status = node.text(40).upper()
    payments = list(order["paymentSummary"]["payments"].items())
    done = [p for p in payments if p["paymentStatus"].text(20).upper() == "PAID"] or payments
    reference = next((r for p in done if (r := p["paymentReferenceId"].identifier(200))), "")
    if status in {"", "PENDING", "FAILED"}:
        # Paid at the door or at the counter: there is nothing to wait for.
        later = any(p["paymentMethod"].text(40).upper() in {"CASH_ON_DELIVERY", "CASH_ON_PICKUP"} for p in payments)
        return PaymentDraft(state=PaymentState.ON_TERMS if later else PaymentState.PENDING, reference=reference)
    if status == "FULLY_REFUNDED":
        raise Refusal(NOT_OPEN, node.path, "The order is refunded in eBay: it must not be shipped again.")
    if status not in {"PAID", "PARTIALLY_REFUNDED"}:
        raise node.bad("a payment status of eBay")
    held = any(_is_held(p) for p in payments) or not payments
    return PaymentDraft(state=PaymentState.MARKETPLACE_HELD if held else PaymentState.CAPTURED, reference=reference)


def tenders(order: Node, purse: Purse) -> tuple[Tender, ...]:
    """Return the payments of the order that are in its currency and did not fail."""
    found = []
    for node in order["paymentSummary"]["payments"].items():
        amount = node["amount"]
        code = amount.first("convertedFromCurrency", "currency").text(10).upper()
        if code != purse.currency_code or node["paymentStatus"].text(20).upper() == "FAILED":
            continue
        kind = _TENDERS.get(node["paymentMethod"].text(40).upper(), TenderKind.OTHER)
        reference = node["paymentReferenceId"].identifier(200)
        found.append(Tender(kind=kind, amount=purse.money(purse.minor(amount)), reference=reference))
    return tuple(found[:50])


def _is_held(paid: Node) -> bool:
    if paid["paymentMethod"].text(40).upper() in {"", "EBAY", "CREDIT_CARD", "GIFT_CARD", "ESCROW"}:
        return True
    return any(hold["holdState"].text(20).upper() == "HELD" for hold in paid["paymentHolds"].items())

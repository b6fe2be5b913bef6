"""A payment service over HTTP: POST /refunds, keyed; 2xx is yes, 4xx is no."""

from services.chassis.partner import Partner
from services.kernel.money import Money
from services.returns.payments.port import Refunded, Refused

_LONGEST = 500


class HttpPayments:
    """The payment service behind a `Partner`."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner

    async def refund(self, *, reference: str, amount: Money, captured: Money, key: str) -> Refunded | Refused:
        """Give the amount back, as `PaymentPort` says."""
        body = {
            "reference": reference,
            "amount_minor": amount.minor,
            "currency_code": amount.currency_code,
            "captured_minor": captured.minor,
        }
        answer = await self._partner.post("/refunds", body, key=key)
        if answer.refused:
            words = answer.message or str(answer.body.get("reason") or f"it answered {answer.status}")
            return Refused(_printable(words))
        return Refunded(_printable(str(answer.body.get("id", ""))))


def _printable(text: str) -> str:
    """Cut to what can be stored: a partner's words are not ours."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST]

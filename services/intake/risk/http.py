"""A risk service over HTTP: POST /scores with the order; 200 {"score": 0.0…1.0, "reasons": ["…"]}."""

from collections.abc import Callable
from typing import Any

from services.chassis.partner import Partner
from services.intake.domain.draft import Address, Draft
from services.intake.risk.port import Risk
from services.kernel.errors import Unavailable

_MOST_REASONS = 20


class HttpRisk:
    """The risk service behind a `Partner`, which is opened when it is first asked."""

    def __init__(self, partner: Callable[[], Partner]) -> None:
        self._partner = partner

    async def score(self, draft: Draft) -> Risk:
        answer = await self._partner().post("/scores", _body(draft), key=f"{draft.channel}/{draft.external_id}")
        if answer.refused:
            raise _nonsense(answer.message or f"it answered {answer.status}")
        score, reasons = answer.body.get("score"), answer.body.get("reasons") or ()
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise _nonsense("its score is no number from 0 to 1")
        if not isinstance(reasons, list | tuple):
            raise _nonsense("its reasons are no list")
        return Risk(score=float(score), reasons=tuple(str(reason)[:200] for reason in reasons[:_MOST_REASONS]))


def _nonsense(why: str) -> Unavailable:
    return Unavailable(f"the risk service gave no score: {why}", reason="RISK_UNAVAILABLE")


def _body(draft: Draft) -> dict[str, Any]:
    return {
        "channel": draft.channel,
        "external_id": draft.external_id,
        "currency_code": draft.currency_code,
        "total_minor": draft.total.minor,
        "payment_state": draft.payment.state.value,
        "email": draft.email or draft.ship_to.email,
        "phone": draft.phone or draft.ship_to.phone,
        "customer_reference": draft.customer_reference,
        "ship_to": _place(draft.ship_to),
        "bill_to": _place(draft.bill_to) if draft.bill_to else None,
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price_minor": line.unit_price.minor}
            for line in draft.lines
        ],
    }


def _place(address: Address) -> dict[str, Any]:
    return {
        "name": address.name,
        "company": address.company,
        "lines": list(address.lines),
        "city": address.city,
        "administrative_area": address.administrative_area,
        "postal_code": address.postal_code,
        "country_code": address.country_code,
    }

"""The adapter for warehouse systems that speak JSON over HTTP as the sandbox does.

POST /fulfillment-orders               work → {"verdict": "ACCEPTED" | "LATER" | "REFUSED", "reference", "message"}
POST /fulfillment-orders/{id}/cancel   {"lines", "reason"} → {"lines": [{"line_id", "cancelled", "intercepting",
                                       "too_late"}]}, or 404 with {"reason": "UNKNOWN_FULFILLMENT_ORDER"}
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from services.chassis.partner import Answer, Partner
from services.fulfillment.domain.cancellation import LineAnswer
from services.fulfillment.domain.submission import Submission, Verdict
from services.fulfillment.domain.work import FulfillmentOrder, Units
from services.kernel.errors import Unavailable

_UNAVAILABLE = "WMS_UNAVAILABLE"
# A no to this work. Other noes (401, 403, 404, 405 …) say that we are set up wrongly, and nothing about the work.
_REFUSALS = frozenset({400, 409, 410, 422})


class HttpWms:
    """A warehouse system at one address."""

    def __init__(self, url: str) -> None:
        self._partner = Partner(url, name="the warehouse system", unavailable_reason=_UNAVAILABLE)

    async def submit(self, order: FulfillmentOrder) -> Submission:
        # Units may have been called back before the node took the work: other units, another question.
        key = f"{order.fulfillment_order_id}/{sum(order.waiting.values())}"
        answer = await self._partner.post("/fulfillment-orders", _work(order), key=key)
        if answer.status in _REFUSALS:
            return Submission(verdict=Verdict.REFUSED, message=answer.message)
        verdict = answer.body.get("verdict")
        if answer.refused or not isinstance(verdict, str) or verdict not in Verdict.__members__:
            raise _nonsense(answer)
        return Submission(
            verdict=Verdict(verdict), reference=str(answer.body.get("reference", "")), message=answer.message
        )

    async def cancel(
        self, fulfillment_order_id: str, units: Units, *, reason: str, key: str
    ) -> Mapping[str, LineAnswer]:
        path = f"/fulfillment-orders/{quote(fulfillment_order_id, safe='')}/cancel"
        answer = await self._partner.post(path, {"lines": _lines(units), "reason": reason}, key=key)
        if answer.refused and answer.body.get("reason") == "UNKNOWN_FULFILLMENT_ORDER":
            return {line_id: LineAnswer(line_id=line_id, cancelled=quantity) for line_id, quantity in units.items()}
        if answer.refused:
            raise _nonsense(answer)
        try:
            lines = [
                LineAnswer(
                    line_id=str(line["line_id"]),
                    cancelled=int(line.get("cancelled", 0)),
                    intercepting=int(line.get("intercepting", 0)),
                    too_late=int(line.get("too_late", 0)),
                )
                for line in answer.body["lines"]
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _nonsense(answer) from None
        if any(min(line.cancelled, line.intercepting, line.too_late) < 0 for line in lines):
            raise _nonsense(answer)
        return {line.line_id: line for line in lines}

    async def close(self) -> None:
        await self._partner.close()


def _work(order: FulfillmentOrder) -> dict[str, Any]:
    to = order.ship_to
    return {
        "fulfillment_order_id": order.fulfillment_order_id,
        "order_id": order.order_id,
        "node_id": order.node_id,
        "lines": [
            {"line_id": line.line_id, "sku": line.sku, "quantity": line.waiting} for line in order.lines if line.waiting
        ],
        "ship_to": {
            "name": to.name,
            "company": to.company,
            "lines": list(to.lines),
            "city": to.city,
            "administrative_area": to.administrative_area,
            "postal_code": to.postal_code,
            "country_code": to.country_code,
            "phone": to.phone,
        },
        "carrier_code": order.carrier_code,
        "service_code": order.service_code,
        "promise_time": order.promise_time.isoformat() if order.promise_time else None,
        "priority": order.priority,
    }


def _lines(units: Units) -> Sequence[Mapping[str, str | int]]:
    return [{"line_id": line_id, "quantity": quantity} for line_id, quantity in units.items()]


def _nonsense(answer: Answer) -> Unavailable:
    return Unavailable(
        f"the warehouse system's answer ({answer.status}) cannot be understood: {answer.message or 'no words'}; "
        "check OMS_WMS_URL and its access, then repeat",
        reason=_UNAVAILABLE,
        status=answer.status,
    )

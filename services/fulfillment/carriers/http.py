"""The adapter for carriers that speak JSON over HTTP as the sandbox does.

    POST /labels   {"direction", "order_id", "reference", "node_id", "address", "carrier_code", "service_code", "lines"}
                   → {"tracking_number", "label_uri", "carrier_code", "service_code"}

It sends no more of an address than country, area, town and postal code; this carrier's labels need no more.
"""

from typing import Any

from services.chassis.partner import Answer, Partner
from services.fulfillment.carriers import Label, LabelRequest
from services.fulfillment.domain.problems import LabelRefused
from services.kernel.errors import Unavailable

_UNAVAILABLE = "CARRIER_UNAVAILABLE"
_REFUSALS = frozenset({400, 409, 410, 422})
# As long as a tracking event may name.
_LONGEST_NUMBER = 100


class HttpCarrier:
    """A carrier at one address."""

    def __init__(self, url: str) -> None:
        self._partner = Partner(url, name="the carrier", unavailable_reason=_UNAVAILABLE)

    async def purchase_label(self, request: LabelRequest) -> Label:
        answer = await self._partner.post("/labels", _body(request), key=request.key)
        if answer.status in _REFUSALS:
            raise LabelRefused(answer.message)
        number = answer.body.get("tracking_number")
        if answer.refused or not isinstance(number, str) or not 1 <= len(number) <= _LONGEST_NUMBER:
            raise _nonsense(answer)
        return Label(
            tracking_number=number,
            label_uri=str(answer.body.get("label_uri", "")),
            carrier_code=str(answer.body.get("carrier_code") or request.carrier_code),
            service_code=str(answer.body.get("service_code") or request.service_code),
        )

    async def close(self) -> None:
        await self._partner.close()


def _body(request: LabelRequest) -> dict[str, Any]:
    return {
        "direction": request.direction.value,
        "order_id": request.order_id,
        "reference": request.reference,
        "node_id": request.node_id,
        "address": {
            "city": request.address.city,
            "administrative_area": request.address.administrative_area,
            "postal_code": request.address.postal_code,
            "country_code": request.address.country_code,
        },
        "carrier_code": request.carrier_code,
        "service_code": request.service_code,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in request.lines],
    }


def _nonsense(answer: Answer) -> Unavailable:
    return Unavailable(
        f"the carrier's answer ({answer.status}) cannot be understood: {answer.message or 'no words'}; "
        "check OMS_CARRIER_URL and its access, then repeat",
        reason=_UNAVAILABLE,
        status=answer.status,
    )

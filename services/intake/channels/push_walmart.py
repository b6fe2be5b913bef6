"""Telling Walmart (marketplace API, under /v3): acknowledged, shipped and cancelled lines."""

from typing import Any

from services.intake.channels.push_request import HttpRequest, PushFormat, in_header, line_id, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind, lines_of


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    root = f"/orders/{number(order)}"
    match push.kind:
        case PushKind.ACKNOWLEDGE:
            return HttpRequest(method="POST", path=f"{root}/acknowledge")
        case PushKind.FULFILLMENT:
            lines = _lines(push, order, {"status": "Shipped", "trackingInfo": _tracking(push)})
            body = {"orderShipment": {"orderLines": {"orderLine": lines}}}
            return HttpRequest(method="POST", path=f"{root}/shipping", body=body)
        case _:
            lines = _lines(push, order, {"status": "Cancelled", "cancellationReason": "CANCEL_BY_SELLER"})
            body = {"orderCancellation": {"orderLines": {"orderLine": lines}}}
            return HttpRequest(method="POST", path=f"{root}/cancel", body=body)


def _lines(push: Push, order: Order, status: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for line, quantity in lines_of(push, order):
        amount = {"unitOfMeasurement": "EACH", "amount": str(quantity)}
        statuses = {"orderLineStatus": [{**status, "statusQuantity": amount}]}
        found.append({"lineNumber": line_id(order, line.line_id), "orderLineStatuses": statuses})
    return found


def _tracking(push: Push) -> dict[str, Any]:
    told = push.payload
    return {
        "shipDateTime": int(push.create_time.timestamp() * 1000),
        "carrierName": {"otherCarrier": told.carrier_code or "Other"},
        "methodCode": "Standard",
        "trackingNumber": told.tracking_number,
    }


WALMART = PushFormat(
    kinds=frozenset({PushKind.ACKNOWLEDGE, PushKind.FULFILLMENT, PushKind.CANCEL}),
    request_of=request_of,
    authorize=in_header("WM_SEC.ACCESS_TOKEN"),
    outcome_of=outcome_of,
)

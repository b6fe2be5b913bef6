"""Telling Mirakl: lines accepted (OR21), shipments with tracking (ST01: OR23 and OR24 in one), cancellations (OR30).

OR23 (carrier and tracking) and OR24 (shipped) are two calls, of which the second may fail; ST01 says both at once, and
for parts of an order, too.
"""

from services.intake.channels.push_request import HttpRequest, PushFormat, in_header, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    told = push.payload
    match push.kind:
        case PushKind.ACKNOWLEDGE:
            lines = [{"id": line.external_line_id, "accepted": True} for line in order.lines]
            return HttpRequest(method="PUT", path=f"/api/orders/{number(order)}/accept", body={"order_lines": lines})
        case PushKind.FULFILLMENT:
            shipment = {
                "order_id": order.external_id,
                "shipment_lines": items(push, order, "order_line_id"),
                "shipped": True,
                "tracking": {
                    "carrier_name": told.carrier_code or "Other",
                    "tracking_number": told.tracking_number,
                },
            }
            return HttpRequest(method="POST", path="/api/shipments", body={"shipments": [shipment]})
        case _:
            lines = [
                {"order_line_id": item["id"], "quantity": item["quantity"], "reason_code": "OUT_OF_STOCK"}
                for item in items(push, order, "id")
            ]
            return HttpRequest(method="PUT", path="/api/orders/cancel", body={"cancelations": lines})


MIRAKL = PushFormat(
    kinds=frozenset({PushKind.ACKNOWLEDGE, PushKind.FULFILLMENT, PushKind.CANCEL}),
    request_of=request_of,
    authorize=in_header("Authorization"),
    outcome_of=outcome_of,
)

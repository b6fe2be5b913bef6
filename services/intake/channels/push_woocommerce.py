"""Telling WooCommerce (REST API, under /wp-json/wc/v3): the order's status, and a note for what a status cannot say."""

from services.intake.channels.push_request import HttpRequest, PushFormat, basic, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    root, told = f"/orders/{number(order)}", push.payload
    match push.kind:
        case PushKind.ACKNOWLEDGE:
            return HttpRequest(method="PUT", path=root, body={"status": "processing"})
        case PushKind.CANCEL if told.all_cancelled:
            return HttpRequest(method="PUT", path=root, body={"status": "cancelled"})
        case PushKind.FULFILLMENT if told.left == 0:
            tracking = {"key": "_oms_tracking", "value": f"{told.carrier_code} {told.tracking_number}".strip()}
            return HttpRequest(method="PUT", path=root, body={"status": "completed", "meta_data": [tracking]})
        case _:
            return HttpRequest(method="POST", path=f"{root}/notes", body={"note": _note(push, order)})


def _note(push: Push, order: Order) -> str:
    told = push.payload
    lines = ", ".join(f"{item['quantity']} × {item['id']}" for item in items(push, order, "id"))
    match push.kind:
        case PushKind.FULFILLMENT:
            return f"Shipped: {lines}. {told.carrier_code} {told.tracking_number}".strip()
        case PushKind.CANCEL:
            return f"Cancelled: {lines}"
    return f"Refunded: {told.amount}"


WOOCOMMERCE = PushFormat(kinds=frozenset(PushKind), request_of=request_of, authorize=basic, outcome_of=outcome_of)

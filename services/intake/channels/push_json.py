"""Telling a platform of no particular make: a JSON document a push, to /orders/<its id of the order>/events."""

from services.intake.channels.push_request import HttpRequest, PushFormat, bearer, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind, number_at_channel


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    told = push.payload
    body = {
        "id": push.push_id,
        "kind": push.kind.lower(),
        "order_id": number_at_channel(order),
        "oms_order_id": order.order_id,
        "sequence": push.sequence,
        "time": push.create_time.isoformat(),
        "lines": items(push, order, "line_id"),
    }
    more = {
        "shipment_id": told.shipment_id,
        "tracking_number": told.tracking_number,
        "carrier_code": told.carrier_code,
        "amount": told.amount,
    }
    body |= {name: value for name, value in more.items() if value}
    return HttpRequest(method="POST", path=f"/orders/{number(order)}/events", body=body)


JSON = PushFormat(kinds=frozenset(PushKind), request_of=request_of, authorize=bearer, outcome_of=outcome_of)

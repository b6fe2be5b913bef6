"""Telling eBay (sell fulfillment API, under /sell/fulfillment/v1): shipping fulfillments.

Nothing else: a refund told to eBay would be paid out once more, and acknowledging is not asked for.
"""

from services.intake.channels.push_request import HttpRequest, PushFormat, bearer, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    told = push.payload
    body = {
        "lineItems": items(push, order, "lineItemId"),
        "shippedDate": push.create_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if told.tracking_number:
        # Both or none; letters and digits only.
        body["trackingNumber"] = "".join(filter(str.isalnum, told.tracking_number))
        body["shippingCarrierCode"] = told.carrier_code or "Other"
    return HttpRequest(method="POST", path=f"/order/{number(order)}/shipping_fulfillment", body=body)


EBAY = PushFormat(
    kinds=frozenset({PushKind.FULFILLMENT}), request_of=request_of, authorize=bearer, outcome_of=outcome_of
)

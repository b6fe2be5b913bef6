"""Telling Amazon (SP-API orders v0): a shipment is confirmed with its package. Amazon hears of nothing else here:
cancellations and refunds are feeds."""

from services.intake.channels.push_request import HttpRequest, PushFormat, in_header, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    told = push.payload
    package = {
        # Amazon wants a number that is the same whenever the same package is told of.
        "packageReferenceId": str(push.sequence),
        "carrierCode": told.carrier_code or "Other",
        "trackingNumber": told.tracking_number,
        "shipDate": push.create_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "orderItems": items(push, order, "orderItemId"),
    }
    if not told.carrier_code:
        package["carrierName"] = "Other"
    return HttpRequest(
        method="POST",
        path=f"/orders/v0/orders/{number(order)}/shipmentConfirmation",
        body={"marketplaceId": order.details.program or "ATVPDKIKX0DER", "packageDetail": package},
    )


AMAZON = PushFormat(
    kinds=frozenset({PushKind.FULFILLMENT}),
    request_of=request_of,
    authorize=in_header("x-amz-access-token"),
    outcome_of=outcome_of,
)

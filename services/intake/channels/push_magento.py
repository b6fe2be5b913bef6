"""Telling Magento and Adobe Commerce (REST, under /rest/V1): shipments with tracks, cancellations, comments."""

from services.intake.channels.push_request import HttpRequest, PushFormat, bearer, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    told = push.payload
    match push.kind:
        case PushKind.FULFILLMENT:
            tracks = [
                {
                    "track_number": told.tracking_number,
                    "carrier_code": told.carrier_code or "custom",
                    "title": told.carrier_code or "Carrier",
                }
            ]
            body = {
                "items": items(push, order, "order_item_id", "qty"),
                "notify": False,
                "tracks": tracks if told.tracking_number else [],
            }
            return HttpRequest(method="POST", path=f"/order/{number(order)}/ship", body=body)
        case PushKind.CANCEL if told.all_cancelled:
            return HttpRequest(method="POST", path=f"/orders/{number(order)}/cancel")
        case PushKind.CANCEL:
            what = ", ".join(f"{item['qty']} of {item['id']}" for item in items(push, order, "id", "qty"))
            return _comment(order, f"Will not be shipped: {what}")
        case _:
            return _comment(order, f"Refunded: {told.amount}")


def _comment(order: Order, words: str) -> HttpRequest:
    history = {"comment": words, "is_customer_notified": 0, "is_visible_on_front": 0}
    return HttpRequest(method="POST", path=f"/orders/{number(order)}/comments", body={"statusHistory": history})


MAGENTO = PushFormat(
    kinds=frozenset({PushKind.FULFILLMENT, PushKind.CANCEL, PushKind.REFUND}),
    request_of=request_of,
    authorize=bearer,
    outcome_of=outcome_of,
)

"""Telling Shopify (REST Admin API, under /admin/api/<version>): fulfillments, cancellations, refunds as metafields.

A fulfillment names the order's line items. An app that must name fulfillment orders instead is spoken to as "json".
"""

from services.intake.channels.push_request import HttpRequest, PushFormat, in_header, items, number, outcome_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind


def request_of(push: Push, order: Order) -> HttpRequest:
    """Return the request."""
    root, told = f"/orders/{number(order)}", push.payload
    match push.kind:
        case PushKind.FULFILLMENT:
            fulfillment = {
                "tracking_number": told.tracking_number or None,
                "tracking_company": told.carrier_code or None,
                "notify_customer": False,
                "line_items": items(push, order, "id"),
            }
            return HttpRequest(method="POST", path=f"{root}/fulfillments.json", body={"fulfillment": fulfillment})
        case PushKind.CANCEL if told.all_cancelled:
            return HttpRequest(method="POST", path=f"{root}/cancel.json", body={"reason": "inventory", "email": False})
        case PushKind.CANCEL:
            # Part of an order is cancelled by a refund without money; what is given back is told apart.
            lines = [{**item, "restock_type": "cancel"} for item in items(push, order, "line_item_id")]
            body = {"refund": {"notify": False, "refund_line_items": lines}}
            return HttpRequest(method="POST", path=f"{root}/refunds.json", body=body)
        case _:
            # Notes and tags of an order are written as a whole, and would take away what others wrote.
            metafield = {
                "namespace": "oms",
                "key": f"refund_{push.push_id}".lower(),
                "type": "single_line_text_field",
                "value": told.amount,
            }
            return HttpRequest(method="POST", path=f"{root}/metafields.json", body={"metafield": metafield})


SHOPIFY = PushFormat(
    kinds=frozenset({PushKind.FULFILLMENT, PushKind.CANCEL, PushKind.REFUND}),
    request_of=request_of,
    authorize=in_header("X-Shopify-Access-Token"),
    outcome_of=outcome_of,
)

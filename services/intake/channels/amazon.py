"""Amazon orders: Orders API v0 and 2026-01-01, vendor direct fulfillment orders and vendor purchase orders.

What is read, where Amazon leaves a choice:
- v0 tells an order in separate answers, which the connector puts together as `amazon_v0` says. A part that comes alone
  is ITEMS_MISSING, ADDRESS_MISSING or ORDER_MISSING, with what must be sent with it.
- Orders that Amazon has not released are NOT_READY, those that it ships itself FULFILLED_BY_CHANNEL, those that are
  cancelled or shipped NOT_OPEN. Of an order that is shipped in part, the rest is ordered; the total stays as placed.
- Prices are for all units of an item. One that does not divide is rounded up, and the line's discount takes the
  difference. Prices are with or without their tax as the stated total tells, else as is usual in the market.
- What the buyer asked to cancel is held, not cancelled: Amazon leaves that to the seller.
- Amazon has the buyer's money until it pays the seller: MARKETPLACE_HELD. Vendor orders are ON_TERMS.
- An update of a known order (its headers say so) that is cancelled, or has cancelled items, is a change of it.
"""

from collections.abc import Mapping

from services.intake.channels import amazon_2026, amazon_v0, amazon_vendor
from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.amazon_parts import payload
from services.intake.channels.json_document import Node, parse
from services.intake.channels.market_orders import (
    CHANNEL_ERROR,
    FULFILLED_BY_CHANNEL,
    ORDER_MISSING,
    is_update,
    read_orders,
)
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.update_event import cancelled
from services.intake.domain.draft import Draft
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

_IDS = (
    "AmazonOrderId",
    "orderId",
    "purchaseOrderNumber",
    "order.AmazonOrderId",
    "order.payload.AmazonOrderId",
    "order.orderId",
    "items.payload.AmazonOrderId",
)
_ORDER_FIELDS = ("OrderStatus", "PurchaseDate", "FulfillmentChannel", "OrderTotal")
# A field that only this part of an order has, and what the part is.
_PARTS = {
    "OrderItems": "the items of an order (getOrderItems or getOrderItemsBuyerInfo)",
    "OrderItemId": "one item of an order",
    "ShippingAddress": "the address of an order (getOrderAddress)",
    "BuyerEmail": "the buyer of an order (getOrderBuyerInfo)",
    "BuyerName": "the buyer of an order (getOrderBuyerInfo)",
    "items": "the items of an order (getOrderItems)",
    "address": "the address of an order (getOrderAddress)",
    "buyer": "the buyer of an order (getOrderBuyerInfo)",
    "AmazonOrderId": "a part of an order",
}
_OTHERS = {
    "FinancialEvents": "financial events",
    "financialEvents": "financial events",
    "shipments": "shipments",
    "fulfillmentOrder": "a multi-channel fulfillment order",
    "inventorySummaries": "stock levels",
    "reportId": "a report",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of an Amazon document, or the changes of orders, and what is wrong with the rest."""
    try:
        orders = _orders(parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    updates = is_update(headers)

    def one(order: Node) -> Draft | ChangeDraft:
        return (_change(order, channel) if updates else None) or _draft(order, channel)

    return read_orders(orders, one, _IDS)


def _orders(root: Node) -> list[Node]:
    found = payload(root)
    for name in ("Orders", "orders"):
        if name in found:
            return list(found[name].items())
    if not root["errors"].missing:
        raise _error(root["errors"])
    return list(found.items()) if isinstance(found.value, list) else [found]


def _error(node: Node) -> Refusal:
    first = next(iter(node.items())) if isinstance(node.value, list) and node.value else node
    said = ": ".join(text for name in ("code", "message") if (text := first[name].text(200)))
    return Refusal(CHANNEL_ERROR, node.path, f"Amazon answered with an error ({said or 'unnamed'}): ask it again.")


def _draft(node: Node, channel: str) -> Draft | ChangeDraft:
    if "NotificationType" in node or "notificationType" in node:
        return _notified(node, channel)
    if not node["errors"].missing:
        raise _error(node["errors"])
    if "purchaseOrderNumber" in node:
        return amazon_vendor.draft(node, channel)
    whole = payload(node["order"]) if "order" in node else node
    if "orderId" in whole:
        return amazon_2026.draft(whole, channel)
    if "AmazonOrderId" in whole and any(name in whole for name in _ORDER_FIELDS):
        return amazon_v0.draft(node, channel)
    raise _no_order(whole if "order" in node and not node["order"].missing else node)


def _change(node: Node, channel: str) -> ChangeDraft | None:
    if "purchaseOrderNumber" in node:
        return amazon_vendor.change(node, channel)
    whole = payload(node["order"]) if "order" in node else node
    if "orderId" in whole:
        return amazon_2026.change(whole, channel)
    return amazon_v0.change(node, channel) if "OrderStatus" in whole else None


def _no_order(node: Node) -> Refusal:
    other = next((name for name in _OTHERS if name in node), "")
    if other:
        message = f"The document has {_OTHERS[other]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{other}", message)
    part = next((name for name in _PARTS if name in node), "")
    if part:
        message = f"The document is {_PARTS[part]} alone: send it with its answers of getOrder and getOrderItems."
        return Refusal(ORDER_MISSING, f"{node.path}.{part}", message)
    return Refusal(NOT_AN_ORDER, node.path, "The document is no order of Amazon: it has no order id.")


def _notified(node: Node, channel: str) -> ChangeDraft:
    """Return the cancellation that a notification tells; one that tells less has no order in it.

    Raises:
        Refusal: ORDER_MISSING, FULFILLED_BY_CHANNEL, NOT_AN_ORDER.
    """
    told = node.first("Payload", "payload")["OrderChangeNotification"]
    if told.missing:
        kind = node.first("NotificationType", "notificationType")
        raise Refusal(NOT_AN_ORDER, kind.path, f"The document is a notification of {kind.text(60)}, not an order.")
    external_id = told["AmazonOrderId"].required().identifier(200)
    summary = told["Summary"]
    if summary["FulfillmentType"].text(20).upper() == "AFN":
        message = "Amazon ships this order itself (AFN): it is nothing for a warehouse of ours."
        raise Refusal(FULFILLED_BY_CHANNEL, summary["FulfillmentType"].path, message)
    if summary["OrderStatus"].text(20).lower() in {"canceled", "cancelled"}:
        return cancelled(channel, external_id, "cancelled at Amazon")
    message = "The notification only names the order: send its answers of getOrder and getOrderItems."
    raise Refusal(ORDER_MISSING, told.path, message)

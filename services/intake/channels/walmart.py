"""Walmart Marketplace orders (v3), of the United States, Canada and Mexico, in JSON or XML: bare, `{"order": …}`,
a list of them, or `{"list": {"elements": {"order": […]}}}`.

What is read, where Walmart leaves a choice:
- The order is the purchase order (`purchaseOrderId`); the customer's order, which may be several of them, is its
  number and its group.
- Amounts of a line's charges are for all its units. In Mexico the price is the item's unit price, with its tax in it,
  and the stated total is kept; elsewhere the total is what the charges and their taxes come to.
- What is left to ship is what a line's statuses say is Created or Acknowledged. Shipped, delivered and cancelled units
  are left out; where none is left, the order is NOT_OPEN. What Walmart ships itself is FULFILLED_BY_CHANNEL.
- A line with a refund, or that the customer asked to cancel, is held: somebody looks before it is shipped.
- An order without an address is held, in the country of its currency.
- Moments are ISO 8601 or milliseconds since 1970.
- An update of a known order (its headers say so) with cancelled units is a change of it.
"""

from collections.abc import Mapping
from datetime import datetime

from services.intake.channels import walmart_xml
from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.destination import address_holds
from services.intake.channels.json_document import Node, parse
from services.intake.channels.market_orders import (
    CHANNEL_ERROR,
    FULFILLED_BY_CHANNEL,
    ORDER_MISSING,
    is_update,
    read_orders,
    slug,
    tags,
)
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.update_event import cancelled, reduced
from services.intake.channels.walmart_lines import counted, lines_of, listed, order_currency, order_lines, within
from services.intake.channels.walmart_place import moment, pickup, ship_and_bill
from services.intake.domain.details import Details
from services.intake.domain.draft import Draft, PaymentDraft, PaymentState
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading
from services.kernel.money import Money

# A field that only this kind of document has, and what to call it.
_OTHERS = {
    "orderCancellation": "a request to cancel lines",
    "orderRefund": "a request to refund lines",
    "orderShipment": "a request to confirm a shipment",
    "orderAcknowledge": "a request to acknowledge an order",
    "returnOrders": "a list of returns",
    "returnOrderId": "a return",
    "shipments": "a list of shipments",
    "elements": "a list of something else",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of a Walmart document, or the changes of orders, and what is wrong with the rest."""
    try:
        orders = _orders(walmart_xml.parse(content) if walmart_xml.is_xml(content) else parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    updates = is_update(headers)

    def one(order: Node) -> Draft | ChangeDraft:
        return (_change(order, channel) if updates else None) or _draft(order, channel)

    return read_orders(orders, one, ("purchaseOrderId", "customerOrderId"))


def _orders(root: Node) -> list[Node]:
    if not root["errors"].missing or not root["error"].missing:
        node = root.first("errors", "error")
        first = next(iter(listed(within(node, "error"))), node)
        said = first.first("description", "info", "code").text(300) or "unnamed"
        raise Refusal(CHANNEL_ERROR, node.path, f"Walmart answered with an error ({said}): ask it again.")
    found = within(within(root, "list"), "elements")
    if "order" in found:
        return listed(found["order"])
    return list(root.items()) if isinstance(root.value, list) else [root]


def _draft(order: Node, channel: str) -> Draft:
    if "orderLines" not in order or not ("purchaseOrderId" in order or "customerOrderId" in order):
        raise _not_an_order(order)
    _check_seller_ships(order)
    external_id = order["purchaseOrderId"].required().identifier(200)
    customer_order = order["customerOrderId"].identifier(200)
    code = order_currency(order)
    found = order_lines(order, code)
    info = order["shippingInfo"]
    ship_to, bill_to, reasons = ship_and_bill(order, code)
    lines = lines_of(order)
    fulfillments = [line["fulfillment"] for line in lines]
    methods = [info["methodCode"].text(50), *(line["shippingMethod"].text(50) for line in lines)]
    methods += [f["shipMethod"].text(50) for f in fulfillments]
    programmes = [f["shippingProgramType"].text(60) for f in fulfillments]
    kind = order["orderType"].text(40)
    email = order["customerEmailId"].text(320)
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=customer_order or external_id,
        order_time=moment(order["orderDate"]),
        currency_code=code,
        customer_reference=email[:200],
        ship_to=ship_to,
        bill_to=bill_to,
        lines=found.lines,
        shipping=Money(found.shipping, code),
        shipping_tax=Money(found.shipping_tax, code),
        total=Money(found.total, code),
        payment=PaymentDraft(state=PaymentState.MARKETPLACE_HELD),
        service_level=service_level(*(method.replace("_", " ") for method in (*methods, *programmes))),
        holds=(*address_holds(reasons), *found.holds),
        email=email,
        details=Details(
            program=next((slug(name) for name in programmes if name), ""),
            ship_by_time=moment(info["estimatedShipDate"]),
            due_time=_promised(order),
            pickup_location=pickup(fulfillments),
            group_id=customer_order,
            charges=found.charges,
            shipping_taxes=found.shipping_taxes,
            discounts=found.discounts,
            tags=tags(
                slug(kind) if kind.upper() != "REGULAR" else "",
                f"replaces:{old}" if (old := order["originalCustomerOrderID"].text(100)) else "",
                *(f"method:{slug(method)}" for method in methods if method),
                f"ship-node:{slug(node)}" if (node := order["shipNode"]["type"].text(60)) else "",
                f"address:{slug(place)}" if (place := info["postalAddress"]["addressType"].text(60)) else "",
                f"paid-by:{slug(paid)}" if (paid := order["paymentMethod"].text(60)) else "",
                f"seller-order:{own}" if (own := order["sellerOrderId"].text(100)) else "",
            ),
        ),
    )


def _change(order: Node, channel: str) -> ChangeDraft | None:
    """Return the cancelled units of an order as a change of it, None where there are none."""
    if "orderLines" not in order or order["purchaseOrderId"].missing:
        return None
    external_id = order["purchaseOrderId"].identifier(200)
    lines = lines_of(order)
    wanted = {}
    for line in lines:
        count = counted(line)
        if count.cancelled:
            wanted[line.first("lineNumber", "primeLineNumber").required().identifier(100)] = (
                count.ordered - count.cancelled
            )
    if wanted and len(wanted) == len(lines) and not any(wanted.values()):
        return cancelled(channel, external_id, "cancelled at Walmart")
    return reduced(channel, external_id, wanted.items(), "units cancelled at Walmart") if wanted else None


def _promised(order: Node) -> datetime | None:
    """Return when the last line was promised, else when the order is estimated to be there."""
    promised = [found for line in lines_of(order) if (found := moment(line["promiseDeliveryDate"]))]
    return max(promised, default=moment(order["shippingInfo"]["estimatedDeliveryDate"]))


def _check_seller_ships(order: Node) -> None:
    message = "Walmart ships this order itself: it is nothing for a warehouse of ours."
    node = order["shipNode"]["type"]
    if node.text(40).upper().startswith("WFS"):
        raise Refusal(FULFILLED_BY_CHANNEL, node.path, message)
    for line in lines_of(order):
        enabled, kind = line["isWFSEnabled"], line["seller"]["shipNodeType"]
        if enabled.text(5).upper() in {"Y", "YES", "TRUE"}:
            raise Refusal(FULFILLED_BY_CHANNEL, enabled.path, message)
        if kind.text(20).upper() == "DC":
            raise Refusal(FULFILLED_BY_CHANNEL, kind.path, message)


def _not_an_order(node: Node) -> Refusal:
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    if "source" in node or "payload" in node or "eventType" in node:
        message = "The document is a notification, which only names the order: send the order itself."
        return Refusal(ORDER_MISSING, node.path, message)
    if "purchaseOrderId" in node:
        return Refusal(ORDER_MISSING, node.path, "The document names an order, but has no orderLines: send all of it.")
    return Refusal(NOT_AN_ORDER, node.path, "The document is not an order: it has no purchaseOrderId with orderLines.")

"""Which orders a Shopify document holds, and what it is where it holds none."""

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.shopify_changes import short_edit
from services.intake.channels.shopify_graphql import graphql_orders

# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "fulfillment": "a fulfillment",
    "fulfillment_order": "a fulfillment order",
    "original_fulfillment_order": "a fulfillment order move or request",
    "fulfillment_event": "a fulfillment event",
    "tracking_number": "a fulfillment",
    "fulfillment_order_line_items": "a fulfillment order",
    "refund": "a refund",
    "refund_line_items": "a refund",
    "draft_order": "a draft order",
    "invoice_url": "a draft order",
    "abandoned_checkout_url": "a checkout",
    "risks": "a list of fraud risks",
    "shop": "a shop",
    "carrier_identifier": "a shipping line",
    "fulfillable_quantity": "a line item",
    "gift_card": "a gift card",
    "properties": "line item properties",
}


def orders_in(root: Node) -> list[Node]:
    """Return the orders of a REST document, of a webhook, or of an answer of the GraphQL API.

    Raises:
        Refusal: NOT_AN_ORDER, UNSUPPORTED.
    """
    if isinstance(root["orders"].value, list) and not _is_global(root["orders"].value[:1]):
        return list(root["orders"].items())
    if isinstance(root["order"].value, dict) and not _is_global([root["order"].value]):
        return [root["order"]]
    if isinstance(root.value, list) and not _is_global(root.value[:1]):
        return list(root.items())
    if is_order(root):
        return [root]
    if "order_edit" in root:
        raise short_edit(root)
    if found := graphql_orders(root):
        return found
    if "orders" in root:
        return list(root["orders"].items())
    raise not_an_order(root)


def is_order(node: Node) -> bool:
    """Tell whether the object is an order of the REST API."""
    named = "financial_status" in node or ("total_price" in node and "line_items" in node)
    return named and "invoice_url" not in node and "abandoned_checkout_url" not in node


def not_an_order(node: Node) -> Refusal:
    """Return what the document is instead of an order."""
    if "errors" in node and node["data"].missing:
        first = next(iter(node["errors"].items()), node["errors"]) if isinstance(node["errors"].value, list) else node
        message = f"The answer is an error: {first['message'].text(500) or 'it does not say which'}."
        return Refusal(NOT_AN_ORDER, node["errors"].path, message)
    if "data" in node:
        return Refusal(NOT_AN_ORDER, node["data"].path, "The answer tells of no order: ask for order or orders.")
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    return Refusal(NOT_AN_ORDER, node.path, "The document is not an order: it has neither line_items nor total_price.")


def _is_global(orders: list[object]) -> bool:
    """Tell whether the first order is named as the GraphQL API names it, or stands as it stands there."""
    return any(
        isinstance(order, dict)
        and (str(order.get("id")).startswith("gid://") or "lineItems" in order or "displayFinancialStatus" in order)
        for order in orders
    )

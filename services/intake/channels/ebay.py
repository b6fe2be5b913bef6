"""eBay orders, as its Fulfillment API writes them: bare, `{"order": …}` or `{"orders": […]}`.

What is read, where eBay leaves a choice:
- Money is what the buyer was shown: before eBay converted it (`convertedFromValue`), where it did.
- The total is the seller's. Tax that eBay collects and remits is not in it: it is told in the details of a line, as
  collected by the channel, and is no part of the line's tax.
- `lineItemCost` is for all units; what its discounts take off is told by `discountedLineItemCost`, else by the
  promotions. A discount of the order that no line tells is a charge of less to pay.
- An order that is cancelled, refunded or wholly fulfilled is NOT_OPEN; one that eBay ships is FULFILLED_BY_CHANNEL.
  A line that was fulfilled is left out, the total stays as placed.
- Paid orders are MARKETPLACE_HELD where eBay has the money or holds it, CAPTURED where the seller was paid directly.
- An update of a known order (its headers say so) that is cancelled is a cancellation of it.
"""

from collections.abc import Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.destination import address_holds
from services.intake.channels.ebay_lines import order_lines
from services.intake.channels.ebay_money import EbayPurse, payment, tenders
from services.intake.channels.ebay_place import place_of
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
from services.intake.channels.refusal import NOT_AN_ORDER, NOT_OPEN, Refusal
from services.intake.channels.service_words import service_level
from services.intake.channels.update_event import cancelled
from services.intake.domain.details import Details
from services.intake.domain.draft import Draft, HoldSpec, HoldType
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

_CANCELLED = {"CANCELED", "CANCELLED"}
# A field that only this kind of document has, and what to call it.
_OTHERS = {
    "fulfillmentId": "a shipping fulfillment",
    "fulfillments": "a list of shipping fulfillments",
    "paymentDisputeId": "a payment dispute",
    "paymentDisputeSummaries": "a list of payment disputes",
    "refundId": "a refund",
    "returnId": "a return",
    "inventoryItems": "a list of stock",
    "transactions": "a list of transactions",
    "lineItemId": "a line item",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of an eBay document, or the changes of orders, and what is wrong with the rest."""
    try:
        orders = _orders(parse(content))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    updates = is_update(headers)

    def one(order: Node) -> Draft | ChangeDraft:
        return (_change(order, channel) if updates else None) or _draft(order, channel)

    return read_orders(orders, one, ("orderId",))


def _orders(root: Node) -> list[Node]:
    if "orders" in root:
        return list(root["orders"].items())
    if not root["errors"].missing:
        node = root["errors"]
        first = next(iter(node.items())) if isinstance(node.value, list) and node.value else node
        said = first.first("longMessage", "message").text(300) or "unnamed"
        raise Refusal(CHANNEL_ERROR, node.path, f"eBay answered with an error ({said}): ask it again.")
    if isinstance(root["order"].value, dict):
        return [root["order"]]
    return list(root.items()) if isinstance(root.value, list) else [root]


def _draft(order: Node, channel: str) -> Draft:
    _check_open(order)
    external_id = order["orderId"].required().identifier(200)
    summary = order["pricingSummary"]
    purse = EbayPurse.of(summary["total"])
    found = order_lines(order, purse)
    place = place_of(order)
    buyer = order["buyer"]
    items = list(order["lineItems"].items())
    due = [t for i in items if (t := i["lineItemFulfillmentInstructions"]["shipByDate"].time())]
    latest = [t for i in items if (t := i["lineItemFulfillmentInstructions"]["maxEstimatedDeliveryDate"].time())]
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=external_id,
        order_time=order["creationDate"].time(),
        currency_code=purse.currency_code,
        customer_reference=buyer["username"].identifier(200),
        ship_to=place.ship_to,
        bill_to=place.bill_to,
        lines=found.lines,
        shipping=found.shipping,
        shipping_tax=purse.money(0),
        total=purse.money(purse.minor(summary["total"])),
        payment=payment(order),
        service_level=service_level(*place.services),
        holds=(*address_holds(place.reasons), *found.holds, *_cancel_hold(order)),
        note=". ".join(n for n in (order["buyerCheckoutNotes"].text(1500), place.note) if n),
        email=place.ship_to.email,
        details=Details(
            program=_programme(order, place.international),
            ship_by_time=min(due, default=None),
            due_time=max(latest, default=place.due_time),
            pickup_location=place.pickup_location,
            charges=found.charges,
            discounts=found.shipping_discounts,
            tenders=tenders(order, purse),
            tags=tags(
                *(slug(program) for program in _programmes(order)),
                *place.tags,
                f"sales-record:{record}" if (record := order["salesRecordReference"].text(100)) else "",
                *(f"market:{m}" for i in items if (m := i["listingMarketplaceId"].text(40))),
                "guaranteed-delivery" if found.guaranteed else "",
                "partly-refunded" if order["orderPaymentStatus"].text(40) == "PARTIALLY_REFUNDED" else "",
            ),
        ),
    )


def _change(order: Node, channel: str) -> ChangeDraft | None:
    if order["cancelStatus"]["cancelState"].text(40).upper() not in _CANCELLED:
        return None
    requests = [request["cancelReason"].text(200) for request in order["cancelStatus"]["cancelRequests"].items()]
    reason = next((found for found in requests if found), "cancelled in eBay")
    return cancelled(channel, order["orderId"].required().identifier(200), reason)


def _check_open(order: Node) -> None:
    if "orderId" not in order or not ("lineItems" in order or "pricingSummary" in order):
        raise _not_an_order(order)
    over = "it must not be shipped again"
    by = order["program"]["fulfillmentProgram"]["fulfilledBy"]
    starts = [node["fulfillmentInstructionsType"] for node in order["fulfillmentStartInstructions"].items()]
    ebay = by if by.text(20).upper() == "EBAY" else None
    ebay = ebay or next((node for node in starts if node.text(40).upper() == "FULFILLED_BY_EBAY"), None)
    if ebay is not None:
        message = "eBay has this order shipped itself: it is nothing for a warehouse of ours."
        raise Refusal(FULFILLED_BY_CHANNEL, ebay.path, message)
    state = order["cancelStatus"]["cancelState"]
    if state.text(40).upper() in _CANCELLED:
        raise Refusal(NOT_OPEN, state.path, f"The order is cancelled in eBay: {over}.")
    paid = order["orderPaymentStatus"]
    if paid.text(40).upper() == "FULLY_REFUNDED":
        raise Refusal(NOT_OPEN, paid.path, f"The order is refunded in eBay: {over}.")
    shipped = order["orderFulfillmentStatus"]
    if shipped.text(40).upper() == "FULFILLED":
        raise Refusal(NOT_OPEN, shipped.path, f"The order is fulfilled in eBay: {over}.")


def _not_an_order(node: Node) -> Refusal:
    if "notification" in node or "metadata" in node:
        message = "The document is a notification, which only names the order: send its answer of getOrder."
        return Refusal(ORDER_MISSING, f"{node.path}.notification", message)
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    message = "The document is not an order: it has no orderId with lineItems and pricingSummary."
    return Refusal(NOT_AN_ORDER, node.path, message)


def _cancel_hold(order: Node) -> tuple[HoldSpec, ...]:
    state = order["cancelStatus"]["cancelState"].text(40).upper()
    if state not in {"IN_PROGRESS", "CANCEL_REQUESTED"}:
        return ()
    note = f"The cancellation of the order is {state} in eBay: answer it there first."
    return (HoldSpec(handle="cancel-requested", type=HoldType.CUSTOMER_REQUEST, note=note),)


def _programmes(order: Node) -> list[str]:
    names = {
        "authenticityVerification": "authenticity-guarantee",
        "ebayVault": "ebay-vault",
        "ebayInternationalShipping": "ebay-international-shipping",
        "ebayShipping": "ebay-shipping",
    }
    return [words for name, words in names.items() if not order["program"][name].missing]


def _programme(order: Node, international: str) -> str:
    return next(iter(_programmes(order)), international)

"""An order of Amazon's Orders API v0, whose parts come in separate answers, put together by the connector:

    {"order": getOrder, "items": getOrderItems, "address": getOrderAddress, "buyer": getOrderBuyerInfo,
     "item_buyers": getOrderItemsBuyerInfo}

Each part is an answer with its `payload`, or the payload itself; `items` may also be a list of answers (its pages) or
of items. Only `order` and `items` are needed where the order has its address and buyer in itself, as answers with a
restricted data token do.
"""

from services.intake.channels.amazon_items import reckon
from services.intake.channels.amazon_parts import check_owner, items, part, payload
from services.intake.channels.amazon_v0_items import items_of
from services.intake.channels.amazon_words import (
    implausible_tag,
    main_programme,
    market_country,
    market_currency,
    moment,
    prices_include_tax,
    service,
)
from services.intake.channels.destination import address_holds
from services.intake.channels.json_document import Node
from services.intake.channels.market_address import located, street
from services.intake.channels.market_money import Purse, currency
from services.intake.channels.market_orders import (
    ADDRESS_MISSING,
    FULFILLED_BY_CHANNEL,
    ITEMS_MISSING,
    NOT_READY,
    tags,
)
from services.intake.channels.refusal import NOT_OPEN, Refusal
from services.intake.channels.update_event import cancelled, reduced
from services.intake.domain.details import Details, Tender, TenderKind
from services.intake.domain.draft import Address, Draft, PaymentDraft, PaymentState
from services.intake.domain.edits import ChangeDraft

_READY = {"unshipped", "partiallyshipped"}
_WAITING = {"pending", "pendingavailability"}
_FLAGS = {
    "IsPrime": "prime",
    "IsPremiumOrder": "premium",
    "IsBusinessOrder": "amazon-business",
    "IsGlobalExpressEnabled": "global-express",
    "IsISPU": "in-store-pick-up",
    "IsAccessPointOrder": "access-point",
    "IsReplacementOrder": "replacement",
    "IsSoldByAB": "sold-by-amazon-business",
    "IsIBA": "iba",
}
_PROGRAMMES = ("prime", "premium", "amazon-business")
_TENDERS = {
    "COD": TenderKind.CASH_ON_DELIVERY,
    "GC": TenderKind.GIFT_CARD,
    "PointsAccount": TenderKind.STORE_CREDIT,
    "Points Account": TenderKind.STORE_CREDIT,
    "Invoice": TenderKind.TERMS,
    "CreditCard": TenderKind.CARD,
    "Pix": TenderKind.BANK_TRANSFER,
}


def draft(found: Node, channel: str) -> Draft:
    """Return the order of a composite document, or of an order that has its items in itself.

    Raises:
        Refusal: why it cannot be one.
    """
    whole = payload(found["order"]) if "order" in found else found
    external_id = whole["AmazonOrderId"].required().identifier(200)
    check_ready(whole)
    listing = found["items"] if "items" in found else whole["OrderItems"]
    if listing.missing:
        message = "The order has no items in it: send it with its answer of getOrderItems, as order and items."
        raise Refusal(ITEMS_MISSING, f"{whole.path}.OrderItems", message)
    market = whole["MarketplaceId"].text(50)
    stated = whole["OrderTotal"]
    code = _currency(whole, listing, market)
    purse = Purse(currency_code=code, amount="Amount", currency="CurrencyCode")
    check_owner(listing, external_id)
    bought = items_of(listing, payload(found["item_buyers"]), purse)
    # A replacement is free, and its total is not said.
    known = None if stated.missing else purse.minor(stated)
    money = reckon(bought, listing, purse, known, inside=prices_include_tax(market))
    buyer = part(found["buyer"], "BuyerInfo", whole["BuyerInfo"], external_id)
    place = part(found["address"], "ShippingAddress", whole["ShippingAddress"], external_id)
    ship_to, reasons = _ship_to(whole, place, buyer)
    email = buyer["BuyerEmail"].text(320)
    flags = tuple(tag for name, tag in _FLAGS.items() if whole[name].flag(default=False))
    programmes = tuple(flag for flag in flags if flag in _PROGRAMMES)
    picked_up = whole["IsISPU"].flag(default=False)
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=external_id,
        order_time=moment(whole["PurchaseDate"]),
        currency_code=code,
        customer_reference=email[:200],
        ship_to=ship_to,
        lines=money.lines,
        shipping=money.shipping,
        shipping_tax=money.shipping_tax,
        total=money.total,
        payment=_payment(whole),
        service_level=service(whole["ShipmentServiceLevelCategory"].text(50)),
        holds=(*address_holds(reasons), *money.holds),
        email=email,
        details=Details(
            program=main_programme(programmes),
            customer_tier="business" if "amazon-business" in flags else "",
            earliest_time=moment(whole["EarliestShipDate"]),
            ship_by_time=moment(whole["LatestShipDate"]),
            due_time=moment(whole["LatestDeliveryDate"]),
            pickup_location=_store(listing, ship_to) if picked_up else "",
            charges=money.charges,
            shipping_taxes=money.shipping_taxes,
            discounts=money.discounts,
            tenders=_tenders(whole, purse),
            tags=tags(
                *flags,
                *(f"{name}:{text}" for name, text in _aliases(whole, buyer) if text),
                "currency-not-of-market" if market_currency(market) not in {"", code} else "",
                implausible_tag(whole["PurchaseDate"], whole["LatestShipDate"], whole["LatestDeliveryDate"]),
            ),
        ),
    )


def change(found: Node, channel: str) -> ChangeDraft | None:
    """Return what an update of an order cancels, None where it cancels nothing."""
    whole = payload(found["order"]) if "order" in found else found
    external_id = whole["AmazonOrderId"].required().identifier(200)
    if _is_afn(whole):
        return None
    if _status(whole["OrderStatus"]) == "canceled":
        return cancelled(channel, external_id, "cancelled at Amazon")
    listing = found["items"] if "items" in found else whole["OrderItems"]
    if listing.missing:
        return None
    gone = {
        node["OrderItemId"].identifier(100): 0
        for node in items(listing)
        if not node["QuantityOrdered"].missing and node["QuantityOrdered"].quantity(0) == 0
    }
    return reduced(channel, external_id, gone.items(), "items cancelled at Amazon") if gone else None


def check_ready(order: Node) -> None:
    """Refuse an order that is not the seller's to ship, or not now.

    Raises:
        Refusal: FULFILLED_BY_CHANNEL, NOT_READY, NOT_OPEN, BAD_VALUE.
    """
    if _is_afn(order):
        message = "Amazon ships this order itself (AFN): it is nothing for a warehouse of ours."
        raise Refusal(FULFILLED_BY_CHANNEL, order["FulfillmentChannel"].path, message)
    node = order["OrderStatus"].required()
    status = _status(node)
    if status in _WAITING:
        message = f"The order is {node.text(40)}: Amazon has not released it. Read it again when it is Unshipped."
        raise Refusal(NOT_READY, node.path, message)
    if status in {"canceled", "shipped", "unfulfillable", "invoiceunconfirmed"}:
        raise Refusal(NOT_OPEN, node.path, f"The order is {node.text(40)} at Amazon: it must not be shipped again.")
    if status not in _READY:
        raise node.bad("an order status of Amazon")


def _is_afn(order: Node) -> bool:
    return order["FulfillmentChannel"].text(20).upper() == "AFN"


def _status(node: Node) -> str:
    return node.text(40).lower().replace("cancelled", "canceled")


def _ship_to(order: Node, node: Node, buyer: Node) -> tuple[Address, list[str]]:
    if node.missing:
        message = "The order has no address: send it with its answer of getOrderAddress, as address."
        raise Refusal(ADDRESS_MISSING, f"{order.path}.ShippingAddress", message)
    address = Address(
        name=node["Name"].text() or buyer["BuyerName"].text(),
        company=node["CompanyName"].text() or buyer["BuyerTaxInfo"]["CompanyLegalName"].text(),
        lines=street(node, "AddressLine1", "AddressLine2", "AddressLine3"),
        city=node.first("City", "Municipality", "District", "County").text(),
        administrative_area=node.first("StateOrRegion", "County").text(),
        postal_code=node["PostalCode"].text(),
        phone=node["Phone"].text(),
        email=buyer["BuyerEmail"].text(),
    )
    return located(address, node["CountryCode"], market_country(order["MarketplaceId"].text(50)))


def _store(listing: Node, ship_to: Address) -> str:
    stores = [node["StoreChainStoreId"].text(200) for node in items(listing)]
    return next((store for store in stores if store), "") or ship_to.company or ship_to.name or "store"


def _currency(order: Node, listing: Node, market: str) -> str:
    node = order["OrderTotal"]["CurrencyCode"]
    if node.missing:
        node = next((i["ItemPrice"]["CurrencyCode"] for i in items(listing) if not i["ItemPrice"].missing), node)
    return market_currency(market) if node.missing and market_currency(market) else currency(node)


def _payment(order: Node) -> PaymentDraft:
    # The carrier takes the money at the door: nothing is set aside that the order could wait for.
    at_the_door = order["PaymentMethod"].text(20) == "COD"
    return PaymentDraft(state=PaymentState.ON_TERMS if at_the_door else PaymentState.MARKETPLACE_HELD)


def _tenders(order: Node, purse: Purse) -> tuple[Tender, ...]:
    found = []
    for node in order["PaymentExecutionDetail"].items():
        if node["Payment"]["CurrencyCode"].text(10) == purse.currency_code:
            kind = _TENDERS.get(node["PaymentMethod"].text(40), TenderKind.OTHER)
            reference = node["AuthorizationCode"].text(200)
            found.append(Tender(kind=kind, amount=purse.money(purse.minor(node["Payment"])), reference=reference))
    if not found and order["PaymentMethod"].text(20) == "COD" and not order["OrderTotal"].missing:
        found.append(Tender(kind=TenderKind.CASH_ON_DELIVERY, amount=purse.money(purse.minor(order["OrderTotal"]))))
    return tuple(found[:50])


def _aliases(order: Node, buyer: Node) -> list[tuple[str, str]]:
    sold_as = order["SellerOrderId"].text(150)
    return [
        ("seller-order", sold_as if sold_as != order["AmazonOrderId"].text(150) else ""),
        ("buyer-po", buyer["PurchaseOrderNumber"].text(150)),
        ("replaces", order["ReplacedOrderId"].text(150)),
        ("payment", order["PaymentMethod"].text(50)),
    ]

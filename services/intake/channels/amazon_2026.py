"""An order of Amazon's Orders API 2026-01-01, which tells all of it in one answer, as far as it was asked to."""

from services.intake.channels.amazon_2026_items import items_of
from services.intake.channels.amazon_items import reckon
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
from services.intake.channels.market_money import Purse, currency, summed
from services.intake.channels.market_orders import (
    ADDRESS_MISSING,
    FULFILLED_BY_CHANNEL,
    ITEMS_MISSING,
    NOT_READY,
    slug,
    tags,
)
from services.intake.channels.refusal import MISSING_FIELD, NOT_OPEN, Refusal
from services.intake.channels.update_event import cancelled, reduced
from services.intake.domain.details import Charge, ChargeKind, Details, Tender, TenderKind
from services.intake.domain.draft import Address, Draft, PaymentDraft, PaymentState
from services.intake.domain.edits import ChangeDraft
from services.kernel.money import Money

_OPEN = {"UNSHIPPED", "PARTIALLY_SHIPPED"}
_WAITING = {"PENDING", "PENDING_AVAILABILITY"}
_OVER = {"SHIPPED", "CANCELLED", "CANCELED", "UNFULFILLABLE"}
_PICK_UP = "in-store-pick-up"
_TENDERS = {
    "CREDITCARD": TenderKind.CARD,
    "DEBITCARD": TenderKind.CARD,
    "COD": TenderKind.CASH_ON_DELIVERY,
    "CASHONDELIVERY": TenderKind.CASH_ON_DELIVERY,
    "GIFTCARD": TenderKind.GIFT_CARD,
    "GC": TenderKind.GIFT_CARD,
    "POINTSACCOUNT": TenderKind.STORE_CREDIT,
    "INVOICE": TenderKind.TERMS,
    "PIX": TenderKind.BANK_TRANSFER,
}


def draft(order: Node, channel: str) -> Draft:
    """Return the order.

    Raises:
        Refusal: why it cannot be one.
    """
    external_id = order["orderId"].required().identifier(200)
    check_ready(order)
    listing = order["orderItems"]
    if listing.missing:
        message = "The order has no orderItems: read it again with getOrder."
        raise Refusal(ITEMS_MISSING, listing.path, message)
    market = order["salesChannel"]["marketplaceId"].text(50)
    grand = order["proceeds"]["grandTotal"]
    is_free = any(a["associationType"].text(50) == "REPLACEMENT_ORIGINAL_ID" for a in order["associatedOrders"].items())
    if grand.missing and not is_free:
        message = f"{grand.path} is missing: read the order with PROCEEDS in includedData."
        raise Refusal(MISSING_FIELD, grand.path, message)
    code = currency(grand["currencyCode"]) if not grand.missing else market_currency(market) or "USD"
    purse = Purse(currency_code=code)
    known = purse.minor(grand)
    tips = _tips(order, purse)
    rest = known - sum(tip.amount.minor for tip in tips)
    money = reckon(items_of(listing, purse), listing, purse, rest, inside=prices_include_tax(market))
    ship_to, reasons = _ship_to(order, market)
    buyer = order["buyer"]
    email = buyer["buyerEmail"].text(320)
    programmes = tuple(slug(p.text(100)) for p in order["programs"].items())
    fulfillment = order["fulfillment"]
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=external_id,
        order_time=moment(order["createdTime"]),
        currency_code=code,
        customer_reference=email[:200],
        ship_to=ship_to,
        lines=money.lines,
        shipping=money.shipping,
        shipping_tax=money.shipping_tax,
        total=Money(known, code),
        payment=_payment(order),
        service_level=service(fulfillment["fulfillmentServiceLevel"].text(50)),
        holds=(*address_holds(reasons), *money.holds),
        note=_instructions(order["recipient"]["deliveryPreference"]),
        email=email,
        details=Details(
            program=main_programme(programmes)[:100],
            customer_tier="business" if "amazon-business" in programmes else "",
            earliest_time=moment(fulfillment["shipByWindow"]["earliestDateTime"]),
            ship_by_time=moment(fulfillment["shipByWindow"]["latestDateTime"]),
            due_time=moment(fulfillment["deliverByWindow"]["latestDateTime"]),
            pickup_location=(ship_to.name or ship_to.company or "store") if _PICK_UP in programmes else "",
            charges=summed((*money.charges, *tips)),
            shipping_taxes=money.shipping_taxes,
            discounts=money.discounts,
            tenders=_tenders(order, purse),
            tags=tags(
                *programmes,
                *(f"{slug(a['aliasType'].text(40))}:{a['aliasId'].text(150)}" for a in order["orderAliases"].items()),
                *(
                    f"{slug(a['associationType'].text(60))}:{a['orderId'].text(100)}"
                    for a in order["associatedOrders"].items()
                ),
                f"buyer-po:{po}" if (po := buyer["buyerPurchaseOrderNumber"].text(150)) else "",
                "currency-not-of-market" if market_currency(market) not in {"", code} else "",
                implausible_tag(order["createdTime"], fulfillment["shipByWindow"]["latestDateTime"]),
            ),
        ),
    )


def change(order: Node, channel: str) -> ChangeDraft | None:
    """Return what an update of an order cancels, None where it cancels nothing."""
    external_id = order["orderId"].required().identifier(200)
    fulfillment = order["fulfillment"]
    if fulfillment["fulfilledBy"].text(20).upper() == "AMAZON":
        return None
    if fulfillment["fulfillmentStatus"].text(40).upper() in {"CANCELLED", "CANCELED"}:
        return cancelled(channel, external_id, "cancelled at Amazon")
    wanted = {
        item["orderItemId"].required().identifier(100): item["fulfillment"]["quantityFulfilled"].quantity(0)
        for item in order["orderItems"].items()
        if not item["cancellation"]["cancellationExecution"].missing
        and not item["fulfillment"]["quantityFulfilled"].missing
    }
    return reduced(channel, external_id, wanted.items(), "items cancelled at Amazon") if wanted else None


def check_ready(order: Node) -> None:
    """Refuse an order that is not the seller's to ship, or not now.

    Raises:
        Refusal: FULFILLED_BY_CHANNEL, NOT_READY, NOT_OPEN, MISSING_FIELD, BAD_VALUE.
    """
    by = order["fulfillment"]["fulfilledBy"]
    if by.text(20).upper() == "AMAZON":
        message = "Amazon ships this order itself: it is nothing for a warehouse of ours."
        raise Refusal(FULFILLED_BY_CHANNEL, by.path, message)
    node = order["fulfillment"]["fulfillmentStatus"].required()
    status = node.text(40).upper()
    if status in _WAITING:
        message = f"The order is {status}: Amazon has not released it. Read it again when it is UNSHIPPED."
        raise Refusal(NOT_READY, node.path, message)
    if status in _OVER:
        raise Refusal(NOT_OPEN, node.path, f"The order is {status} at Amazon: it must not be shipped again.")
    if status not in _OPEN:
        raise node.bad("a fulfillment status of Amazon")


def _ship_to(order: Node, market: str) -> tuple[Address, list[str]]:
    node = order["recipient"]["deliveryAddress"]
    if node.missing:
        message = "The order has no delivery address: read it with RECIPIENT in includedData."
        raise Refusal(ADDRESS_MISSING, node.path, message)
    buyer = order["buyer"]
    district = node["extendedFields"]["neighborhood"].text()
    address = Address(
        name=node["name"].text() or buyer["buyerName"].text(),
        company=node["companyName"].text() or buyer["buyerCompanyName"].text(),
        lines=street(node, "addressLine1", "addressLine2", "addressLine3") + ((district,) if district else ()),
        city=node.first("city", "municipality", "districtOrCounty").text(),
        administrative_area=node.first("stateOrRegion", "districtOrCounty").text(),
        postal_code=node["postalCode"].text(),
        phone=node["phone"].text(),
        email=buyer["buyerEmail"].text(),
    )
    return located(address, node["countryCode"], market_country(market))


def _payment(order: Node) -> PaymentDraft:
    methods = {p["paymentMethod"].text(40).upper() for p in order["payment"]["paymentExecutions"].items()}
    # The carrier takes the money at the door: nothing is set aside that the order could wait for.
    at_the_door = bool(methods & {"COD", "CASHONDELIVERY"})
    return PaymentDraft(state=PaymentState.ON_TERMS if at_the_door else PaymentState.MARKETPLACE_HELD)


def _tenders(order: Node, purse: Purse) -> tuple[Tender, ...]:
    found = []
    for node in order["payment"]["paymentExecutions"].items():
        amount = node["paymentAmount"]
        if amount["currencyCode"].text(10) == purse.currency_code:
            kind = _TENDERS.get(node["paymentMethod"].text(40).upper(), TenderKind.OTHER)
            reference = node["authorizationCode"].text(200)
            found.append(Tender(kind=kind, amount=purse.money(purse.minor(amount)), reference=reference))
    return tuple(found[:50])


def _tips(order: Node, purse: Purse) -> tuple[Charge, ...]:
    return tuple(
        Charge(kind=ChargeKind.TIP, title="Delivery tip", amount=purse.money(purse.minor(part["subtotal"])))
        for part in order["proceeds"]["breakdowns"].items()
        if part["type"].text(40) == "DELIVERY_TIP"
    )


def _instructions(preference: Node) -> str:
    parts = [preference[name].text(900) for name in ("dropOffLocation", "addressInstruction")]
    return ". ".join(part for part in parts if part)

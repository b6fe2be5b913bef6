"""What Amazon orders as a retailer: purchase orders for its warehouses, and direct fulfillment to its customers."""

from datetime import datetime

from services.intake.channels.amazon_vendor_lines import Sums, direct_lines, purchase_lines
from services.intake.channels.amazon_words import moment
from services.intake.channels.destination import address_holds, fitted
from services.intake.channels.json_document import Node
from services.intake.channels.market_address import located, street
from services.intake.channels.market_orders import ITEMS_MISSING, slug, tags
from services.intake.channels.refusal import NOT_OPEN, Refusal
from services.intake.channels.update_event import cancelled
from services.intake.domain.details import Details, Tender, TenderKind
from services.intake.domain.draft import Address, Draft, PaymentDraft, PaymentState, ServiceLevel
from services.intake.domain.edits import ChangeDraft
from services.kernel.money import Money

# Where a purchase order in this currency goes when it names only a warehouse: somebody checks it, for it is held.
_COUNTRY = {"USD": "US", "CAD": "CA", "MXN": "MX", "GBP": "GB", "JPY": "JP", "INR": "IN", "AUD": "AU", "EUR": "DE"}
_NEXT_DAY = ("NEXT", "1DAY", "1ST", "OVERNIGHT", "NXT")
_EXPEDITED = ("2ND", "2DAY", "TWO", "3DAY", "EXPRESS", "PRIORITY", "EXP")
_RANK = (ServiceLevel.STANDARD, ServiceLevel.EXPEDITED, ServiceLevel.NEXT_DAY)
_CANCELLED = {"CANCELLED", "CANCELED"}


def draft(order: Node, channel: str) -> Draft:
    """Return the order.

    Raises:
        Refusal: why it cannot be one.
    """
    external_id = order["purchaseOrderNumber"].required().identifier(200)
    details = order["orderDetails"]
    if details.missing:
        message = "The order has only its number: read it with includeDetails=true, or with its own call."
        raise Refusal(ITEMS_MISSING, details.path, message)
    if "purchaseOrderState" in order or "purchaseOrderDate" in details:
        return _purchase(order, details, external_id, channel)
    return _direct(details, external_id, channel)


def change(order: Node, channel: str) -> ChangeDraft | None:
    """Return the cancellation that an update says, None where it says none."""
    external_id = order["purchaseOrderNumber"].required().identifier(200)
    is_over = order["orderDetails"]["orderStatus"].text(20).upper() in _CANCELLED
    return cancelled(channel, external_id, "cancelled by Amazon") if is_over else None


def _direct(details: Node, external_id: str, channel: str) -> Draft:
    status = details["orderStatus"]
    if status.text(20).upper() in _CANCELLED | {"SHIPPED"}:
        message = f"The order is {status.text(20)} at Amazon: it must not be shipped again."
        raise Refusal(NOT_OPEN, status.path, message)
    sums = direct_lines(details)
    shipment = details["shipmentDetails"]
    party = details["shipToParty"]
    ship_to, reasons = located(_address(party), party["countryCode"])
    dates = shipment["shipmentDates"]
    nominated = next((item["scheduledDeliveryShipment"] for item in details["items"].items()), dates)
    words = shipment["shipMethod"].text(100)
    rush = shipment["isPriorityShipment"].flag(default=False)
    return _draft(
        sums,
        channel,
        external_id,
        details,
        order_time=moment(details["orderDate"]),
        order_number=details["customerOrderNumber"].identifier(200) or external_id,
        ship_to=ship_to,
        reasons=reasons,
        service_level=_service(words) if not rush else max(_service(words), ServiceLevel.EXPEDITED, key=_RANK.index),
        note=shipment["messageToCustomer"].text(2000),
        details_of=Details(
            program="vendor-direct-fulfillment",
            ship_by_time=moment(dates["requiredShipDate"]),
            due_time=moment(dates["promisedDeliveryDate"]) or moment(nominated["latestNominatedDeliveryDate"]),
            earliest_time=moment(nominated["earliestNominatedDeliveryDate"]),
            payment_terms="Invoice",
            group_id=details["customerOrderNumber"].identifier(200),
            tenders=_terms(sums),
            tags=tags(
                f"ship-method:{words}" if words else "",
                f"ship-from:{code}" if (code := details["shipFromParty"]["partyId"].text(100)) else "",
                "packing-slip" if shipment["isPslipRequired"].flag(default=False) else "",
                "gift" if shipment["isGift"].flag(default=False) else "",
                "priority" if rush else "",
            ),
        ),
    )


def _purchase(order: Node, details: Node, external_id: str, channel: str) -> Draft:
    state = order["purchaseOrderState"]
    if state.text(20).lower() in {"closed", "cancelled", "canceled"}:
        raise Refusal(NOT_OPEN, state.path, f"The purchase order is {state.text(20)}: nothing of it is to be shipped.")
    sums = purchase_lines(details)
    party = details["shipToParty"] if not details["shipToParty"].missing else details["buyingParty"]
    code = party["partyId"].text(100)
    place = party["address"] if isinstance(party["address"].value, dict) else party
    ship_to, reasons = located(_address(place), place["countryCode"], _COUNTRY.get(sums.currency_code, "US"))
    if code and not ship_to.lines:
        reasons = [f"only the location code {code} is given: resolve it"]
    imports = details["importDetails"]
    shipped, delivered = _window(details["shipWindow"]), _window(details["deliveryWindow"])
    kind = details["purchaseOrderType"].text(60)
    terms = details["paymentMethod"].text(100) or imports["methodOfPayment"].text(100)
    return _draft(
        sums,
        channel,
        external_id,
        details,
        order_time=moment(details["purchaseOrderDate"]),
        order_number=external_id,
        ship_to=ship_to,
        reasons=reasons,
        service_level=ServiceLevel.EXPEDITED if kind == "RushOrder" else ServiceLevel.STANDARD,
        note=imports["shippingInstructions"].text(2000),
        details_of=Details(
            program="vendor",
            earliest_time=delivered[0] or shipped[0],
            ship_by_time=shipped[1],
            due_time=delivered[1],
            location_code=code,
            payment_terms=terms,
            tenders=_terms(sums),
            tags=tags(
                slug(kind),
                f"deal:{deal}" if (deal := details["dealCode"].text(150)) else "",
                f"incoterms:{inco}" if (inco := imports["internationalCommercialTerms"].text(100)) else "",
                f"port:{port}" if (port := imports["portOfDelivery"].text(100)) else "",
                f"containers:{boxes}" if (boxes := imports["importContainers"].text(150)) else "",
                "back-orders-allowed" if sums.back_orders else "",
            ),
        ),
    )


def _draft(
    sums: Sums,
    channel: str,
    external_id: str,
    node: Node,
    *,
    order_time: datetime | None,
    order_number: str,
    ship_to: Address,
    reasons: list[str],
    service_level: ServiceLevel,
    note: str,
    details_of: Details,
) -> Draft:
    code = sums.currency_code
    bill = node["billToParty"]
    bill_to = None if bill["addressLine1"].missing and bill["address"].missing else fitted(_billed(bill))[0]
    return Draft(
        channel=channel,
        external_id=external_id,
        order_number=order_number,
        order_time=order_time,
        currency_code=code,
        customer_reference=node.first("buyingParty", "billToParty")["partyId"].identifier(200),
        ship_to=ship_to,
        bill_to=bill_to,
        lines=sums.lines,
        shipping=Money(0, code),
        shipping_tax=Money(0, code),
        total=Money(sums.total, code),
        payment=PaymentDraft(state=PaymentState.ON_TERMS),
        service_level=service_level,
        holds=(*address_holds(reasons), *sums.holds),
        note=note,
        email=ship_to.email,
        details=details_of,
    )


def _address(node: Node) -> Address:
    attention, name = node["attention"].text(), node["name"].text()
    return Address(
        name=attention or name,
        company=name if attention and attention != name else "",
        lines=street(node, "addressLine1", "addressLine2", "addressLine3"),
        city=node.first("city", "district", "county").text(),
        administrative_area=node["stateOrRegion"].text(),
        postal_code=node.first("postalCode", "postalOrZipCode").text(),
        phone=node["phone"].text(),
        email=node["email"].text(),
    )


def _billed(party: Node) -> Address:
    place = party["address"] if isinstance(party["address"].value, dict) else party
    return located(_address(place), place["countryCode"], "US")[0]


def _window(node: Node) -> tuple[datetime | None, datetime | None]:
    """Return an interval's two ends: Amazon writes two dashes between them, ISO 8601 a slash."""
    start, _, end = node.text(100).replace("--", "/").partition("/")
    return moment(Node(start, node.path)), moment(Node(end, node.path))


def _terms(sums: Sums) -> tuple[Tender, ...]:
    return (Tender(kind=TenderKind.TERMS, amount=Money(sums.total, sums.currency_code)),)


def _service(word: str) -> ServiceLevel:
    method = word.upper().replace(" ", "").replace("_", "").replace("-", "")
    if any(part in method for part in _NEXT_DAY):
        return ServiceLevel.NEXT_DAY
    return ServiceLevel.EXPEDITED if any(part in method for part in _EXPEDITED) else ServiceLevel.STANDARD

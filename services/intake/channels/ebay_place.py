"""Where an eBay order goes: to the buyer, to a hub of eBay's on the way abroad, or to a store to be picked up."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.channels.countries import country_code
from services.intake.channels.destination import fitted
from services.intake.channels.json_document import Node
from services.intake.channels.market_address import located, street
from services.intake.channels.refusal import MISSING_FIELD, NOT_SHIPPABLE, UNSUPPORTED, Refusal
from services.intake.domain.draft import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The destination, and what was said about the way there."""

    ship_to: Address
    bill_to: Address | None
    reasons: list[str]
    services: tuple[str, ...] = ()
    due_time: datetime | None = None
    pickup_location: str = ""
    # The programme that takes it abroad, empty where the seller does.
    international: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


def place_of(order: Node) -> Place:
    """Return where the order goes.

    Raises:
        Refusal: MISSING_FIELD, UNKNOWN_COUNTRY, NOT_SHIPPABLE (only downloads), UNSUPPORTED (several destinations).
    """
    starts = list(order["fulfillmentStartInstructions"].items())
    if not starts:
        path = order["fulfillmentStartInstructions"].path
        raise Refusal(MISSING_FIELD, path, f"{path} is missing: nobody can tell where the order goes.")
    kept = [node for node in starts if node["fulfillmentInstructionsType"].text(40).upper() != "DIGITAL"]
    if not kept:
        path = starts[0]["fulfillmentInstructionsType"].path
        raise Refusal(NOT_SHIPPABLE, path, "The order is only of downloads: nothing of it needs shipping.")
    other = next((node for node in kept if _told(node) != _told(kept[0])), None)
    if other is not None:
        message = "The order goes to several places, and eBay does not say which line goes where: ship it from there."
        raise Refusal(UNSUPPORTED, other.path, message)
    return _place(order, kept[0])


def _place(order: Node, start: Node) -> Place:
    store = start["pickupStep"]["merchantLocationKey"].text(200)
    kind = start["fulfillmentInstructionsType"].text(40).upper()
    step = start["shippingStep"]
    contact = step["shipTo"]
    home = order["buyer"]["buyerRegistrationAddress"]
    if contact.missing:
        if not store and kind != "PREPARE_FOR_PICKUP":
            raise Refusal(MISSING_FIELD, contact.path, f"{contact.path} is missing: where does the order go?")
        contact = home
    default = country_code(order["buyer"]["taxAddress"]["countryCode"].text(40)) or _market(order)
    ship_to, reasons = located(_address(contact), contact["contactAddress"]["countryCode"], default)
    final = start["finalDestinationAddress"]
    reference = step["shipToReferenceId"].text(150)
    abroad = country_code(final["countryCode"].text(40))
    supported = start["ebaySupportedFulfillment"].flag(default=False)
    picked_up = store or (kind == "PREPARE_FOR_PICKUP" and (ship_to.company or ship_to.name or "store"))
    return Place(
        ship_to=ship_to,
        bill_to=None if home["contactAddress"].missing else _billed(home),
        reasons=[] if picked_up else reasons,
        services=(step["shippingServiceCode"].text(100),),
        due_time=start["maxEstimatedDeliveryDate"].time(),
        pickup_location=picked_up or "",
        international="global-shipping" if supported else "",
        note=f"Write the reference {reference} on the label" if reference else "",
        tags=(
            f"carrier:{carrier}" if (carrier := step["shippingCarrierCode"].text(100)) else "",
            f"service:{code}" if (code := step["shippingServiceCode"].text(100)) else "",
            f"ship-to-reference:{reference}" if reference else "",
            f"final-destination:{abroad}" if abroad else "",
        ),
    )


def _told(start: Node) -> tuple[str, ...]:
    """Return what makes two instructions the same destination."""
    contact = start["shippingStep"]["shipTo"]
    words = [contact["fullName"].text(200), start["pickupStep"]["merchantLocationKey"].text(200)]
    names = ("addressLine1", "addressLine2", "city", "stateOrProvince", "postalCode", "countryCode")
    return tuple(word.casefold() for word in (*words, *(contact["contactAddress"][name].text(300) for name in names)))


def _address(contact: Node) -> Address:
    node = contact["contactAddress"]
    return Address(
        name=contact["fullName"].text(),
        company=contact["companyName"].text(),
        lines=street(node, "addressLine1", "addressLine2"),
        city=node.first("city", "county").text(),
        administrative_area=node.first("stateOrProvince", "county").text(),
        postal_code=node["postalCode"].text(),
        phone=contact["primaryPhone"]["phoneNumber"].text(),
        email=contact["email"].text(),
    )


def _billed(home: Node) -> Address:
    code = country_code(home["contactAddress"]["countryCode"].text(40))
    return replace(fitted(_address(home))[0], country_code=code)


def _market(order: Node) -> str:
    """Return the country of the market that the order was placed in, such as "EBAY_GB"."""
    names = [item["purchaseMarketplaceId"].text(40) for item in order["lineItems"].items()]
    return next((code for name in names if (code := country_code(name.removeprefix("EBAY_")))), "")

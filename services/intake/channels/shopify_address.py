"""The addresses of a Shopify order."""

from services.intake.channels.countries import country_code
from services.intake.channels.destination import address_holds
from services.intake.channels.json_document import Node
from services.intake.channels.shop_destination import Candidate, choose
from services.intake.domain.draft import Address, HoldSpec


def ship_and_bill(order: Node) -> tuple[Address, Address | None, tuple[HoldSpec, ...]]:
    """Return where it goes, who pays, and the hold that an unusable ship-to address brings.

    Raises:
        Refusal: MISSING_FIELD (no address has a country), UNKNOWN_COUNTRY.
    """
    shipping = _candidate(order["shipping_address"], order)
    billing = _candidate(order["billing_address"], order)
    ship_to, bill_to, reasons = choose(shipping, billing)
    return ship_to, bill_to, address_holds(reasons)


def address_of(node: Node, order: Node) -> Address:
    """Return an address as the order tells it; its country is empty where nobody knows it."""
    return _candidate(node, order).address


def _candidate(node: Node, order: Node) -> Candidate:
    country = node.first("country_code", "country")
    first, last = node["first_name"].text(100), node["last_name"].text(100)
    return Candidate(
        node=node,
        country=country,
        address=Address(
            name=node["name"].text() or f"{first} {last}".strip(),
            company=node["company"].text(),
            lines=tuple(line for name in ("address1", "address2") if (line := node[name].text())),
            city=node["city"].text(),
            administrative_area=node.first("province_code", "province").text(),
            postal_code=node["zip"].text(),
            country_code=country_code(country.text(100)),
            phone=(node["phone"].text() or order["phone"].text()) if node.value else "",
            email=order.first("email", "contact_email").text() if node.value else "",
        ),
    )

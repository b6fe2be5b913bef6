"""Where a Walmart order goes, and when: addresses that may be absent, moments in two ways of writing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.intake.channels.countries import country_code
from services.intake.channels.destination import fitted, is_blank
from services.intake.channels.json_document import Node
from services.intake.channels.market_address import located, street
from services.intake.domain.draft import Address

_COUNTRY = {"USD": "US", "CAD": "CA", "MXN": "MX"}
# Walmart's options of handing an order to the customer; these are at a store.
_AT_A_STORE = {"S2S", "PUT", "PICKUP", "STORE_PICKUP", "ISPU", "SITE_TO_STORE"}


def moment(node: Node) -> datetime | None:
    """Return a moment: ISO 8601, or milliseconds since 1970; None where nobody can read it."""
    text = node.text(40)
    if not (text.isascii() and text.isdigit() and 9 <= len(text) <= 14):
        return node.time()
    # Ten digits and fewer are seconds, as other tools of theirs write them.
    return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), tz=UTC)


def pickup(fulfillments: Sequence[Node]) -> str:
    """Return the store where the customer picks the order up, empty where it is delivered."""
    for node in fulfillments:
        if node["fulfillmentOption"].text(40).upper().replace(" ", "_") in _AT_A_STORE:
            return node.first("storeId", "fulfillmentOption").text(200)
    return ""


def ship_and_bill(order: Node, currency_code: str) -> tuple[Address, Address | None, list[str]]:
    """Return where it goes, who pays, and why the ship-to cannot be used as it is.

    Raises:
        Refusal: UNKNOWN_COUNTRY; MISSING_FIELD, where there is no country and its currency tells none.
    """
    node = order["shippingInfo"]["postalAddress"]
    email = order["customerEmailId"].text()
    ship_to, reasons = located(_address(order["shippingInfo"], email), node["country"], _COUNTRY.get(currency_code, ""))
    if node.missing or (not ship_to.lines and not ship_to.city and not ship_to.postal_code):
        reasons = ["the channel sent none: read the order again, or ask Walmart"]
    billing = order["billingInfo"]
    address = _address(billing, "")
    code = country_code(billing["postalAddress"]["country"].text(100))
    bill_to = None if is_blank(address) and not code else replace(fitted(address)[0], country_code=code)
    return ship_to, bill_to, reasons


def _address(info: Node, email: str) -> Address:
    node = info["postalAddress"]
    return Address(
        name=node["name"].text(),
        lines=street(node, "address1", "address2", "address3", "address4", "address5", "address6"),
        city=node["city"].text(),
        administrative_area=node["state"].text(),
        postal_code=node["postalCode"].text(),
        phone=info["phone"].text(),
        email=email,
    )

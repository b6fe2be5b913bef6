"""The addresses of a WooCommerce order, today's (`shipping`) and those of before (`shipping_address`)."""

from html import unescape

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
    billing = _candidate(order.first("billing", "billing_address"), order)
    shipping = _candidate(order.first("shipping", "shipping_address"), order)
    ship_to, bill_to, reasons = choose(shipping, billing)
    return ship_to, bill_to, address_holds(reasons)


def _candidate(node: Node, order: Node) -> Candidate:
    buyer = order.first("billing", "billing_address")

    def part(name: str) -> str:
        # WordPress stores names with their special characters as HTML entities.
        return unescape(node[name].text())

    return Candidate(
        node=node,
        country=node["country"],
        address=Address(
            name=f"{part('first_name')} {part('last_name')}".strip(),
            company=part("company"),
            lines=tuple(line for name in ("address_1", "address_2") if (line := part(name))),
            city=part("city"),
            administrative_area=part("state"),
            postal_code=node["postcode"].text(),
            country_code=country_code(node["country"].text(100)),
            phone=node["phone"].text() or buyer["phone"].text(),
            email=node["email"].text() or buyer["email"].text(),
        ),
    )

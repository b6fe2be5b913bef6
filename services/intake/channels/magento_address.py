"""The addresses of a Magento order."""

from services.intake.channels.countries import country_code
from services.intake.channels.destination import address_holds
from services.intake.channels.json_document import Node
from services.intake.channels.shop_destination import Candidate, choose
from services.intake.domain.draft import Address, HoldSpec


def ship_and_bill(shipping: Node, order: Node, *, pickup: bool) -> tuple[Address, Address | None, tuple[HoldSpec, ...]]:
    """Return where it goes, who pays, and the hold that an unusable ship-to address brings where it is delivered.

    Raises:
        Refusal: MISSING_FIELD (no address has a country), UNKNOWN_COUNTRY.
    """
    ship_to, bill_to, reasons = choose(_candidate(shipping, order), _candidate(order["billing_address"], order))
    return ship_to, bill_to, () if pickup else address_holds(reasons)


def _candidate(node: Node, order: Node) -> Candidate:
    names = (node[name].text(100) for name in ("prefix", "firstname", "middlename", "lastname", "suffix"))
    country = node.first("country_id", "country_code", "country")
    return Candidate(
        node=node,
        country=country,
        address=Address(
            name=" ".join(name for name in names if name),
            company=node["company"].text(),
            lines=_street(node["street"]),
            city=node["city"].text(),
            administrative_area=_region(node),
            postal_code=node["postcode"].text(),
            country_code=country_code(country.text(100)),
            phone=node["telephone"].text(),
            email=(node["email"].text() or order["customer_email"].text()) if node.value else "",
        ),
    )


def _street(street: Node) -> tuple[str, ...]:
    if isinstance(street.value, list):
        return tuple(text for line in street.items() if (text := line.text()))
    return tuple(line.strip() for line in street.text().splitlines() if line.strip())


def _region(node: Node) -> str:
    region = node["region"]
    if isinstance(region.value, dict):
        return region.first("region_code", "region").text()
    return node.first("region_code", "region").text()

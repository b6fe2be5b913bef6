"""The addresses of a PrestaShop order: an address names its country and its state by their ids."""

from services.intake.channels.countries import country_code
from services.intake.channels.destination import address_holds
from services.intake.channels.json_document import Node
from services.intake.channels.prestashop_resources import Resources
from services.intake.channels.shop_destination import Candidate, choose
from services.intake.domain.draft import Address, HoldSpec


def ship_and_bill(
    order: Node, resources: Resources, *, pickup: bool
) -> tuple[Address, Address | None, tuple[HoldSpec, ...]]:
    """Return where it goes, who pays, and the hold that an unusable ship-to address brings where it is delivered.

    Raises:
        Refusal: MISSING_FIELD (no address has a country), UNKNOWN_COUNTRY.
    """
    ship_to, bill_to, reasons = choose(
        _candidate(order["id_address_delivery"], order, resources),
        _candidate(order["id_address_invoice"], order, resources),
    )
    return ship_to, bill_to, () if pickup else address_holds(reasons)


def email(order: Node, resources: Resources) -> str:
    """Return the customer's e-mail address, empty where the customer is not in the document."""
    customer = resources.named("customer", order["id_customer"])
    text = customer["email"].text() if customer is not None else ""
    return text if len(text) <= 320 else ""


def _candidate(reference: Node, order: Node, resources: Resources) -> Candidate:
    found = resources.named("address", reference)
    node = reference if found is None else found
    land = resources.named("country", node["id_country"])
    country = node["id_country"] if land is None else land["iso_code"]
    state = resources.named("state", node["id_state"])
    return Candidate(
        node=node,
        country=country,
        address=Address()
        if found is None
        else Address(
            name=f"{node['firstname'].text(100)} {node['lastname'].text(100)}".strip(),
            company=node["company"].text(),
            lines=tuple(text for name in ("address1", "address2") if (text := node[name].text())),
            city=node["city"].text(),
            administrative_area=state.first("iso_code", "name").text() if state is not None else "",
            postal_code=node["postcode"].text(),
            country_code=country_code(country.text(100)) if land is not None else "",
            phone=node.first("phone_mobile", "phone").text(),
            email=email(order, resources),
        ),
    )

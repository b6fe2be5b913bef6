"""Where a Mirakl order goes. The marketplace says so once the order is accepted and paid; before that nobody knows."""

from services.intake.channels.countries import country_code
from services.intake.channels.destination import address_holds, fitted, is_blank, lacking
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import MISSING_FIELD, UNKNOWN_COUNTRY, Refusal
from services.intake.domain.draft import Address, HoldSpec


def ship_and_bill(order: Node, *, pickup: bool) -> tuple[Address, Address | None, tuple[HoldSpec, ...]]:
    """Return where it goes, who pays, and the hold that an unusable ship-to address brings.

    The billing address stands in for a shipping address that is not there, and is held for somebody to look.

    Raises:
        Refusal: MISSING_FIELD (no address has a country), UNKNOWN_COUNTRY.
    """
    shipping, billing = order["customer"]["shipping_address"], order["customer"]["billing_address"]
    there, payer = _address(shipping, order), _address(billing, order)
    reasons = []
    node = shipping
    if is_blank(there):
        there, node = payer, billing
        reasons.append("the marketplace sent none, and this is the billing address")
    country = node.first("country_iso_code", "country")
    if not there.country_code:
        if country.missing or node.missing:
            path = shipping["country_iso_code"].path if not shipping.missing else shipping.path
            message = f"{path} is missing, and the billing address does not help: nobody can tell where it goes."
            raise Refusal(MISSING_FIELD, path, message)
        message = f"{country.path} is no country that ISO 3166 knows: have the marketplace correct it."
        raise Refusal(UNKNOWN_COUNTRY, country.path, message)
    ship_to, cut = fitted(there)
    bill_to = None if is_blank(payer) else fitted(payer)[0]
    reasons += cut + lacking(ship_to)
    return ship_to, bill_to, () if pickup else address_holds(reasons)


def email(order: Node) -> str:
    """Return where the customer is written to: the address for notifications, else the customer's."""
    customer = order["customer"]
    text = order["customer_notification_email"].text() or customer["email"].text()
    text = text or customer["delivery_contact"]["email"].text()
    return text if len(text) <= 320 else ""


def _address(node: Node, order: Node) -> Address:
    if node.missing:
        return Address()
    person = order["customer"]
    name = f"{node['firstname'].text(100)} {node['lastname'].text(100)}".strip()
    company = " ".join(text for part in ("company", "company_2") if (text := node[part].text(100)))
    code = node["country_iso_code"].text(100)
    return Address(
        name=name or f"{person['firstname'].text(100)} {person['lastname'].text(100)}".strip(),
        company=company,
        lines=tuple(text for part in ("street_1", "street_2") if (text := node[part].text())),
        city=node["city"].text(),
        administrative_area=node["state"].text(),
        postal_code=node["zip_code"].text(),
        country_code=country_code(code) or country_code(node["country"].text(100)),
        phone=node.first("phone", "phone_secondary").text(),
        email=email(order),
    )

"""Which of a shop's two addresses an order goes to."""

from dataclasses import dataclass, replace

from services.intake.channels.destination import fitted, is_blank, lacking
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import MISSING_FIELD, UNKNOWN_COUNTRY, Refusal
from services.intake.domain.draft import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address as read, with where it stands and where its country stands."""

    node: Node
    country: Node
    address: Address


def choose(shipping: Candidate, billing: Candidate) -> tuple[Address, Address | None, list[str]]:
    """Return the ship-to, the bill-to and why the ship-to cannot be used as it is.

    Goods go to the shipping address; where that is blank, to the billing address; where it only lacks its country,
    there, in the billing address's country, for somebody to check.

    Raises:
        Refusal: UNKNOWN_COUNTRY; MISSING_FIELD, where no address has a country.
    """
    bill_to = None if is_blank(billing.address) else fitted(billing.address)[0]
    ship_to, reasons = fitted(_ship_to(shipping, billing))
    if not is_blank(shipping.address) and not shipping.address.country_code:
        reasons.append(f"its country is missing, and {ship_to.country_code} is the billing address's")
    return ship_to, bill_to, reasons + lacking(ship_to)


def _ship_to(shipping: Candidate, billing: Candidate) -> Address:
    for candidate in (shipping, billing):
        if not candidate.address.country_code and not candidate.country.missing:
            message = f"{candidate.country.path} is no country that ISO 3166 knows: correct it in the shop."
            raise Refusal(UNKNOWN_COUNTRY, candidate.country.path, message)
        if candidate.address.country_code:
            break
    else:
        message = f"Neither {shipping.node.path} nor the billing address has a country: nobody can tell where it goes."
        raise Refusal(MISSING_FIELD, shipping.node.path, message)
    if candidate is shipping or is_blank(shipping.address):
        return candidate.address
    return replace(shipping.address, country_code=billing.address.country_code)

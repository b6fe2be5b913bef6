"""Where a marketplace order goes: one address, with what a carrier would miss in it."""

from dataclasses import replace

from services.intake.channels.countries import country_code
from services.intake.channels.destination import fitted, lacking
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import MISSING_FIELD, UNKNOWN_COUNTRY, Refusal
from services.intake.domain.draft import Address


def located(address: Address, country: Node, default: str = "") -> tuple[Address, list[str]]:
    """Return the address within its limits and in its country, and why it cannot be used as it is.

    `default` is the country that an order without one is assumed to go to, empty where nobody can tell.

    Raises:
        Refusal: UNKNOWN_COUNTRY; MISSING_FIELD, where there is neither a country nor a default.
    """
    kept, reasons = fitted(address)
    code = country_code(country.text(100))
    if not code and not country.missing:
        message = f"{country.path} is no country that ISO 3166 knows: correct it in the channel."
        raise Refusal(UNKNOWN_COUNTRY, country.path, message)
    if not code and not default:
        message = f"{country.path} is missing: nobody can tell where the order goes."
        raise Refusal(MISSING_FIELD, country.path, message)
    if not code:
        reasons.append(f"its country is not given, and {default} is assumed")
    found = replace(kept, country_code=code or default)
    return found, reasons + lacking(found)


def street(node: Node, *names: str) -> tuple[str, ...]:
    """Return the street lines that say something."""
    return tuple(line for name in names if (line := node[name].text()))

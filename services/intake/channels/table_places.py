"""Where the order of a table goes: the ship-to, else the bill-to."""

from dataclasses import dataclass

from services.intake.channels.countries import country_code
from services.intake.channels.destination import address_holds, fitted, is_blank, lacking
from services.intake.channels.refusal import MISSING_FIELD, UNKNOWN_COUNTRY, Refusal
from services.intake.channels.table_rows import Row
from services.intake.channels.table_values import quoted
from services.intake.domain.draft import Address, HoldSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it goes, who pays, and the hold that waits for a better address."""

    ship_to: Address
    bill_to: Address | None
    holds: tuple[HoldSpec, ...]


def place_of(head: Row) -> Place:
    """Return where the order goes.

    Raises:
        Refusal: MISSING_FIELD, UNKNOWN_COUNTRY.
    """
    billing = _address(head, "bill")
    bill_to = None if is_blank(billing) else fitted(billing)[0]
    shipping = _address(head, "ship")
    # What is fetched, or goes to a place that only has a code, may have no address at all.
    if is_blank(shipping) and not head["location_code"]:
        shipping = billing
    if not shipping.country_code:
        message = "The order says no country: write ship_country, such as US."
        raise Refusal(MISSING_FIELD, head.at("ship_country"), message)
    ship_to, reasons = fitted(shipping)
    if not head["pickup_location"]:
        reasons += lacking(ship_to)
    return Place(ship_to=ship_to, bill_to=bill_to, holds=address_holds(reasons))


def _address(head: Row, prefix: str) -> Address:
    said = head[f"{prefix}_country"]
    code = country_code(said)
    if said and not code:
        where = head.at(f"{prefix}_country")
        raise Refusal(UNKNOWN_COUNTRY, where, f"{quoted(said)} is no country that ISO 3166 knows.")
    name = head[f"{prefix}_name"] or f"{head[f'{prefix}_first_name']} {head[f'{prefix}_last_name']}".strip()
    return Address(
        name=name,
        company=head[f"{prefix}_company"],
        lines=tuple(line for number in (1, 2, 3) if (line := head[f"{prefix}_line{number}"])),
        city=head[f"{prefix}_city"],
        administrative_area=head[f"{prefix}_area"],
        # Shopify's export marks postal codes and phone numbers as text for spreadsheets.
        postal_code=head[f"{prefix}_postal_code"].removeprefix("'"),
        country_code=code,
        phone=head[f"{prefix}_phone"].removeprefix("'"),
    )

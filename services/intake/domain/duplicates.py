"""What makes two orders look like one: who, where to, what, and for how much; as numbers that name nobody."""

import hashlib
import json
from dataclasses import dataclass

from services.intake.domain.draft import Address, Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """An order's fingerprint, and those of its customer and address; None where there is nothing to go by."""

    order: int | None
    customer: int | None
    address: int | None


def prints(draft: Draft) -> Prints:
    """Return the prints of an order whose SKUs are mapped and whose address is normalised.

    Two orders have the same fingerprint where customer, postal code, units per SKU, currency and total are the same.
    """
    who = _customer(draft)
    units: dict[str, int] = {}
    for line in draft.lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    place = [draft.ship_to.country_code, _area(draft.ship_to), draft.details.location_code]
    what = [sorted(units.items()), draft.currency_code, draft.total.minor]
    return Prints(
        order=_number("order", who, place, what) if who else None,
        customer=_number("customer", who) if who else None,
        address=_address(draft.ship_to),
    )


def _customer(draft: Draft) -> list[str]:
    """Return who ordered: by e-mail, by what the channel calls them, or by name and place."""
    email = (draft.email or draft.ship_to.email).strip().lower()
    if email:
        return ["email", email]
    if draft.customer_reference:
        return ["reference", draft.customer_reference]
    name, place = _plain(draft.ship_to.name), _area(draft.ship_to) or _plain("".join(draft.ship_to.lines))
    return ["name", name, place] if name and place else []


def _area(address: Address) -> str:
    """Return the postal code without what only some channels know: the last four of nine digits of the US."""
    code = _plain(address.postal_code)
    return code[:5] if address.country_code == "US" else code


def _address(address: Address) -> int | None:
    street = _plain("".join(address.lines))
    return _number("address", address.country_code, _area(address), street) if street else None


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _number(*parts: object) -> int:
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)

"""Where an order goes: what an address must have, and the hold that waits for what it lacks."""

from dataclasses import replace

from services.chassis.plain_text import clean
from services.intake.channels.countries import WITH_POSTAL_CODE
from services.intake.domain.draft import Address, HoldSpec, HoldType

HANDLE = "address"
_LIMITS = {"name": 200, "company": 200, "city": 200, "administrative_area": 100, "postal_code": 20, "phone": 50}
_LINES, _LINE, _EMAIL = 6, 300, 320


def fitted(address: Address) -> tuple[Address, list[str]]:
    """Return the address within the limits of an order, and in words what had to be cut off."""
    parts = {field: clean(getattr(address, field), limit) for field, limit in _LIMITS.items()}
    lines = [clean(line, _LINE) for line in address.lines if line.strip()]
    cut = [field.replace("_", " ") for field, limit in _LIMITS.items() if len(getattr(address, field).strip()) > limit]
    if len(lines) > _LINES or any(len(line.strip()) > _LINE for line in address.lines):
        cut.append("street")
    # Half of an e-mail address is somebody else's.
    email = clean(address.email, _EMAIL) if len(address.email.strip()) <= _EMAIL else ""
    kept = replace(address, **parts, lines=tuple(line for line in lines[:_LINES] if line), email=email)
    return kept, [f"its {field} was too long and is cut" for field in cut if field != "phone"]


def lacking(address: Address) -> list[str]:
    """Return in words what a carrier would miss; an empty list for an address that can be delivered to."""
    lacks = [] if address.lines else ["it has no street"]
    if not address.city and not address.postal_code:
        lacks.append("it has no city")
    if not address.postal_code and address.country_code in WITH_POSTAL_CODE:
        lacks.append(f"it has no postal code, which {address.country_code} needs")
    return lacks


def address_holds(reasons: list[str]) -> tuple[HoldSpec, ...]:
    """Return the hold that waits for a better address, nothing where there is no reason for one."""
    if not reasons:
        return ()
    note = clean(f"The ship-to address cannot be used as it is: {'; '.join(reasons)}.", 1000)
    return (HoldSpec(handle=HANDLE, type=HoldType.INCORRECT_ADDRESS, note=note),)


def is_blank(address: Address) -> bool:
    """Tell whether the address says nothing about a place."""
    return not (address.lines or address.city or address.postal_code or address.country_code)

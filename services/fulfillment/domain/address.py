"""Where a parcel goes or comes from. All of it is personal data, except country, area and town."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address with the person who is there."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    administrative_area: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone: str = ""
    email: str = ""

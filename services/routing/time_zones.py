"""In which time zone a destination is: it decides on which day a parcel is there.

By country where it has but one zone (the table that comes with the time zone database), else by the province or the
beginning of the postal code, else the zone that most of its people live in. "" where nobody can say.
"""

import functools
from importlib import resources

from services.routing.domain.demand import Destination

# Of countries with several zones: the one in which nearly everybody lives.
_MAINLY = {
    "AR": "America/Argentina/Buenos_Aires",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PG": "Pacific/Port_Moresby",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
# By the beginning of the postal code: islands, and Canada's provinces (their first letter).
_BY_POSTAL_CODE = {
    "ES": {"35": "Atlantic/Canary", "38": "Atlantic/Canary"},
    "PT": {"90": "Atlantic/Madeira", "91": "Atlantic/Madeira", "92": "Atlantic/Madeira", "93": "Atlantic/Madeira",
           "94": "Atlantic/Madeira", "95": "Atlantic/Azores", "96": "Atlantic/Azores", "97": "Atlantic/Azores",
           "98": "Atlantic/Azores", "99": "Atlantic/Azores"},
    "CA": {"A": "America/St_Johns", "B": "America/Halifax", "C": "America/Halifax", "E": "America/Moncton",
           "G": "America/Toronto", "H": "America/Toronto", "J": "America/Toronto", "K": "America/Toronto",
           "L": "America/Toronto", "M": "America/Toronto", "N": "America/Toronto", "P": "America/Toronto",
           "R": "America/Winnipeg", "S": "America/Regina", "T": "America/Edmonton", "V": "America/Vancouver",
           "Y": "America/Whitehorse"},
    "AU": {"2": "Australia/Sydney", "3": "Australia/Melbourne", "4": "Australia/Brisbane", "5": "Australia/Adelaide",
           "6": "Australia/Perth", "7": "Australia/Hobart", "08": "Australia/Darwin"},
}  # fmt: skip


def time_zone(destination: Destination) -> str:
    """Return the IANA time zone of a destination; "" where its country and postal code do not say."""
    country, code = destination.country_code, destination.postal_code.strip().upper()
    for beginning, zone in _BY_POSTAL_CODE.get(country, {}).items():
        if code.startswith(beginning):
            return zone
    return _MAINLY.get(country) or _only_zones().get(country, "")


@functools.cache
def _only_zones() -> dict[str, str]:
    zones: dict[str, list[str]] = {}
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones.setdefault(country, []).append(zone)
    return {country: found[0] for country, found in zones.items() if len(found) == 1}

"""Where a destination is: by its postal code in the United States, by its postcode area in Britain, else its country.

Raises nothing: a place that nobody knows is None, and plans then go by zone instead of distance.
"""

import functools
import re
from zoneinfo import ZoneInfo

import zipcodes

from services.routing import time_zones
from services.routing.domain.demand import Destination
from services.routing.domain.geo import Place, Point, Precision
from services.routing.domain.node import time_zones as time_zone_names
from services.routing.places import BRITISH_AREAS, COUNTRIES

_ZIP = re.compile(r"\s*(\d{5})(?:[-\s]?\d{4})?\s*", re.ASCII)
_BRITISH = re.compile(r"\s*([A-Za-z]{1,2})\d", re.ASCII)
# What "US" ZIP codes also cover, under country codes of their own.
_ZIP_COUNTRIES = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
_BRITISH_COUNTRIES = frozenset({"GB", "GG", "JE", "IM"})


def locate(destination: Destination) -> Place | None:
    """Return where the destination is, as precisely as its postal code allows, and in which time zone."""
    country, code = destination.country_code, destination.postal_code
    if country in _ZIP_COUNTRIES and (match := _ZIP.fullmatch(code)):
        place = zip_place(match[1])
        if place is not None:
            return place
    zone = time_zones.time_zone(destination)
    if country in _BRITISH_COUNTRIES and (match := _BRITISH.match(code)):
        point = BRITISH_AREAS.get(match[1].upper())
        if point is not None:
            return Place(point, Precision.POSTAL_AREA, zone)
    point = COUNTRIES.get(country)
    return None if point is None else Place(point, Precision.COUNTRY, zone)


def warm() -> None:
    """Unpack the table of ZIP codes now, so that no customer waits for it: 0.4 s and 55 MB."""
    zip_place("10001")


@functools.lru_cache(maxsize=4096)
def zip_place(code: str) -> Place | None:
    """Return where a ZIP code is: a scan of 0.5 ms in native code, where a table of our own would take 85 MB more.

    To a hundredth of a degree, about a kilometre: it is no more exact than that, and neighbours share what is worked
    out for them.
    """
    for row in zipcodes.matching(code):  # type: ignore[no-untyped-call] # the package has no types
        # Military post offices stand at zero.
        if row["lat"] and row["long"] and float(row["lat"]):
            point = Point(round(float(row["lat"]), 2), round(float(row["long"]), 2))
            zone = row["timezone"] or ""
            return Place(point, Precision.POSTAL_CODE, zone if zone in time_zone_names() else "")
    return None


def zone_of(place: Place | None) -> ZoneInfo | None:
    """Return the time zone of a place; None where nobody knows it."""
    return ZoneInfo(place.time_zone) if place is not None and place.time_zone else None

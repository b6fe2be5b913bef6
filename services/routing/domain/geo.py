"""Points on the globe and how far apart they are."""

import math
from dataclasses import dataclass
from enum import StrEnum

# IUGG mean radius.
_EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east."""

    latitude: float
    longitude: float


class Precision(StrEnum):
    """What a place was found by."""

    POSTAL_CODE = "postal code"
    POSTAL_AREA = "postal area"
    COUNTRY = "middle of the country"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a destination is, as well as we know."""

    point: Point
    precision: Precision
    # IANA; empty where nobody knows.
    time_zone: str = ""


def distance_km(one: Point, other: Point) -> float:
    """Return the great-circle distance in kilometres (haversine), to a tenth: more would be a pretence."""
    north, north_of_other = math.radians(one.latitude), math.radians(other.latitude)
    half_height = (north_of_other - north) / 2
    half_width = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_height) ** 2 + math.cos(north) * math.cos(north_of_other) * math.sin(half_width) ** 2
    return round(2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, chord))), 1)

"""What a parcel costs and how long it takes: the built-in rates, all of them in one table.

They are the sandbox carrier's. The shape is that of a real rate card (zone by service: a price for the parcel, a price
for each unit in it, working days on the way), so that real cards replace the table and nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.routing.domain.demand import ServiceLevel

CARRIER_CODE = "sandbox"
CURRENCY_CODE = "USD"


class Zone(StrEnum):
    """How far a parcel goes, as a tariff sees it."""

    LOCAL = "local"
    REGIONAL = "regional"
    NATIONAL = "national"
    REMOTE = "remote"
    EUROPE = "european"
    NEAR_ABROAD = "near abroad"
    WORLD = "international"


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer to carry a parcel: prices in cents of `CURRENCY_CODE`, and working days on the way."""

    service_code: str
    parcel: int
    unit: int
    transit_days: int


SERVICES = {ServiceLevel.STANDARD: "ground", ServiceLevel.EXPEDITED: "express", ServiceLevel.NEXT_DAY: "overnight"}

# Within a country, up to this many kilometres. A distance that nobody knows counts as NATIONAL.
DOMESTIC_BANDS = ((200, Zone.LOCAL), (1000, Zone.REGIONAL), (2500, Zone.NATIONAL))
# Across a border outside the customs union, up to this many kilometres.
NEAR_ABROAD_KM = 2500

#                      ground                express               overnight
#                   parcel  unit days     parcel  unit days     parcel  unit days
_RATE_CARD = {
    Zone.LOCAL:       ((490,   40,  1),     (990,   80,  1),    (1690,  150,  1)),
    Zone.REGIONAL:    ((620,   60,  2),    (1290,  120,  1),    (2190,  200,  1)),
    Zone.NATIONAL:    ((780,   80,  3),    (1690,  160,  2),    (2790,  260,  1)),
    Zone.REMOTE:      ((940,  100,  5),    (2190,  210,  2),    (3490,  320,  1)),
    Zone.EUROPE:      ((990,  110,  4),    (2390,  220,  2),    (3990,  380,  1)),
    Zone.NEAR_ABROAD: ((1390, 180,  5),    (2990,  300,  3),    (4990,  480,  2)),
    Zone.WORLD:       ((2490, 420, 10),    (4990,  620,  5),    (7990,  890,  3)),
}  # fmt: skip

# Countries of the EU customs union (and Monaco, which is in it), as of 2025.
_CUSTOMS_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"
CUSTOMS_UNION = frozenset(_CUSTOMS_UNION.split())


def zone(from_country: str, to_country: str, distance_km: float | None) -> Zone:
    """Return the zone of a parcel between two countries, `distance_km` apart (None: unknown)."""
    if from_country == to_country:
        if distance_km is None:
            return Zone.NATIONAL
        return next((band for limit, band in DOMESTIC_BANDS if distance_km <= limit), Zone.REMOTE)
    if {from_country, to_country} <= CUSTOMS_UNION:
        return Zone.EUROPE
    if distance_km is not None and distance_km <= NEAR_ABROAD_KM:
        return Zone.NEAR_ABROAD
    return Zone.WORLD


def quote(parcel_zone: Zone, level: ServiceLevel) -> Quote:
    """Return what the carrier asks in this zone for this level."""
    parcel, unit, days = _RATE_CARD[parcel_zone][list(SERVICES).index(level)]
    return Quote(SERVICES[level], parcel, unit, days)

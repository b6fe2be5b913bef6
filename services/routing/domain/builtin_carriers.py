"""What is carried where nobody has said who carries: one carrier, three services, one table of prices.

They are the sandbox carrier's, in US dollars. Who imports carrier services of their own has these no more.
"""

from datetime import time

from services.kernel.money import Money
from services.routing.domain.carrier import CarrierService, Lane

CARRIER_CODE = "sandbox"
_CURRENCY_CODE = "USD"

# Countries of the EU customs union (and Monaco, which is in it), as of 2025.
_CUSTOMS_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"
CUSTOMS_UNION = frozenset(_CUSTOMS_UNION.split())
# Countries in which a parcel can travel more than 2,500 km. In others a distance that nobody knows is not remote.
_WIDE = frozenset(["AR", "AU", "BR", "CA", "CL", "CN", "ID", "IN", "KZ", "MX", "NO", "NZ", "PT", "RU", "US"])

#                     ground                express               overnight
#                  parcel  unit days     parcel  unit days     parcel  unit days
_RATE_CARD = {
    "local":         ((490,   40,  1),     (990,   80,  1),    (1690,  150,  1)),
    "regional":      ((620,   60,  2),    (1290,  120,  1),    (2190,  200,  1)),
    "national":      ((780,   80,  3),    (1690,  160,  2),    (2790,  260,  1)),
    "remote":        ((940,  100,  5),    (2190,  210,  2),    (3490,  320,  1)),
    "european":      ((990,  110,  4),    (2390,  220,  2),    (3990,  380,  1)),
    "near abroad":   ((1390, 180,  5),    (2990,  300,  3),    (4990,  480,  2)),
    "international": ((2490, 420, 10),    (4990,  620,  5),    (7990,  890,  3)),
}  # fmt: skip


def _service(column: int, service_code: str, service_level: str) -> CarrierService:
    def lane(
        zone: str,
        *,
        domestic: bool = False,
        max_km: int = 0,
        from_country_codes: frozenset[str] = frozenset(),
        to_country_codes: frozenset[str] = frozenset(),
    ) -> Lane:
        parcel, unit, days = _RATE_CARD[zone][column]
        return Lane(
            zone=zone,
            domestic=domestic,
            max_km=max_km,
            from_country_codes=from_country_codes,
            to_country_codes=to_country_codes,
            parcel_price=Money(parcel, _CURRENCY_CODE),
            kilogram_price=Money(0, _CURRENCY_CODE),
            unit_price=Money(unit, _CURRENCY_CODE),
            transit_days=days,
            least_transit_days=days,
        )

    return CarrierService(
        carrier_code=CARRIER_CODE,
        service_code=service_code,
        display_name=f"Sandbox {service_code}",
        service_level=service_level,
        # It carries what it is given: a network that names no services says nothing about what they can do.
        capabilities=frozenset({"cold", "hazmat"}),
        lanes=(
            lane("local", domestic=True, max_km=200),
            lane("regional", domestic=True, max_km=1000),
            lane("national", domestic=True, max_km=2500),
            lane("remote", domestic=True, to_country_codes=_WIDE),
            lane("national", domestic=True),
            lane("european", from_country_codes=CUSTOMS_UNION, to_country_codes=CUSTOMS_UNION),
            lane("near abroad", max_km=2500),
            lane("international"),
        ),
        cutoff=time(23, 59, 59),
    )


SERVICES: tuple[CarrierService, ...] = (
    _service(0, "ground", "STANDARD"),
    _service(1, "express", "EXPEDITED"),
    _service(2, "overnight", "NEXT_DAY"),
)

"""Carrier services: from where to where, how long, and for how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from services.kernel.errors import NotFound
from services.kernel.money import Money

WEEKDAYS = frozenset(range(5))


class CarrierServiceNotFound(NotFound):
    reason = "CARRIER_SERVICE_NOT_FOUND"

    def __init__(self, carrier_code: str, service_code: str) -> None:
        message = f"there is no carrier service {carrier_code}/{service_code}; `oms route carriers list` shows all"
        super().__init__(message, carrier_code=carrier_code, service_code=service_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """From where to where. Every condition that is set must hold. Prices are money of the service's currency."""

    zone: str
    from_country_codes: frozenset[str] = frozenset()
    to_country_codes: frozenset[str] = frozenset()
    domestic: bool = False
    to_postal_prefixes: tuple[str, ...] = ()
    max_km: int = 0
    parcel_price: Money
    kilogram_price: Money
    unit_price: Money
    transit_days: int
    least_transit_days: int = 0

    def fits(self, from_country: str, to_country: str, postal_code: str, distance_km: float | None) -> bool:
        """Tell whether a parcel goes this way."""
        if self.domestic and from_country != to_country:
            return False
        if self.from_country_codes and from_country not in self.from_country_codes:
            return False
        if self.to_country_codes and to_country not in self.to_country_codes:
            return False
        if self.max_km and (distance_km is None or distance_km > self.max_km):
            return False
        return not self.to_postal_prefixes or postal_code.startswith(self.to_postal_prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """What is charged on top: hundredths of a percent of the lane's prices, and a sum a parcel."""

    name: str
    basis_points: int = 0
    amount: Money
    to_country_codes: frozenset[str] = frozenset()
    to_postal_prefixes: tuple[str, ...] = ()

    def fits(self, to_country: str, postal_code: str) -> bool:
        """Tell whether it is charged there."""
        if self.to_country_codes and to_country not in self.to_country_codes:
            return False
        return not self.to_postal_prefixes or postal_code.startswith(self.to_postal_prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierService:
    """One service of one carrier. Postal codes are compared in capitals and without spaces."""

    carrier_code: str
    service_code: str
    display_name: str = ""
    service_level: str
    capabilities: frozenset[str] = frozenset()
    lanes: tuple[Lane, ...]
    dimensional_divisor: int = 0
    max_unit_grams: int = 0
    surcharges: tuple[Surcharge, ...] = ()
    cutoff: time
    pickup_days: frozenset[int] = WEEKDAYS
    delivery_days: frozenset[int] = WEEKDAYS
    keeps_holidays: bool = False
    delivered_by: time = time(23, 59, 59)
    daily_capacity: int = 0
    on_time_rate: float = 0.95
    disabled: bool = False
    disabled_reason: str = ""

    @property
    def key(self) -> str:
        """Carrier and service in one word."""
        return f"{self.carrier_code}/{self.service_code}"

    def lane(self, from_country: str, to_country: str, postal_code: str, distance_km: float | None) -> Lane | None:
        """Return the lane that a parcel takes: the first that fits."""
        for lane in self.lanes:
            if lane.fits(from_country, to_country, postal_code, distance_km):
                return lane
        return None


# Public holidays of a country and a part of it, by date, with their names.
Holidays = Mapping[date, str]

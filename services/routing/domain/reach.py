"""The ways from every node to a destination: by which carrier service, in how many days, at what price.

Money in here and in what is built on it is in thousandths of a minor unit ("mills") of the rule set's currency, so that
grams and percentages stay exact: a kilogram's price in minor units is a gram's in mills.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.kernel.money import Money
from services.routing.domain import rates
from services.routing.domain.carrier import CarrierService, Lane, Surcharge
from services.routing.domain.delivery import Deliveries, arrival
from services.routing.domain.demand import Destination
from services.routing.domain.departures import Departures
from services.routing.domain.geo import Place, distance_km
from services.routing.domain.network import Network, Site

MILLS = 1000
# Destinations that are remembered, times nodes: some 100 MB at most.
_REMEMBERED = 60_000
_WHOLE = 10_000


@dataclass(slots=True, eq=False)
class Way:
    """One carrier service from one node to one destination. Prices in mills, surcharges included."""

    service: CarrierService
    lane: Lane
    departures: Departures
    deliveries: Deliveries
    from_zone: ZoneInfo
    to_zone: ZoneInfo
    key: str
    parcel: int
    # Of a gram, times 10,000: surcharges are hundredths of a percent.
    gram_part: int
    unit: int
    _arrivals: dict[tuple[datetime, int], datetime] = field(default_factory=dict)

    def unit_price(self, grams: int) -> int:
        """Return what a unit of so many (billed) grams costs."""
        return (grams * self.gram_part + _WHOLE // 2) // _WHOLE + self.unit

    def arrival(self, dispatch: datetime, *, least: bool = False) -> datetime:
        """Return by when what leaves then is there; at best, where `least`."""
        days = self.lane.least_transit_days or self.lane.transit_days if least else self.lane.transit_days
        known = self._arrivals.get((dispatch, days))
        if known is None:
            if len(self._arrivals) > 64:
                self._arrivals.clear()
            known = arrival(dispatch, days, self.deliveries, from_zone=self.from_zone, to_zone=self.to_zone)
            self._arrivals[dispatch, days] = known
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What a node can do for a destination. Costs in mills."""

    site: Site
    node_id: str
    distance_km: float | None
    ways: tuple[Way, ...]
    # By service level: those that may be used for it, without any that another is never dearer than and as able as.
    frontiers: Mapping[str, tuple[Way, ...]]
    order_cost: int
    line_cost: int


def reaches(network: Network, destination: Destination, place: Place | None, currency_code: str) -> tuple[Reach, ...]:
    """Return what every node can do for this destination, by node id."""
    postal_code = destination.postal_code.upper().replace(" ", "")
    key = destination.country_code, postal_code, place, currency_code
    known = network.reaches.get(key)
    if known is None:
        if len(network.reaches) * max(1, len(network.sites)) > _REMEMBERED:
            network.reaches.clear()
        if len(network.ways) > _REMEMBERED:
            network.ways.clear()
        aim = _Aim.at(network, destination.country_code, postal_code, place, currency_code)
        known = tuple(_reach(network, site, aim) for site in network.sites)
        network.reaches[key] = known
    return known  # type: ignore[return-value] # the network does not know what is remembered on it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aim:
    """A destination, and what does not depend on the node that ships there."""

    country_code: str
    postal_code: str
    place: Place | None
    zone: ZoneInfo | None
    currency_code: str
    # Of each service.
    surcharges: Mapping[str, tuple[Surcharge, ...]]
    key: tuple[object, ...]

    @classmethod
    def at(
        cls, network: Network, country_code: str, postal_code: str, place: Place | None, currency_code: str
    ) -> "_Aim":
        surcharges = {
            service.key: tuple(one for one in service.surcharges if one.fits(country_code, postal_code))
            for service in network.services
        }
        zone = ZoneInfo(place.time_zone) if place is not None and place.time_zone else None
        # Surcharges live as long as the network does: which ones they are says what they cost.
        which = tuple(id(one) for some in surcharges.values() for one in some)
        return cls(
            country_code=country_code,
            postal_code=postal_code,
            place=place,
            zone=zone,
            currency_code=currency_code,
            surcharges=surcharges,
            key=(country_code, zone.key if zone else "", currency_code, which),
        )


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways from a node by certain lanes: destinations of one region share them."""

    ways: tuple[Way, ...]
    frontiers: Mapping[str, tuple[Way, ...]]
    order_cost: int
    line_cost: int


def _reach(network: Network, site: Site, aim: _Aim) -> Reach:
    node, place = site.node, aim.place
    distance = None if place is None else distance_km(node.point, place.point)
    lanes = [
        one.service.lane(node.country_code, aim.country_code, aim.postal_code, distance) for one in site.collections
    ]
    key = node.node_id, aim.key, *map(id, lanes)
    known = network.ways.get(key)
    if known is None:
        known = network.ways[key] = _ways(network, site, lanes, aim)
    assert isinstance(known, _Ways)  # noqa: S101 - the network does not know what is remembered on it
    return Reach(
        site=site,
        node_id=node.node_id,
        distance_km=distance,
        ways=known.ways,
        frontiers=known.frontiers,
        order_cost=known.order_cost,
        line_cost=known.line_cost,
    )


def _ways(network: Network, site: Site, lanes: Sequence[Lane | None], aim: _Aim) -> _Ways:
    ways = []
    for one, lane in zip(site.collections, lanes, strict=True):
        if lane is None:
            continue
        service, fitting = one.service, aim.surcharges[one.service.key]
        factor = _WHOLE + sum(each.basis_points for each in fitting)
        sums = sum(rates.convert(each.amount, aim.currency_code) for each in fitting)
        ways.append(
            Way(
                service=service,
                lane=lane,
                departures=one.departures,
                deliveries=network.deliveries(service, aim.country_code),
                from_zone=site.zone,
                to_zone=aim.zone or site.zone,
                key=service.key,
                parcel=_times(lane.parcel_price, factor, aim.currency_code) + sums * MILLS,
                gram_part=rates.convert(lane.kilogram_price, aim.currency_code) * factor,
                unit=_times(lane.unit_price, factor, aim.currency_code),
            )
        )
    return _Ways(
        ways=tuple(ways),
        frontiers={level: _frontier([way for way in ways if fast_enough(way.service, level)]) for level in _SPEED},
        order_cost=rates.convert(site.node.order_cost, aim.currency_code) * MILLS,
        line_cost=rates.convert(site.node.line_cost, aim.currency_code) * MILLS,
    )


def _times(price: Money, factor: int, currency_code: str) -> int:
    return rates.convert(price, currency_code) * MILLS * factor // _WHOLE


_SPEED = {"STANDARD": 0, "EXPEDITED": 1, "NEXT_DAY": 2}


def fast_enough(service: CarrierService, service_level: str) -> bool:
    """Tell whether a service is sold as at least this fast."""
    return _SPEED[service.service_level] >= _SPEED[service_level]


def _frontier(ways: Sequence[Way]) -> tuple[Way, ...]:
    able = [way for way in ways if not way.service.disabled]
    return tuple(
        way
        for number, way in enumerate(able)
        if not any(index != number and _as_good(other, way, first=index < number) for index, other in enumerate(able))
    )


def _as_good(other: Way, way: Way, *, first: bool) -> bool:
    """Tell whether whatever goes by `way` may go by `other`, and never costs more; of equals the first is as good."""
    one, two = other.service, way.service
    if one.daily_capacity or one.dimensional_divisor != two.dimensional_divisor:
        return False
    if not one.capabilities >= two.capabilities:
        return False
    if one.max_unit_grams and not 0 < two.max_unit_grams <= one.max_unit_grams:
        return False
    mine, theirs = (other.parcel, other.gram_part, other.unit), (way.parcel, way.gram_part, way.unit)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and (first or mine != theirs)


def lateness_days(delivery: datetime, due: datetime | None) -> int:
    """Return how many days, each begun one counted, a delivery is late."""
    if due is None or delivery <= due:
        return 0
    return -((due - delivery) // timedelta(days=1))

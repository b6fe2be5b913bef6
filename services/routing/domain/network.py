"""The network as planning uses it: every node with its hours and with the carrier services that collect there.

It is built once for each state of the network and asked by every plan until the next, so it remembers what does not
depend on an order: when parcels leave, and what the ways to a destination cost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from services.routing.domain.calendar import WEEKDAYS, Calendar
from services.routing.domain.carrier import CarrierService, Holidays
from services.routing.domain.delivery import Deliveries
from services.routing.domain.demand import Destination
from services.routing.domain.departures import Departures, Pickups
from services.routing.domain.node import Node


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """A carrier service that collects at a node."""

    service: CarrierService
    departures: Departures


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A node, where and when it works, and who collects there."""

    node: Node
    zone: ZoneInfo
    calendar: Calendar
    collections: tuple[Collection, ...]
    # When what is to be collected by customers is ready.
    ready: Departures

    @property
    def node_id(self) -> str:
        return self.node.node_id


class Network:
    """Nodes by id, with all that belongs to them. `digest` names this state of it."""

    def __init__(
        self,
        nodes: Iterable[Node],
        calendars: Mapping[str, Calendar],
        services: Sequence[CarrierService],
        *,
        holidays: Callable[[str], Holidays] = lambda _: {},
        digest: str = "",
    ) -> None:
        self.digest = digest
        self.services = tuple(sorted(services, key=lambda service: service.key))
        self._holidays = holidays
        self._deliveries: dict[tuple[str, str], Deliveries] = {}
        self.sites = tuple(
            self._site(node, calendars.get(node.calendar_id, WEEKDAYS))
            for node in sorted(nodes, key=lambda node: node.node_id)
        )
        self.by_id = {site.node_id: site for site in self.sites}
        self._prefixes = frozenset(
            prefix
            for service in self.services
            for prefixes in (
                *(lane.to_postal_prefixes for lane in service.lanes),
                *(one.to_postal_prefixes for one in service.surcharges),
            )
            for prefix in prefixes
        )
        # What `reach` remembers: of destinations, and of the ways to a region.
        self.reaches: dict[object, object] = {}
        self.ways: dict[object, object] = {}

    def deliveries(self, service: CarrierService, country_code: str) -> Deliveries:
        """Return when a service delivers in a country."""
        key = service.key, country_code
        if key not in self._deliveries:
            closed = self._holidays(country_code) if service.keeps_holidays else {}
            self._deliveries[key] = Deliveries(
                delivers_on=service.delivery_days, closed=closed, by=service.delivered_by
            )
        return self._deliveries[key]

    def kept_postal_code(self, destination: Destination) -> str:
        """Return as much of a postal code as any tariff or rule could tell apart."""
        code = destination.postal_code.upper().replace(" ", "")
        fitting = [prefix for prefix in self._prefixes if code.startswith(prefix)]
        return max([destination.postal_area, *fitting], key=len)

    def _site(self, node: Node, calendar: Calendar) -> Site:
        zone = ZoneInfo(node.time_zone)

        def departures(pickups: Pickups, node_calendar: Calendar) -> Departures:
            return Departures(
                processing_minutes=node.processing_minutes, node_calendar=node_calendar, zone=zone, pickups=pickups
            )

        collections = []
        for service in self.services:
            cutoff = _cutoff(node, service)
            if cutoff is not None:
                closed = self._holidays(node.country_code) if service.keeps_holidays else {}
                pickups = Pickups(cutoff=cutoff, days=service.pickup_days, closed=closed)
                collections.append(Collection(service, departures(pickups, calendar)))
        any_time = Pickups(cutoff=time(23, 59, 59), days=frozenset(range(7)))
        return Site(node, zone, calendar, tuple(collections), departures(any_time, calendar))


def _cutoff(node: Node, service: CarrierService) -> time | None:
    """Return until when a service collects at a node: what the node says of it, of its carrier, else what it says."""
    for service_code in (service.service_code, ""):
        for one in node.cutoffs:
            if (one.carrier_code, one.service_code) == (service.carrier_code, service_code):
                return one.time
    return service.cutoff

"""All that a plan is made from. The same inputs make the same plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.routing.domain.demand import Demand
from services.routing.domain.geo import Place
from services.routing.domain.network import Network, Site
from services.routing.domain.product import Product
from services.routing.domain.rules import Rules

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """What nodes and carrier services were given already, and how well SKUs sell."""

    # Orders, by node and the hour (UTC) in which work on them begins.
    hours: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)
    # Orders, by node and local day of work.
    days: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    # Parcels, by node, service ("carrier/service") and local day of dispatch.
    parcels: Mapping[tuple[str, str], Mapping[date, int]] = field(default_factory=dict)
    # Units a day, by SKU and node.
    daily_demand: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def start(self, site: Site, now: datetime) -> datetime:
        """Return when work can begin: now, or as the first hour begins in which the node has room."""
        capacity = site.node.hourly_capacity
        taken = self.hours.get(site.node_id)
        if not capacity or not taken:
            return now
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while taken.get(hour, 0) >= capacity:
            hour += _HOUR
        return max(now, hour)

    def load(self, site: Site, now: datetime) -> float:
        """Return which part of its daily capacity a node was given today; 0 where it has no limit."""
        capacity = site.node.daily_capacity
        today = now.astimezone(site.zone).date()
        return self.days.get(site.node_id, {}).get(today, 0) / capacity if capacity else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Demand, network, stock, rules, and the hour."""

    demand: Demand
    network: Network
    # Units that can be had, per node and SKU.
    stock: Mapping[str, Mapping[str, int]]
    place: Place | None
    now: datetime
    rules: Rules
    products: Mapping[str, Product] = field(default_factory=dict)
    loads: Loads = field(default_factory=Loads)
    # Share of parcels that are on time, by node and service key, where it was learned.
    on_time: Mapping[tuple[str, str], float] = field(default_factory=dict)
    # What was promised: "id@version".
    promise: str = ""
    # Nodes that must be part of the plan: what would it cost with this one?
    required: frozenset[str] = frozenset()
    effort: int = 0

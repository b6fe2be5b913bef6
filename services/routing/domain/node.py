"""Nodes: places that ship."""

import functools
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound
from services.kernel.money import Money
from services.routing.domain import rates
from services.routing.domain.geo import Point

# In minor units; far above any real cost, far below what a sum over an order could carry out of 64 bits.
COST_LIMIT = 100_000_000_00


class NodeType(StrEnum):
    """What kind of place it is."""

    DC = "DC"
    STORE = "STORE"
    THIRD_PARTY = "THIRD_PARTY"
    DROP_SHIP = "DROP_SHIP"
    PICKUP_POINT = "PICKUP_POINT"


class UnknownTimeZone(InvalidArgument):
    reason = "UNKNOWN_TIME_ZONE"


class UnusableCost(InvalidArgument):
    reason = "UNUSABLE_COST"


class NodeNotFound(NotFound):
    reason = "NODE_NOT_FOUND"

    def __init__(self, node_id: str) -> None:
        super().__init__(f"there is no node {node_id!r}; `oms route nodes list` shows those that are", node_id=node_id)


class NodeAlreadyExists(AlreadyExists):
    reason = "NODE_ALREADY_EXISTS"

    def __init__(self, node_id: str) -> None:
        super().__init__(f"node {node_id!r} exists already; update it instead", node_id=node_id)


class NodeChanged(Aborted):
    reason = "ETAG_MISMATCH"

    def __init__(self, node_id: str, *, sent: str, etag: str) -> None:
        message = f"node {node_id!r} has changed since it was read; read it again and repeat the change"
        super().__init__(message, node_id=node_id, sent=sent, etag=etag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoff:
    """Until when a carrier collects at a node, local time; None: never. All its services where none is named."""

    carrier_code: str
    service_code: str = ""
    time: time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place that ships: what it is, what it can do, what it costs."""

    node_id: str
    display_name: str
    type: NodeType
    country_code: str
    administrative_area: str
    city: str
    postal_code: str
    point: Point
    time_zone: str
    processing_minutes: int
    order_cost: Money
    line_cost: Money
    serves_country_codes: tuple[str, ...]
    capabilities: tuple[str, ...]
    disabled: bool
    disabled_reason: str
    update_time: datetime | None = None
    etag: str = ""
    address_lines: tuple[str, ...] = ()
    calendar_id: str = ""
    daily_capacity: int = 0
    hourly_capacity: int = 0
    cutoffs: tuple[Cutoff, ...] = ()
    programs: tuple[str, ...] = ()

    def serves(self, country_code: str) -> bool:
        """Tell whether it ships to this country; an empty list means to all."""
        return not self.serves_country_codes or country_code in self.serves_country_codes

    @property
    def ships(self) -> bool:
        """Whether parcels leave from here at all: pickup points and shops without "ship-from-store" only hand over."""
        if self.type is NodeType.STORE:
            return "ship-from-store" in self.capabilities
        return self.type is not NodeType.PICKUP_POINT


def checked(node: Node) -> Node:
    """Return the node if it can be worked with.

    Raises:
        UnknownTimeZone: nobody knows when a day begins there.
        UnusableCost: the costs are negative, too large, in two currencies, or in one that cannot be compared.
    """
    if node.time_zone not in time_zones():
        raise UnknownTimeZone(f"{node.time_zone!r} is not an IANA time zone", time_zone=node.time_zone)
    currencies = {node.order_cost.currency_code, node.line_cost.currency_code}
    if len(currencies) > 1:
        raise UnusableCost("order_cost and line_cost must be in the same currency", currencies=sorted(currencies))
    if not rates.known(node.order_cost.currency_code):
        code = node.order_cost.currency_code
        raise UnusableCost(f"costs in {code!r} cannot be compared; use one of {rates.CURRENCIES}", currency_code=code)
    for cost in (node.order_cost, node.line_cost):
        if not 0 <= cost.minor <= COST_LIMIT:
            raise UnusableCost(f"a cost must be between 0 and {Money(COST_LIMIT, cost.currency_code)}", cost=cost)
    return node


@functools.cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    # A look-up in this set, not ZoneInfo(key): a key is a path, and a strange one ("../x", "America") raises all sorts.
    return frozenset(zoneinfo.available_timezones())

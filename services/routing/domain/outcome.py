"""What comes out of planning."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.money import Money
from services.routing.domain.node import Node
from services.routing.domain.pieces import Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One node's part of a plan."""

    node: Node
    pieces: tuple[Piece, ...]
    carrier_code: str
    service_code: str
    promise_time: datetime
    shipping_cost: Money
    handling_cost: Money
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Units of a line that nobody can ship now.

    NO_STOCK, NO_NODE_SERVES_DESTINATION, or SHIP_COMPLETE where these could be shipped and must wait for others.
    """

    line_id: str
    sku: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A node that was looked at, and why it is in the plan or not."""

    node_id: str
    chosen: bool
    reason: str
    explanation: str
    distance_km: float | None
    shipping_cost: Money
    handling_cost: Money
    available_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who ships what, and why."""

    assignments: tuple[Assignment, ...]
    unplanned: tuple[Unplanned, ...]
    candidates: tuple[Candidate, ...]
    total_cost: Money
    explanation: str

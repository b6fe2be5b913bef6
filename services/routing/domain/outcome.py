"""What comes out of planning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from services.kernel.money import Money
from services.routing.domain.node import Node
from services.routing.domain.pieces import Piece
from services.routing.domain.rules import Fallback

# Parts of a cost by name: "shipping", "handling", "splitting", "lateness", "duty and tax", or a criterion's name.
Terms = Mapping[str, Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCandidate:
    """A carrier service that was looked at for a node that ships, and what the same units would cost by it."""

    carrier_code: str
    service_code: str
    reason: str
    cost: Money | None
    promise_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One node's part of a plan."""

    node: Node
    pieces: tuple[Piece, ...]
    carrier_code: str
    service_code: str
    zone: str
    pickup: bool
    dispatch_time: datetime
    release_by_time: datetime
    earliest_delivery_time: datetime
    promise_time: datetime
    terms: Terms
    distance_km: float | None
    border_flags: tuple[str, ...]
    return_node_id: str
    look_at_services: Callable[[], tuple[ServiceCandidate, ...]] = field(compare=False, repr=False)

    @cached_property
    def services(self) -> tuple[ServiceCandidate, ...]:
        """Every carrier service that was looked at for what it ships; worked out when somebody asks."""
        return self.look_at_services()

    @property
    def units(self) -> int:
        return sum(piece.quantity for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Units of a line that nobody ships now.

    NO_STOCK, NO_NODE_SERVES_DESTINATION, NOT_ALLOWED (the rules leave them), RULE_FAILED, or SHIP_COMPLETE where these
    could be shipped and must wait for others.
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
    # Of everything that it could ship.
    terms: Terms
    available_quantity: int
    total_cost_with: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A strategy that was tried: CHOSEN, NOT_MEANT, NO_PLAN, NOT_ACCEPTED or FAILED."""

    strategy: str
    reason: str
    explanation: str
    total_cost: Money | None = None
    shipments: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who ships what, and why. The reasons are worked out when somebody asks for them."""

    assignments: tuple[Assignment, ...]
    unplanned: tuple[Unplanned, ...]
    total_cost: Money
    terms: Terms
    # No plan of this strategy costs less; None where that is not known.
    least_cost: Money | None
    proven: bool
    profile: str
    trials: tuple[Trial, ...]
    fallback: Fallback | None
    auto_cancel_time: datetime | None
    warnings: tuple[str, ...]
    rule_version: str
    judge: Callable[[], tuple[Candidate, ...]] = field(compare=False, repr=False)
    tell: "Callable[[Plan], str]" = field(compare=False, repr=False)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every node that was looked at: the chosen ones first, then those that have stock, the cheaper first."""
        return self.judge()

    @cached_property
    def explanation(self) -> str:
        """What was decided, and what decided it, in words."""
        return self.tell(self)

    @property
    def shipping_cost(self) -> Money:
        zero = Money(0, self.total_cost.currency_code)
        return sum((one.terms.get("shipping", zero) for one in self.assignments), zero)

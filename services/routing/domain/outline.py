"""As much of a plan as can be held against another: what would be shipped, by whom, until when, at what cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.money import Money
from services.routing.domain import rates
from services.routing.domain.inputs import Inputs
from services.routing.domain.outcome import Plan
from services.routing.domain.pieces import Piece

_DAY_SECONDS = 86_400
# What a plan costs people; scores, lateness and taxes are not in it, as every rule set counts those its own way.
_PAID = ("shipping", "handling", "splitting")
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What one node ships, by which service."""

    node_id: str
    service: str
    pieces: tuple[Piece, ...]
    cost: Money
    promise_time: datetime

    @property
    def units(self) -> dict[str, int]:
        """Units by SKU."""
        return by_sku(self.pieces)

    def __str__(self) -> str:
        return f"{self.node_id} by {self.service}: {things(self.units)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """As much of a plan as can be held against another."""

    rule_version: str
    profile: str
    strategy: str
    legs: tuple[Leg, ...]
    left: tuple[Piece, ...]
    # What becomes of what is left: "PARK", "HOLD", "BACKORDER".
    action: str
    terms: Mapping[str, Money]
    total_cost: Money
    create_time: datetime
    due_time: datetime | None
    warnings: tuple[str, ...]

    @property
    def promise_time(self) -> datetime | None:
        """When the last of it is promised."""
        return max((leg.promise_time for leg in self.legs), default=None)

    @property
    def days(self) -> float | None:
        """Days from the order to the last promised delivery."""
        last = self.promise_time
        return None if last is None else (last - self.create_time).total_seconds() / _DAY_SECONDS

    @property
    def late(self) -> bool:
        """Whether it is promised later than it was due."""
        last = self.promise_time
        return self.due_time is not None and last is not None and last > self.due_time

    @property
    def parts(self) -> object:
        """Who ships what by which service: the same for plans that are the same."""
        return (
            sorted((leg.node_id, leg.service, sorted(map(_sign, leg.pieces))) for leg in self.legs),
            sorted(map(_sign, self.left)),
        )

    def cost(self, currency_code: str) -> int:
        """Return shipping, handling and splitting together, in minor units."""
        return sum(rates.convert(self.terms[name], currency_code) for name in _PAID if name in self.terms)

    def __str__(self) -> str:
        nobody = [f"nobody: {things(by_sku(self.left))}"] if self.left else []
        return "; ".join([*map(str, self.legs[:_NAMED]), *_more(len(self.legs) - _NAMED), *nobody])


def outline(inputs: Inputs, plan: Plan) -> Outline:
    """Return as much of a plan as is held against others."""
    return Outline(
        rule_version=plan.rule_version,
        profile=plan.profile,
        strategy=next((one.strategy for one in plan.trials if one.reason == "CHOSEN"), ""),
        legs=tuple(
            Leg(
                node_id=one.node.node_id,
                service=f"{one.carrier_code} {one.service_code}".strip(),
                pieces=one.pieces,
                cost=sum(one.terms.values(), Money(0, plan.total_cost.currency_code)),
                promise_time=one.promise_time,
            )
            for one in plan.assignments
        ),
        left=tuple(Piece(one.line_id, one.sku, one.quantity) for one in plan.unplanned),
        action=plan.fallback.action.value if plan.fallback else "",
        terms=plan.terms,
        total_cost=plan.total_cost,
        create_time=inputs.now,
        due_time=inputs.demand.due_time,
        warnings=plan.warnings,
    )


def things(units: Mapping[str, int]) -> str:
    """Name a few SKUs with their units, and count the others."""
    words = [f"{quantity} × {sku}" for sku, quantity in units.items()]
    return listed([*words[:_NAMED], *_more(len(words) - _NAMED)])


def listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _more(count: int) -> list[str]:
    return [f"{count} more"] if count > 0 else []


def by_sku(pieces: Sequence[Piece]) -> dict[str, int]:
    """Return units by SKU."""
    units: dict[str, int] = {}
    for piece in pieces:
        units[piece.sku] = units.get(piece.sku, 0) + piece.quantity
    return units


def _sign(piece: Piece) -> tuple[str, int]:
    return piece.line_id, piece.quantity

"""Drift: how far somebody's figures are from ours, and what is done about it.

A count is true of the moment of counting. What moved since is what our ledger has of units that came and went since
then; what others said of stock meanwhile is no movement, but what we know better now, and so true of that moment too.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.stocktaking import scrap

# Reasons that say what we know, not what came or went.
KNOWLEDGE = frozenset({Reason.COUNT, Reason.CORRECTION, Reason.SNAPSHOT, Reason.DRIFT, Reason.REBUILD})

_NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says there is, what they said has changed since included; `known` where they said so before."""

    pair: Pair
    counted: int
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What we say there is, and what of it moved since the count."""

    on_hand: int = 0
    reserved: int = 0
    moved: int = 0

    @property
    def then(self) -> int:
        """What we had at the moment of the count."""
        return self.on_hand - self.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A difference between our figure at the moment of a count and the count."""

    sku: str
    was_on_hand: int
    on_hand: int
    oversold: int
    drift_exception_id: str = ""

    @property
    def delta(self) -> int:
        """What would make our figure theirs."""
        return self.on_hand - self.was_on_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How far a source may be from our figure: what is above both of them, somebody must decide."""

    units: int
    percent: int

    @property
    def none(self) -> bool:
        """Whether it lets everything pass."""
        return self.units == _NO_LIMIT

    def exceeded(self, claim: Claim, figure: Figure) -> bool:
        """Whether the difference is above the limit. What is said first of a pair of nothing is no difference."""
        if not (claim.known or figure.on_hand or figure.reserved or figure.moved):
            return False
        units = abs(claim.counted - figure.then)
        return units > self.units and 100 * units > self.percent * max(0, figure.then)


NO_LIMIT = Limit(units=_NO_LIMIT, percent=0)
DEFAULT_LIMIT = Limit(units=10, percent=20)


class State(StrEnum):
    """What was decided."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftException:
    """A difference that waits for a decision, or had one."""

    drift_exception_id: str
    source: str
    pair: Pair
    sequence: int
    was_on_hand: int
    on_hand: int
    proposed_delta: int
    state: State = State.OPEN
    create_time: datetime
    decide_actor: str = ""
    decide_time: datetime | None = None
    note: str = ""


def measure(claim: Claim, figure: Figure) -> Drift:
    """Return how far our figure was from theirs at the moment of the count."""
    now_on_hand = max(0, figure.on_hand + claim.counted - figure.then)
    return Drift(
        sku=claim.pair.sku,
        was_on_hand=figure.then,
        on_hand=claim.counted,
        oversold=max(0, figure.reserved - now_on_hand),
    )


def correct(position: Position, delta: int, reason: Reason, reference: str) -> Movement:
    """Return the movement that changes what is on hand by `delta`, though never below zero.

    What was called unsellable and cannot be there any more goes along.
    """
    on_hand = max(0, position.on_hand + delta)
    if position.unsellable <= on_hand:
        return Movement(pair=position.pair, reason=reason, reference=reference, on_hand=on_hand - position.on_hand)
    return replace(scrap(position, on_hand), reason=reason, reference=reference)

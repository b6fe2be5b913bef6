"""Rule sets as planning uses them: read, checked, and with every expression ready to be asked.

What an expression is written in is not known here: it is something to call with the words that it uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from services.kernel.errors import InvalidArgument
from services.routing.domain.demand import Method

# The words that an expression may use, by name: "order", "line", "node", "service", "promise", "stock", "plan".
Facts = Mapping[str, Any]


class RuleFailed(InvalidArgument):
    """An expression could not be worked out for these facts: it divided by zero, ran too long, or gave no number."""

    reason = "RULE_FAILED"

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}", place=place)


class Condition(Protocol):
    """Whether something holds."""

    @property
    def words(self) -> frozenset[str]:
        """The words that it uses; with none it always holds, or never does."""

    def __call__(self, facts: Facts) -> bool:
        """Raises RuleFailed."""


class Score(Protocol):
    """How much worse something is, in units of the rule set's currency."""

    @property
    def words(self) -> frozenset[str]: ...

    def __call__(self, facts: Facts) -> float:
        """Raises RuleFailed; a number that it returns is finite and between -1e6 and 1e6."""


class Per(StrEnum):
    """What a score is counted for."""

    SHIPMENT = "SHIPMENT"
    LINE = "LINE"
    UNIT = "UNIT"


class Action(StrEnum):
    """What becomes of units that nobody ships now."""

    BACKORDER = "BACKORDER"
    PARK = "PARK"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that makes a choice better or worse."""

    name: str
    score: Score
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A way to plan. A condition that is None always holds. Costs are minor units of the rule set's currency."""

    name: str
    when: Condition | None = None
    method: Method = Method.LEAST_COST
    nodes: Condition | None = None
    services: Condition | None = None
    stock: Condition | None = None
    criteria: tuple[Criterion, ...] = ()
    split_cost: int = 500
    late_day_cost: int = 0
    max_shipments: int = 0
    ship_complete: bool = False
    whole_lines: bool = False
    accept: Condition | None = None

    @property
    def words(self) -> frozenset[str]:
        """The words that decide among nodes and services."""
        conditions = [one.words for one in (self.nodes, self.services, self.stock) if one is not None]
        return frozenset().union(*conditions, *(criterion.score.words for criterion in self.criteria))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What becomes of what no strategy could plan."""

    action: Action = Action.BACKORDER
    queue: str = ""
    auto_cancel_days: int = 0
    hold_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of order, and how it is planned."""

    name: str
    when: Condition | None = None
    strategies: tuple[Strategy, ...]
    fallback: Fallback = Fallback()


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """What a border asks for. Rates are hundredths of a percent, the clearance is in minor units."""

    from_country_codes: frozenset[str] = frozenset()
    to_country_codes: frozenset[str] = frozenset()
    when: Condition | None = None
    flags: tuple[str, ...] = ()
    duty_basis_points: int = 0
    tax_basis_points: int = 0
    clearance_cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPath:
    """Where goods of a destination come back to."""

    country_codes: frozenset[str]
    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose orders a rule set is for; empty fits all."""

    country_codes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()

    def fits(self, country_code: str, channel: str, program: str) -> bool:
        """Tell whether an order is in it."""
        return (
            (not self.country_codes or country_code in self.country_codes)
            and (not self.channels or channel in self.channels)
            and (not self.programs or program in self.programs)
        )

    @property
    def narrowness(self) -> int:
        """How much it says: a programme more than a channel, a channel more than a country."""
        return 4 * bool(self.programs) + 2 * bool(self.channels) + bool(self.country_codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A rule set, ready for use: its version, "id@version", stands in every decision that it made."""

    version: str
    currency_code: str = "USD"
    scope: Scope = field(default_factory=Scope)
    profiles: tuple[Profile, ...]
    borders: tuple[Border, ...] = ()
    return_paths: tuple[ReturnPath, ...] = ()

    def uses(self, word: str) -> bool:
        """Tell whether any of its strategies looks at this."""
        return any(word in strategy.words for profile in self.profiles for strategy in profile.strategies)


# What plans where nobody has written rules: the least total cost.
BUILTIN = Rules(version="builtin@2", profiles=(Profile(name="every order", strategies=(Strategy(name="least cost"),)),))


def select(active: "list[Rules] | tuple[Rules, ...]", country_code: str, channel: str, program: str) -> Rules:
    """Return the rules for an order: the narrowest scope that fits, of several the one whose version comes first."""
    fitting = [rules for rules in active if rules.scope.fits(country_code, channel, program)]
    return min(fitting, key=lambda rules: (-rules.scope.narrowness, rules.version), default=BUILTIN)

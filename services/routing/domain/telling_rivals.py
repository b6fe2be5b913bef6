"""What is said of the plans that a decision was held against: through the nodes that lost, and in fewer shipments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.kernel.money import Money
from services.routing.domain.comparing import more_or_less
from services.routing.domain.demand import Method
from services.routing.domain.outcome import Candidate, Plan
from services.routing.domain.outline import listed
from services.routing.domain.rules import Strategy

# Methods that look for the best plan; the others take one node after the other.
SEARCHED = frozenset({Method.LEAST_COST, Method.FEWEST_SPLITS})
# Nodes that one sentence names.
_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """Plans that a decision is held against, by the strategy that made it."""

    strategy: Strategy | None
    # The best plan that each of these nodes is part of; None where that leaves more behind.
    withs: Mapping[str, Plan | None] = field(default_factory=dict)
    # The best plan in fewer shipments that leaves no more behind.
    fewer: Plan | None = None


def split(plan: Plan, others: Alternatives) -> list[str]:
    """Say why it goes in several shipments."""
    count = len(plan.assignments)
    if count < 2 or others.strategy is None:
        return []
    if others.strategy.method not in SEARCHED:
        return [f"It is split into {count} shipments because no node before the last had all that was left."]
    if others.fewer is None:
        less = "one shipment" if count == 2 else f"one shipment, nor any in {count - 1},"
        return [f"It is split into {count} shipments because no plan in {less} serves as much."]
    other = others.fewer
    fewer = len(other.assignments)
    names = listed([one.node.node_id for one in other.assignments])
    how = "one shipment" if fewer == 1 else f"{fewer} shipments"
    none = "" if fewer == 1 else "No single shipment serves as much; "
    said = f"the cheapest plan in {how}, from {names}, costs {_against(plan, other, others.strategy)}"
    return [f"It is split into {count} shipments because of this: {none}{said}."]


def losers(plan: Plan, others: Alternatives) -> list[str]:
    """Say of each node that has stock why it does not ship, of those first that would cost least more."""
    have = [one for one in plan.candidates if not one.chosen and one.available_quantity]
    priced = [(other.total_cost.minor, one, other) for one in have if (other := others.withs.get(one.node_id))]
    less = [one for one in have if one.node_id in others.withs and others.withs[one.node_id] is None]
    return [
        *[_dearer(plan, one, other, others.strategy) for _, one, other in sorted(priced, key=lambda it: it[0])],
        *[
            f"{one.node_id} lost because every plan that it is part of serves less: it {one.explanation}."
            for one in less
        ],
        *_not_worked_out([one for one in have if one.node_id not in others.withs]),
    ]


def _dearer(plan: Plan, one: Candidate, other: Plan, strategy: Strategy | None) -> str:
    rest = [it.node.node_id for it in other.assignments if it.node.node_id != one.node_id]
    beside = f" (beside {listed(rest)})" if rest else ""
    short = f"; by itself it {one.explanation}" if one.explanation.startswith("has ") else ""
    said = f"the cheapest plan with it{beside} costs {_against(plan, other, strategy)}"
    return f"{one.node_id} lost because {said}{short}."


def _not_worked_out(unknown: Sequence[Candidate]) -> list[str]:
    named = [f"{one.node_id}{_away(one)} lost: {one.explanation}." for one in unknown[:_NAMES]]
    more = len(unknown) - _NAMES
    return [*named, f"{more} more nodes that have stock lost in the same way."] if more > 0 else named


def _away(one: Candidate) -> str:
    return f" ({one.distance_km:,.0f} km away)" if one.distance_km is not None else ""


def _against(plan: Plan, other: Plan, strategy: Strategy | None) -> str:
    """Say what another plan costs, and which parts of it make the difference."""
    code = plan.total_cost.currency_code
    more = other.total_cost.minor - plan.total_cost.minor
    if more == 0:
        return f"{other.total_cost}, exactly as much; between equals the node whose id comes first is taken"
    shipments = len(other.assignments)
    least = strategy is not None and strategy.method is Method.LEAST_COST
    if more < 0 and plan.proven and (least or shipments <= len(plan.assignments)):
        return f"{other.total_cost}, which is as much, but for rounding; between equals the first id is taken"
    parts = []
    for name in dict.fromkeys([*plan.terms, *other.terms]):
        zero = Money(0, code)
        difference = other.terms.get(name, zero).minor - plan.terms.get(name, zero).minor
        if difference:
            parts.append(more_or_less(difference, code, name))
    counts = f", in {shipments} {'shipment' if shipments == 1 else 'shipments'}" if more < 0 else ""
    return f"{other.total_cost}{counts}, {Money(abs(more), code)} {'more' if more > 0 else 'less'} ({listed(parts)})"


def refused(plan: Plan) -> list[str]:
    """Say which nodes did not come into question, and why."""
    reasons: dict[str, list[str]] = {}
    for one in plan.candidates:
        if not one.chosen and not one.available_quantity:
            reasons.setdefault(one.explanation, []).append(one.node_id)
    return [
        f"Out of the question: {_names(names)}, each of which {why}."
        if len(names) > 1
        else f"Out of the question: {names[0]}, which {why}."
        for why, names in reasons.items()
    ]


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    return listed([*names[:_NAMES], f"{more} more"] if more > 0 else names)

"""Works out what else could have been: the best plan through each node that lost, and the best in fewer shipments."""

from dataclasses import replace

from oms.routing.v1.decision_pb2 import Decision
from services.kernel.errors import NotFound
from services.routing import wire_rehearsal
from services.routing.domain import telling
from services.routing.domain.demand import Method
from services.routing.domain.inputs import Inputs
from services.routing.domain.outcome import Assignment, Plan
from services.routing.domain.outline import outline
from services.routing.domain.rules import Rules, Strategy
from services.routing.domain.telling_rivals import SEARCHED, Alternatives
from services.routing.pacing import Pace
from services.routing.planner import Planner
from services.routing.replaying import Replaying
from services.routing.wire_value import from_money, from_time

# Losers that are worked out: so many, and fewer where each takes long (lines times nodes).
_MOST, _WORK = 50, 250_000


class Explaining:
    """Explains decisions. Changes nothing."""

    def __init__(self, planner: Planner, replaying: Replaying) -> None:
        self._planner = planner
        self._replaying = replaying

    async def explain(self, decision: Decision) -> tuple[Decision, list[str]]:
        """Return the decision, with what its losers would have cost, and the sentences that say why it is as it is."""
        again = await self._again(decision)
        if again is None:
            return decision, telling.recorded(
                decision.explanation,
                {one.node_id: one.explanation for one in decision.candidates if not one.chosen},
                tuple(decision.warnings),
            )
        inputs, plan = again
        alternatives = await self._alternatives(inputs, plan)
        told = Decision()
        told.CopyFrom(decision)
        for candidate in told.candidates:
            other = alternatives.withs.get(candidate.node_id)
            if other is not None:
                candidate.total_cost_with.CopyFrom(from_money(other.total_cost))
                mine = _part(other, candidate.node_id)
                candidate.dispatch_time.CopyFrom(from_time(mine.dispatch_time))
                candidate.promise_time.CopyFrom(from_time(mine.promise_time))
        return told, telling.tell(inputs, plan, alternatives)

    async def _again(self, decision: Decision) -> tuple[Inputs, Plan] | None:
        """Make the decision again; None where that is not possible, or gives another one by now."""
        seen = await self._replaying.seen(decision.decision_id)
        if seen is None:
            return None
        try:
            rules = await self._planner.rules(seen.rule_version)
        except NotFound:
            return None  # built in long ago
        inputs = seen.inputs(rules)
        plan = await self._planner.plan(inputs)
        made, recorded = outline(inputs, plan), wire_rehearsal.to_outline(decision)
        same = made.parts == recorded.parts and made.total_cost == recorded.total_cost
        return (inputs, plan) if same else None

    async def _alternatives(self, inputs: Inputs, plan: Plan) -> Alternatives:
        strategy = chosen_strategy(inputs.rules, inputs.demand.method, plan)
        if strategy is None or not plan.assignments or strategy.method not in SEARCHED:
            return Alternatives(strategy=strategy)
        focused = _only(inputs, strategy)
        losers = [one.node_id for one in plan.candidates if not one.chosen and one.available_quantity]
        size = len(inputs.demand.lines) * len(inputs.network.sites)
        withs: dict[str, Plan | None] = {}
        pace = Pace()
        for node_id in losers[: min(_MOST, 1 + _WORK // max(1, size))]:
            other = await self._planner.plan(replace(focused, required=frozenset({node_id})))
            withs[node_id] = other if _serves_as_much(other, plan) else None
            await pace.rest()
        return Alternatives(strategy=strategy, withs=withs, fewer=await self._fewer(inputs, strategy, plan))

    async def _fewer(self, inputs: Inputs, strategy: Strategy, plan: Plan) -> Plan | None:
        """Return the best plan in one shipment, or else in one shipment less, that serves as much."""
        count = len(plan.assignments)
        for shipments in sorted({1, count - 1} - {0, count}):
            other = await self._planner.plan(_only(inputs, replace(strategy, max_shipments=shipments)))
            if _serves_as_much(other, plan):
                return other
        return None


def chosen_strategy(rules: Rules, asked: Method | None, plan: Plan) -> Strategy | None:
    """Return the strategy that made a plan, as it was used; None where none did."""
    profile = next((one for one in rules.profiles if one.name == plan.profile), None)
    # One trial for each strategy, in their order, up to the one that made the plan.
    index = next((index for index, one in enumerate(plan.trials) if one.reason == "CHOSEN"), None)
    if profile is None or index is None:
        return None
    strategy = profile.strategies[index]
    return strategy if asked is None else replace(strategy, name=asked.value, method=asked, accept=None)


def _only(inputs: Inputs, strategy: Strategy) -> Inputs:
    """Return the inputs with no other strategy, which takes any plan: what it would cost, wanted or not."""
    profile = replace(inputs.rules.profiles[0], when=None, strategies=(replace(strategy, when=None, accept=None),))
    return replace(inputs, rules=replace(inputs.rules, profiles=(profile,)))


def _serves_as_much(other: Plan, plan: Plan) -> bool:
    left = sum(one.quantity for one in other.unplanned)
    return bool(other.assignments) and left <= sum(one.quantity for one in plan.unplanned)


def _part(plan: Plan, node_id: str) -> Assignment:
    return next(one for one in plan.assignments if one.node.node_id == node_id)

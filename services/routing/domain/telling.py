"""A decision told in sentences that say everything that decided it: two people who read them would agree.

Every figure that is named is one of the decision or of a plan that was worked out to be held against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from services.kernel.money import Money
from services.routing.domain import telling_rivals as rivals
from services.routing.domain.demand import Method
from services.routing.domain.geo import Place
from services.routing.domain.inputs import Inputs
from services.routing.domain.outcome import Assignment, Plan, ServiceCandidate, Terms, Trial
from services.routing.domain.outline import by_sku, listed, things
from services.routing.domain.rules import Action, Strategy
from services.routing.domain.telling_rivals import SEARCHED, Alternatives

_AIMS = {
    Method.LEAST_COST: "the plan of least total cost",
    Method.FEWEST_SPLITS: "the plan of fewest shipments, and of those the one of least total cost",
    Method.NEAREST: "the nearest node first, then the next nearest, each as much as it has",
    Method.MOST_STOCK: "the node that has most of it first, then the next",
}
_LEFT = {
    "NO_STOCK": "nobody who may ship it has it",
    "NO_NODE_SERVES_DESTINATION": "no node ships there now",
    "NOT_ALLOWED": "the rules leave it where it is",
    "RULE_FAILED": "its rules failed",
    "SHIP_COMPLETE": "it could be shipped, and must wait for the others, as everything is to ship together",
}
_SERVICES = {
    "CANNOT_CARRY": "cannot carry this",
    "NOT_ALLOWED": "is not allowed by the rules",
    "DISABLED": "is switched off",
    "SLOWER": "is sold as slower than was asked for",
}


def tell(inputs: Inputs, plan: Plan, others: Alternatives) -> list[str]:
    """Return the sentences, the most important first."""
    return [
        _asked(inputs),
        *[sentence for one in plan.assignments for sentence in _shipment(one, inputs.place)],
        *_total(plan),
        *_left(plan),
        *_due(inputs, plan),
        *_deciders(inputs, plan, others.strategy),
        *rivals.split(plan, others),
        *rivals.losers(plan, others),
        *rivals.refused(plan),
        *_proof(plan, others.strategy),
        *[f"Somebody should look at this: {warning}." for warning in plan.warnings],
    ]


def recorded(explanation: str, losers: Mapping[str, str], warnings: Sequence[str]) -> list[str]:
    """Return what was written down at the time, where a decision cannot be made again."""
    return [
        explanation,
        *[f"{node_id} {why}." for node_id, why in losers.items()],
        *[f"Somebody should look at this: {warning}." for warning in warnings],
        "What the other nodes would have cost is not known: this decision cannot be made again as it was.",
    ]


def _asked(inputs: Inputs) -> str:
    demand = inputs.demand
    units: dict[str, int] = {}
    for line in demand.lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    to = f"{demand.destination.country_code} {demand.destination.postal_area}".strip()
    where = f"collected at {demand.pickup_node_id}" if demand.pickup_node_id else f"sent to {to}"
    level = f"{demand.service_level.value.lower().replace('_', ' ')} service"
    return f"{things(units)} is to be {where} by {level}, planned on {inputs.now:%-d %b %Y %H:%M} UTC."


def _shipment(one: Assignment, place: Place | None) -> list[str]:
    goods, zone = things(by_sku(one.pieces)), ZoneInfo(one.node.time_zone)
    # A delivery is told by the clock of who waits for it, where that is known.
    there_zone = ZoneInfo(place.time_zone) if place is not None and place.time_zone else zone
    total = sum(one.terms.values(), Money(0, next(iter(one.terms.values())).currency_code))
    costs = f"This costs {total}{_parts(one.terms, total)}."
    if one.pickup:
        ready = _moment(one.promise_time, zone)
        return [f"{one.node.node_id} hands over {goods} to the customer, who can collect it from {ready} on.", costs]
    way = f"{one.carrier_code} {one.service_code}"
    where = f", {one.distance_km:,.0f} km away" if one.distance_km is not None else ""
    lane = f" (tariff zone {one.zone}{where})" if one.zone else where
    begin = _moment(one.release_by_time, zone)
    leave, there = _moment(one.dispatch_time, zone), _moment(one.promise_time, there_zone)
    sentences = [
        f"{one.node.node_id} ships {goods} by {way}{lane}.",
        f"If it begins by {begin}, the carrier has it on {leave}, and it is promised by {there} at the latest.",
        costs,
        *_services(one, there_zone),
    ]
    if one.border_flags:
        sentences.append(f"The border asks for {listed(one.border_flags)}.")
    return sentences


def _services(one: Assignment, zone: ZoneInfo) -> list[str]:
    def word(service: ServiceCandidate) -> str:
        name = f"{service.carrier_code} {service.service_code}"
        if service.cost is None or service.promise_time is None:
            return f"{name} {_SERVICES.get(service.reason, service.reason)}"
        return f"{name} would cost {service.cost} and be there by {_moment(service.promise_time, zone)}"

    others = [word(service) for service in one.services if service.reason != "CHOSEN"]
    return [f"Of the other services at {one.node.node_id}, {listed(others)}."] if others else []


def _total(plan: Plan) -> list[str]:
    if len(plan.assignments) < 2:
        return []
    return [f"Together that costs {plan.total_cost}{_parts(plan.terms, plan.total_cost)}."]


def _parts(terms: Terms, total: Money) -> str:
    parts = [f"{amount} {name}" for name, amount in terms.items()]
    return f": {listed(parts)}" if len(parts) > 1 else f", all of it {next(iter(terms), '')}" if total.minor else ""


def _left(plan: Plan) -> list[str]:
    if not plan.unplanned:
        return []
    sentences = []
    for reason, lines in groupby(sorted(plan.unplanned, key=lambda one: one.reason), key=lambda one: one.reason):
        units: dict[str, int] = {}
        for line in lines:
            units[line.sku] = units.get(line.sku, 0) + line.quantity
        sentences.append(f"{things(units)} is not shipped now: {_LEFT.get(reason, reason)}.")
    if plan.fallback is not None:
        queue, hold = plan.fallback.queue, plan.fallback.hold_type
        becomes = {
            Action.BACKORDER: "waits for stock",
            Action.PARK: f"is parked in the queue {queue!r} for somebody to decide",
            Action.HOLD: f"is held ({hold or 'OTHER'})",
        }[plan.fallback.action]
        until = plan.auto_cancel_time
        cancelled = f", and is cancelled on {until:%-d %b %Y %H:%M} UTC if nothing happens" if until else ""
        sentences.append(f"What is not shipped {becomes}{cancelled}.")
    return sentences


def _due(inputs: Inputs, plan: Plan) -> list[str]:
    due, promise = inputs.demand.due_time, f" by promise {inputs.promise}" if inputs.promise else ""
    if due is None:
        return [f"It was planned{promise} without a time by which it is due."] if promise else []
    last = max((one.promise_time for one in plan.assignments), default=None)
    said = f"It is due{promise} by {due:%-d %b %Y %H:%M} UTC"
    if last is None:
        return [f"{said}; nothing ships."]
    days = abs((last - due).total_seconds()) / 86_400
    return [f"{said}: the last of it is promised {days:.1f} days {'late' if last > due else 'before that'}."]


def _deciders(inputs: Inputs, plan: Plan, strategy: Strategy | None) -> list[str]:
    version = plan.rule_version
    if not plan.profile:
        return [f"No profile of the rules {version} fits this order, so none of its strategies was tried."]
    before = [f"Strategy {one.strategy!r} was tried before and {one.explanation}." for one in _tried(plan)]
    if strategy is None:
        return [
            f"Profile {plan.profile!r} of the rules {version} fits this order; no strategy of it planned it.",
            *before,
        ]
    asked = " as the caller asked for" if inputs.demand.method is not None else ""
    by = f"It was decided by strategy {strategy.name!r} of profile {plan.profile!r} in the rules {version}"
    limits = []
    if strategy.max_shipments:
        limits.append(f"at most {strategy.max_shipments} shipments")
    if strategy.whole_lines:
        limits.append("no line cut")
    if strategy.ship_complete or inputs.demand.ship_complete:
        limits.append("everything or nothing")
    within = f", with {listed(limits)}" if limits else ""
    return [f"{by}, which looks for {_AIMS[strategy.method]}{within}{asked}.", *before]


def _tried(plan: Plan) -> Iterable[Trial]:
    return (one for one in plan.trials if one.reason != "CHOSEN")


def _proof(plan: Plan, strategy: Strategy | None) -> list[str]:
    if strategy is None or not plan.assignments:
        return []
    if strategy.method not in SEARCHED:
        return ["Cost did not decide, so there may be a cheaper plan."]
    if plan.proven:
        few = " with as few shipments" if strategy.method is Method.FEWEST_SPLITS else ""
        return [f"It is proved that no plan of this strategy{few} costs less."]
    if plan.least_cost is None or plan.total_cost.minor <= 0:
        return ["It is the cheapest plan that was found; how much cheaper one could be is not known."]
    gap = plan.total_cost.minor - plan.least_cost.minor
    share = 100 * gap / plan.total_cost.minor
    room = Money(gap, plan.total_cost.currency_code)
    return [
        f"It is the cheapest plan that was found; none costs less than {plan.least_cost}, {room} less ({share:.1f} %)."
    ]


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %-d %b %Y %H:%M %Z}"

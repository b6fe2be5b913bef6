"""Decisions in English: short sentences that say what was decided, and what decided it."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from services.kernel.money import Money
from services.routing.domain.choices import Offer
from services.routing.domain.demand import Method
from services.routing.domain.geo import Precision
from services.routing.domain.order import Order
from services.routing.domain.outcome import Assignment, Candidate, Plan, Unplanned
from services.routing.domain.rules import Action, Fallback

# More things than these are counted, not named: an order may have thousands.
_NAMED = 3

_BY = {
    Method.LEAST_COST: "least cost",
    Method.FEWEST_SPLITS: "fewest shipments, then least cost",
    Method.NEAREST: "nearest node first",
    Method.MOST_STOCK: "most stock first",
}


def explain(order: Order, plan: Plan) -> str:
    """Say the whole decision in a sentence or three."""
    parts = [f"{one.node.node_id} {_does(one)} {_what(one, order)} {_terms(one, order)}" for one in plan.assignments]
    if plan.assignments:
        parts += _remark(plan.assignments, plan.candidates)
    parts += _missing(order, plan)
    return f"{'; '.join(parts)}. {_verdict(plan)}."


def chosen(assignment: Assignment) -> str:
    """Say what a node does in the plan."""
    price = total(assignment)
    if assignment.pickup:
        return f"hands over {_things(_quantities(assignment))} for {price}"
    carrier = f"{assignment.carrier_code} {assignment.service_code}"
    return f"ships {_things(_quantities(assignment))} by {carrier} for {price}"


def total(assignment: Assignment) -> Money:
    """Return what an assignment costs, all together."""
    return sum(assignment.terms.values(), Money(0, next(iter(assignment.terms.values())).currency_code))


def passed_over(order: Order, offer: Offer, price: Money, plan: Money, method: Method) -> str:
    """Say why a node that has stock is not in the plan."""
    short = _short(order, offer)
    if method is Method.NEAREST:
        return f"nearer nodes ship all of it{_also(short)}"
    if method is Method.MOST_STOCK:
        return f"others have more of it{_also(short)}"
    if short:
        return f"has {short}"
    if price == plan:
        return f"would cost {price}, as much as the plan; between equals the first id wins"
    return f"would cost {price} for everything, where the plan costs {plan}"


def held_back(order: Order, offer: Offer) -> str:
    """Say why a node that has stock ships nothing of an order that must ship complete."""
    return f"has {_short(order, offer) or 'everything'}; the order must ship complete"


def in_vain(unplanned: Sequence[Unplanned]) -> str:
    """Say why a strategy has no plan."""
    if any(line.reason == "NO_NODE_SERVES_DESTINATION" for line in unplanned):
        return "found no node that ships there"
    if any(line.reason == "SHIP_COMPLETE" for line in unplanned):
        return "found nobody to ship all of it, and ships it complete or not at all"
    if any(line.reason == "NOT_ALLOWED" for line in unplanned):
        return "allows nobody to ship any of it"
    return "found nobody who has any of it"


def not_accepted(assignments: Sequence[Assignment], cost: Money) -> str:
    """Say what a plan was that was not good enough."""
    if not assignments:
        return "found nobody to ship anything"
    nodes = _enumerated([one.node.node_id for one in assignments])
    return f"would have {nodes} ship for {cost} in all, which its condition does not accept"


def _does(assignment: Assignment) -> str:
    return "hands over" if assignment.pickup else "ships"


def _what(assignment: Assignment, order: Order) -> str:
    wanted = {line.line_id: line.quantity for line in order.demand.lines}
    whole = [piece.line_id for piece in assignment.pieces if wanted[piece.line_id] == piece.quantity]
    if len(whole) < len(wanted):
        return _things(_quantities(assignment))
    return {1: "the only line", 2: "both lines"}.get(len(wanted), f"all {len(wanted)} lines")


def _terms(assignment: Assignment, order: Order) -> str:
    # A promise is the end of a day where the parcel arrives.
    zone = (order.place.time_zone if order.place else "") or assignment.node.time_zone
    day = assignment.promise_time.astimezone(ZoneInfo(zone))
    if assignment.pickup:
        return f"for {total(assignment)} (ready {day.day} {day:%b %Y})"
    way, place = "distance unknown", order.place
    if assignment.distance_km is not None and place is not None:
        rough = "" if place.precision in {Precision.POSTAL_CODE, Precision.NODE} else f" to the {place.precision}"
        way = f"{assignment.distance_km:,.0f} km{rough}"
    return f"for {total(assignment)} ({way}, promised {day.day} {day:%b %Y})"


def _remark(assignments: Sequence[Assignment], judged: Sequence[Candidate]) -> list[str]:
    """Say the one thing that somebody will ask: what about the nearer node, or else the next best one."""
    distances = [it.distance_km for it in assignments if it.distance_km is not None]
    losers = [candidate for candidate in judged if not candidate.chosen and candidate.available_quantity]
    if distances:
        nearer = [loser for loser in losers if loser.distance_km is not None and loser.distance_km < min(distances)]
        if nearer:
            nearest = min(nearer, key=lambda loser: (loser.distance_km or 0, loser.node_id))
            return [f"{nearest.node_id} was nearer but {nearest.explanation}"]
    if losers:
        return [f"{losers[0].node_id}, the next, {losers[0].explanation}"]
    return []


def _missing(order: Order, plan: Plan) -> list[str]:
    if not plan.unplanned:
        return []
    if any(line.reason == "NO_NODE_SERVES_DESTINATION" for line in plan.unplanned):
        return [f"No node ships to {order.destination.country_code} now"]
    if plan.assignments or any(line.reason in {"NO_STOCK", "SHIP_COMPLETE"} for line in plan.unplanned):
        return _short_of(order, plan)
    if not plan.profile:
        return ["Nothing ships: no profile of the rules fits this order"]
    if plan.warnings:
        return [f"Nothing ships: {plan.warnings[0]}"]
    tried = _enumerated([f"{one.strategy!r} {one.explanation}" for one in plan.trials])
    return [f"Nothing ships: {tried or 'no strategy is meant for this order'}"]


def _short_of(order: Order, plan: Plan) -> list[str]:
    gone, kept = _units(plan.unplanned, "NO_STOCK"), _units(plan.unplanned, "NOT_ALLOWED")
    # Who asked for it, or the strategy.
    complete = order.demand.ship_complete or any(line.reason == "SHIP_COMPLETE" for line in plan.unplanned)
    if complete and not plan.assignments:
        return [f"Nothing ships: the order must ship complete, and there is not enough for {_things(gone or kept)}"]
    parts = []
    if gone:
        parts.append(f"{'nobody' if plan.assignments else 'Nobody'} has {_things(gone)}")
    if kept:
        parts.append(f"the rules leave {_things(kept)} where it is")
    return parts


def _units(unplanned: Sequence[Unplanned], reason: str) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in unplanned:
        if line.reason == reason:
            units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def _verdict(plan: Plan) -> str:
    strategy = next((one.strategy for one in plan.trials if one.reason == "CHOSEN"), "")
    verdict = (
        f"Decided by {strategy!r} of {plan.rule_version}"
        if strategy
        else f"No strategy of {plan.rule_version} has a plan"
    )
    if len(plan.assignments) > 1:
        verdict += f": {plan.total_cost} in all, for {len(plan.assignments)} shipments and the splitting"
    if plan.fallback is not None:
        verdict += f"; {_things(_all_units(plan))} {_rest(plan)}"
    return verdict


def _all_units(plan: Plan) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in plan.unplanned:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def _rest(plan: Plan) -> str:
    until, fallback = "", plan.fallback or Fallback()
    if plan.auto_cancel_time is not None:
        until = f" and cancelled on {plan.auto_cancel_time.day} {plan.auto_cancel_time:%b %Y} if nothing happens"
    return {
        Action.BACKORDER: "will wait for stock",
        Action.PARK: f"will be parked in queue {fallback.queue!r}",
        Action.HOLD: f"will be held ({fallback.hold_type or 'OTHER'})",
    }[fallback.action] + until


def _short(order: Order, offer: Offer) -> str:
    """Name what a node has too little of; nothing where it has everything."""
    gaps = [
        f"{min(had, want.quantity)} of {want.quantity} {want.sku}"
        for want, had in zip(order.wants, offer.stock, strict=True)
        if had < want.quantity
    ]
    return _enumerated(gaps)


def _quantities(assignment: Assignment) -> dict[str, int]:
    units: dict[str, int] = {}
    for piece in assignment.pieces:
        units[piece.sku] = units.get(piece.sku, 0) + piece.quantity
    return units


def _things(units: Mapping[str, int]) -> str:
    return _enumerated([f"{quantity} × {sku}" for sku, quantity in units.items()])


def _enumerated(words: Sequence[str]) -> str:
    if len(words) > _NAMED:
        return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _also(short: str) -> str:
    return f", and it has {short}" if short else ""

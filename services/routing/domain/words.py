"""Decisions in English: short sentences that say what was decided, and what decided it."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from services.kernel.money import Money
from services.routing.domain.coverage import per_sku
from services.routing.domain.demand import Demand, DemandLine, Strategy
from services.routing.domain.geo import Place, Precision
from services.routing.domain.network import Offer
from services.routing.domain.outcome import Assignment, Candidate, Unplanned

# More things than these are counted, not named: an order may have thousands.
_NAMED = 3

_BY = {
    Strategy.LEAST_COST: "least cost",
    Strategy.FEWEST_SPLITS: "fewest shipments, then least cost",
    Strategy.NEAREST: "nearest node first",
    Strategy.MOST_STOCK: "most stock first",
}


def explain(
    demand: Demand,
    assignments: Sequence[Assignment],
    unplanned: Sequence[Unplanned],
    judged: Sequence[Candidate],
    *,
    total: Money,
    place: Place | None,
) -> str:
    """Say the whole decision."""
    parts = [f"{it.node.node_id} ships {_what(it, demand)} {_terms(it, place)}" for it in assignments]
    if assignments:
        parts += _remark(assignments, judged)
    parts += _missing(demand, unplanned, planned=bool(assignments))
    verdict = f"Decided by {_BY[demand.strategy]}"
    if len(assignments) > 1:
        verdict += f": {total} in all, for {len(assignments)} shipments and the splitting"
    return f"{'; '.join(parts)}. {verdict}."


def chosen(assignment: Assignment) -> str:
    """Say what a node does in the plan."""
    price = assignment.shipping_cost + assignment.handling_cost
    carrier = f"{assignment.carrier_code} {assignment.service_code}"
    return f"ships {_things(_quantities(assignment))} by {carrier} for {price}"


def passed_over(offer: Offer, lines: Sequence[DemandLine], price: Money, total: Money, strategy: Strategy) -> str:
    """Say why a node that has stock is not in the plan."""
    short = _short(offer, lines)
    if strategy is Strategy.NEAREST:
        return f"nearer nodes ship all of it{_also(short)}"
    if strategy is Strategy.MOST_STOCK:
        return f"others have more of it{_also(short)}"
    if short:
        return f"has {short}"
    if price == total:
        return f"would cost {price}, as much as the plan; between equals the first id wins"
    return f"would cost {price} for everything, where the plan costs {total}"


def held_back(offer: Offer, lines: Sequence[DemandLine]) -> str:
    """Say why a node that has stock ships nothing of an order that must ship complete."""
    short = _short(offer, lines)
    return f"has {short or 'everything'}; the order must ship complete"


def _what(assignment: Assignment, demand: Demand) -> str:
    wanted = {line.line_id: line.quantity for line in demand.lines}
    whole = [piece.line_id for piece in assignment.pieces if wanted[piece.line_id] == piece.quantity]
    if len(whole) < len(wanted):
        return _things(_quantities(assignment))
    return {1: "the only line", 2: "both lines"}.get(len(wanted), f"all {len(wanted)} lines")


def _terms(assignment: Assignment, place: Place | None) -> str:
    price = assignment.shipping_cost + assignment.handling_cost
    day = assignment.promise_time.astimezone(ZoneInfo(assignment.node.time_zone))
    way = "distance unknown"
    if assignment.distance_km is not None and place is not None:
        rough = "" if place.precision is Precision.POSTAL_CODE else f" to the {place.precision}"
        way = f"{assignment.distance_km:,.0f} km{rough}"
    return f"for {price} ({way}, promised {day.day} {day:%b %Y})"


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


def _missing(demand: Demand, unplanned: Sequence[Unplanned], *, planned: bool) -> list[str]:
    if not unplanned:
        return []
    if any(line.reason == "NO_NODE_SERVES_DESTINATION" for line in unplanned):
        return [f"No node ships to {demand.destination.country_code} now"]
    units: dict[str, int] = {}
    for line in unplanned:
        if line.reason == "NO_STOCK":
            units[line.sku] = units.get(line.sku, 0) + line.quantity
    if demand.ship_complete:
        return [f"Nothing ships: the order must ship complete, and there is not enough for {_things(units)}"]
    subject = "nobody has" if planned else "Nobody has"
    return [f"{subject} {_things(units)}"]


def _short(offer: Offer, lines: Sequence[DemandLine]) -> str:
    """Name what a node has too little of; nothing where it has everything."""
    wanted = per_sku(lines)
    gaps = [
        f"{have} of {units} {sku}"
        for sku, units in wanted.items()
        if (have := min(offer.stock.get(sku, 0), units)) < units
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

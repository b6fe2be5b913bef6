"""The verdict on every node that was looked at, and what the chosen ones do."""

from collections.abc import Sequence
from functools import partial

from services.kernel.money import Money
from services.routing.domain import words
from services.routing.domain.choices import HANDLING, Choice, Offer, Offers
from services.routing.domain.demand import Method
from services.routing.domain.methods import Part, cheapest
from services.routing.domain.offers import Offering
from services.routing.domain.order import Order
from services.routing.domain.outcome import Assignment, Candidate, ServiceCandidate, Terms
from services.routing.domain.pieces import Piece
from services.routing.domain.reach import MILLS, Way, fast_enough
from services.routing.domain.rules import RuleFailed, Strategy

# Why a node that has stock is not in the plan: what its method looks at first.
_LOSS = {
    Method.LEAST_COST: "COSTLIER",
    Method.FEWEST_SPLITS: "COSTLIER",
    Method.NEAREST: "FARTHER",
    Method.MOST_STOCK: "LESS_STOCK",
}


def assignment(order: Order, offering: Offering, part: Part, pieces: tuple[Piece, ...]) -> Assignment:
    """Return what a node does in the plan."""
    reach, way = part.offer.reach, part.choice.way
    times = offering.pricing.times(reach, way)
    border = None if way is None else offering.sight.border(reach)
    return Assignment(
        node=reach.site.node,
        pieces=pieces,
        carrier_code=way.service.carrier_code if way else "",
        service_code=way.service.service_code if way else "pickup",
        zone=way.lane.zone if way else "",
        pickup=way is None,
        dispatch_time=times.dispatch_time,
        release_by_time=times.release_by_time,
        earliest_delivery_time=times.earliest_delivery_time,
        promise_time=times.delivery_time,
        terms=_terms(order, part.choice.terms(part.units)),
        distance_km=reach.distance_km,
        border_flags=border.flags if border else (),
        return_node_id=order.return_node_id,
        look_at_services=partial(_services, order, offering, part),
    )


def _terms(order: Order, mills: "dict[str, int]") -> Terms:
    terms = {name: order.money((amount + MILLS // 2) // MILLS) for name, amount in mills.items() if amount}
    # What costs nothing at all says so.
    return terms or {HANDLING: order.money(0)}


def _services(order: Order, offering: Offering, part: Part) -> tuple[ServiceCandidate, ...]:
    reach, chosen = part.offer.reach, part.choice
    if chosen.way is None:
        return ()
    priced = {choice.key: choice for choice in part.offer.choices}
    found = []
    for way in reach.ways:
        choice = priced.get(way.key)
        cost = promised = None
        if way.service.disabled:
            reason = "DISABLED"
        elif not fast_enough(way.service, order.demand.service_level.value):
            reason = "SLOWER"
        elif not offering.pricing.leaves(reach, way):
            reason = "NOT_ALLOWED"
        else:
            promised = offering.pricing.times(reach, way).delivery_time
            choice = choice or _priced(offering, part, way)
            if choice is None:
                reason = "NOT_ALLOWED"
            elif any(units and price is None for units, price in zip(part.units, choice.unit, strict=True)):
                reason = "CANNOT_CARRY"
            else:
                reason = "CHOSEN" if way is chosen.way else "COSTLIER"
                cost = sum(_terms(order, choice.terms(part.units)).values(), order.money(0))
        found.append(
            ServiceCandidate(
                carrier_code=way.service.carrier_code,
                service_code=way.service.service_code,
                reason=reason,
                cost=cost,
                promise_time=promised,
            )
        )
    return tuple(found)


def _priced(offering: Offering, part: Part, way: Way) -> Choice | None:
    try:
        return offering.pricing.priced(part.offer, way)
    except RuleFailed:
        # The plan did not need it: what it would have cost is not known, and it is not chosen.
        return None


def judge(
    order: Order, strategy: Strategy, offers: Offers, assignments: Sequence[Assignment], total: Money
) -> tuple[Candidate, ...]:
    """Judge every node: the chosen ones first, then those that have stock, the cheaper first, then all others."""
    chosen = {one.node.node_id: (index, one) for index, one in enumerate(assignments)}
    wanted = [want.quantity for want in order.wants]
    judged: list[tuple[tuple[int, bool, int, str], Candidate]] = []
    for offer in offers.offers:
        part = cheapest(offer, wanted) if offer.choices else None
        units = sum(part.units) if part else 0
        terms = _terms(order, part.choice.terms(part.units)) if part else {}
        price = sum(terms.values(), order.money(0))
        rank, mine = chosen.get(offer.node_id, (len(chosen), None))
        if mine is not None:
            reason, explanation = "CHOSEN", words.chosen(mine)
        elif part is None:
            reason, explanation = "NO_STOCK", "has none of it"
        elif not assignments and (order.demand.ship_complete or strategy.ship_complete):
            reason, explanation = "SHIP_COMPLETE", words.held_back(order, offer)
        else:
            reason = _LOSS[strategy.method]
            explanation = words.passed_over(order, offer, price, total, strategy.method)
        judged.append(
            ((rank, not units, price.minor, offer.node_id), _candidate(offer, reason, explanation, terms, units))
        )
    found = [candidate for _, candidate in sorted(judged, key=lambda one: one[0])]
    found += [
        Candidate(
            node_id=one.reach.site.node_id,
            chosen=False,
            reason=one.reason,
            explanation=one.explanation,
            distance_km=one.reach.distance_km,
            terms={},
            available_quantity=0,
        )
        for one in offers.refusals
    ]
    return tuple(found)


def _candidate(offer: Offer, reason: str, explanation: str, terms: Terms, units: int) -> Candidate:
    return Candidate(
        node_id=offer.node_id,
        chosen=reason == "CHOSEN",
        reason=reason,
        explanation=explanation,
        distance_km=offer.reach.distance_km,
        terms=terms,
        available_quantity=units,
    )

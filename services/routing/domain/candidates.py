"""The verdict on every node that was looked at."""

from collections.abc import Iterable, Sequence

from services.kernel.money import Money
from services.routing.domain import words
from services.routing.domain.coverage import coverable
from services.routing.domain.demand import Demand, DemandLine, Strategy
from services.routing.domain.network import Offer, Refusal
from services.routing.domain.outcome import Assignment, Candidate

# Why a node that has stock is not in the plan: what its strategy looks at first.
_LOSS = {
    Strategy.LEAST_COST: "COSTLIER",
    Strategy.FEWEST_SPLITS: "COSTLIER",
    Strategy.NEAREST: "FARTHER",
    Strategy.MOST_STOCK: "LESS_STOCK",
}


def judge(
    lines: Sequence[DemandLine],
    offers: Iterable[Offer],
    assignments: Sequence[Assignment],
    total: Money,
    demand: Demand,
) -> tuple[Candidate, ...]:
    """Judge those that come into question: the chosen ones first, then those that have stock, the cheaper first.

    `lines` is what was planned: nothing where the order must ship complete and cannot.
    """
    chosen = {assignment.node.node_id: index for index, assignment in enumerate(assignments)}
    judged = []
    for offer in offers:
        could = coverable(demand.lines, [offer])
        units = sum(line.quantity for line in could)
        shipping = Money(offer.shipping_cost(units) if units else 0, total.currency_code)
        handling = Money(offer.handling_cost(len(could)) if units else 0, total.currency_code)
        if offer.node_id in chosen:
            reason, explanation = "CHOSEN", words.chosen(assignments[chosen[offer.node_id]])
        elif not units:
            reason, explanation = "NO_STOCK", "has none of it"
        elif not lines:
            reason, explanation = "SHIP_COMPLETE", words.held_back(offer, demand.lines)
        else:
            reason = _LOSS[demand.strategy]
            explanation = words.passed_over(offer, lines, shipping + handling, total, demand.strategy)
        judged.append(
            Candidate(
                node_id=offer.node_id,
                chosen=offer.node_id in chosen,
                reason=reason,
                explanation=explanation,
                distance_km=offer.distance_km,
                shipping_cost=shipping,
                handling_cost=handling,
                available_quantity=units,
            )
        )

    def place(candidate: Candidate) -> tuple[int, bool, int, str]:
        price = candidate.shipping_cost + candidate.handling_cost
        rank = chosen.get(candidate.node_id, len(chosen))
        return rank, not candidate.available_quantity, price.minor, candidate.node_id

    return tuple(sorted(judged, key=place))


def refused(refusals: Iterable[Refusal], currency_code: str) -> tuple[Candidate, ...]:
    """Judge those that do not come into question."""
    nothing = Money(0, currency_code)
    return tuple(
        Candidate(
            node_id=refusal.node.node_id,
            chosen=False,
            reason=refusal.reason,
            explanation=refusal.explanation,
            distance_km=None,
            shipping_cost=nothing,
            handling_cost=nothing,
            available_quantity=0,
        )
        for refusal in refusals
    )

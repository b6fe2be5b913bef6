"""How a plan is searched for: the solver, or one of the rules of thumb that it is held against.

The rules of thumb let one node after the other take all that it can of what is left. That is what NEAREST and
MOST_STOCK mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.routing.domain.choices import Choice, Offer
from services.routing.domain.demand import Method
from services.routing.domain.order import Order
from services.routing.domain.reach import MILLS
from services.routing.domain.rules import Strategy
from services.routing.domain.solver import DEFAULT_EFFORT, CannotShipError, Problem, Solution, Source, Want, solve

# What a unit that is left behind counts, in mills: more than most units cost to ship.
UNSERVED = 100_000 * MILLS


@dataclass(frozen=True, slots=True)
class Part:
    """What one node ships, by which of its choices: units by want."""

    offer: Offer
    choice: Choice
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """The parts of a plan; what no plan costs less than, in mills, where that is known; whether that is proved."""

    parts: tuple[Part, ...]
    least_cost: int | None
    proven: bool


def search(order: Order, strategy: Strategy, offers: Sequence[Offer]) -> Search | None:
    """Return who ships what; None where not all that are required can be part of it."""
    able = [offer for offer in offers if offer.choices and any(offer.stock)]
    if strategy.method in {Method.LEAST_COST, Method.FEWEST_SPLITS}:
        return _solved(order, strategy, able)
    nearest = strategy.method is Method.NEAREST
    parts = _greedy(order, strategy, sorted(able, key=_nearest)) if nearest else _fullest(order, strategy, able)
    if not order.inputs.required <= {part.offer.node_id for part in parts}:
        return None
    return Search(parts, None, proven=False)


def _solved(order: Order, strategy: Strategy, offers: Sequence[Offer]) -> Search | None:
    had = [min(want.quantity, _had(index, offers)) for index, want in enumerate(order.wants)]
    sources = tuple(offer.source() for offer in offers)
    fewest = strategy.method is Method.FEWEST_SPLITS
    weights = _weights(strategy, had, sources) if fewest else (0, UNSERVED)
    try:
        solution = _solution(order, strategy, had, sources, weights)
        if not fewest and sum(solution.unserved) > had.count(0):
            # Nothing is left behind because it is dear: only what no plan of this strategy can ship.
            weights = 0, _weights(strategy, had, sources)[1]
            solution = _solution(order, strategy, had, sources, weights)
    except CannotShipError:
        return None
    by_id = {offer.node_id: offer for offer in offers}
    parts = tuple(
        Part(by_id[one.source], by_id[one.source].choice(one.option), one.units) for one in solution.shipments
    )
    beyond = weights[0] * max(0, len(parts) - 1) + weights[1] * sum(solution.unserved)
    least = solution.lower_bound - beyond if solution.proven or not beyond else None
    return Search(parts, least, solution.proven)


def _solution(
    order: Order, strategy: Strategy, had: Sequence[int], sources: tuple[Source, ...], weights: tuple[int, int]
) -> Solution:
    shipment, unserved = weights
    wants = tuple(
        Want(sku=sku, quantity=max(1, units), unserved_cost=unserved, may_be_cut=not strategy.whole_lines)
        for sku, units in zip(order.skus, had, strict=True)
    )
    problem = Problem(
        wants=wants,
        sources=sources,
        split_cost=strategy.split_cost * MILLS + shipment,
        max_shipments=strategy.max_shipments,
        required=order.inputs.required,
    )
    return solve(problem, effort=order.inputs.effort or DEFAULT_EFFORT)


def _weights(strategy: Strategy, had: Sequence[int], sources: Sequence[Source]) -> tuple[int, int]:
    """Return what a shipment and a unit left behind count where fewer of them come before any cost: more than two plans
    can differ in all that comes after."""
    most = 0
    for source in sources:
        taken = [min(units, wanted) for units, wanted in zip(source.stock, had, strict=True)]
        costs = []
        for option in source.options:
            each = zip(taken, option.unit, option.pick, strict=True)
            costs.append(abs(option.fixed) + sum(abs(unit or 0) * n + abs(pick) for n, unit, pick in each if n))
        most += max(costs) + strategy.split_cost * MILLS
    shipment = 2 * most + 1
    return shipment, shipment * (min(len(sources), sum(had)) + 1)


def _had(index: int, offers: Sequence[Offer]) -> int:
    """Return the units that some way is open for."""
    return sum(
        offer.stock[index]
        for offer in offers
        if offer.stock[index] and any(choice.unit[index] is not None for choice in offer.choices)
    )


def _nearest(offer: Offer) -> tuple[float, str]:
    distance = offer.reach.distance_km
    return float("inf") if distance is None else distance, offer.node_id


def _greedy(order: Order, strategy: Strategy, offers: Sequence[Offer]) -> tuple[Part, ...]:
    left = [want.quantity for want in order.wants]
    parts: list[Part] = []
    for offer in offers:
        if strategy.max_shipments and len(parts) == strategy.max_shipments:
            break
        part = _take(offer, left, whole=strategy.whole_lines)
        if part is not None:
            parts.append(part)
            left = [some - units for some, units in zip(left, part.units, strict=True)]
    return tuple(parts)


def _fullest(order: Order, strategy: Strategy, offers: Sequence[Offer]) -> tuple[Part, ...]:
    """Let the node go first that can ship most of what is left, then the one with most on its shelves."""
    left, rest = [want.quantity for want in order.wants], list(offers)
    parts: list[Part] = []
    rank: Callable[[Offer], tuple[int, int, str]] = lambda offer: (  # noqa: E731 - it closes over what is left
        -sum(min(some, units) for some, units in zip(left, offer.stock, strict=True)),
        -sum(offer.stock),
        offer.node_id,
    )
    while rest and any(left) and (not strategy.max_shipments or len(parts) < strategy.max_shipments):
        offer = min(rest, key=rank)
        rest.remove(offer)
        part = _take(offer, left, whole=strategy.whole_lines)
        if part is None:
            continue
        parts.append(part)
        left = [some - units for some, units in zip(left, part.units, strict=True)]
    return tuple(parts)


def _take(offer: Offer, left: Sequence[int], *, whole: bool = False) -> Part | None:
    """Let a node ship what it can, by the service that carries most of it, then the cheapest."""
    best: tuple[tuple[int, int, str], Part] | None = None
    for choice in offer.choices:
        units = tuple(
            0 if price is None or (whole and had < some) else min(some, had)
            for some, had, price in zip(left, offer.stock, choice.unit, strict=True)
        )
        if not any(units):
            continue
        if len(offer.choices) == 1:
            return Part(offer, choice, units)
        rank = -sum(units), sum(choice.terms(units).values()), choice.key
        if best is None or rank < best[0]:
            best = rank, Part(offer, choice, units)
    return None if best is None else best[1]


def cheapest(offer: Offer, wanted: Sequence[int]) -> Part | None:
    """Return what a node could ship of an order by itself, at what it costs least."""
    return _take(offer, wanted)

"""Greedy choices: one node after the other takes all that it can of what is left.

They are what NEAREST and MOST_STOCK mean, and what LEAST_COST and FEWEST_SPLITS fall back on where there are too many
sets of nodes to try. All need stock for everything that is wanted.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence

from services.routing.domain.network import Offer
from services.routing.domain.pieces import Quantities

Wanted = Mapping[str, int]


def nearest(offers: Sequence[Offer], wanted: Wanted) -> Quantities:
    """The nearest node first; where the distance is unknown, the cheapest."""
    return take(sorted(offers, key=_distance), wanted)


def cheapest(offers: Sequence[Offer], wanted: Wanted) -> Quantities:
    """The node first whose units cost least when it ships all that it can; superfluous nodes are left out."""
    return _pruned(sorted(offers, key=lambda offer: cost_per_unit(offer, wanted)), wanted)


def most_stock(offers: Sequence[Offer], wanted: Wanted, *, prune: bool = False) -> Quantities:
    """The node first that can ship most of what is left, then the one with most on its shelves, then the cheapest."""
    left = dict(wanted)
    order: list[Offer] = []
    heap = [(-_gain(offer, left), _rank(offer, wanted), offer.node_id) for offer in offers]
    heapq.heapify(heap)
    by_id = {offer.node_id: offer for offer in offers}
    while heap and any(left.values()):
        promised, rank, node_id = heapq.heappop(heap)
        gain = _gain(by_id[node_id], left)
        # Gains only shrink as less is left, so a figure that is out of date is put back and never missed.
        if gain != -promised:
            heapq.heappush(heap, (-gain, rank, node_id))
        elif gain:
            order.append(by_id[node_id])
            left = {sku: units - min(units, order[-1].stock.get(sku, 0)) for sku, units in left.items()}
    return _pruned(order, wanted) if prune else take(order, wanted)


def take(order: Iterable[Offer], wanted: Wanted) -> Quantities:
    """Let each node take what it can, in this order."""
    left = dict(wanted)
    quantities: dict[str, dict[str, int]] = {}
    for offer in order:
        taken = {sku: min(units, left[sku]) for sku, units in offer.stock.items() if left.get(sku)}
        if taken:
            quantities[offer.node_id] = taken
            for sku, units in taken.items():
                left[sku] -= units
    return quantities


def cost_per_unit(offer: Offer, wanted: Wanted) -> tuple[float, str]:
    """Return what a unit costs when the node ships all that it can, and the id to break ties."""
    shares = [min(units, offer.stock.get(sku, 0)) for sku, units in wanted.items()]
    units, pieces = sum(shares), sum(1 for share in shares if share)
    price = offer.shipping_cost(units) + offer.handling_cost(pieces)
    return (price / units if units else float("inf")), offer.node_id


def _pruned(order: Sequence[Offer], wanted: Wanted) -> Quantities:
    chosen = [offer for offer in order if offer.node_id in take(order, wanted)]
    for offer in reversed(chosen):
        rest = [other for other in chosen if other is not offer]
        if all(sum(other.stock.get(sku, 0) for other in rest) >= units for sku, units in wanted.items()):
            chosen = rest
    return take(chosen, wanted)


def _distance(offer: Offer) -> tuple[float, int, str]:
    distance = float("inf") if offer.distance_km is None else offer.distance_km
    return distance, offer.parcel_cost + offer.order_cost, offer.node_id


def _gain(offer: Offer, left: Wanted) -> int:
    return sum(min(units, left.get(sku, 0)) for sku, units in offer.stock.items())


def _rank(offer: Offer, wanted: Wanted) -> tuple[int, float]:
    return -sum(offer.stock.values()), cost_per_unit(offer, wanted)[0]

"""The plan: who ships what, what nobody can ship, and a reason for every node that was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.money import Money
from services.routing.domain import candidates, carriers, network, search, words
from services.routing.domain.coverage import coverable
from services.routing.domain.demand import Demand, DemandLine
from services.routing.domain.geo import Place
from services.routing.domain.network import Offer
from services.routing.domain.node import Node
from services.routing.domain.outcome import Assignment, Plan, Unplanned
from services.routing.domain.pieces import Piece, cost
from services.routing.domain.promise import promise_time
from services.routing.domain.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that a plan is made from. The same inputs make the same plan."""

    demand: Demand
    nodes: tuple[Node, ...]
    # Units that can be reserved, per node and SKU.
    stock: Mapping[str, Mapping[str, int]]
    place: Place | None
    now: datetime
    rules: Rules


def make_plan(inputs: Inputs) -> Plan:
    """Return the plan for these inputs; ties are broken by node id."""
    demand, rules = inputs.demand, inputs.rules
    serving, refusals = network.qualify(inputs.nodes, demand)
    offers = [network.offer(node, demand, inputs.stock.get(node.node_id, {}), inputs.place, rules) for node in serving]
    lines = coverable(demand.lines, offers)
    unplanned = _unplanned(demand, lines, served=bool(serving))
    if unplanned and demand.ship_complete:
        lines, unplanned = [], _held_back(demand, unplanned)
    allocation = search.allocate(lines, offers, demand.strategy, rules)
    by_id = {offer.node_id: offer for offer in offers}
    order = sorted(allocation, key=lambda node_id: (-sum(piece.quantity for piece in allocation[node_id]), node_id))
    assignments = tuple(_assignment(by_id[node_id], allocation[node_id], inputs) for node_id in order)
    total = Money(cost(allocation, by_id, rules), rules.cost_currency)
    judged = candidates.judge(lines, offers, assignments, total, demand)
    return Plan(
        assignments=assignments,
        unplanned=unplanned,
        candidates=(*judged, *candidates.refused(refusals, rules.cost_currency)),
        total_cost=total,
        explanation=words.explain(demand, assignments, unplanned, judged, total=total, place=inputs.place),
    )


def _unplanned(demand: Demand, lines: Sequence[DemandLine], *, served: bool) -> tuple[Unplanned, ...]:
    covered = {line.line_id: line.quantity for line in lines}
    reason = "NO_STOCK" if served else "NO_NODE_SERVES_DESTINATION"
    missing = [(line, line.quantity - covered.get(line.line_id, 0)) for line in demand.lines]
    return tuple(Unplanned(line.line_id, line.sku, units, reason) for line, units in missing if units)


def _held_back(demand: Demand, missing: Sequence[Unplanned]) -> tuple[Unplanned, ...]:
    """Return everything as unplanned: what is missing for its reason, the rest because it must wait for that."""
    reasons = {line.line_id: line.reason for line in missing}
    return tuple(
        Unplanned(line.line_id, line.sku, line.quantity, reasons.get(line.line_id, "SHIP_COMPLETE"))
        for line in demand.lines
    )


def _assignment(offer: Offer, pieces: Sequence[Piece], inputs: Inputs) -> Assignment:
    node, currency = offer.node, inputs.rules.cost_currency
    return Assignment(
        node=node,
        pieces=tuple(pieces),
        carrier_code=carriers.CARRIER_CODE,
        service_code=offer.quote.service_code,
        promise_time=promise_time(inputs.now, node.time_zone, node.processing_minutes, offer.quote.transit_days),
        shipping_cost=Money(offer.shipping_cost(sum(piece.quantity for piece in pieces)), currency),
        handling_cost=Money(offer.handling_cost(len(pieces)), currency),
        distance_km=offer.distance_km,
    )

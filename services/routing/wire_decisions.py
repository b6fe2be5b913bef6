"""Plans and decisions: protobuf ⇄ domain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from oms.common.v1 import address_pb2
from oms.routing.v1 import decision_pb2, routing_service_pb2, rule_set_pb2
from services.kernel.money import Money
from services.routing.domain import rates
from services.routing.domain.demand import Demand, DemandLine, Destination, Exclusion, Method, ServiceLevel
from services.routing.domain.outcome import Assignment, Candidate, Plan, ServiceCandidate, Terms, Trial
from services.routing.wire_value import UnusableMoney, from_money, from_time, to_money, to_time


def to_demand(request: routing_service_pb2.PlanOrderRequest) -> Demand:
    strategy = routing_service_pb2.PlanOrderRequest.Strategy.Name(request.strategy).removeprefix("STRATEGY_")
    return Demand(
        lines=tuple(map(to_line, request.lines)),
        destination=to_destination(request.destination),
        service_level=ServiceLevel(request.service_level or "STANDARD"),
        exclusions=frozenset(Exclusion(node_id=one.node_id, sku=one.sku) for one in request.exclusions),
        method=None if strategy == "UNSPECIFIED" else Method(strategy),
        ship_complete=request.ship_complete,
        channel=request.channel,
        program=request.program,
        priority=request.priority,
        customer_tier=request.customer_tier,
        due_time=to_time(request.due_time) if request.HasField("due_time") else None,
        pickup_node_id=request.pickup_node_id,
    )


def to_line(line: routing_service_pb2.PlanLine) -> DemandLine:
    """Return the line; without a price, its worth is not known.

    Raises:
        UnusableMoney: the price is no amount of its currency, or of one that cannot be compared.
    """
    if (code := line.unit_price.currency_code) and not rates.known(code):
        raise UnusableMoney(f"prices in {code!r} cannot be compared; use one of {rates.CURRENCIES}", currency_code=code)
    return DemandLine(
        line_id=line.line_id,
        sku=line.sku,
        quantity=line.quantity,
        unit_price=to_money(line.unit_price, "USD") if line.unit_price.currency_code else None,
        required_capabilities=tuple(sorted(set(line.required_capabilities))),
    )


def to_destination(message: address_pb2.Destination) -> Destination:
    return Destination(
        country_code=message.country_code,
        administrative_area=message.administrative_area,
        postal_code=message.postal_code,
    )


def from_plan(
    plan: Plan,
    *,
    decision_id: str,
    order_id: str,
    inputs_digest: str,
    create_time: datetime,
    due_time: datetime | None = None,
    promise: str = "",
    shadow_version: str = "",
) -> decision_pb2.Decision:
    decision = decision_pb2.Decision(
        decision_id=decision_id,
        order_id=order_id,
        assignments=map(_assignment, plan.assignments),
        unplanned_lines=[
            decision_pb2.UnplannedLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity, reason=one.reason)
            for one in plan.unplanned
        ],
        candidates=map(candidate, plan.candidates),
        inputs_digest=inputs_digest,
        rule_version=plan.rule_version,
        total_cost=from_money(plan.total_cost),
        explanation=plan.explanation,
        create_time=from_time(create_time),
        profile=plan.profile,
        trials=map(_trial, plan.trials),
        least_cost=None if plan.least_cost is None else from_money(plan.least_cost),
        proven=plan.proven,
        terms=_terms(plan.terms),
        due_time=None if due_time is None else from_time(due_time),
        promise=promise,
        shadow_version=shadow_version,
        warnings=plan.warnings,
    )
    if plan.fallback is not None:
        fallback = plan.fallback
        decision.fallback.CopyFrom(
            rule_set_pb2.Fallback(
                action=rule_set_pb2.Fallback.Action.Value(f"ACTION_{fallback.action.value}"),
                queue=fallback.queue,
                auto_cancel_days=fallback.auto_cancel_days,
                hold_type=fallback.hold_type,
            )
        )
    if plan.auto_cancel_time is not None:
        decision.auto_cancel_time.CopyFrom(from_time(plan.auto_cancel_time))
    return decision


def to_json(decision: decision_pb2.Decision) -> dict[str, Any]:
    return MessageToDict(decision, preserving_proto_field_name=True)


def from_json(document: Mapping[str, Any]) -> decision_pb2.Decision:
    # A newer replica may have stored fields that this one does not know yet.
    return ParseDict(dict(document), decision_pb2.Decision(), ignore_unknown_fields=True)


def candidate(one: Candidate) -> decision_pb2.Candidate:
    """Return a node that was looked at."""
    message = decision_pb2.Candidate(
        node_id=one.node_id,
        chosen=one.chosen,
        reason=one.reason,
        explanation=one.explanation,
        distance_km=one.distance_km or 0.0,
        available_quantity=one.available_quantity,
        terms=_terms(one.terms),
    )
    _costs(message, one.terms)
    if one.total_cost_with is not None:
        message.total_cost_with.CopyFrom(from_money(one.total_cost_with))
    return message


def _assignment(one: Assignment) -> decision_pb2.Assignment:
    message = decision_pb2.Assignment(
        node_id=one.node.node_id,
        lines=[
            decision_pb2.AssignedLine(line_id=piece.line_id, sku=piece.sku, quantity=piece.quantity)
            for piece in one.pieces
        ],
        carrier_code=one.carrier_code,
        service_code=one.service_code,
        promise_time=from_time(one.promise_time),
        distance_km=one.distance_km or 0.0,
        dispatch_time=from_time(one.dispatch_time),
        release_by_time=from_time(one.release_by_time),
        earliest_delivery_time=from_time(one.earliest_delivery_time),
        terms=_terms(one.terms),
        zone=one.zone,
        border_flags=one.border_flags,
        return_node_id=one.return_node_id,
        pickup=one.pickup,
        services=map(_service, one.services),
    )
    _costs(message, one.terms)
    return message


def _service(one: ServiceCandidate) -> decision_pb2.ServiceCandidate:
    return decision_pb2.ServiceCandidate(
        carrier_code=one.carrier_code,
        service_code=one.service_code,
        reason=one.reason,
        cost=None if one.cost is None else from_money(one.cost),
        promise_time=None if one.promise_time is None else from_time(one.promise_time),
    )


def _trial(one: Trial) -> decision_pb2.StrategyTrial:
    return decision_pb2.StrategyTrial(
        strategy=one.strategy,
        chosen=one.reason == "CHOSEN",
        reason=one.reason,
        explanation=one.explanation,
        total_cost=None if one.total_cost is None else from_money(one.total_cost),
        shipments=one.shipments,
    )


def _terms(terms: Terms) -> list[decision_pb2.CostTerm]:
    return [decision_pb2.CostTerm(name=name, amount=from_money(amount)) for name, amount in terms.items()]


def _costs(message: decision_pb2.Assignment | decision_pb2.Candidate, terms: Mapping[str, Money]) -> None:
    for name, field in (("shipping", message.shipping_cost), ("handling", message.handling_cost)):
        if name in terms:
            field.CopyFrom(from_money(terms[name]))
        elif terms:
            field.CopyFrom(from_money(Money(0, next(iter(terms.values())).currency_code)))

"""Rehearsals: protobuf and JSON ⇄ domain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from oms.routing.v1 import decision_pb2, rehearsal_pb2
from oms.routing.v1.rule_set_pb2 import Fallback
from services.kernel.money import Money
from services.routing.domain.comparing import Change, Comparing, Tally
from services.routing.domain.outline import Leg, Outline
from services.routing.domain.pieces import Piece
from services.routing.wire_value import DEFAULT_CURRENCY, from_money, to_money, to_time


def from_comparison(comparing: Comparing, *, rule_version: str, baseline_version: str = "") -> rehearsal_pb2.Comparison:
    code = comparing.currency_code
    return rehearsal_pb2.Comparison(
        rule_version=rule_version,
        baseline_version=baseline_version,
        orders=comparing.orders,
        tally=_tally(comparing.tried, code),
        baseline=_tally(comparing.baseline, code),
        changed_orders=comparing.changed_orders,
        changes=[_change(one, code) for one in comparing.changes],
        uncovered_orders=comparing.uncovered_orders,
        uncovered_order_ids=comparing.uncovered_order_ids,
        failed_orders=comparing.failed_orders,
        failures=comparing.failures,
        strategies=[
            rehearsal_pb2.StrategyTally(profile=profile, strategy=strategy, orders=orders)
            for (profile, strategy), orders in sorted(comparing.strategies.items(), key=lambda one: (-one[1], one[0]))
        ],
    )


def to_outline(decision: decision_pb2.Decision) -> Outline:
    """Return as much of a decision as can be held against others."""
    return Outline(
        rule_version=decision.rule_version,
        profile=decision.profile,
        strategy=next((one.strategy for one in decision.trials if one.chosen), ""),
        legs=tuple(
            Leg(
                node_id=one.node_id,
                service=f"{one.carrier_code} {one.service_code}".strip(),
                pieces=tuple(Piece(line.line_id, line.sku, line.quantity) for line in one.lines),
                cost=_sum(_terms(one.terms), decision.total_cost.currency_code or DEFAULT_CURRENCY),
                promise_time=to_time(one.promise_time),
            )
            for one in decision.assignments
        ),
        left=tuple(Piece(one.line_id, one.sku, one.quantity) for one in decision.unplanned_lines),
        action=Fallback.Action.Name(decision.fallback.action).removeprefix("ACTION_")
        if decision.HasField("fallback")
        else "",
        terms=_terms(decision.terms),
        total_cost=to_money(decision.total_cost, DEFAULT_CURRENCY),
        create_time=to_time(decision.create_time),
        due_time=to_time(decision.due_time) if decision.HasField("due_time") else None,
        warnings=tuple(decision.warnings),
    )


def shadow_document(order_id: str, *, tried: Outline, baseline: Outline) -> dict[str, Any]:
    """Return what a shadow would have done, beside what was done, as JSON."""
    return {"order_id": order_id, "tried": outline_document(tried), "baseline": outline_document(baseline)}


def add_shadow(comparing: Comparing, decision_id: str, document: Mapping[str, Any]) -> None:
    """Count what a shadow would have done."""
    comparing.add(
        document["order_id"],
        decision_id,
        baseline=read_outline(document["baseline"]),
        tried=read_outline(document["tried"]),
    )


def outline_document(one: Outline) -> dict[str, Any]:
    """Return it as JSON."""
    return {
        "rule_version": one.rule_version,
        "profile": one.profile,
        "strategy": one.strategy,
        "legs": [
            [leg.node_id, leg.service, list(map(_row, leg.pieces)), leg.cost.minor, leg.promise_time.isoformat()]
            for leg in one.legs
        ],
        "left": list(map(_row, one.left)),
        "action": one.action,
        "terms": {name: amount.minor for name, amount in one.terms.items()},
        "total_cost": [one.total_cost.minor, one.total_cost.currency_code],
        "create_time": one.create_time.isoformat(),
        "due_time": one.due_time.isoformat() if one.due_time else "",
        "warnings": list(one.warnings),
    }


def read_outline(document: Mapping[str, Any]) -> Outline:
    total = Money(*document["total_cost"])
    code = total.currency_code
    return Outline(
        rule_version=document["rule_version"],
        profile=document["profile"],
        strategy=document["strategy"],
        legs=tuple(
            Leg(
                node_id=node_id,
                service=service,
                pieces=tuple(Piece(*row) for row in pieces),
                cost=Money(minor, code),
                promise_time=datetime.fromisoformat(promise_time),
            )
            for node_id, service, pieces, minor, promise_time in document["legs"]
        ),
        left=tuple(Piece(*row) for row in document["left"]),
        action=document["action"],
        terms={name: Money(minor, code) for name, minor in document["terms"].items()},
        total_cost=total,
        create_time=datetime.fromisoformat(document["create_time"]),
        due_time=datetime.fromisoformat(document["due_time"]) if document["due_time"] else None,
        warnings=tuple(document["warnings"]),
    )


def _row(piece: Piece) -> list[Any]:
    return [piece.line_id, piece.sku, piece.quantity]


def _terms(terms: Any) -> dict[str, Money]:
    return {one.name: to_money(one.amount, DEFAULT_CURRENCY) for one in terms}


def _sum(terms: Mapping[str, Money], currency_code: str) -> Money:
    return sum(terms.values(), Money(0, currency_code))


def _tally(tally: Tally, currency_code: str) -> rehearsal_pb2.Tally:
    return rehearsal_pb2.Tally(
        cost=from_money(Money(tally.cost, currency_code)),
        shipping_cost=from_money(Money(tally.shipping_cost, currency_code)),
        shipments=tally.shipments,
        split_orders=tally.split_orders,
        unplanned_orders=tally.unplanned_orders,
        average_delivery_days=tally.average_delivery_days,
        late_orders=tally.late_orders,
        node_shipments=tally.node_shipments,
        fallback_units=tally.fallback_units,
    )


def _change(one: Change, currency_code: str) -> rehearsal_pb2.ChangedOrder:
    return rehearsal_pb2.ChangedOrder(
        order_id=one.order_id,
        decision_id=one.decision_id,
        baseline_plan=one.baseline,
        plan=one.tried,
        cost_difference=from_money(Money(one.cost_difference, currency_code)),
        days_difference=one.days_difference,
    )

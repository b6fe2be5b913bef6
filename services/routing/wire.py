"""Protobuf ⇄ domain. Pure: no call, no SQL, no rule."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from oms.common.v1 import address_pb2
from oms.routing.v1 import decision_pb2, node_pb2, routing_service_pb2
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money, exponent
from services.routing.domain.demand import Demand, DemandLine, Destination, Exclusion, ServiceLevel, Strategy
from services.routing.domain.geo import Point
from services.routing.domain.node import Node, NodeType
from services.routing.domain.outcome import Assignment, Candidate, Plan

_DEFAULT_CURRENCY = "USD"
_NANOS = 1_000_000_000


class UnusableMoney(InvalidArgument):
    reason = "UNUSABLE_MONEY"


class UnreadablePosition(InvalidArgument):
    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        super().__init__("the page token was not made by this service; start again without one")


def to_node(message: node_pb2.Node) -> Node:
    """Return the node; costs that are not set are nothing, in the currency of the other."""
    currency = message.order_cost.currency_code or message.line_cost.currency_code or _DEFAULT_CURRENCY
    return Node(
        node_id=message.node_id,
        display_name=message.display_name,
        type=NodeType(node_pb2.Node.Type.Name(message.type).removeprefix("TYPE_")),
        country_code=message.country_code,
        administrative_area=message.administrative_area,
        city=message.city,
        postal_code=message.postal_code,
        point=Point(message.latitude, message.longitude),
        time_zone=message.time_zone,
        processing_minutes=message.processing_minutes,
        order_cost=to_money(message.order_cost, currency),
        line_cost=to_money(message.line_cost, currency),
        serves_country_codes=tuple(sorted(set(message.serves_country_codes))),
        capabilities=tuple(sorted(set(message.capabilities))),
        disabled=message.disabled,
        disabled_reason=message.disabled_reason if message.disabled else "",
        etag=message.etag,
    )


def from_node(node: Node) -> node_pb2.Node:
    return node_pb2.Node(
        node_id=node.node_id,
        display_name=node.display_name,
        type=node_pb2.Node.Type.Value(f"TYPE_{node.type.value}"),
        country_code=node.country_code,
        administrative_area=node.administrative_area,
        city=node.city,
        postal_code=node.postal_code,
        latitude=node.point.latitude,
        longitude=node.point.longitude,
        time_zone=node.time_zone,
        processing_minutes=node.processing_minutes,
        order_cost=from_money(node.order_cost),
        line_cost=from_money(node.line_cost),
        serves_country_codes=node.serves_country_codes,
        capabilities=node.capabilities,
        disabled=node.disabled,
        disabled_reason=node.disabled_reason,
        update_time=None if node.update_time is None else from_time(node.update_time),
        etag=node.etag,
    )


def to_demand(request: routing_service_pb2.PlanOrderRequest) -> Demand:
    strategy = routing_service_pb2.PlanOrderRequest.Strategy.Name(request.strategy).removeprefix("STRATEGY_")
    return Demand(
        lines=tuple(DemandLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in request.lines),
        destination=to_destination(request.destination),
        service_level=ServiceLevel(request.service_level or "STANDARD"),
        exclusions=frozenset(Exclusion(node_id=one.node_id, sku=one.sku) for one in request.exclusions),
        strategy=Strategy.LEAST_COST if strategy == "UNSPECIFIED" else Strategy(strategy),
        ship_complete=request.ship_complete,
    )


def to_destination(message: address_pb2.Destination) -> Destination:
    return Destination(
        country_code=message.country_code,
        administrative_area=message.administrative_area,
        postal_code=message.postal_code,
    )


def from_plan(
    plan: Plan, *, decision_id: str, order_id: str, rule_version: str, inputs_digest: str, create_time: datetime
) -> decision_pb2.Decision:
    return decision_pb2.Decision(
        decision_id=decision_id,
        order_id=order_id,
        assignments=map(_assignment, plan.assignments),
        unplanned_lines=[
            decision_pb2.UnplannedLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity, reason=one.reason)
            for one in plan.unplanned
        ],
        candidates=map(_candidate, plan.candidates),
        inputs_digest=inputs_digest,
        rule_version=rule_version,
        total_cost=from_money(plan.total_cost),
        explanation=plan.explanation,
        create_time=from_time(create_time),
    )


def to_json(decision: decision_pb2.Decision) -> dict[str, Any]:
    return MessageToDict(decision, preserving_proto_field_name=True)


def from_json(document: Mapping[str, Any]) -> decision_pb2.Decision:
    # A newer replica may have stored fields that this one does not know yet.
    return ParseDict(dict(document), decision_pb2.Decision(), ignore_unknown_fields=True)


def to_money(message: MoneyMessage, default_currency: str) -> Money:
    """Return exact money.

    Raises:
        UnusableMoney: the amount has more places than its currency, or its signs differ.
    """
    currency = message.currency_code or default_currency
    step = _NANOS // 10 ** exponent(currency)
    nanos = message.units * _NANOS + message.nanos
    if nanos % step or abs(message.nanos) >= _NANOS or message.units * message.nanos < 0:
        raise UnusableMoney(f"{message.units} and {message.nanos} nanos are no amount of {currency}", currency=currency)
    return Money(nanos // step, currency)


def from_money(money: Money) -> MoneyMessage:
    # Never negative here: costs are checked as they come in.
    units, rest = divmod(money.minor, 10 ** exponent(money.currency_code))
    nanos = rest * (_NANOS // 10 ** exponent(money.currency_code))
    return MoneyMessage(currency_code=money.currency_code, units=units, nanos=nanos)


def from_time(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.astimezone(UTC))
    return timestamp


def to_time(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(UTC)


def node_position(position: list[Any] | None) -> str:
    """Return the node that a page of nodes follows."""
    if position is None:
        return ""
    match position:
        case [str(node_id)]:
            return node_id
    raise UnreadablePosition


def decision_position(position: list[Any] | None) -> tuple[datetime, str] | None:
    """Return the decision that a page of decisions follows."""
    if position is None:
        return None
    try:
        time, decision_id = position
        moment = datetime.fromisoformat(time)
    except (TypeError, ValueError) as error:
        raise UnreadablePosition from error
    if moment.tzinfo is None or not isinstance(decision_id, str):
        raise UnreadablePosition
    return moment, decision_id


def _assignment(assignment: Assignment) -> decision_pb2.Assignment:
    return decision_pb2.Assignment(
        node_id=assignment.node.node_id,
        lines=[
            decision_pb2.AssignedLine(line_id=piece.line_id, sku=piece.sku, quantity=piece.quantity)
            for piece in assignment.pieces
        ],
        carrier_code=assignment.carrier_code,
        service_code=assignment.service_code,
        promise_time=from_time(assignment.promise_time),
        shipping_cost=from_money(assignment.shipping_cost),
        handling_cost=from_money(assignment.handling_cost),
        distance_km=assignment.distance_km or 0.0,
    )


def _candidate(candidate: Candidate) -> decision_pb2.Candidate:
    return decision_pb2.Candidate(
        node_id=candidate.node_id,
        chosen=candidate.chosen,
        reason=candidate.reason,
        explanation=candidate.explanation,
        distance_km=candidate.distance_km or 0.0,
        shipping_cost=from_money(candidate.shipping_cost),
        handling_cost=from_money(candidate.handling_cost),
        available_quantity=candidate.available_quantity,
    )

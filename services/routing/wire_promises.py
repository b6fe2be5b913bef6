"""Promises: protobuf ⇄ domain."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from oms.inventory.v1.inventory_service_pb2 import GetAvailabilityResponse
from oms.routing.v1 import promise_pb2, routing_service_pb2
from services.routing.domain import promising
from services.routing.domain.demand import Demand, DemandLine
from services.routing.domain.drafting import LEVELS, PICKUP, Steps, Supply
from services.routing.domain.network import Network
from services.routing.domain.promising import Option, PromisedShipment
from services.routing.stock import Stock
from services.routing.wire_decisions import to_destination, to_line
from services.routing.wire_value import from_money, from_time, to_time


def to_demand(request: routing_service_pb2.PromiseDeliveryRequest) -> Demand:
    """Return what is wanted, and where those who collect do.

    Raises:
        DuplicateLine: two lines have the same id.
        UnusableMoney: a price is no amount of its currency.
    """
    return Demand(
        lines=tuple(map(to_line, request.lines)),
        destination=to_destination(request.destination),
        ship_complete=request.ship_complete,
        channel=request.channel,
        program=request.program,
        customer_tier=request.customer_tier,
        pickup_node_id=request.pickup_node_id,
    )


def to_levels(request: routing_service_pb2.PromiseDeliveryRequest) -> list[str]:
    """Return the levels that are asked for, the slowest first."""
    levels = [one for one in LEVELS if not request.service_levels or one in request.service_levels]
    return [*levels, PICKUP] if request.pickup_node_id else levels


def to_stock(answers: Iterable[GetAvailabilityResponse], network: Network) -> tuple[Stock, Supply]:
    """Return what is there now and later at the nodes that get work."""
    stock: Stock = {}
    later: dict[str, dict[str, Steps]] = {}
    for answer in answers:
        for one in answer.availabilities:
            site = network.by_id.get(one.node_id)
            if site is None or site.node.disabled:
                continue
            if one.available_quantity:
                stock.setdefault(one.node_id, {})[one.sku] = one.available_quantity
            if one.later:
                later.setdefault(one.sku, {})[one.node_id] = [
                    (to_time(step.from_time), step.quantity) for step in one.later
                ]
    return stock, Supply(later=later)


def fill(
    message: promise_pb2.Promise,
    *,
    promise_id: str,
    found: Sequence[Option],
    short: Iterable[tuple[DemandLine, int]],
    rule_version: str,
    now: datetime,
) -> None:
    """Write a first version into a message."""
    message.promise_id, message.version = promise_id, 1
    message.cause = promise_pb2.Promise.CAUSE_QUOTED
    message.rule_version = rule_version
    for option in found:
        _fill_option(message.options.add(), option)
    for line, units in short:
        message.short_lines.add(line_id=line.line_id, sku=line.sku, quantity=units)
    message.create_time.CopyFrom(from_time(now))
    if found:
        message.expire_time.CopyFrom(from_time(promising.expire_time(found, now)))


def _fill_option(message: promise_pb2.DeliveryOption, option: Option) -> None:
    dispatches = [one.dispatch_time for one in option.shipments]
    message.service_level = option.service_level
    message.earliest_dispatch_time.CopyFrom(from_time(min(dispatches)))
    message.latest_dispatch_time.CopyFrom(from_time(max(dispatches)))
    earliest = min(one.earliest_delivery_time for one in option.shipments)
    message.earliest_delivery_time.CopyFrom(from_time(earliest))
    message.latest_delivery_time.CopyFrom(from_time(option.latest_delivery_time))
    message.cost.CopyFrom(from_money(option.cost))
    message.confidence = round(option.confidence, 4)
    for one in option.shipments:
        _fill_shipment(message.shipments.add(), one)


def _fill_shipment(message: promise_pb2.PromisedShipment, one: PromisedShipment) -> None:
    planned = one.parcel.assignment
    message.node_id = planned.node.node_id
    message.carrier_code, message.service_code = planned.carrier_code, planned.service_code
    for piece in one.parcel.pieces:
        line = message.lines.add(line_id=piece.line_id, sku=piece.sku, quantity=piece.quantity)
        if piece.available_time is not None:
            line.available_time.CopyFrom(from_time(piece.available_time))
    message.dispatch_time.CopyFrom(from_time(one.dispatch_time))
    message.delivery_time.CopyFrom(from_time(one.delivery_time))

"""Nodes: protobuf ⇄ domain."""

from datetime import time

from oms.routing.v1 import node_pb2
from services.routing.domain.geo import Point
from services.routing.domain.node import Cutoff, Node, NodeType
from services.routing.wire_value import DEFAULT_CURRENCY, from_money, from_time, to_money


def to_node(message: node_pb2.Node) -> Node:
    """Return the node; costs that are not set are nothing, in the currency of the other."""
    currency = message.order_cost.currency_code or message.line_cost.currency_code or DEFAULT_CURRENCY
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
        address_lines=tuple(message.address_lines),
        calendar_id=message.calendar_id,
        daily_capacity=message.daily_capacity,
        hourly_capacity=message.hourly_capacity,
        cutoffs=tuple(sorted(map(to_cutoff, message.cutoffs), key=lambda one: (one.carrier_code, one.service_code))),
        programs=tuple(sorted(set(message.programs))),
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
        address_lines=node.address_lines,
        calendar_id=node.calendar_id,
        daily_capacity=node.daily_capacity,
        hourly_capacity=node.hourly_capacity,
        cutoffs=map(from_cutoff, node.cutoffs),
        programs=node.programs,
    )


def to_cutoff(message: node_pb2.Cutoff) -> Cutoff:
    """Return until when a carrier collects; one without a time never does."""
    never = message.never or not message.time
    return Cutoff(
        carrier_code=message.carrier_code,
        service_code=message.service_code,
        time=None if never else time.fromisoformat(message.time),
    )


def from_cutoff(cutoff: Cutoff) -> node_pb2.Cutoff:
    return node_pb2.Cutoff(
        carrier_code=cutoff.carrier_code,
        service_code=cutoff.service_code,
        time="" if cutoff.time is None else clock_text(cutoff.time),
        never=cutoff.time is None,
    )


def clock_text(moment: time) -> str:
    """Return a time of day as people write it: without seconds that are none."""
    return moment.isoformat("seconds" if moment.second else "minutes")

"""Protobuf to domain and back, for what may be promised and how it is seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import channel_pb2
from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain import atp
from services.inventory.domain.atp import Step
from services.inventory.domain.bundles import Component
from services.inventory.domain.channels import ChannelPolicy
from services.inventory.domain.outlook import Outlook, Steps
from services.inventory.domain.problems_channels import InvalidBundle, InvalidPolicy
from services.kernel.quantity import MAXIMUM

MAX_SKU = 100
MAX_NAME = 64
MAX_NODES = 2000
MAX_THRESHOLDS = 5000
MAX_COMPONENTS = 100
# More of one component is a typing error, and sums of units stay inside 64 bits.
MAX_IN_BUNDLE = 1_000_000


def availabilities(free: Mapping[str, Mapping[str, int]]) -> rpc.GetAvailabilityResponse:
    answer = rpc.GetAvailabilityResponse()
    add = answer.availabilities.add
    for sku, nodes in free.items():
        for node_id, units in nodes.items():
            add(sku=sku, node_id=node_id, available_quantity=units)
    return answer


def availabilities_later(found: Mapping[str, Mapping[str, Steps]]) -> rpc.GetAvailabilityResponse:
    """Pairs that supply comes to are there too, also where nothing is available now."""
    answer = rpc.GetAvailabilityResponse()
    for sku, nodes in found.items():
        for node_id, (first, *later) in nodes.items():
            if first.quantity or later:
                one = answer.availabilities.add(sku=sku, node_id=node_id, available_quantity=first.quantity)
                one.later.extend(map(step, later))
    return answer


def promise(one: Outlook, quantity: int) -> channel_pb2.AvailableToPromise:
    """Tell the outlook of a SKU, and when `quantity` units can be had where that was asked."""
    found = channel_pb2.AvailableToPromise(sku=one.sku, available_quantity=one.now, steps=map(step, one.steps))
    if quantity and (earliest := atp.earliest(one.steps, quantity)):
        found.earliest_time.CopyFrom(_timestamp(earliest))
    return found


def step(one: Step) -> channel_pb2.AvailabilityStep:
    return channel_pb2.AvailabilityStep(from_time=_timestamp(one.time), quantity=one.quantity)


def policy(message: channel_pb2.ChannelPolicy) -> ChannelPolicy:
    """Return the policy of a message.

    Raises:
        InvalidPolicy: a name is missing or too long, a figure below zero or too high, or there are too many of them.
    """
    _refuse_name(InvalidPolicy, "channel", [message.channel], MAX_NAME)
    _refuse_name(InvalidPolicy, "excluded node", message.excluded_node_ids, MAX_NAME)
    _refuse_name(InvalidPolicy, "SKU with a threshold", message.sku_thresholds, MAX_SKU)
    if len(message.segment) > MAX_NAME:
        raise InvalidPolicy(f"a segment has at most {MAX_NAME} characters")
    for units in (message.threshold_quantity, *message.sku_thresholds.values()):
        if not 0 <= units <= MAXIMUM:
            raise InvalidPolicy(f"a threshold is between 0 and {MAXIMUM}, not {units}", threshold=units)
    if len(message.excluded_node_ids) > MAX_NODES or len(message.sku_thresholds) > MAX_THRESHOLDS:
        raise InvalidPolicy(f"a policy has at most {MAX_NODES} excluded nodes and {MAX_THRESHOLDS} thresholds of SKUs")
    return ChannelPolicy(
        channel=message.channel,
        segment=message.segment,
        threshold=message.threshold_quantity,
        excluded_node_ids=frozenset(message.excluded_node_ids),
        sku_thresholds=dict(message.sku_thresholds),
    )


def policy_message(one: ChannelPolicy) -> channel_pb2.ChannelPolicy:
    return channel_pb2.ChannelPolicy(
        channel=one.channel,
        segment=one.segment,
        threshold_quantity=one.threshold,
        excluded_node_ids=sorted(one.excluded_node_ids),
        sku_thresholds=one.sku_thresholds,
    )


def components(message: channel_pb2.Bundle) -> list[Component]:
    """Return what a bundle is made of.

    Raises:
        InvalidBundle: a name is missing or too long, a quantity cannot be, or there are too many components.
    """
    _refuse_name(InvalidBundle, "bundle", [message.sku], MAX_SKU)
    _refuse_name(InvalidBundle, "component", (one.sku for one in message.components), MAX_SKU)
    if len(message.components) > MAX_COMPONENTS:
        raise InvalidBundle(f"a bundle has at most {MAX_COMPONENTS} components")
    for one in message.components:
        if not 1 <= one.quantity <= MAX_IN_BUNDLE:
            raise InvalidBundle(
                f"one bundle has between 1 and {MAX_IN_BUNDLE} units of {one.sku}, not {one.quantity}",
                component_sku=one.sku,
                quantity=one.quantity,
            )
    return [Component(one.sku, one.quantity) for one in message.components]


def bundle_message(sku: str, made_of: Iterable[Component]) -> channel_pb2.Bundle:
    parts = (channel_pb2.BundleComponent(sku=one.sku, quantity=one.quantity) for one in made_of)
    return channel_pb2.Bundle(sku=sku, components=parts)


def _refuse_name(problem: type[InvalidPolicy | InvalidBundle], what: str, names: Iterable[str], longest: int) -> None:
    for name in names:
        if not 0 < len(name) <= longest:
            raise problem(f"the name of a {what} has between 1 and {longest} characters, not {len(name)}")


def _timestamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found

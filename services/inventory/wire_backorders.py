"""Backorders, protobuf to domain and back, and nothing else."""

from collections.abc import Mapping
from datetime import datetime

from oms.inventory.v1 import backorder_pb2
from oms.workflow.v1.order_workflow_pb2 import BackorderPromised, SkuPromise
from services.inventory.domain.backorder import Backorder
from services.inventory.domain.filling import Policy
from services.inventory.wire import timestamp


def backorder(one: Backorder) -> backorder_pb2.Backorder:
    return backorder_pb2.Backorder(
        owner_id=one.owner_id,
        line_id=one.line_id,
        sku=one.sku,
        quantity=one.quantity,
        priority=one.priority,
        state=backorder_pb2.Backorder.State.Value(f"STATE_{one.state}"),
        create_time=timestamp(one.create_time),
        promise_time=timestamp(one.promise_time) if one.promise_time else None,
        filled_quantity=one.filled,
    )


def promised(promises: Mapping[str, datetime | None]) -> BackorderPromised:
    return BackorderPromised(
        promises=[
            SkuPromise(sku=sku, promise_time=timestamp(time) if time else None)
            for sku, time in sorted(promises.items())
        ]
    )


def policy(value: backorder_pb2.BackorderPolicy.ValueType) -> Policy | None:
    """Return the policy; None where it is not set."""
    name = backorder_pb2.BackorderPolicy.Name(value).removeprefix("BACKORDER_POLICY_")
    return None if name == "UNSPECIFIED" else Policy(name)


def policy_value(one: Policy) -> backorder_pb2.BackorderPolicy.ValueType:
    return backorder_pb2.BackorderPolicy.Value(f"BACKORDER_POLICY_{one}")

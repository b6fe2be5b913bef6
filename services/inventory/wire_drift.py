"""Protobuf to domain and back, about differences that wait for a decision."""

from oms.inventory.v1 import source_pb2
from services.inventory import wire
from services.inventory.domain.drift import DriftException


def drift_exception(one: DriftException) -> source_pb2.DriftException:
    return source_pb2.DriftException(
        drift_exception_id=one.drift_exception_id,
        source=one.source,
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        sequence=one.sequence,
        was_on_hand=one.was_on_hand,
        on_hand=one.on_hand,
        proposed_delta=one.proposed_delta,
        state=source_pb2.DriftException.State.Value(f"STATE_{one.state}"),
        create_time=wire.timestamp(one.create_time),
        decide_actor=one.decide_actor,
        decide_time=wire.timestamp(one.decide_time) if one.decide_time else None,
        note=one.note,
    )

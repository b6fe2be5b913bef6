"""Protobuf to domain and back, about sources."""

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1 import source_pb2
from services.inventory import wire
from services.inventory.domain import messages
from services.inventory.domain.drift import NO_LIMIT, Drift, Limit
from services.inventory.domain.messages import Message
from services.inventory.domain.problems_sources import InvalidLimit
from services.inventory.sources import Outcome
from services.inventory.store_snapshots import StockSource


def message(request: rpc.SyncStockRequest) -> Message:
    """Return the message.

    Raises:
        DuplicateSku: a SKU is counted twice.
        InvalidPart: it is a part that cannot be.
        MixedFigures: it has counts and deltas.
    """
    return messages.check(
        Message(
            source=request.source,
            node_id=request.node_id,
            sequence=request.sequence,
            part=request.part,
            part_count=request.part_count,
            complete=request.complete,
            count_time=wire.moment(request.count_time) if request.HasField("count_time") else None,
            counts=messages.counted_once((one.sku, one.on_hand) for one in request.counts),
            deltas=messages.added_up((one.sku, one.on_hand_delta) for one in request.deltas),
        )
    )


def outcome(one: Outcome) -> rpc.SyncStockResponse:
    return rpc.SyncStockResponse(
        stale=one.stale,
        drifts=map(drift, one.drifts),
        missing_part_count=one.missing_parts,
        missing_sequence_count=one.missing_sequences,
    )


def drift(one: Drift) -> rpc.StockDrift:
    return rpc.StockDrift(
        sku=one.sku,
        was_on_hand=one.was_on_hand,
        on_hand=one.on_hand,
        oversold_quantity=one.oversold,
        drift_exception_id=one.drift_exception_id,
    )


def limit_of(request: rpc.SetDriftLimitRequest) -> Limit:
    """Return the limit; none where it is not set.

    Raises:
        InvalidLimit: it is below zero.
    """
    if not request.HasField("limit"):
        return NO_LIMIT
    asked = request.limit
    if asked.units < 0 or asked.percent < 0:
        raise InvalidLimit(asked.units, asked.percent)
    return Limit(units=asked.units, percent=asked.percent)


def limit(one: Limit) -> source_pb2.DriftLimit | None:
    return None if one.none else source_pb2.DriftLimit(units=one.units, percent=one.percent)


def stock_source(one: StockSource) -> source_pb2.StockSource:
    return source_pb2.StockSource(
        source=one.source,
        node_id=one.node_id,
        sequence=one.sequence,
        update_time=wire.timestamp(one.update_time),
        counted_sku_count=one.statistics.counted,
        drifted_sku_count=one.statistics.drifted,
        surplus_quantity=one.statistics.surplus,
        deficit_quantity=one.statistics.deficit,
        open_exception_count=one.open_exception_count,
        limit=limit(one.limit),
    )

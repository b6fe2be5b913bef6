"""Protobuf to domain and back, and nothing else."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import backorder_pb2, position_pb2, reservation_pb2
from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain.backorder import DEFAULT_PRIORITY, Backorder, Wait, once_each
from services.inventory.domain.drift import Drift
from services.inventory.domain.ledger import Discrepancy, Entry
from services.inventory.domain.position import Pair, Position, Reason
from services.inventory.domain.reservation import Reservation
from services.inventory.domain.reserving import Demand, Line
from services.inventory.domain.shortfall import Shortfall
from services.inventory.domain.stocktaking import Adjustment
from services.kernel.errors import InvalidArgument


def adjustments(request: rpc.AdjustStockRequest) -> list[Adjustment]:
    return [
        Adjustment(pair=Pair(one.sku, one.node_id), on_hand=one.on_hand_delta, unsellable=one.unsellable_delta)
        for one in request.adjustments
    ]


def reason(value: position_pb2.MovementReason.ValueType) -> Reason:
    return Reason(position_pb2.MovementReason.Name(value).removeprefix("MOVEMENT_REASON_"))


def demand(request: rpc.ReserveStockRequest) -> Demand:
    return Demand(
        request_id=request.request_id,
        owner_id=request.owner_id,
        lines=[
            Line(line_id=line.line_id, pair=Pair(line.sku, line.node_id), quantity=line.quantity)
            for line in request.lines
        ],
        best_effort=request.mode == rpc.ReserveStockRequest.MODE_BEST_EFFORT,
        expire_time=moment(request.expire_time) if request.HasField("expire_time") else None,
    )


def waits(request: rpc.RegisterBackorderRequest) -> list[Wait]:
    return once_each(Wait(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in request.lines)


def priority(request: rpc.RegisterBackorderRequest) -> int:
    return request.priority or DEFAULT_PRIORITY


def position(one: Position) -> position_pb2.Position:
    return position_pb2.Position(
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        on_hand=one.on_hand,
        reserved=one.reserved,
        safety_stock=one.safety_stock,
        unsellable=one.unsellable,
        available=one.available,
        update_time=timestamp(one.update_time),
    )


def availability(pair: Pair, free: int) -> position_pb2.Availability:
    return position_pb2.Availability(sku=pair.sku, node_id=pair.node_id, available_quantity=free)


def entry(one: Entry) -> position_pb2.LedgerEntry:
    moved = one.movement
    return position_pb2.LedgerEntry(
        sequence=one.sequence,
        sku=moved.pair.sku,
        node_id=moved.pair.node_id,
        on_hand_delta=moved.on_hand,
        reserved_delta=moved.reserved,
        safety_stock_delta=moved.safety_stock,
        unsellable_delta=moved.unsellable,
        reason=position_pb2.MovementReason.Value(f"MOVEMENT_REASON_{moved.reason}"),
        reference=moved.reference,
        note=moved.note,
        actor=one.actor,
        create_time=timestamp(one.create_time),
    )


def reservation(one: Reservation) -> reservation_pb2.Reservation:
    return reservation_pb2.Reservation(
        reservation_id=one.reservation_id,
        owner_id=one.owner_id,
        line_id=one.line_id,
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        quantity=one.quantity,
        consumed_quantity=one.consumed,
        released_quantity=one.released,
        state=reservation_pb2.Reservation.State.Value(f"STATE_{one.state}"),
        expire_time=timestamp(one.expire_time) if one.expire_time else None,
        create_time=timestamp(one.create_time),
        update_time=timestamp(one.update_time),
    )


def shortfall(one: Shortfall) -> reservation_pb2.Shortfall:
    return reservation_pb2.Shortfall(
        line_id=one.line_id,
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        wanted_quantity=one.wanted,
        available_quantity=one.available,
    )


def drift(one: Drift) -> rpc.StockDrift:
    return rpc.StockDrift(sku=one.sku, was_on_hand=one.was_on_hand, on_hand=one.on_hand, oversold_quantity=one.oversold)


def backorder(one: Backorder) -> backorder_pb2.Backorder:
    return backorder_pb2.Backorder(
        owner_id=one.owner_id,
        line_id=one.line_id,
        sku=one.sku,
        quantity=one.quantity,
        priority=one.priority,
        state=backorder_pb2.Backorder.State.Value(f"STATE_{one.state}"),
        create_time=timestamp(one.create_time),
    )


def discrepancy(one: Discrepancy) -> rpc.Discrepancy:
    return rpc.Discrepancy(
        sku=one.position.pair.sku,
        node_id=one.position.pair.node_id,
        counter=one.counter,
        rows=one.rows,
        counted=one.counted,
        summed=one.summed,
    )


def timestamp(when: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(when)
    return found


def moment(when: Timestamp) -> datetime:
    """Return the moment.

    Raises:
        InvalidArgument: the message can hold it and the calendar cannot.
    """
    try:
        return when.ToDatetime(tzinfo=UTC)
    except ValueError as error:
        raise InvalidArgument(str(error), reason="INVALID_TIMESTAMP") from error

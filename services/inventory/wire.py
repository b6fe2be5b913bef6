"""Protobuf to domain and back, and nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import channel_pb2, position_pb2, reservation_pb2
from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain.backorder import DEFAULT_PRIORITY, Wait, once_each
from services.inventory.domain.ledger import Discrepancy, Entry
from services.inventory.domain.lots import LotUnits
from services.inventory.domain.position import Pair, Position, Reason
from services.inventory.domain.reservation import Reservation, State
from services.inventory.domain.reserving import Demand, Line
from services.inventory.domain.shortfall import Shortfall
from services.kernel.errors import InvalidArgument


def reason(value: position_pb2.MovementReason.ValueType) -> Reason:
    return Reason(position_pb2.MovementReason.Name(value).removeprefix("MOVEMENT_REASON_"))


def demand(request: rpc.ReserveStockRequest, actor: str) -> Demand:
    return Demand(
        request_id=request.request_id,
        owner_id=request.owner_id,
        lines=[
            Line(line_id=line.line_id, pair=Pair(line.sku, line.node_id), quantity=line.quantity)
            for line in request.lines
        ],
        best_effort=request.mode == rpc.ReserveStockRequest.MODE_BEST_EFFORT,
        expire_time=moment(request.expire_time) if request.HasField("expire_time") else None,
        segment=request.segment,
        actor=actor,
    )


def reserved(made: Sequence[Reservation], shortfalls: Sequence[Shortfall]) -> rpc.ReserveStockResponse:
    return rpc.ReserveStockResponse(reservations=map(reservation, made), shortfalls=map(shortfall, shortfalls))


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
        damaged=one.damaged,
        quality_control=one.quality_control,
        quarantine=one.quarantine,
        pools=one.pools,
    )


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
        quality_control_delta=moved.quality_control,
        quarantine_delta=moved.quarantine,
        lot_id=moved.lot_id,
        reason=position_pb2.MovementReason.Value(f"MOVEMENT_REASON_{moved.reason}"),
        reference=moved.reference,
        note=moved.note,
        actor=one.actor,
        create_time=timestamp(one.create_time),
    )


_RESERVATION_STATES = {state: reservation_pb2.Reservation.State.Value(f"STATE_{state}") for state in State}


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
        state=_RESERVATION_STATES[one.state],
        expire_time=timestamp(one.expire_time) if one.expire_time else None,
        create_time=timestamp(one.create_time),
        update_time=timestamp(one.update_time),
        segment=one.segment,
        pool_quantity=one.pool_quantity,
        components=_components(one) if one.components else None,
        backorder=one.backorder,
    )


def _components(one: Reservation) -> list[channel_pb2.BundleComponent]:
    return [channel_pb2.BundleComponent(sku=sku, quantity=units) for sku, units in sorted(one.components.items())]


def lot_units(one: LotUnits) -> rpc.LotUnits:
    return rpc.LotUnits(sku=one.pair.sku, node_id=one.pair.node_id, lot_id=one.lot_id, quantity=one.quantity)


def shortfall(one: Shortfall) -> reservation_pb2.Shortfall:
    return reservation_pb2.Shortfall(
        line_id=one.line_id,
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        wanted_quantity=one.wanted,
        available_quantity=one.available,
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


@lru_cache(maxsize=256)
def timestamp(when: datetime) -> Timestamp:
    """Return the moment, to set fields with, which copies it: the same message is returned again."""
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

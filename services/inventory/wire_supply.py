"""Protobuf to domain and back: supplies, lots, and differences that name lots and reasons."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1 import position_pb2, supply_pb2
from services.inventory.domain.lots import Lot
from services.inventory.domain.position import Pair
from services.inventory.domain.stocktaking import Adjustment, Unsellable
from services.inventory.domain.supply import Supply, SupplyType
from services.inventory.supplying import Receipt
from services.inventory.wire import moment, timestamp
from services.kernel import ids


def adjustments(request: rpc.AdjustStockRequest) -> list[Adjustment]:
    return [
        Adjustment(
            pair=Pair(one.sku, one.node_id),
            on_hand=one.on_hand_delta,
            unsellable=one.unsellable_delta,
            unsellable_reason=unsellable_reason(one.unsellable_reason),
            lot_id=one.lot_id,
            lot_expire_time=moment(one.lot_expire_time) if one.HasField("lot_expire_time") else None,
        )
        for one in request.adjustments
    ]


def unsellable_reason(value: position_pb2.UnsellableReason.ValueType) -> Unsellable:
    name = position_pb2.UnsellableReason.Name(value).removeprefix("UNSELLABLE_REASON_")
    return Unsellable.DAMAGED if name == "UNSPECIFIED" else Unsellable(name)


def supply_of(request: rpc.CreateSupplyRequest, now: datetime) -> Supply:
    return Supply(
        supply_id=ids.derived(ids.SUPPLY, request.request_id),
        type=SupplyType(supply_pb2.SupplyType.Name(request.type).removeprefix("SUPPLY_TYPE_")),
        pair=Pair(request.sku, request.node_id),
        quantity=request.quantity,
        expect_time=moment(request.expect_time) if request.HasField("expect_time") else None,
        lead_time=_lead_time(request.lead_time) if request.HasField("lead_time") else None,
        from_node_id=request.from_node_id,
        reference=request.reference,
        create_time=now,
        update_time=now,
    )


def receipt(request: rpc.ReceiveSupplyRequest) -> Receipt:
    return Receipt(
        quantity=request.quantity,
        final=request.final,
        unsellable=request.unsellable_quantity,
        unsellable_reason=unsellable_reason(request.unsellable_reason),
        lot_id=request.lot_id,
        lot_expire_time=moment(request.lot_expire_time) if request.HasField("lot_expire_time") else None,
    )


def supply(one: Supply) -> supply_pb2.Supply:
    return supply_pb2.Supply(
        supply_id=one.supply_id,
        type=supply_pb2.SupplyType.Value(f"SUPPLY_TYPE_{one.type}"),
        sku=one.pair.sku,
        node_id=one.pair.node_id,
        quantity=one.quantity,
        received_quantity=one.received,
        cancelled_quantity=one.cancelled,
        state=supply_pb2.Supply.State.Value(f"STATE_{one.state}"),
        expect_time=timestamp(one.expect_time) if one.expect_time else None,
        lead_time=Duration(seconds=int(one.lead_time.total_seconds())) if one.lead_time is not None else None,
        from_node_id=one.from_node_id,
        reference=one.reference,
        create_time=timestamp(one.create_time),
        update_time=timestamp(one.update_time),
    )


def lot(pair: Pair, one: Lot) -> position_pb2.Lot:
    return position_pb2.Lot(
        sku=pair.sku,
        node_id=pair.node_id,
        lot_id=one.lot_id,
        expire_time=timestamp(one.expire_time) if one.expire_time else None,
        on_hand=one.on_hand,
    )


def _lead_time(value: Duration) -> timedelta:
    """Return whole seconds; a started one counts."""
    return timedelta(seconds=value.seconds + (value.nanos > 0))

"""A shop's goods in: supplies, lots, pools, in few words."""

from datetime import datetime
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason, Position, UnsellableReason
from oms.inventory.v1.supply_pb2 import Supply, SupplyType
from services.inventory.expiring_lots import ExpiringLots
from tests.service.inventory.shop import Shop

COUNT = MovementReason.MOVEMENT_REASON_COUNT
PURCHASE_ORDER = SupplyType.SUPPLY_TYPE_PURCHASE_ORDER
TRANSFER = SupplyType.SUPPLY_TYPE_TRANSFER
SUPPLIER = SupplyType.SUPPLY_TYPE_SUPPLIER
RETURN_EXPECTED = SupplyType.SUPPLY_TYPE_RETURN_EXPECTED
DAMAGED = UnsellableReason.UNSELLABLE_REASON_DAMAGED
QUALITY_CONTROL = UnsellableReason.UNSELLABLE_REASON_QUALITY_CONTROL
QUARANTINE = UnsellableReason.UNSELLABLE_REASON_QUARANTINE


class Warehouse:
    """What comes to a shop, and how it is kept."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.stub = shop.stub

    async def announce(
        self,
        sku: str,
        node: str,
        units: int,
        *,
        kind: Any = PURCHASE_ORDER,
        expect: datetime | None = None,
        lead: int = 0,
        source: str = "",
        key: str = "",
    ) -> Supply:
        request = rpc.CreateSupplyRequest(
            request_id=key or self.shop.key(),
            type=kind,
            sku=sku,
            node_id=node,
            quantity=units,
            expect_time=stamp(expect),
            lead_time=Duration(seconds=lead) if lead else None,
            from_node_id=source,
            reference="PO-1",
        )
        answer: rpc.CreateSupplyResponse = await self.stub.CreateSupply(request)
        return answer.supply

    async def update(self, supply_id: str, *, expect: datetime | None = None, units: int = 0) -> Supply:
        request = rpc.UpdateSupplyRequest(
            request_id=self.shop.key(), supply_id=supply_id, expect_time=stamp(expect), quantity=units
        )
        answer: rpc.UpdateSupplyResponse = await self.stub.UpdateSupply(request)
        return answer.supply

    async def receive(
        self,
        supply_id: str,
        units: int,
        *,
        final: bool = False,
        unsellable: int = 0,
        why: Any = DAMAGED,
        lot: str = "",
        until: datetime | None = None,
    ) -> rpc.ReceiveSupplyResponse:
        answer: rpc.ReceiveSupplyResponse = await self.stub.ReceiveSupply(
            rpc.ReceiveSupplyRequest(
                request_id=self.shop.key(),
                supply_id=supply_id,
                quantity=units,
                final=final,
                unsellable_quantity=unsellable,
                unsellable_reason=why,
                lot_id=lot,
                lot_expire_time=stamp(until),
            )
        )
        return answer

    async def cancel(self, supply_id: str, units: int = 0, reason: str = "") -> Supply:
        request = rpc.CancelSupplyRequest(
            request_id=self.shop.key(), supply_id=supply_id, quantity=units, reason=reason
        )
        answer: rpc.CancelSupplyResponse = await self.stub.CancelSupply(request)
        return answer.supply

    async def adjust(
        self,
        sku: str,
        node: str,
        units: int = 0,
        *,
        unsellable: int = 0,
        why: Any = DAMAGED,
        lot: str = "",
        until: datetime | None = None,
    ) -> Position:
        request = rpc.AdjustStockRequest(request_id=self.shop.key(), reason=COUNT)
        request.adjustments.add(
            sku=sku,
            node_id=node,
            on_hand_delta=units,
            unsellable_delta=unsellable,
            unsellable_reason=why,
            lot_id=lot,
            lot_expire_time=stamp(until),
        )
        position: Position = (await self.stub.AdjustStock(request)).positions[0]
        return position

    async def lots(self, **only: Any) -> list[tuple[str, int]]:
        found = (await self.stub.ListLots(rpc.ListLotsRequest(page_size=500, **only))).lots
        return [(lot.lot_id, lot.on_hand) for lot in found]

    async def pool(self, sku: str, node: str, segment: str, units: int) -> Position:
        request = rpc.SetPoolRequest(request_id=self.shop.key(), sku=sku, node_id=node, segment=segment, quantity=units)
        answer: rpc.SetPoolResponse = await self.stub.SetPool(request)
        return answer.position

    async def expire(self) -> int:
        """Sweep lots that are over."""
        return await ExpiringLots(self.shop.parts).expire()


def stamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def unsellable(position: Position) -> tuple[int, int, int]:
    """Return what is damaged, in quality control and in quarantine."""
    assert position.unsellable == position.damaged + position.quality_control + position.quarantine
    return position.damaged, position.quality_control, position.quarantine

"""Inventory as its callers use it, in few words."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from oms.common.v1.outbox_service_pb2 import ListOutboxEventsRequest
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.position_pb2 import MovementReason, Position
from oms.inventory.v1.reservation_pb2 import Reservation
from services.chassis.client import Channels
from services.chassis.service import Parts

RECEIPT = MovementReason.MOVEMENT_REASON_RECEIPT
BEST_EFFORT = rpc.ReserveStockRequest.MODE_BEST_EFFORT


class Shop:
    """One running inventory service, over its socket; `parts` are its insides, where it runs in this process."""

    parts: Parts

    def __init__(self, channels: Channels, address: str, *, name: str = "key") -> None:
        """`name` begins the keys of its requests: two shops on one database need two names."""
        self.address = address
        self.stub: Any = channels.connect(InventoryServiceStub, address)
        self._outbox: Any = channels.connect(OutboxServiceStub, address)
        self._name = name
        self._number = itertools.count()

    def key(self) -> str:
        return f"{self._name}-{next(self._number)}"

    async def adjust(
        self, sku: str, node: str, units: int = 0, *, unsellable: int = 0, reason: Any = RECEIPT, reference: str = ""
    ) -> Position:
        one = rpc.Adjustment(sku=sku, node_id=node, on_hand_delta=units, unsellable_delta=unsellable)
        answer = await self.stub.AdjustStock(
            rpc.AdjustStockRequest(request_id=self.key(), adjustments=[one], reason=reason, reference=reference)
        )
        position: Position = answer.positions[0]
        return position

    async def safety(self, sku: str, node: str, units: int) -> Position:
        request = rpc.SetSafetyStockRequest(request_id=self.key(), sku=sku, node_id=node, quantity=units)
        answer: rpc.SetSafetyStockResponse = await self.stub.SetSafetyStock(request)
        return answer.position

    async def sync(
        self, node: str, counts: dict[str, int], sequence: int, *, source: str = "wms", complete: bool = False
    ) -> rpc.SyncStockResponse:
        answer: rpc.SyncStockResponse = await self.stub.SyncStock(
            rpc.SyncStockRequest(
                request_id=self.key(),
                source=source,
                sequence=sequence,
                node_id=node,
                counts=[rpc.StockCount(sku=sku, on_hand=units) for sku, units in counts.items()],
                complete=complete,
            )
        )
        return answer

    async def position(self, sku: str, node: str) -> Position:
        answer: rpc.GetPositionResponse = await self.stub.GetPosition(rpc.GetPositionRequest(sku=sku, node_id=node))
        return answer.position

    async def reserve(
        self,
        *lines: tuple[str, str, int],
        owner: str = "ord_1",
        key: str = "",
        mode: Any = rpc.ReserveStockRequest.MODE_UNSPECIFIED,
        until: datetime | None = None,
    ) -> rpc.ReserveStockResponse:
        request = rpc.ReserveStockRequest(request_id=key or self.key(), owner_id=owner, mode=mode)
        for number, (sku, node, units) in enumerate(lines):
            request.lines.add(line_id=f"lin_{number}", sku=sku, node_id=node, quantity=units)
        if until:
            request.expire_time.CopyFrom(_timestamp(until))
        answer: rpc.ReserveStockResponse = await self.stub.ReserveStock(request)
        return answer

    async def release(
        self, *units: tuple[str, int], key: str = "", missing: bool = False, reason: str = ""
    ) -> list[Reservation]:
        request = rpc.ReleaseReservationsRequest(
            request_id=key or self.key(), units=_units(units), missing=missing, reason=reason
        )
        return list((await self.stub.ReleaseReservations(request)).reservations)

    async def consume(self, *units: tuple[str, int], key: str = "", reference: str = "shp_1") -> list[Reservation]:
        request = rpc.ConsumeReservationsRequest(request_id=key or self.key(), units=_units(units), reference=reference)
        return list((await self.stub.ConsumeReservations(request)).reservations)

    async def wait(self, owner: str, *lines: tuple[str, str, int], priority: int = 0) -> list[str]:
        """Register (line, sku, units), and return the states that the backorders are in then."""
        request = rpc.RegisterBackorderRequest(request_id=self.key(), owner_id=owner, priority=priority)
        for line_id, sku, units in lines:
            request.lines.add(line_id=line_id, sku=sku, quantity=units)
        return _states((await self.stub.RegisterBackorder(request)).backorders)

    async def close(self, owner: str, *line_ids: str) -> int:
        request = rpc.CloseBackorderRequest(request_id=self.key(), owner_id=owner, line_ids=line_ids)
        answer: rpc.CloseBackorderResponse = await self.stub.CloseBackorder(request)
        return answer.closed_count

    async def queue(self, **only: Any) -> list[tuple[str, str]]:
        """Return who waits or was told, in the order in which they are served."""
        found = (await self.stub.ListBackorders(rpc.ListBackordersRequest(page_size=500, **only))).backorders
        return list(zip((one.owner_id for one in found), _states(found), strict=True))

    async def ledger(self, **only: Any) -> list[Any]:
        return list((await self.stub.ListLedgerEntries(rpc.ListLedgerEntriesRequest(page_size=500, **only))).entries)

    async def told(self) -> list[str]:
        """Return the workflows that were sent a signal, oldest first."""
        found = await self._outbox.ListOutboxEvents(ListOutboxEventsRequest(page_size=500))
        return [event.key for event in found.events]

    async def discrepancies(self) -> list[Any]:
        """Audit everything, in small steps."""
        request, found = rpc.AuditStockRequest(page_size=3), []
        while True:
            page = await self.stub.AuditStock(request)
            found += page.discrepancies
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


def _units(units: Iterable[tuple[str, int]]) -> list[rpc.ReservationUnits]:
    return [rpc.ReservationUnits(reservation_id=one, quantity=quantity) for one, quantity in units]


def _states(backorders: Any) -> list[str]:
    return [type(one).State.Name(one.state).removeprefix("STATE_") for one in backorders]


def _timestamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found

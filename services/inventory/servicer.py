"""One short method per RPC: decode, decide and write (in `changes`), encode."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceServicer
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.chassis.service import Parts
from services.inventory import pages, store, store_backorders, store_reservations, wire
from services.inventory.changes import Changes
from services.inventory.domain import ledger, reservation, stocktaking
from services.inventory.domain.position import Pair
from services.inventory.domain.problems import PositionNotFound, TooManyPairs
from services.inventory.store import Connection

# As many pairs of the longest names as surely fit into one message of the default size.
MAX_PAIRS = 20_000


class InventoryServicer(InventoryServiceServicer):
    """The RPCs of protos/oms/inventory/v1/inventory_service.proto, which says what each promises."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._once = parts.idempotency.once
        self._changes = Changes(parts.outbox, parts.clock)

    async def AdjustStock(self, request: rpc.AdjustStockRequest, context: ServicerContext) -> rpc.AdjustStockResponse:
        async def effect(conn: Connection) -> rpc.AdjustStockResponse:
            positions = await self._changes.adjust(
                conn,
                wire.adjustments(request),
                wire.reason(request.reason),
                request.reference,
                actor=context_caller(),
            )
            return rpc.AdjustStockResponse(positions=map(wire.position, positions))

        return await self._once(request, rpc.AdjustStockResponse, effect)

    async def SetSafetyStock(
        self, request: rpc.SetSafetyStockRequest, context: ServicerContext
    ) -> rpc.SetSafetyStockResponse:
        async def effect(conn: Connection) -> rpc.SetSafetyStockResponse:
            pair = Pair(request.sku, request.node_id)
            position = await self._changes.set_safety_stock(conn, pair, request.quantity, actor=context_caller())
            return rpc.SetSafetyStockResponse(position=wire.position(position))

        return await self._once(request, rpc.SetSafetyStockResponse, effect)

    async def SyncStock(self, request: rpc.SyncStockRequest, context: ServicerContext) -> rpc.SyncStockResponse:
        counts = stocktaking.counted_once(request.node_id, ((one.sku, one.on_hand) for one in request.counts))

        async def effect(conn: Connection) -> rpc.SyncStockResponse:
            drifts = await self._changes.take_over(
                conn,
                source=request.source,
                sequence=request.sequence,
                node_id=request.node_id,
                counts=counts,
                complete=request.complete,
                actor=context_caller(),
            )
            return rpc.SyncStockResponse(stale=drifts is None, drifts=map(wire.drift, drifts or []))

        return await self._once(request, rpc.SyncStockResponse, effect)

    async def GetPosition(self, request: rpc.GetPositionRequest, context: ServicerContext) -> rpc.GetPositionResponse:
        pair = Pair(request.sku, request.node_id)
        async with self._database.connect() as conn:
            found = await store.read(conn, {pair})
        if pair not in found:
            raise PositionNotFound(pair)
        return rpc.GetPositionResponse(position=wire.position(found[pair]))

    async def ListPositions(
        self, request: rpc.ListPositionsRequest, context: ServicerContext
    ) -> rpc.ListPositionsResponse:
        size = page_size(request.page_size)
        after = pages.pair(request)
        async with self._database.connect() as conn:
            rows = await store.page(conn, sku=request.sku, node_id=request.node_id, after=after, size=size + 1)
        last = rows[size - 1].pair if len(rows) > size else None
        return rpc.ListPositionsResponse(
            positions=map(wire.position, rows[:size]),
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
        )

    async def GetAvailability(
        self, request: rpc.GetAvailabilityRequest, context: ServicerContext
    ) -> rpc.GetAvailabilityResponse:
        async with self._database.connect() as conn:
            rows = await store.available(conn, request.skus, request.node_ids, limit=MAX_PAIRS + 1)
        if len(rows) > MAX_PAIRS:
            raise TooManyPairs(MAX_PAIRS)
        return rpc.GetAvailabilityResponse(availabilities=(wire.availability(pair, free) for pair, free in rows))

    async def ReserveStock(
        self, request: rpc.ReserveStockRequest, context: ServicerContext
    ) -> rpc.ReserveStockResponse:
        demand = wire.demand(request)

        async def effect(conn: Connection) -> rpc.ReserveStockResponse:
            made, shortfalls = await self._changes.reserve(conn, demand, actor=context_caller())
            return rpc.ReserveStockResponse(
                reservations=map(wire.reservation, made), shortfalls=map(wire.shortfall, shortfalls)
            )

        return await self._once(request, rpc.ReserveStockResponse, effect)

    async def ReleaseReservations(
        self, request: rpc.ReleaseReservationsRequest, context: ServicerContext
    ) -> rpc.ReleaseReservationsResponse:
        units = reservation.summed((one.reservation_id, one.quantity) for one in request.units)

        async def effect(conn: Connection) -> rpc.ReleaseReservationsResponse:
            after = await self._changes.release(
                conn, units, missing=request.missing, note=request.reason, actor=context_caller()
            )
            return rpc.ReleaseReservationsResponse(reservations=map(wire.reservation, after))

        return await self._once(request, rpc.ReleaseReservationsResponse, effect)

    async def ConsumeReservations(
        self, request: rpc.ConsumeReservationsRequest, context: ServicerContext
    ) -> rpc.ConsumeReservationsResponse:
        units = reservation.summed((one.reservation_id, one.quantity) for one in request.units)

        async def effect(conn: Connection) -> rpc.ConsumeReservationsResponse:
            after = await self._changes.consume(conn, units, request.reference, actor=context_caller())
            return rpc.ConsumeReservationsResponse(reservations=map(wire.reservation, after))

        return await self._once(request, rpc.ConsumeReservationsResponse, effect)

    async def ListReservations(
        self, request: rpc.ListReservationsRequest, context: ServicerContext
    ) -> rpc.ListReservationsResponse:
        size = page_size(request.page_size)
        after = pages.reservation(request)
        async with self._database.connect() as conn:
            rows = await store_reservations.page(
                conn,
                owner_id=request.owner_id,
                sku=request.sku,
                node_id=request.node_id,
                live_only=request.live_only,
                after=after,
                size=size + 1,
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListReservationsResponse(
            reservations=map(wire.reservation, rows[:size]),
            next_page_token=encode_token(request, last.create_time.isoformat(), last.reservation_id) if last else "",
        )

    async def RegisterBackorder(
        self, request: rpc.RegisterBackorderRequest, context: ServicerContext
    ) -> rpc.RegisterBackorderResponse:
        waits = wire.waits(request)

        async def effect(conn: Connection) -> rpc.RegisterBackorderResponse:
            found = await self._changes.register(conn, request.owner_id, waits, priority=wire.priority(request))
            return rpc.RegisterBackorderResponse(backorders=map(wire.backorder, found))

        return await self._once(request, rpc.RegisterBackorderResponse, effect)

    async def CloseBackorder(
        self, request: rpc.CloseBackorderRequest, context: ServicerContext
    ) -> rpc.CloseBackorderResponse:
        async def effect(conn: Connection) -> rpc.CloseBackorderResponse:
            closed = await self._changes.close(conn, request.owner_id, request.line_ids)
            return rpc.CloseBackorderResponse(closed_count=closed)

        return await self._once(request, rpc.CloseBackorderResponse, effect)

    async def ListBackorders(
        self, request: rpc.ListBackordersRequest, context: ServicerContext
    ) -> rpc.ListBackordersResponse:
        size = page_size(request.page_size)
        after = pages.backorder(request)
        async with self._database.connect() as conn:
            rows = await store_backorders.page(
                conn, sku=request.sku, owner_id=request.owner_id, after=after, size=size + 1
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListBackordersResponse(
            backorders=map(wire.backorder, rows[:size]),
            next_page_token=encode_token(
                request, last.priority, last.create_time.isoformat(), last.owner_id, last.line_id
            )
            if last
            else "",
        )

    async def ListLedgerEntries(
        self, request: rpc.ListLedgerEntriesRequest, context: ServicerContext
    ) -> rpc.ListLedgerEntriesResponse:
        size = page_size(request.page_size)
        before = pages.entry(request)
        async with self._database.connect() as conn:
            rows = await store.entries(
                conn,
                sku=request.sku,
                node_id=request.node_id,
                reference=request.reference,
                before=before,
                size=size + 1,
            )
        return rpc.ListLedgerEntriesResponse(
            entries=map(wire.entry, rows[:size]),
            next_page_token=encode_token(request, rows[size - 1].sequence) if len(rows) > size else "",
        )

    async def AuditStock(self, request: rpc.AuditStockRequest, context: ServicerContext) -> rpc.AuditStockResponse:
        size = page_size(request.page_size, default=500, maximum=5000)
        after = pages.pair(request)
        async with self._database.connect() as conn:
            rows = await store.sums(conn, after=after, size=size + 1)
        page, last = rows[:size], rows[size - 1].position.pair if len(rows) > size else None
        return rpc.AuditStockResponse(
            position_count=len(page),
            reservation_count=sum(one.live_reservations for one in page),
            discrepancies=map(wire.discrepancy, ledger.prove(page)),
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
        )

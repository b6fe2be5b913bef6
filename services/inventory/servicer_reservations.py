"""RPCs about rights."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_reservations, wire
from services.inventory.domain import reservation
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class ReservationRpcs(Rpcs):
    """About rights."""

    async def ReserveStock(
        self, request: rpc.ReserveStockRequest, context: ServicerContext
    ) -> rpc.ReserveStockResponse:
        demand = wire.demand(request)

        async def effect(conn: Connection) -> rpc.ReserveStockResponse:
            made, shortfalls = await self._rights.reserve(conn, demand, actor=context_caller())
            return rpc.ReserveStockResponse(
                reservations=map(wire.reservation, made), shortfalls=map(wire.shortfall, shortfalls)
            )

        return await self._once(request, rpc.ReserveStockResponse, effect)

    async def ReleaseReservations(
        self, request: rpc.ReleaseReservationsRequest, context: ServicerContext
    ) -> rpc.ReleaseReservationsResponse:
        units = reservation.summed((one.reservation_id, one.quantity) for one in request.units)

        async def effect(conn: Connection) -> rpc.ReleaseReservationsResponse:
            after = await self._rights.release(
                conn, units, missing=request.missing, note=request.reason, actor=context_caller()
            )
            return rpc.ReleaseReservationsResponse(reservations=map(wire.reservation, after))

        return await self._once(request, rpc.ReleaseReservationsResponse, effect)

    async def ConsumeReservations(
        self, request: rpc.ConsumeReservationsRequest, context: ServicerContext
    ) -> rpc.ConsumeReservationsResponse:
        units = reservation.summed((one.reservation_id, one.quantity) for one in request.units)

        async def effect(conn: Connection) -> rpc.ConsumeReservationsResponse:
            after = await self._rights.consume(conn, units, request.reference, actor=context_caller())
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

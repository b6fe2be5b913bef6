"""RPCs about rights."""

from collections.abc import AsyncIterator

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.chassis.service import Parts
from services.inventory import pages, store_reservations, wire
from services.inventory.domain import reservation
from services.inventory.domain.reserving import Demand
from services.inventory.gathering import Gatherer
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection
from services.inventory.streaming import streamed


class ReservationRpcs(Rpcs):
    """About rights."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._gatherer = Gatherer(parts.database, parts.clock, self._reserve_alone)

    async def ReserveStock(
        self, request: rpc.ReserveStockRequest, context: ServicerContext
    ) -> rpc.ReserveStockResponse:
        return await self._gatherer.reserve(request)

    async def StreamReservations(
        self, request_iterator: AsyncIterator[rpc.StreamReservationsRequest], context: ServicerContext
    ) -> AsyncIterator[rpc.StreamReservationsResponse]:
        async for outcomes in streamed(self._gatherer, request_iterator, context_caller()):
            yield rpc.StreamReservationsResponse(outcomes=outcomes)

    async def ConfirmReservations(
        self, request: rpc.ConfirmReservationsRequest, context: ServicerContext
    ) -> rpc.ConfirmReservationsResponse:
        until = wire.moment(request.expire_time) if request.HasField("expire_time") else None

        async def effect(conn: Connection) -> rpc.ConfirmReservationsResponse:
            after = await self._rights.confirm(conn, request.reservation_ids, until)
            return rpc.ConfirmReservationsResponse(reservations=map(wire.reservation, after))

        return await self._once(request, rpc.ConfirmReservationsResponse, effect)

    async def TransferReservation(
        self, request: rpc.TransferReservationRequest, context: ServicerContext
    ) -> rpc.TransferReservationResponse:
        async def effect(conn: Connection) -> rpc.TransferReservationResponse:
            before, after = await self._rights.transfer(
                conn,
                request.reservation_id,
                request.node_id,
                request.quantity,
                request_id=request.request_id,
                actor=context_caller(),
            )
            return rpc.TransferReservationResponse(
                from_reservation=wire.reservation(before), to_reservation=wire.reservation(after)
            )

        return await self._once(request, rpc.TransferReservationResponse, effect)

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
            after, lots = await self._rights.consume(
                conn,
                units,
                request.reference,
                actor=context_caller(),
                lot_ids={one.reservation_id: one.lot_id for one in request.units},
            )
            return rpc.ConsumeReservationsResponse(
                reservations=map(wire.reservation, after), lots=map(wire.lot_units, lots)
            )

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

    async def _reserve_alone(self, request: rpc.ReserveStockRequest, demand: Demand) -> rpc.ReserveStockResponse:
        async def effect(conn: Connection) -> rpc.ReserveStockResponse:
            return wire.reserved(*await self._rights.reserve(conn, demand))

        return await self._once(request, rpc.ReserveStockResponse, effect)

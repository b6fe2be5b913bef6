"""RPCs for outside systems and counters that say what there is, and about what is made of it."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_drift, store_snapshots, wire, wire_drift, wire_sources
from services.inventory.domain import messages
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class SourceRpcs(Rpcs):
    """For outside systems and counters that say what there is, and about what is made of it."""

    async def SyncStock(self, request: rpc.SyncStockRequest, context: ServicerContext) -> rpc.SyncStockResponse:
        message = wire_sources.message(request)

        async def effect(conn: Connection) -> rpc.SyncStockResponse:
            return wire_sources.outcome(await self._sources.sync(conn, message, actor=context_caller()))

        return await self._once(request, rpc.SyncStockResponse, effect)

    async def RecordCounts(
        self, request: rpc.RecordCountsRequest, context: ServicerContext
    ) -> rpc.RecordCountsResponse:
        counts = messages.counted_once((one.sku, one.on_hand) for one in request.counts)
        count_time = wire.moment(request.count_time) if request.HasField("count_time") else None

        async def effect(conn: Connection) -> rpc.RecordCountsResponse:
            drifts = await self._sources.count(
                conn,
                request.node_id,
                counts,
                count_time=count_time,
                reference=request.reference,
                actor=context_caller(),
            )
            return rpc.RecordCountsResponse(drifts=map(wire_sources.drift, drifts))

        return await self._once(request, rpc.RecordCountsResponse, effect)

    async def SetDriftLimit(
        self, request: rpc.SetDriftLimitRequest, context: ServicerContext
    ) -> rpc.SetDriftLimitResponse:
        limit = wire_sources.limit_of(request)

        async def effect(conn: Connection) -> rpc.SetDriftLimitResponse:
            await store_drift.set_limit(conn, request.source, limit)
            return rpc.SetDriftLimitResponse(limit=wire_sources.limit(limit))

        return await self._once(request, rpc.SetDriftLimitResponse, effect)

    async def ListStockSources(
        self, request: rpc.ListStockSourcesRequest, context: ServicerContext
    ) -> rpc.ListStockSourcesResponse:
        size = page_size(request.page_size)
        after = pages.pair(request)
        async with self._database.connect() as conn:
            rows = await store_snapshots.page(conn, after=after, size=size + 1)
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListStockSourcesResponse(
            sources=map(wire_sources.stock_source, rows[:size]),
            next_page_token=encode_token(request, last.source, last.node_id) if last else "",
        )

    async def ListDriftExceptions(
        self, request: rpc.ListDriftExceptionsRequest, context: ServicerContext
    ) -> rpc.ListDriftExceptionsResponse:
        size = page_size(request.page_size)
        after = pages.drift_exception(request)
        async with self._database.connect() as conn:
            rows = await store_drift.page(
                conn, source=request.source, decided_too=request.all, after=after, size=size + 1
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListDriftExceptionsResponse(
            drift_exceptions=map(wire_drift.drift_exception, rows[:size]),
            next_page_token=encode_token(request, last.create_time.isoformat(), last.drift_exception_id)
            if last
            else "",
        )

    async def DecideDriftException(
        self, request: rpc.DecideDriftExceptionRequest, context: ServicerContext
    ) -> rpc.DecideDriftExceptionResponse:
        async def effect(conn: Connection) -> rpc.DecideDriftExceptionResponse:
            decided = await self._sources.decide(
                conn, request.drift_exception_id, accept=request.accept, note=request.note, actor=context_caller()
            )
            return rpc.DecideDriftExceptionResponse(drift_exception=wire_drift.drift_exception(decided))

        return await self._once(request, rpc.DecideDriftExceptionResponse, effect)

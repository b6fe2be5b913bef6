"""RPCs about the ledger, the proof that counters are its sums, their repair, and the past."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.chassis.service import Parts
from services.inventory import pages, store_checkpoints, store_ledger, wire
from services.inventory.domain import ledger
from services.inventory.domain.problems_ledger import TimeInFuture
from services.inventory.rebuilding import Rebuilding, found
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class LedgerRpcs(Rpcs):
    """About the ledger, the proof that counters are its sums, their repair, and the past."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._rebuilding = Rebuilding(self._queues, parts.clock)

    async def ListLedgerEntries(
        self, request: rpc.ListLedgerEntriesRequest, context: ServicerContext
    ) -> rpc.ListLedgerEntriesResponse:
        size = page_size(request.page_size)
        before = pages.entry(request)
        since = wire.moment(request.from_time) if request.HasField("from_time") else None
        until = wire.moment(request.until_time) if request.HasField("until_time") else None
        async with self._database.connect() as conn:
            rows = await store_ledger.entries(
                conn,
                sku=request.sku,
                node_id=request.node_id,
                reference=request.reference,
                since=since,
                until=until,
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
            page = await store_checkpoints.sums(conn, after=after, size=size, full=request.full)
            # Afterwards, on its own: what was read is what it was, whenever the sum of it is kept.
            await store_checkpoints.write(conn, (one for one in page if not ledger.prove([one])))
        last = page[-1].position.pair if len(page) == size else None
        return rpc.AuditStockResponse(
            position_count=sum(not one.missing for one in page),
            reservation_count=sum(one.live_reservations for one in page),
            discrepancies=map(wire.discrepancy, ledger.prove(page)),
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
            entry_count=sum(one.entries for one in page),
        )

    async def ListPositionsAsOf(
        self, request: rpc.ListPositionsAsOfRequest, context: ServicerContext
    ) -> rpc.ListPositionsAsOfResponse:
        size = page_size(request.page_size)
        after = pages.pair(request)
        moment = wire.moment(request.as_of_time)
        if moment > self._clock.now():
            raise TimeInFuture(moment)
        async with self._database.connect() as conn:
            rows = await store_ledger.as_of(
                conn, moment, sku=request.sku, node_id=request.node_id, after=after, size=size + 1
            )
        last = rows[size - 1][0] if len(rows) > size else None
        # A page is as many pairs as were looked at: of a time before most of them began, it may be short or empty.
        return rpc.ListPositionsAsOfResponse(
            positions=[wire.position(position) for _, position in rows[:size] if position],
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
        )

    async def RebuildStock(
        self, request: rpc.RebuildStockRequest, context: ServicerContext
    ) -> rpc.RebuildStockResponse:
        size = page_size(request.page_size, default=500, maximum=5000)
        # Each step is a request of its own: their keys differ, and the token of one is for the next.
        step = rpc.RebuildStockRequest(dry_run=request.dry_run, page_token=request.page_token)
        after = pages.pair(step)

        async def effect(conn: Connection) -> rpc.RebuildStockResponse:
            page = await self._rebuilding.look(conn, after=after, size=size)
            if request.dry_run:
                repairs = found(ledger.repair(page))
            else:
                reference = request.request_id
                repairs = await self._rebuilding.repair(conn, page, reference=reference, actor=context_caller())
            last = page[-1].position.pair if len(page) == size else None
            return rpc.RebuildStockResponse(
                position_count=sum(not one.missing for one in page),
                repairs=map(wire.discrepancy, repairs),
                next_page_token=encode_token(step, last.sku, last.node_id) if last else "",
            )

        return await self._once(request, rpc.RebuildStockResponse, effect)

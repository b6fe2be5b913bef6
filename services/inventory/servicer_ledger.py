"""RPCs about the ledger, and the proof that counters are its sums."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_ledger, wire
from services.inventory.domain import ledger
from services.inventory.rpcs import Rpcs


class LedgerRpcs(Rpcs):
    """About the ledger, and the proof that counters are its sums."""

    async def ListLedgerEntries(
        self, request: rpc.ListLedgerEntriesRequest, context: ServicerContext
    ) -> rpc.ListLedgerEntriesResponse:
        size = page_size(request.page_size)
        before = pages.entry(request)
        async with self._database.connect() as conn:
            rows = await store_ledger.entries(
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
            rows = await store_ledger.sums(conn, after=after, size=size + 1)
        page, last = rows[:size], rows[size - 1].position.pair if len(rows) > size else None
        return rpc.AuditStockResponse(
            position_count=len(page),
            reservation_count=sum(one.live_reservations for one in page),
            discrepancies=map(wire.discrepancy, ledger.prove(page)),
            next_page_token=encode_token(request, last.sku, last.node_id) if last else "",
        )

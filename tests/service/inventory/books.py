"""The books of a shop: audits, repairs, and the hand of somebody who writes into the database himself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from tests.service.inventory.shop import Shop


class Books:
    """What is asked of the ledger of a shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def audit(self, *, full: bool = False, size: int = 0) -> rpc.AuditStockResponse:
        """Audit the first page."""
        answer: rpc.AuditStockResponse = await self.shop.stub.AuditStock(
            rpc.AuditStockRequest(full=full, page_size=size)
        )
        return answer

    async def findings(self, *, full: bool = False) -> set[tuple[str, str, int, int]]:
        found = (await self.audit(full=full)).discrepancies
        return {(one.counter, one.rows, one.counted, one.summed) for one in found}

    async def rebuild(self, *, dry_run: bool = False, size: int = 0) -> list[tuple[str, str, int, int]]:
        """Repair everything, a page at a time, and return what was."""
        found, token = [], ""
        while True:
            request = rpc.RebuildStockRequest(
                request_id=self.shop.key(), dry_run=dry_run, page_size=size, page_token=token
            )
            page = await self.shop.stub.RebuildStock(request)
            found += [(one.counter, one.rows, one.counted, one.summed) for one in page.repairs]
            token = page.next_page_token
            if not token:
                return found

    async def as_of(self, moment: datetime, **only: Any) -> list[Any]:
        """Return all positions as they were, a page at a time."""
        request, found = rpc.ListPositionsAsOfRequest(as_of_time=stamp(moment), **only), []
        while True:
            page = await self.shop.stub.ListPositionsAsOf(request)
            found += page.positions
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    @asynccontextmanager
    async def sql(self) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection that no trigger stops."""
        connection = await asyncpg.connect(self.shop.parts.settings.database_url)
        try:
            await connection.execute("SET session_replication_role = replica; SET search_path = inventory")
            yield connection
        finally:
            await connection.close()

    async def tamper(self, *statements: str) -> None:
        """Write by hand, past every trigger."""
        async with self.sql() as connection:
            for statement in statements:
                await connection.execute(statement)


def stamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found

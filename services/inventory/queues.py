"""Those who wait for stock: who begins, who stops, and who is served when units come.

Everything here runs inside a transaction of its caller. The queues of SKUs are the last locks: positions come before.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.outbox import Outbox, SignalWorkflow
from services.inventory import store_backorders
from services.inventory.domain import backorder
from services.inventory.domain.backorder import Backorder, Wait
from services.inventory.domain.position import Pair
from services.inventory.store import Connection
from services.kernel.clock import Clock
from workflows import contract


class Queues:
    """The queue of each SKU."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def register(
        self, conn: Connection, owner_id: str, waits: Sequence[Wait], *, priority: int
    ) -> list[Backorder]:
        """Let an order wait, tell it at once where stock is there already, and return what it waits for."""
        line_ids = [wait.line_id for wait in waits]
        skus = {wait.sku for wait in waits} | await store_backorders.skus_of(conn, owner_id, line_ids)
        await store_backorders.lock_queues(conn, skus)
        now = self._clock.now()
        await store_backorders.register(conn, owner_id, waits, priority=priority, now=now)
        await self._tell(conn, skus, now)
        return await store_backorders.of_owner(conn, owner_id, line_ids)

    async def close(self, conn: Connection, owner_id: str, line_ids: Sequence[str]) -> int:
        """Let an order wait no more, offer what it leaves to the next in line, and return how many lines waited."""
        skus = await store_backorders.skus_of(conn, owner_id, line_ids)
        await store_backorders.lock_queues(conn, skus)
        closed = await store_backorders.close(conn, owner_id, line_ids)
        await self._tell(conn, {one.sku for one in closed}, self._clock.now())
        return len(closed)

    async def tell_overlooked(self, conn: Connection, skus: Sequence[str]) -> None:
        """Offer what is free of these SKUs to those who wait for it and have not passed."""
        await store_backorders.lock_queues(conn, skus)
        await self._tell(conn, set(skus), self._clock.now())

    async def serve(self, conn: Connection, arrived: Iterable[Pair]) -> None:
        """Serve those who wait for what became free at these positions, which are locked."""
        skus = sorted({pair.sku for pair in arrived})
        if not skus:
            return
        await store_backorders.lock_queues(conn, skus)
        if await store_backorders.anybody_waits(conn, skus):
            await store_backorders.forgive(conn, skus)
            await self._tell(conn, set(skus), self._clock.now())

    async def _tell(self, conn: Connection, skus: set[str], now: datetime) -> None:
        """Mark who is told, and owe their processes a signal. The queues are locked."""
        if not skus:
            return
        told = await store_backorders.tell(conn, skus, now)
        signals = [
            SignalWorkflow(
                key=contract.order_workflow_id(owner_id),
                workflow_id=contract.order_workflow_id(owner_id),
                signal=contract.STOCK_ARRIVED,
                payload=StockArrived(skus=found),
            )
            for owner_id, found in backorder.by_owner(told).items()
        ]
        if signals:
            await self._outbox.add(conn, *signals)

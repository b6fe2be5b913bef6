"""Moving units: lock, change counters and ledger together, and offer what became free to those who wait.

Everything here runs inside a transaction of its caller. Locks are taken in one order everywhere: reservations by id,
positions by (sku, node), queues of SKUs, backorders.
"""

from collections.abc import Iterable, Sequence

from services.inventory import store, store_lots
from services.inventory.domain import stocktaking
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.queues import Queues
from services.inventory.store import Connection
from services.kernel.clock import Clock


class Moving:
    """What every change of stock goes through. `actor` is who asked, for the ledger."""

    def __init__(self, queues: Queues, clock: Clock) -> None:
        self._queues = queues
        self._clock = clock

    async def open(self, conn: Connection, pairs: Iterable[Pair]) -> dict[Pair, Position]:
        """Lock positions, and make those that do not exist yet."""
        wanted = set(pairs)
        await store.create_missing(conn, wanted, self._clock.now())
        return await store.lock(conn, wanted)

    async def move(self, conn: Connection, movements: Iterable[Movement], actor: str) -> None:
        """Change counters of positions that are locked, and serve those who wait for what became free."""
        rows = [one for one in movements if not one.empty]
        if not rows:
            return
        now = self._clock.now()
        arrived = await store.move(conn, rows, actor=actor, now=now)
        await store_lots.move(conn, [one for one in rows if one.lot_id], now)
        await self._queues.serve(conn, arrived)

    async def depart(
        self, conn: Connection, gone: Sequence[tuple[Pair, int, str]], reason: Reason, *, note: str, actor: str
    ) -> None:
        """Take reserved units out of stock: (pair, how many, reference)."""
        positions = await store.lock(conn, {pair for pair, _, _ in gone})
        await self.move(conn, stocktaking.depart(positions, gone, reason, note), actor)

"""Moving units: lock, change counters and ledger together, and offer what became free to those who wait.

Everything here runs inside a transaction of its caller. Locks are taken in one order everywhere: supplies and
reservations by id, positions by (sku, node), queues of SKUs, backorders. Lots are locked with their position.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from services.inventory import store, store_lots
from services.inventory.domain import lots, picking, stocktaking
from services.inventory.domain.lots import LotUnits
from services.inventory.domain.picking import Picking
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.reservation import Reservation
from services.inventory.queues import Queues
from services.inventory.store import Connection
from services.inventory.store_lots import Place
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

    async def picking(self, conn: Connection, pairs: Iterable[Pair], named: Collection[str] = ()) -> Picking:
        """Return the lots of positions that are locked, to take units of them; named ones may have none."""
        return Picking(await store_lots.of(conn, pairs, named), self._clock.now())

    async def move(
        self, conn: Connection, movements: Iterable[Movement], actor: str, *, ended: Sequence[Reservation] = ()
    ) -> None:
        """Change counters of positions that are locked, and serve those who wait for what became free.

        Where units go and nobody says of which lot, lots give theirs only when nothing else is left. `ended` are the
        reservations, as they are afterwards, whose end makes units free: see `Queues.serve`.
        """
        rows = [one for one in movements if not one.empty]
        if any(one.on_hand < 0 and not one.lot_id for one in rows):
            rows = picking.spread(rows, await self.picking(conn, {one.pair for one in rows if one.on_hand}))
        await self._write(conn, rows, actor, ended)

    async def depart(
        self,
        conn: Connection,
        gone: Sequence[tuple[Pair, int, str]],
        reason: Reason,
        *,
        note: str,
        actor: str,
        lots: Mapping[Pair, str] | None = None,
    ) -> list[LotUnits]:
        """Take reserved units out of stock: (pair, how many, reference), and return of which lots they were.

        They are of the lot that is chosen in `lots`, or of those that expire first.
        """
        pairs = {pair for pair, _, _ in gone}
        positions = await store.lock(conn, pairs)
        stacks = await self.picking(conn, pairs)
        movements = stocktaking.depart(positions, gone, reason, note, picking=stacks, chosen=lots)
        await self._write(conn, [one for one in movements if not one.empty], actor)
        return [LotUnits(pair=one.pair, lot_id=one.lot_id, quantity=-one.on_hand) for one in movements if one.on_hand]

    async def offer(self, conn: Connection, pairs: Iterable[Pair]) -> None:
        """Serve those who wait for what became free at positions that are locked, though no counter changed."""
        await self._queues.serve(conn, pairs)

    async def settle(self, conn: Connection, places: Collection[Place], actor: str) -> int:
        """Put lots that are over into quarantine, take out those that are over no more; return how many changed.

        Their positions are locked.
        """
        now = self._clock.now()
        changed = await store_lots.changed(conn, places, now)
        if not changed:
            return 0
        positions = await store.read(conn, changed)
        movements = [one for pair in sorted(changed) for one in lots.expire(positions[pair], changed[pair], now)]
        marked = [(pair, lot.lot_id) for pair, found in sorted(changed.items()) for lot in found]
        await store_lots.mark(conn, marked, now)
        await self.move(conn, movements, actor)
        return len(marked)

    async def _write(
        self, conn: Connection, rows: Sequence[Movement], actor: str, ended: Sequence[Reservation] = ()
    ) -> None:
        if not rows:
            return
        now = self._clock.now()
        arrived = await store.move(conn, rows, actor=actor, now=now)
        await store_lots.move(conn, rows, now)
        await self._queues.serve(conn, arrived, ended=ended)

"""Changes that say how many units there are, and which of them are offered to whom.

Everything here runs inside a transaction of its caller.
"""

from collections.abc import Collection, Sequence

from services.inventory import store, store_changes, store_lots, store_reservations
from services.inventory.domain import stocktaking
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.problems_lots import BundleHasNoStock
from services.inventory.domain.stocktaking import Adjustment
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.kernel.clock import Clock


class Changes:
    """What people and nodes say of stock. `actor` is who asked, for the ledger."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

    async def adjust(
        self, conn: Connection, adjustments: Sequence[Adjustment], reason: Reason, reference: str, *, actor: str
    ) -> list[Position]:
        """Apply differences, all or none, and return the positions afterwards.

        Raises:
            BundleHasNoStock: one of the SKUs is a bundle.
            StockBelowZero: more would be taken than is there.
        """
        pairs = {one.pair for one in adjustments}
        await refuse_bundles(conn, {pair.sku for pair in pairs})
        await self._moving.open(conn, pairs)
        await self.apply(conn, adjustments, reason, reference, actor=actor)
        return list((await store.read(conn, pairs)).values())

    async def apply(
        self,
        conn: Connection,
        adjustments: Sequence[Adjustment],
        reason: Reason,
        reference: str,
        *,
        actor: str,
        note: str = "",
    ) -> None:
        """Apply differences to positions that are locked, all or none, as `adjust` does.

        Raises:
            StockBelowZero: more would be taken than is there.
        """
        of_lots = [one for one in adjustments if one.lot_id]
        picking = None
        if of_lots:
            await self._describe(conn, of_lots, actor)
            picking = await self._moving.picking(conn, {one.pair for one in of_lots}, {one.lot_id for one in of_lots})
        positions = await store.read(conn, {one.pair for one in adjustments})
        movements = stocktaking.adjust(positions, adjustments, reason, reference, picking, note=note)
        await self._moving.move(conn, movements, actor)

    async def set_safety_stock(self, conn: Connection, pair: Pair, quantity: int, *, actor: str) -> Position:
        """Set what a node never offers."""
        position = (await self._moving.open(conn, {pair}))[pair]
        delta = quantity - position.safety_stock
        await self._moving.move(conn, [Movement(pair=pair, reason=Reason.SAFETY_STOCK, safety_stock=delta)], actor)
        return (await store.read(conn, {pair}))[pair]

    async def set_pool(self, conn: Connection, pair: Pair, segment: str, quantity: int) -> Position:
        """Ring-fence free units for a segment, and return the position; what is given up is offered to all who wait.

        Raises:
            BundleHasNoStock: the SKU is a bundle.
        """
        await refuse_bundles(conn, {pair.sku})
        before = (await self._moving.open(conn, {pair}))[pair].pools.get(segment, 0)
        if quantity != before:
            now = self._clock.now()
            await store.set_pool(conn, pair, segment, quantity, now)
            await store_changes.touch(conn, {pair.sku}, now)
            if quantity < before:
                await self._moving.offer(conn, [pair])
        return (await store.read(conn, {pair}))[pair]

    async def _describe(self, conn: Connection, of_lots: Sequence[Adjustment], actor: str) -> None:
        """Take over what is said of lots, and put those that are over into quarantine before anything comes to them."""
        said = {(one.pair, one.lot_id): one.lot_expire_time for one in of_lots if one.lot_expire_time}
        await store_lots.describe(conn, said, self._clock.now())
        await self._moving.settle(conn, {(one.pair, one.lot_id) for one in of_lots}, actor)


async def refuse_bundles(conn: Connection, skus: Collection[str]) -> None:
    """Let SKUs pass that can have stock.

    Raises:
        BundleHasNoStock: one of them is a bundle.
    """
    for sku in sorted(await store_reservations.made_of(conn, sorted(skus))):
        raise BundleHasNoStock(sku)

"""Changes that say how many units there are, and which of them are offered.

Everything here runs inside a transaction of its caller.
"""

from collections.abc import Sequence

from services.inventory import store
from services.inventory.domain import stocktaking
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.stocktaking import Adjustment
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.kernel.clock import Clock


class Changes:
    """What people, nodes and outside systems say of stock. `actor` is who asked, for the ledger."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

    async def adjust(
        self, conn: Connection, adjustments: Sequence[Adjustment], reason: Reason, reference: str, *, actor: str
    ) -> list[Position]:
        """Apply differences, all or none, and return the positions afterwards."""
        pairs = {one.pair for one in adjustments}
        positions = await self._moving.open(conn, pairs)
        await self._moving.move(conn, stocktaking.adjust(positions, adjustments, reason, reference), actor)
        return list((await store.read(conn, pairs)).values())

    async def set_safety_stock(self, conn: Connection, pair: Pair, quantity: int, *, actor: str) -> Position:
        """Set what a node never offers."""
        position = (await self._moving.open(conn, {pair}))[pair]
        delta = quantity - position.safety_stock
        await self._moving.move(conn, [Movement(pair=pair, reason=Reason.SAFETY_STOCK, safety_stock=delta)], actor)
        return (await store.read(conn, {pair}))[pair]

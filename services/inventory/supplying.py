"""Supplies: announced, moved, received, called off. Those who wait get new promise dates with each of these.

Everything here runs inside a transaction of its caller. A supply is locked before positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.inventory import store, store_changes, store_lots, store_supplies
from services.inventory.changes import Changes, refuse_bundles
from services.inventory.domain import atp, supply
from services.inventory.domain.lots import Lot, pick
from services.inventory.domain.position import Pair, Position, Reason
from services.inventory.domain.problems import InsufficientStock
from services.inventory.domain.problems_supply import InvalidSupply, SupplyNotFound
from services.inventory.domain.shortfall import Shortfall
from services.inventory.domain.stocktaking import Adjustment, Unsellable
from services.inventory.domain.supply import Supply, SupplyType
from services.inventory.moving import Moving
from services.inventory.queues import Queues
from services.inventory.store import Connection
from services.kernel.clock import Clock

# Nothing is over at this moment: what is under way keeps its lot, whatever its date.
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Units that came; `final`: no more will."""

    quantity: int
    final: bool = False
    unsellable: int = 0
    unsellable_reason: Unsellable = Unsellable.DAMAGED
    lot_id: str = ""
    lot_expire_time: datetime | None = None


class Supplying:
    """What will be there, until it is. `actor` is who asked, for the ledger."""

    def __init__(self, moving: Moving, changes: Changes, queues: Queues, clock: Clock) -> None:
        self._moving = moving
        self._changes = changes
        self._queues = queues
        self._clock = clock

    async def create(self, conn: Connection, one: Supply, *, actor: str) -> Supply:
        """Announce units; those of a transfer leave their node.

        Raises:
            InvalidSupply: parts of it contradict each other.
            BundleHasNoStock: the SKU is a bundle.
            InsufficientStock: the node that a transfer leaves has not as many that are free.
        """
        supply.check(one)
        await refuse_bundles(conn, {one.pair.sku})
        await store_supplies.add(conn, one)
        await self._take_out(conn, one, one.quantity, actor=actor)
        return await self._tell(conn, one)

    async def update(
        self, conn: Connection, supply_id: str, *, expect_time: datetime | None, quantity: int, actor: str
    ) -> Supply:
        """Say when units come, and (unless 0) how many in all; a transfer takes more out of its node, or puts back."""
        before = await self._lock(conn, supply_id)
        now = self._clock.now()
        after = supply.move(before, expect_time, now) if expect_time else before
        after = supply.resize(after, quantity, now) if quantity else after
        await store_supplies.save(conn, after)  # before units move: who waits is promised by what is so then
        await self._take_out(conn, before, after.quantity - before.quantity, actor=actor)
        await self._put_back(conn, before, before.quantity - after.quantity, "fewer are sent", actor=actor)
        return await self._save(conn, after)

    async def receive(
        self, conn: Connection, supply_id: str, receipt: Receipt, *, actor: str
    ) -> tuple[Supply, Position]:
        """Take units in, serve those who wait for them, and return the supply and the position."""
        if receipt.unsellable > receipt.quantity:
            raise InvalidSupply("unsellable_quantity", "no more units can be unsellable than came")
        before = await self._lock(conn, supply_id)
        await refuse_bundles(conn, {before.pair.sku})
        after = supply.receive(before, receipt.quantity, self._clock.now(), final=receipt.final)
        await store_supplies.save(conn, after)  # before units move: who waits is promised by what is so then
        await self._moving.open(conn, {before.pair})
        reason = Reason.RETURN if before.type is SupplyType.RETURN_EXPECTED else Reason.RECEIPT
        adjustments = await self._received(conn, before, receipt)
        await self._changes.apply(conn, adjustments, reason, supply_id, actor=actor)
        after = await self._save(conn, after)
        return after, (await store.read(conn, {before.pair}))[before.pair]

    async def cancel(self, conn: Connection, supply_id: str, quantity: int, note: str, *, actor: str) -> Supply:
        """Call off units (0: all that are open); those of a transfer go back to the node that they left."""
        before = await self._lock(conn, supply_id)
        after = supply.cancel(before, quantity, self._clock.now())
        await store_supplies.save(conn, after)  # before units move: who waits is promised by what is so then
        await self._put_back(conn, before, after.cancelled - before.cancelled, note, actor=actor)
        return await self._save(conn, after)

    async def _take_out(self, conn: Connection, one: Supply, units: int, *, actor: str) -> None:
        if units <= 0 or not one.from_node_id:
            return
        pair = Pair(one.pair.sku, one.from_node_id)
        free = atp.free((await self._moving.open(conn, {pair}))[pair])
        if free < units:
            raise InsufficientStock([Shortfall(pair=pair, wanted=units, available=max(0, free))])
        gone = [Adjustment(pair=pair, on_hand=-units, unsellable=0)]
        await self._changes.apply(conn, gone, Reason.TRANSFER, one.supply_id, actor=actor)

    async def _put_back(self, conn: Connection, one: Supply, units: int, note: str, *, actor: str) -> None:
        if units <= 0 or not one.from_node_id:
            return
        pair = Pair(one.pair.sku, one.from_node_id)
        await self._moving.open(conn, {pair})
        back = [
            Adjustment(pair=pair, on_hand=number, unsellable=0, lot_id=lot.lot_id)
            for lot, number in await self._under_way(conn, one, units)
        ]
        await self._changes.apply(conn, back, Reason.TRANSFER, one.supply_id, actor=actor, note=note)

    async def _received(self, conn: Connection, one: Supply, receipt: Receipt) -> list[Adjustment]:
        """Return what a receipt changes: units of a transfer come of the lots that they left, unless it names one."""
        named = [(Lot(lot_id=receipt.lot_id, expire_time=receipt.lot_expire_time), receipt.quantity)]
        lots = named if receipt.lot_id else await self._under_way(conn, one, receipt.quantity)
        unsellable = receipt.unsellable
        adjustments: list[Adjustment] = []
        for lot, number in lots:
            spoiled = min(unsellable, number)
            unsellable -= spoiled
            adjustments.append(
                Adjustment(
                    pair=one.pair,
                    on_hand=number,
                    unsellable=spoiled,
                    unsellable_reason=receipt.unsellable_reason,
                    lot_id=lot.lot_id,
                    lot_expire_time=lot.expire_time,
                )
            )
        return adjustments

    async def _under_way(self, conn: Connection, one: Supply, units: int) -> list[tuple[Lot, int]]:
        """Return the lots that the next units of a supply are of; whatever expires first comes first."""
        left = await store_supplies.lots_on_the_road(conn, one) if one.from_node_id else {}
        lots: dict[str, Lot] = {}
        if left:
            pair = Pair(one.pair.sku, one.from_node_id)
            known = (await store_lots.of(conn, {pair}, left))[pair].lots
            lots = {lot.lot_id: replace(lot, on_hand=left[lot.lot_id]) for lot in known if lot.lot_id in left}
        picked, bare = pick(lots.values(), units, _BEFORE_ALL)
        taken: Sequence[tuple[Lot, int]] = [(lots[lot_id], number) for lot_id, number in picked]
        return [*taken, (Lot(lot_id=""), bare)] if bare else [*taken]

    async def _lock(self, conn: Connection, supply_id: str) -> Supply:
        found = await store_supplies.lock(conn, supply_id)
        if found is None:
            raise SupplyNotFound(supply_id)
        return found

    async def _save(self, conn: Connection, one: Supply) -> Supply:
        await store_supplies.save(conn, one)
        return await self._tell(conn, one)

    async def _tell(self, conn: Connection, one: Supply) -> Supply:
        """Take note that what may be promised changed, and say to those who wait when they can expect their units."""
        await store_changes.touch(conn, {one.pair.sku}, self._clock.now())
        await self._queues.promise(conn, {one.pair.sku})
        return one

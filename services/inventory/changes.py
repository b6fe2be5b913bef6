"""Every change of stock, from its first lock to the last order that is told: lock, decide, write, tell.

Each method runs inside a transaction of its caller and belongs to it entirely. Locks are taken in one order everywhere:
reservations by id, positions by (sku, node), queues of SKUs, backorders.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.outbox import Outbox, SignalWorkflow
from services.inventory import store, store_backorders, store_reservations
from services.inventory.domain import backorder, reservation, reserving, stocktaking
from services.inventory.domain.backorder import Backorder, Wait
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.reservation import Change, Reservation
from services.inventory.domain.reserving import Demand
from services.inventory.domain.shortfall import Shortfall
from services.inventory.domain.stocktaking import Adjustment, Drift
from services.inventory.store import Connection
from services.kernel.clock import Clock
from workflows import contract

# Who gives back what nobody gave back in time, as the ledger says it.
EXPIRY = "inventory-expiry"


class Changes:
    """The writing half of the service. `actor` is who asked, for the ledger."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def adjust(
        self, conn: Connection, adjustments: Sequence[Adjustment], reason: Reason, reference: str, *, actor: str
    ) -> list[Position]:
        """Apply differences, all or none, and return the positions afterwards."""
        pairs = {one.pair for one in adjustments}
        positions = await self._open(conn, pairs)
        await self._move(conn, stocktaking.adjust(positions, adjustments, reason, reference), actor)
        return list((await store.read(conn, pairs)).values())

    async def set_safety_stock(self, conn: Connection, pair: Pair, quantity: int, *, actor: str) -> Position:
        """Set what a node never offers."""
        position = (await self._open(conn, {pair}))[pair]
        delta = quantity - position.safety_stock
        await self._move(conn, [Movement(pair=pair, reason=Reason.SAFETY_STOCK, safety_stock=delta)], actor)
        return (await store.read(conn, {pair}))[pair]

    async def take_over(
        self,
        conn: Connection,
        *,
        source: str,
        sequence: int,
        node_id: str,
        counts: Mapping[Pair, int],
        complete: bool,
        actor: str,
    ) -> list[Drift] | None:
        """Make a node's figures those of a snapshot, and return where they differed; None for an old snapshot."""
        now = self._clock.now()
        if not await store.claim_snapshot(conn, source=source, node_id=node_id, sequence=sequence, now=now):
            return None
        counted = {pair: number for pair, number in counts.items() if number}
        await store.create_missing(conn, counted, now)
        positions = await store.lock_node(conn, node_id) if complete else await store.lock(conn, counts)
        meant = {pair: counts.get(pair, 0) for pair in positions}
        movements, drifts = stocktaking.take_over(positions, meant, f"{source}/{sequence}")
        await self._move(conn, movements, actor)
        return drifts

    async def reserve(
        self, conn: Connection, demand: Demand, *, actor: str
    ) -> tuple[list[Reservation], list[Shortfall]]:
        """Make reservations, and return them with what could not be reserved."""
        positions = await store.lock(conn, {line.pair for line in demand.lines})
        free = {pair: position.available for pair, position in positions.items()}
        made, shortfalls = reserving.decide(demand, free, self._clock.now())
        await store_reservations.add(conn, made)
        await self._move(conn, reserving.movements(made), actor)
        return made, shortfalls

    async def release(
        self, conn: Connection, units: Mapping[str, int], *, missing: bool, note: str, actor: str
    ) -> list[Reservation]:
        """Give units back, or say that they are missing; return the reservations afterwards."""
        found = await store_reservations.lock(conn, units)
        changes = reservation.release(found, units, self._clock.now())
        if missing:
            gone = [(one.reservation.pair, one.units, one.reservation.reservation_id) for one in changes]
            await self._depart(conn, gone, Reason.SHORT_PICK, note=note, actor=actor)
        else:
            await self._free(conn, changes, note=note, actor=actor)
        return await self._save(conn, changes)

    async def consume(
        self, conn: Connection, units: Mapping[str, int], reference: str, *, actor: str
    ) -> list[Reservation]:
        """Take shipped units out of stock; return the reservations afterwards."""
        found = await store_reservations.lock(conn, units)
        changes = reservation.consume(found, units, self._clock.now())
        gone = [(one.reservation.pair, one.units, reference or one.reservation.reservation_id) for one in changes]
        await self._depart(conn, gone, Reason.CONSUMED, note="", actor=actor)
        return await self._save(conn, changes)

    async def expire(self, conn: Connection, *, size: int) -> int:
        """End reservations whose time is over, and return how many there were."""
        now = self._clock.now()
        changes = reservation.expire(await store_reservations.lock_expired(conn, now, size=size), now)
        await self._free(conn, changes, note="its time was over", actor=EXPIRY)
        await self._save(conn, changes)
        return len(changes)

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

    async def _open(self, conn: Connection, pairs: set[Pair]) -> dict[Pair, Position]:
        """Lock positions, and make those that do not exist yet."""
        await store.create_missing(conn, pairs, self._clock.now())
        return await store.lock(conn, pairs)

    async def _free(self, conn: Connection, changes: Sequence[Change], *, note: str, actor: str) -> None:
        await store.lock(conn, {one.reservation.pair for one in changes})
        movements = [
            Movement(
                pair=one.reservation.pair,
                reason=Reason.RELEASED,
                reference=one.reservation.reservation_id,
                note=note,
                reserved=-one.units,
            )
            for one in changes
        ]
        await self._move(conn, movements, actor)

    async def _depart(
        self, conn: Connection, gone: Sequence[tuple[Pair, int, str]], reason: Reason, *, note: str, actor: str
    ) -> None:
        positions = await store.lock(conn, {pair for pair, _, _ in gone})
        await self._move(conn, stocktaking.depart(positions, gone, reason, note), actor)

    async def _save(self, conn: Connection, changes: Sequence[Change]) -> list[Reservation]:
        await store_reservations.save(conn, changes, self._clock.now())
        return [one.reservation for one in changes]

    async def _move(self, conn: Connection, movements: Sequence[Movement], actor: str) -> None:
        """Change counters; where more can be reserved than before, tell those who wait."""
        now = self._clock.now()
        arrived = await store.move(conn, movements, actor=actor, now=now)
        if not arrived:
            return
        await store_backorders.lock_queues(conn, arrived)
        if await store_backorders.anybody_waits(conn, arrived):
            await store_backorders.forgive(conn, arrived)
            await self._tell(conn, set(arrived), now)

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

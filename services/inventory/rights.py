"""What becomes of reservations: made one by one, given back, shipped, confirmed, moved to another node, ended by time.

Everything here runs inside a transaction of its caller. Reservations are locked before their positions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.inventory import store, store_reservations
from services.inventory.domain import reservation, reserving
from services.inventory.domain.lots import LotUnits
from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.domain.problems import InsufficientStock
from services.inventory.domain.reservation import Change, Reservation
from services.inventory.domain.reserving import Demand
from services.inventory.domain.shelf import Shelf, parts
from services.inventory.domain.shortfall import Shortfall
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.kernel import ids
from services.kernel.clock import Clock

# Who gives back what nobody gave back in time, as the ledger says it.
EXPIRY = "inventory-expiry"


class Rights:
    """Reservations, in ordinary transactions (`gathering` makes many in one). `actor` is who asked, for the ledger."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

    async def reserve(self, conn: Connection, demand: Demand) -> tuple[list[Reservation], list[Shortfall]]:
        """Make reservations, and return them with what could not be reserved.

        What is kept for these lines out of stock that arrived is theirs to take: it is given back first.
        """
        now = self._clock.now()
        kept = await store_reservations.lock_kept(conn, demand.owner_id, [line.line_id for line in demand.lines])
        made_of = await store_reservations.made_of(conn, [line.pair.sku for line in demand.lines])
        wanted = {pair for line in demand.lines for pair, _ in parts(line.pair, 1, made_of.get(line.pair.sku, {}))} | {
            one.pair for one in kept
        }
        shelf = Shelf(await store.lock(conn, wanted), made_of)
        for one in kept:
            shelf.give_back(one.pair, one.live)
        made, shortfalls = reserving.decide(demand, shelf, now)
        returned = reservation.release({one.reservation_id: one for one in kept}, dict.fromkeys(_ids(kept), 0), now)
        await self._save(conn, returned)
        await store_reservations.add(conn, made)
        await store.move_pools(conn, _pooled((one.segment, one.pair, -one.pool_quantity) for one in made))
        movements = [*_returns(returned, "its order takes it"), *reserving.movements(made)]
        await self._moving.move(conn, movements, demand.actor, ended=[one.reservation for one in returned])
        return made, shortfalls

    async def release(
        self, conn: Connection, units: Mapping[str, int], *, missing: bool, note: str, actor: str
    ) -> list[Reservation]:
        """Give units back, or say that they are missing; return the reservations afterwards."""
        found = await store_reservations.lock(conn, units)
        changes = reservation.release(found, units, self._clock.now())
        after = await self._save(conn, changes)
        if missing:
            await self._moving.depart(conn, _parted(changes), Reason.SHORT_PICK, note=note, actor=actor)
        else:
            await self._free(conn, changes, note=note, actor=actor)
        return after

    async def consume(
        self,
        conn: Connection,
        units: Mapping[str, int],
        reference: str,
        *,
        actor: str,
        lot_ids: Mapping[str, str] | None = None,
    ) -> tuple[list[Reservation], list[LotUnits]]:
        """Take shipped units out of stock, of the lots that are named by reservation or of those that expire first.

        Returns:
            The reservations afterwards, and the lots that the units came from.
        """
        found = await store_reservations.lock(conn, units)
        changes = reservation.consume(found, units, self._clock.now())
        after = await self._save(conn, changes)
        chosen = {found[one].pair: lot_id for one, lot_id in (lot_ids or {}).items() if lot_id and one in found}
        gone = _parted(changes, reference)
        left = await self._moving.depart(conn, gone, Reason.CONSUMED, note="", actor=actor, lots=chosen)
        return after, [one for one in left if one.lot_id]

    async def confirm(
        self, conn: Connection, reservation_ids: Sequence[str], expire_time: datetime | None
    ) -> list[Reservation]:
        """Make rights HARD, or give them more time; return them."""
        found = await store_reservations.lock(conn, reservation_ids)
        return await self._save(conn, reservation.confirm(found, reservation_ids, expire_time, self._clock.now()))

    async def transfer(
        self, conn: Connection, reservation_id: str, node_id: str, quantity: int, *, request_id: str, actor: str
    ) -> tuple[Reservation, Reservation]:
        """Give a right up and make it at another node; return both.

        Raises:
            InsufficientStock: the other node has not as many; nothing is given up.
        """
        now = self._clock.now()
        found = await store_reservations.lock(conn, [reservation_id])
        change = reservation.hand_over(found, reservation_id, quantity, now)
        before, there = found[reservation_id], Pair(change.reservation.pair.sku, node_id)
        made_of = {there.sku: before.components} if before.components else {}
        wanted = {pair for one in (before.pair, there) for pair, _ in parts(one, 1, before.components)}
        shelf = Shelf(await store.lock(conn, wanted), made_of)
        if there == before.pair:
            shelf.give_back(there, change.units)
        free = shelf.free(there, before.segment)
        if free < change.units:
            raise InsufficientStock([Shortfall(pair=there, wanted=change.units, available=free)])
        made = replace(
            before,
            reservation_id=ids.derived(ids.RESERVATION, request_id, reservation_id),
            pair=there,
            quantity=change.units,
            consumed=0,
            released=0,
            pool_quantity=shelf.take(there, change.units, before.segment),
            create_time=now,
            update_time=now,
        )
        await self._save(conn, [change])
        await store_reservations.add(conn, [made])
        await store.move_pools(conn, _pooled([(made.segment, there, -made.pool_quantity)]))
        await store.move_pools(conn, _pooled([(before.segment, before.pair, change.pooled)]))
        note = f"moved to {node_id}"
        await self._moving.move(conn, [*_returns([change], note), *reserving.movements([made])], actor)
        return change.reservation, made

    async def expire(self, conn: Connection, *, size: int) -> int:
        """End reservations whose time is over, and return how many there were."""
        now = self._clock.now()
        changes = reservation.expire(await store_reservations.lock_expired(conn, now, size=size), now)
        await self._save(conn, changes)
        await self._free(conn, changes, note="its time was over", actor=EXPIRY)
        return len(changes)

    async def _free(self, conn: Connection, changes: Sequence[Change], *, note: str, actor: str) -> None:
        movements = _returns(changes, note)
        await store.lock(conn, {movement.pair for movement in movements})
        await store.move_pools(
            conn, _pooled((one.reservation.segment, one.reservation.pair, one.pooled) for one in changes)
        )
        await self._moving.move(conn, movements, actor, ended=[one.reservation for one in changes])

    async def _save(self, conn: Connection, changes: Sequence[Change]) -> list[Reservation]:
        await store_reservations.save(conn, changes, self._clock.now())
        return [one.reservation for one in changes]


def _ids(rights: Iterable[Reservation]) -> list[str]:
    return [one.reservation_id for one in rights]


def _returns(changes: Iterable[Change], note: str) -> list[Movement]:
    """Return the movements of units that are reserved no more, and still there."""
    return [
        Movement(
            pair=pair, reason=Reason.RELEASED, reference=one.reservation.reservation_id, note=note, reserved=-units
        )
        for one in changes
        for pair, units in parts(one.reservation.pair, one.units, one.reservation.components)
    ]


def _parted(changes: Iterable[Change], reference: str = "") -> list[tuple[Pair, int, str]]:
    """Return what has left: where, how many, and what it belongs to."""
    return [
        (pair, units, reference or one.reservation.reservation_id)
        for one in changes
        for pair, units in parts(one.reservation.pair, one.units, one.reservation.components)
    ]


def _pooled(moved: Iterable[tuple[str, Pair, int]]) -> dict[str, dict[Pair, int]]:
    """Return what each segment's pools gain or lose."""
    pools: dict[str, dict[Pair, int]] = {}
    for segment, pair, units in moved:
        if units:
            of_segment = pools.setdefault(segment, {})
            of_segment[pair] = of_segment.get(pair, 0) + units
    return pools

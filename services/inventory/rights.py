"""What becomes of reservations: given back, shipped, ended by time.

Everything here runs inside a transaction of its caller. Reservations are locked before their positions.
"""

from collections.abc import Mapping, Sequence

from services.inventory import store, store_reservations
from services.inventory.domain import reservation, reserving
from services.inventory.domain.position import Movement, Reason
from services.inventory.domain.reservation import Change, Reservation
from services.inventory.domain.reserving import Demand
from services.inventory.domain.shortfall import Shortfall
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.kernel.clock import Clock

# Who gives back what nobody gave back in time, as the ledger says it.
EXPIRY = "inventory-expiry"


class Rights:
    """Reservations once they are made. `actor` is who asked, for the ledger."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

    async def reserve(
        self, conn: Connection, demand: Demand, *, actor: str
    ) -> tuple[list[Reservation], list[Shortfall]]:
        """Make reservations, and return them with what could not be reserved."""
        positions = await store.lock(conn, {line.pair for line in demand.lines})
        free = {pair: position.available for pair, position in positions.items()}
        made, shortfalls = reserving.decide(demand, free, self._clock.now())
        await store_reservations.add(conn, made)
        await self._moving.move(conn, reserving.movements(made), actor)
        return made, shortfalls

    async def release(
        self, conn: Connection, units: Mapping[str, int], *, missing: bool, note: str, actor: str
    ) -> list[Reservation]:
        """Give units back, or say that they are missing; return the reservations afterwards."""
        found = await store_reservations.lock(conn, units)
        changes = reservation.release(found, units, self._clock.now())
        if missing:
            gone = [(one.reservation.pair, one.units, one.reservation.reservation_id) for one in changes]
            await self._moving.depart(conn, gone, Reason.SHORT_PICK, note=note, actor=actor)
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
        await self._moving.depart(conn, gone, Reason.CONSUMED, note="", actor=actor)
        return await self._save(conn, changes)

    async def expire(self, conn: Connection, *, size: int) -> int:
        """End reservations whose time is over, and return how many there were."""
        now = self._clock.now()
        changes = reservation.expire(await store_reservations.lock_expired(conn, now, size=size), now)
        await self._free(conn, changes, note="its time was over", actor=EXPIRY)
        await self._save(conn, changes)
        return len(changes)

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
        await self._moving.move(conn, movements, actor)

    async def _save(self, conn: Connection, changes: Sequence[Change]) -> list[Reservation]:
        await store_reservations.save(conn, changes, self._clock.now())
        return [one.reservation for one in changes]

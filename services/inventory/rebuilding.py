"""Repairing counters that are not the sums of their rows.

Everything here runs inside a transaction of its caller.
"""

import structlog

from services.inventory import store, store_changes, store_checkpoints, store_repairs
from services.inventory.domain import ledger
from services.inventory.domain.ledger import Discrepancy, Repair, Sums
from services.inventory.domain.position import Pair
from services.inventory.queues import Queues
from services.inventory.store import Connection
from services.kernel.clock import Clock

_log = structlog.get_logger()


class Rebuilding:
    """A page of positions, looked at and repaired."""

    def __init__(self, queues: Queues, clock: Clock) -> None:
        self._queues = queues
        self._clock = clock

    async def look(self, conn: Connection, *, after: tuple[str, str] | None, size: int) -> list[Sums]:
        """Return a page of positions, each beside what its whole ledger says."""
        return await store_checkpoints.sums(conn, after=after, size=size, full=True)

    async def repair(self, conn: Connection, page: list[Sums], *, reference: str, actor: str) -> list[Discrepancy]:
        """Repair what does not add up among these, and return what did not.

        Only these positions are locked, so the others are reserved of meanwhile; under the lock they are looked at
        again, because what was found may have been about to be put right. A ledger that is wrong itself is reported by
        the audit, and left to people.
        """
        suspects = {one.position.pair for one in page if ledger.prove([one])}
        if not suspects:
            return []
        now = self._clock.now()
        await store.create_missing(conn, suspects, now)
        before = await store.lock(conn, suspects)
        sums = await store_checkpoints.sums_of(conn, suspects)
        repairs = ledger.repair(sums)
        if hopeless := len(ledger.prove(sums)) - sum(len(one.repaired) for one in repairs):
            _log.warning("not repaired: the ledger says what cannot be", discrepancies=hopeless)
        if not repairs:
            return []
        pairs = [one.position.pair for one in repairs]
        # First of all: they may be what is wrong.
        await store_checkpoints.forget(conn, pairs)
        await store_repairs.write(conn, repairs, reference=reference, actor=actor, now=now)
        await store_changes.touch(conn, {pair.sku for pair in pairs}, now)
        await self._queues.serve(conn, _arrived(repairs, {pair: one.available for pair, one in before.items()}))
        return found(repairs)


def found(repairs: list[Repair]) -> list[Discrepancy]:
    """Return what these repairs are about."""
    return [one for repair in repairs for one in repair.repaired]


def _arrived(repairs: list[Repair], available: dict[Pair, int]) -> list[Pair]:
    """Return of what more can be reserved than before."""
    return [
        one.position.pair for one in repairs if one.position.available > max(0, available.get(one.position.pair, 0))
    ]

"""What outside systems say of stock, and what is made of it.

Everything here runs inside a transaction of its caller.
"""

from collections.abc import Mapping

from services.inventory import store, store_sources
from services.inventory.domain import drift
from services.inventory.domain.drift import Drift
from services.inventory.domain.position import Pair
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.kernel.clock import Clock


class Sources:
    """Snapshots, deltas and counts. `actor` is who sent them, for the ledger."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

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
        if not await store_sources.claim_snapshot(conn, source=source, node_id=node_id, sequence=sequence, now=now):
            return None
        counted = {pair: number for pair, number in counts.items() if number}
        await store.create_missing(conn, counted, now)
        positions = await store.lock_node(conn, node_id) if complete else await store.lock(conn, counts)
        meant = {pair: counts.get(pair, 0) for pair in positions}
        movements, drifts = drift.take_over(positions, meant, f"{source}/{sequence}")
        await self._moving.move(conn, movements, actor)
        return drifts

"""Making our figures those that somebody counted.

Everything here runs inside a transaction of its caller. What agrees with us is neither locked nor written: figures are
compared without a lock first, and only what differs is locked, in the order of all positions, and compared again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.inventory import store, store_sources
from services.inventory.domain import drift
from services.inventory.domain.drift import Claim, Drift, Figure, Limit
from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.inventory.store_sources import Difference
from services.kernel.clock import Clock

# Positions that one statement locks or changes.
AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms counts of a node are taken over, and how the ledger says it."""

    node_id: str
    reason: Reason
    reference: str
    count_time: datetime | None
    limit: Limit
    actor: str


@dataclass(slots=True)
class Taken:
    """What became of counts: where figures differ, and which of these differences are above the limit."""

    drifts: list[Drift] = field(default_factory=list)
    above: list[Drift] = field(default_factory=list)


class Counting:
    """Takes counts over."""

    def __init__(self, moving: Moving, clock: Clock) -> None:
        self._moving = moving
        self._clock = clock

    async def take_over(self, conn: Connection, differences: Sequence[Difference], terms: Terms) -> Taken:
        """Make our figures those of the claims, unless they are above the limit."""
        taken = Taken()
        within: list[Difference] = []
        for one in differences:
            if terms.limit.exceeded(one.claim, one.figure):
                taken.above.append(drift.measure(one.claim, one.figure))
            else:
                within.append(one)
        within.sort(key=lambda one: one.claim.pair)
        new = [one.claim.pair for one in within if not one.positioned]
        if new:
            await store.create_missing(conn, new, self._clock.now())
        gains: list[Movement] = []
        for start in range(0, len(within), AT_ONCE):
            claims = [one.claim for one in within[start : start + AT_ONCE]]
            gains += await self._correct(conn, claims, terms, taken)
        # Those who wait for units are served last: their locks come after those of positions.
        await self._moving.move(conn, gains, terms.actor)
        return taken

    async def _correct(self, conn: Connection, claims: Sequence[Claim], terms: Terms, taken: Taken) -> list[Movement]:
        """Lock positions, compare again, write what becomes less, and return what becomes more."""
        positions = await store.lock(conn, [claim.pair for claim in claims])
        skus = [claim.pair.sku for claim in claims]
        moved = await store_sources.moved_since(conn, terms.node_id, skus, terms.count_time)
        deltas: dict[Pair, int] = {}
        for claim in claims:
            figure = _figure(positions[claim.pair], moved)
            found = drift.measure(claim, figure)
            if not found.delta:
                continue
            if terms.limit.exceeded(claim, figure):
                taken.above.append(found)
            else:
                taken.drifts.append(found)
                deltas[claim.pair] = found.delta
        return await self.change(conn, positions, deltas, terms)

    async def change(
        self, conn: Connection, positions: dict[Pair, Position], deltas: dict[Pair, int], terms: Terms
    ) -> list[Movement]:
        """Write what becomes less at positions that are locked, and return the movements of what becomes more."""
        less: list[Movement] = []
        more: list[Movement] = []
        for pair, delta in deltas.items():
            movement = drift.correct(positions[pair], delta, terms.reason, terms.reference)
            (less if delta < 0 else more).append(movement)
        await self._moving.move(conn, less, terms.actor)
        return more


def _figure(position: Position, moved: dict[str, int]) -> Figure:
    sku = position.pair.sku
    return Figure(on_hand=position.on_hand, reserved=position.reserved, moved=moved.get(sku, 0))

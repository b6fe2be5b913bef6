"""Keeping units for those who wait: who gets what is decided and written with the receipt that brought it.

Everything here runs inside a transaction of its caller, who has locked positions first and then the queues.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.inventory import store, store_filling, store_reservations
from services.inventory.domain import backorder, filling, reservation
from services.inventory.domain.filling import Fill, Policy, Waiting
from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.domain.reservation import Change, Reservation
from services.inventory.store import Connection

# Who keeps units for those who wait, as the ledger says it.
KEEPER = "inventory-backorders"


async def fill(conn: Connection, free: Mapping[Pair, int], now: datetime, *, but: str = "") -> list[Fill]:
    """Keep free units for those who wait, but for one owner, and return who got what."""
    fills = await decide(conn, free, but=but)
    if fills:
        rights = backorder.kept(fills, now)
        await store_reservations.add(conn, rights)
        await store.move(conn, backorder.movements(rights, "kept for a backorder"), actor=KEEPER, now=now)
        await store_filling.notify(conn, fills, now)
    return fills


async def decide(conn: Connection, free: Mapping[Pair, int], *, but: str = "") -> list[Fill]:
    """Return who gets what, and write nothing.

    A SHIP_COMPLETE order gets units only when everything that it misses is among them. What it misses of SKUs that are
    not here is not given to it now: the sweeper, which looks at everything that an order misses, does that.
    """
    units: dict[str, int] = {}
    for pair, number in free.items():
        units[pair.sku] = units.get(pair.sku, 0) + number
    if not units:
        return []
    policy = await store_filling.policies(conn, list(units))
    lines = await store_filling.first_in_line(conn, units, policy, but=but)
    together = {line.owner_id for line in lines if policy[line.sku] is Policy.SHIP_COMPLETE}
    if together:
        lines, others = await _with_the_rest(conn, lines, together, policy)
        policy = {**others, **policy}
    return filling.fill(lines, free, policy)


async def give_back(conn: Connection, rights: Sequence[Reservation], now: datetime, *, note: str) -> list[Change]:
    """Give back what was kept; the rights and their positions are locked."""
    changes = reservation.release(
        {one.reservation_id: one for one in rights}, {one.reservation_id: 0 for one in rights}, now
    )
    movements = [
        Movement(
            pair=one.reservation.pair,
            reason=Reason.RELEASED,
            reference=one.reservation.reservation_id,
            note=note,
            reserved=-one.units,
        )
        for one in changes
        if one.units
    ]
    if movements:
        await store_reservations.save(conn, changes, now)
        await store.move(conn, movements, actor=KEEPER, now=now)
    return changes


async def _with_the_rest(
    conn: Connection, lines: Iterable[Waiting], together: set[str], policy: Mapping[str, Policy]
) -> tuple[list[Waiting], Mapping[str, Policy]]:
    """Add everything else that these orders miss; leave out orders of which something cannot be filled at all now."""
    missed = await store_filling.of_orders(conn, together)
    hopeless = {line.owner_id for line, wants in missed if not wants}
    others = await store_filling.policies(conn, sorted({line.sku for line, _ in missed}))
    found = {(line.owner_id, line.line_id): line for line in lines}
    found |= {(line.owner_id, line.line_id): line for line, _ in missed if line.owner_id not in hopeless}
    whole = {**others, **policy}
    return [
        line for line in found.values() if not (whole[line.sku] is Policy.SHIP_COMPLETE and line.owner_id in hopeless)
    ], others

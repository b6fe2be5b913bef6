"""Every SQL statement about supplies."""

from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.position import Pair
from services.inventory.domain.supply import State, Supply, SupplyType
from services.inventory.tables import supplies

_COLUMNS = (
    supplies.c.supply_id,
    supplies.c.type,
    supplies.c.sku,
    supplies.c.node_id,
    supplies.c.quantity,
    supplies.c.received_quantity,
    supplies.c.cancelled_quantity,
    supplies.c.state,
    supplies.c.expect_time,
    supplies.c.lead_seconds,
    supplies.c.from_node_id,
    supplies.c.reference,
    supplies.c.create_time,
    supplies.c.update_time,
)

# What left its node for this transfer, less what came back and what arrived.
_ON_THE_ROAD = text("""
SELECT lot_id, -sum(on_hand_delta)::bigint AS units FROM inventory.ledger_entries
WHERE reference = :supply_id AND sku = :sku AND node_id IN (:node_id, :from_node_id) AND lot_id <> ''
GROUP BY lot_id HAVING sum(on_hand_delta) < 0
""")


async def add(conn: AsyncConnection, one: Supply) -> None:
    """Write a new supply."""
    await conn.execute(insert(supplies).values(**_row(one)))


async def lock(conn: AsyncConnection, supply_id: str) -> Supply | None:
    """Lock a supply until the transaction ends, and return it; supplies are locked before positions."""
    query = select(*_COLUMNS).where(supplies.c.supply_id == supply_id).with_for_update(key_share=True)
    row = (await conn.execute(query)).mappings().first()
    return _supply(row) if row else None


async def save(conn: AsyncConnection, one: Supply) -> None:
    """Write what became of a supply that is locked."""
    await conn.execute(update(supplies).where(supplies.c.supply_id == one.supply_id).values(**_row(one)))


async def lots_on_the_road(conn: AsyncConnection, one: Supply) -> dict[str, int]:
    """Return the units of a transfer that are under way, by the lots that they left, but for those without a lot."""
    values = {
        "supply_id": one.supply_id,
        "sku": one.pair.sku,
        "node_id": one.pair.node_id,
        "from_node_id": one.from_node_id,
    }
    return {row.lot_id: row.units for row in await conn.execute(_ON_THE_ROAD, values)}


async def page(
    conn: AsyncConnection, *, sku: str, node_id: str, open_only: bool, after: tuple[datetime, str] | None, size: int
) -> list[Supply]:
    """Return supplies, oldest first."""
    query = select(*_COLUMNS)
    for column, value in ((supplies.c.sku, sku), (supplies.c.node_id, node_id)):
        if value:
            query = query.where(column == value)
    if open_only:
        # Written out, so that the partial index of open supplies is used.
        query = query.where(text("state = 'OPEN'"))
    if after:
        query = query.where(tuple_(supplies.c.create_time, supplies.c.supply_id) > tuple_(*after))
    query = query.order_by(supplies.c.create_time, supplies.c.supply_id).limit(size)
    return [_supply(row) for row in (await conn.execute(query)).mappings()]


def _row(one: Supply) -> dict[str, object]:
    return {
        "supply_id": one.supply_id,
        "type": one.type.value,
        "sku": one.pair.sku,
        "node_id": one.pair.node_id,
        "quantity": one.quantity,
        "received_quantity": one.received,
        "cancelled_quantity": one.cancelled,
        "state": one.state.value,
        "expect_time": one.expect_time,
        "lead_seconds": None if one.lead_time is None else int(one.lead_time.total_seconds()),
        "from_node_id": one.from_node_id,
        "reference": one.reference,
        "create_time": one.create_time,
        "update_time": one.update_time,
    }


def _supply(row: RowMapping) -> Supply:
    return Supply(
        supply_id=row["supply_id"],
        type=SupplyType(row["type"]),
        pair=Pair(row["sku"], row["node_id"]),
        quantity=row["quantity"],
        received=row["received_quantity"],
        cancelled=row["cancelled_quantity"],
        state=State(row["state"]),
        expect_time=row["expect_time"],
        lead_time=None if row["lead_seconds"] is None else timedelta(seconds=row["lead_seconds"]),
        from_node_id=row["from_node_id"],
        reference=row["reference"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )

"""Every SQL statement about demand: what was ordered, by SKU and over all orders."""

from sqlalchemy import BigInteger, Select, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.tables import order_lines


async def list_unrouted(conn: AsyncConnection, *, after: str, limit: int) -> list[tuple[str, int]]:
    """Return SKUs after this one with how many of their units are open; SKUs without any are left out."""
    rows = await conn.execute(unrouted(after=after, limit=limit))
    return [(row.sku, row.quantity) for row in rows]


def unrouted(*, after: str, limit: int) -> Select[tuple[str, int]]:
    """Return the statement: in the order of its index, which has only lines with open units, until the page is full."""
    # The condition is that of the index, word by word: with a parameter in it the planner could not know.
    still_open = order_lines.c.open > literal_column("0")
    quantity = cast(func.sum(order_lines.c.open), BigInteger).label("quantity")
    statement = select(order_lines.c.sku, quantity).where(still_open, order_lines.c.sku > after)
    return statement.group_by(order_lines.c.sku).order_by(order_lines.c.sku).limit(limit)

"""Every SQL statement about balances: what of an order may still come back and be paid back.

The balance's row is the order's lock: whoever changes what is claimed or settled takes it first.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.returns.domain.balance import Balance, LineBalance
from services.returns.domain.order import Order
from services.returns.domain.reimbursement import Cause, Due
from services.returns.tables import balance_lines, balances


async def locked_balance(conn: AsyncConnection, order: Order, *line_ids: str) -> Balance:
    """Return the order's balance, made where there is none, with its lock held; these lines will be changed.

    What intake says grows only, so what an older reading says is never less than true.
    """
    made = insert(balances).values(
        order_id=order.order_id, captured_minor=order.captured, reimbursed_minor=0, shipping_minor=0
    )
    await conn.execute(
        made.on_conflict_do_update(
            index_elements=["order_id"],
            set_={"captured_minor": func.greatest(balances.c.captured_minor, made.excluded.captured_minor)},
        )
    )
    rows = [_line_row(order, line_id) for line_id in line_ids]
    line = insert(balance_lines)
    await conn.execute(
        line.on_conflict_do_update(
            index_elements=["order_id", "line_id"],
            set_={"delivered": func.greatest(balance_lines.c.delivered, line.excluded.delivered)},
        ),
        rows,
    )
    return await _balance(conn, order.order_id)


async def change_claims(conn: AsyncConnection, order_id: str, by: Mapping[str, int]) -> None:
    """Add to what returns hold, or take from it."""
    # The same order of locks as `locked_balance`: the order first, then its lines.
    await conn.execute(
        select(balances.c.order_id).where(balances.c.order_id == order_id).with_for_update(key_share=True)
    )
    rows = [{"of_line": line_id, "units": units} for line_id, units in by.items() if units]
    if rows:
        await conn.execute(
            update(balance_lines)
            .where(balance_lines.c.order_id == order_id, balance_lines.c.line_id == bindparam("of_line"))
            .values(claimed=balance_lines.c.claimed + bindparam("units")),
            rows,
        )


async def settle(conn: AsyncConnection, order_id: str, cause: Cause, due: Due, *, sign: int = 1) -> None:
    """Count what is paid back; with `sign` −1 forget it again, because it was refused."""
    await conn.execute(
        update(balances)
        .where(balances.c.order_id == order_id)
        .values(
            reimbursed_minor=balances.c.reimbursed_minor + sign * due.amount,
            shipping_minor=balances.c.shipping_minor + sign * due.shipping,
        )
    )
    rows = [
        {
            "of_line": line.line_id,
            "units": sign * line.settled,
            "for_return": sign * line.settled if cause == Cause.RETURN else 0,
            "minor": sign * line.share,
        }
        for line in due.lines
    ]
    await conn.execute(
        update(balance_lines)
        .where(balance_lines.c.order_id == order_id, balance_lines.c.line_id == bindparam("of_line"))
        .values(
            settled=balance_lines.c.settled + bindparam("units"),
            settled_for_return=balance_lines.c.settled_for_return + bindparam("for_return"),
            settled_minor=balance_lines.c.settled_minor + bindparam("minor"),
        ),
        rows,
    )


async def _balance(conn: AsyncConnection, order_id: str) -> Balance:
    money = select(balances.c.reimbursed_minor, balances.c.shipping_minor).where(balances.c.order_id == order_id)
    row = (await conn.execute(money)).one()
    counts = select(
        balance_lines.c.line_id,
        balance_lines.c.claimed,
        balance_lines.c.settled,
        balance_lines.c.settled_for_return,
        balance_lines.c.settled_minor,
    ).where(balance_lines.c.order_id == order_id)
    lines = {
        line.line_id: LineBalance(
            claimed=line.claimed,
            settled=line.settled,
            settled_for_return=line.settled_for_return,
            settled_minor=line.settled_minor,
        )
        for line in await conn.execute(counts)
    }
    return Balance(
        order_id=order_id, reimbursed_minor=row.reimbursed_minor, shipping_minor=row.shipping_minor, lines=lines
    )


def _line_row(order: Order, line_id: str) -> dict[str, object]:
    line = order.line(line_id)
    return {
        "order_id": order.order_id,
        "line_id": line_id,
        "quantity": line.quantity,
        "delivered": line.ever_delivered,
        "claimed": 0,
        "settled": 0,
        "settled_for_return": 0,
        "settled_minor": 0,
    }

"""Every SQL statement about saved drafts and customers' credit."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.channel import CustomerCredit, SavedDraft, SavedDraftState
from services.intake.domain.draft import PaymentState
from services.intake.tables import orders, payments
from services.intake.tables_channels import customer_credits, order_drafts
from services.kernel.errors import NotFound


async def write_draft(conn: AsyncConnection, draft: SavedDraft) -> None:
    """Write the draft as it is now."""
    row = asdict(draft)
    changed = {name: value for name, value in row.items() if name not in ("draft_id", "create_time")}
    statement = insert(order_drafts).values(row)
    await conn.execute(statement.on_conflict_do_update(index_elements=["draft_id"], set_=changed))


async def get_draft(conn: AsyncConnection, draft_id: str, *, lock: bool = False) -> SavedDraft:
    """Return the draft.

    Raises:
        NotFound: DRAFT_NOT_FOUND.
    """
    statement = select(order_drafts).where(order_drafts.c.draft_id == draft_id)
    row = (await conn.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no draft {draft_id}", reason="DRAFT_NOT_FOUND", draft_id=draft_id)
    return _draft(row)


async def list_drafts(
    conn: AsyncConnection,
    *,
    channel: str,
    state: str,
    customer_reference: str,
    older_than: tuple[datetime, str] | None,
    limit: int,
) -> list[SavedDraft]:
    """Return drafts, newest first."""
    conditions: list[ColumnElement[bool]] = []
    wanted = {"channel": channel, "state": state, "customer_reference": customer_reference}
    conditions += [order_drafts.c[name] == value for name, value in wanted.items() if value]
    if older_than:
        place = tuple_(order_drafts.c.create_time, order_drafts.c.draft_id)
        conditions.append(place < tuple_(*map(literal, older_than)))
    statement = (
        select(order_drafts)
        .where(*conditions)
        .order_by(order_drafts.c.create_time.desc(), order_drafts.c.draft_id.desc())
        .limit(limit)
    )
    return [_draft(row) for row in (await conn.execute(statement)).mappings()]


async def abandon_expired(conn: AsyncConnection, now: datetime) -> int:
    """Abandon the open drafts whose time is over, and return how many there were."""
    done = await conn.execute(
        update(order_drafts)
        .where(order_drafts.c.state == SavedDraftState.OPEN, order_drafts.c.valid_until_time < now)
        .values(state=SavedDraftState.ABANDONED, version=order_drafts.c.version + 1, update_time=now)
    )
    return done.rowcount


async def write_credit(conn: AsyncConnection, credit: CustomerCredit, now: datetime) -> None:
    """Write the customer's limit."""
    changed = {"limit_minor": credit.limit, "update_time": now}
    statement = insert(customer_credits).values(
        customer_reference=credit.customer_reference, currency_code=credit.currency_code, **changed
    )
    elements = ["customer_reference", "currency_code"]
    await conn.execute(statement.on_conflict_do_update(index_elements=elements, set_=changed))


async def find_credit(
    conn: AsyncConnection, customer_reference: str, currency_code: str, *, lock: bool = False
) -> CustomerCredit | None:
    """Return the customer's limit and what open orders on terms have used of it; None where no limit was set.

    With `lock`, nobody else sees it before the transaction ends: two orders at once are counted one after the other.
    """
    limits = select(customer_credits.c.limit_minor).where(
        customer_credits.c.customer_reference == customer_reference,
        customer_credits.c.currency_code == currency_code,
    )
    limit = (await conn.execute(limits.with_for_update() if lock else limits)).scalar_one_or_none()
    if limit is None:
        return None
    open_on_terms = (
        select(func.coalesce(func.sum(orders.c.total_minor), 0))
        .join(payments, payments.c.order_id == orders.c.order_id)
        .where(
            orders.c.customer_reference == customer_reference,
            orders.c.customer_reference != "",
            orders.c.currency_code == currency_code,
            orders.c.resting.is_(False),
            payments.c.state == PaymentState.ON_TERMS,
        )
    )
    used = int((await conn.execute(open_on_terms)).scalar_one())
    return CustomerCredit(
        customer_reference=customer_reference, currency_code=currency_code, limit=int(limit), used=used
    )


def _draft(row: Any) -> SavedDraft:
    return SavedDraft(**{**row, "state": SavedDraftState(row["state"])})

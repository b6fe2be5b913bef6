"""Deciding a change: what its process, or the rooms, say becomes the answer for ever, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import process, store, store_changes
from services.intake.accepting import placed_fact
from services.intake.domain.changes import ChangeState, EditResult, LineChange, OrderChange
from services.intake.domain.changes_apply import Applied, apply
from services.intake.domain.changes_merge import merged, place_of
from services.intake.domain.changes_money import has_to_be_paid, split_refusal
from services.intake.domain.draft import DeadlineAction, HoldSpec, HoldType
from services.intake.domain.edits import CancelOrder, SetQuantity, Split
from services.intake.domain.events import EventType, Fact
from services.intake.domain.holds import Hold
from services.intake.domain.order import Order
from services.intake.domain.repricing import PAYMENT_OF_CHANGE, Worth, is_prepaid, paid, worth
from services.intake.holding import place_hold
from services.intake.recording import record
from services.kernel.errors import FailedPrecondition

_TYPES = {ChangeState.CONFIRMED: EventType.CHANGE_CONFIRMED, ChangeState.DECLINED: EventType.CHANGE_DECLINED}


async def decide(
    conn: Connection,
    outbox: Outbox,
    order_id: str,
    change_id: str,
    *,
    results: Sequence[EditResult],
    lines: Sequence[LineChange],
    now: datetime,
) -> tuple[OrderChange, list[Hold]]:
    """Write what was decided and what it makes of the order; a change that was decided before stays as it is.

    Raises:
        NotFound, InvalidArgument (UNKNOWN_LINE), FailedPrecondition (UNITS_NOT_THERE).
    """
    await store.lock_order(conn, order_id)
    order = await store.get_order(conn, order_id)
    change = await store_changes.get(conn, change_id, order_id)
    if change.state != ChangeState.REQUESTED:
        return change, [hold for hold in order.open_holds if hold.handle.startswith(_handle(change))]
    results = _with_money(order, change, results, lines)
    applied = apply(order, change, [at for at, one in enumerate(results) if one.applied], lines, now)
    _check_rooms(applied.order)
    results = [
        replace(one, order_id=applied.orders[at].order_id) if at in applied.orders else one
        for at, one in enumerate(results)
    ]
    before, after, refund = _money(order, change, applied, lines)
    told = [line for line in lines if line.wanted]
    decided = change.decided(results=results, lines=told, before=before, after=after, refund=refund, now=now)
    await store_changes.write_order(conn, order, applied.order)
    for split_off in applied.orders.values():
        await _insert(conn, outbox, split_off, decided, now)
    await store_changes.write_answer(conn, decided)
    await record(conn, outbox, order_id, [_fact(decided)], now)
    return decided, await _hold(conn, outbox, applied, decided, now)


def forecast(
    order: Order,
    change: OrderChange,
    results: Sequence[EditResult],
    lines: Sequence[LineChange],
    *,
    other: Order | None = None,
) -> OrderChange:
    """Return the change as it would be decided; nothing is written."""
    now = change.request_time
    place = place_of(change)
    if other and place and results[place[0]].applied:
        change = replace(change, taken_in=worth(other))
        order, _ = merged(order, other, change.change_id, place[0])
    results = _with_money(order, change, results, lines)
    applied = apply(order, change, [at for at, one in enumerate(results) if one.applied], lines, now)
    before, after, refund = _money(order, change, applied, lines)
    return change.decided(results=results, lines=lines, before=before, after=after, refund=refund, now=now)


def _with_money(
    order: Order, change: OrderChange, results: Sequence[EditResult], lines: Sequence[LineChange]
) -> list[EditResult]:
    """Return the results with those refused that the money does not allow: it may have been taken meanwhile."""
    checked = list(results)
    for number, (edit, result) in enumerate(zip(change.edits, results, strict=True)):
        if isinstance(edit, Split) and result.applied:
            refusal = split_refusal(order, [line.line_id for line in lines if line.edit == number])
            checked[number] = EditResult(applied=False, reason=refusal) if refusal else result
    return checked


def _check_rooms(order: Order) -> None:
    for line in order.lines:
        if line.units.open < 0:
            raise FailedPrecondition(
                f"line {line.line_id} has fewer units open than are to leave it",
                reason="UNITS_NOT_THERE",
                line_id=line.line_id,
            )


def _money(
    order: Order, change: OrderChange, applied: Applied, lines: Sequence[LineChange]
) -> tuple[Worth, Worth, int]:
    """Return what the order was worth, what it is worth, and what is to be paid back."""
    was, is_now = _cancelled(change, lines)
    before, after = worth(order, was), worth(applied.order, is_now)
    if change.taken_in:
        # What it took in is part of the order by now.
        before -= change.taken_in
    if not is_prepaid(order):
        return before, after, 0
    split_off = sum(one.total for one in applied.orders.values())
    kept = paid(applied.order, but=(line.line_id for line in applied.added))
    had = worth(paid(order), was).total
    refund = had - worth(kept, is_now).total - split_off
    return before, after, max(0, refund)


def _cancelled(change: OrderChange, lines: Sequence[LineChange]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many units of lines were cancelled before the change, and are after it, as the process counts them."""
    was: dict[str, int] = {}
    is_now: dict[str, int] = {}
    for line in lines:
        if not line.line_id or line.added_line_id:
            continue
        cancels = line.wanted and isinstance(change.edits[line.edit], CancelOrder | SetQuantity)
        was.setdefault(line.line_id, line.cancelled - (line.done if cancels else 0))
        is_now[line.line_id] = line.cancelled
    return was, is_now


async def _insert(conn: Connection, outbox: Outbox, order: Order, change: OrderChange, now: datetime) -> None:
    await store.insert_order(conn, order, digest=f"{change.change_id}/{order.external_id}", offered=order.total)
    references = {"split_from": change.order_id, "change_id": change.change_id}
    facts = [Fact(type=EventType.SUBMITTED, key=change.change_id, actor=change.actor, references=references)]
    facts += [placed_fact(hold, key=hold.hold_id, actor=change.actor) for hold in order.holds]
    await record(conn, outbox, order.order_id, facts, now, process.start_of(order))


async def _hold(conn: Connection, outbox: Outbox, applied: Applied, change: OrderChange, now: datetime) -> list[Hold]:
    """Hold the added lines where they have to be paid first."""
    dear = [line for line in applied.added if line.total]
    if not dear or change.after is None or not has_to_be_paid(applied.order, change.after.total):
        return []
    holds = []
    for number, line in enumerate(dear):
        spec = HoldSpec(
            handle=_handle(change) + (f"-{number}" if number else ""),
            type=HoldType.AWAITING_PAYMENT,
            external_line_id=line.line_id,
            deadline_action=DeadlineAction.CANCEL,
        )
        key = f"{change.change_id}/{line.line_id}"
        holds.append(await place_hold(conn, outbox, change.order_id, spec, now=now, actor=change.actor, key=key))
    return holds


def _handle(change: OrderChange) -> str:
    return f"{PAYMENT_OF_CHANGE}{change.version}"


def _fact(change: OrderChange) -> Fact:
    refused = sorted({one.reason for one in change.results if one.reason})
    references = {"change_id": change.change_id, "version": str(change.version)}
    if refused:
        references["reasons"] = ", ".join(refused)
    orders = [one.order_id for one in change.results if one.order_id]
    if orders:
        references["order_ids"] = ", ".join(orders)
    return Fact(
        type=_TYPES[change.state],
        key=change.change_id,
        actor=change.actor,
        reason=change.reason,
        references=references,
    )

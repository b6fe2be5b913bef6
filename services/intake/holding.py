"""Holds placed, resolved and expired: a row, a line on the timeline and a fact for the process, in one transaction."""

from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import process, store, store_changes, store_holds, store_payments
from services.intake.accepting import placed_fact
from services.intake.domain.draft import HoldSpec, HoldType
from services.intake.domain.events import EventType, Fact
from services.intake.domain.holds import (
    Hold,
    HoldState,
    check_chains,
    check_there_is_something,
    expire,
    place,
    resolve,
    same,
)
from services.intake.domain.repricing import waits_for_its_own_money, worth
from services.intake.recording import record
from services.kernel import ids
from services.kernel.clock import milliseconds

_TYPES = {
    HoldState.RELEASED: EventType.HOLD_RELEASED,
    HoldState.REJECTED: EventType.HOLD_REJECTED,
    HoldState.EXPIRED: EventType.HOLD_EXPIRED,
    # An overdue hold that stays in force.
    HoldState.CREATED: EventType.HOLD_EXPIRED,
}


async def place_hold(
    conn: Connection, outbox: Outbox, order_id: str, spec: HoldSpec, *, now: datetime, actor: str, key: str
) -> Hold:
    """Place the hold; the same handle again is the same hold.

    Raises:
        NotFound, InvalidArgument (UNKNOWN_LINE, HOLD_CYCLE, APPROVAL_BYPASSED), AlreadyExists (HOLD_HANDLE_USED),
        FailedPrecondition (NOTHING_TO_HOLD).
    """
    await store.lock_order(conn, order_id)
    order = await store.get_order(conn, order_id)
    line_id = spec.external_line_id
    covered = order.line(line_id).units if line_id else order.units
    existing = await store_holds.find_by_handle(conn, order_id, spec.handle)
    if existing:
        return same(existing, spec, line_id)
    check_chains([spec], [hold.handle for hold in order.holds])
    check_there_is_something(covered)
    hold_id = ids.new(ids.HOLD, milliseconds(now))
    hold = place(spec, hold_id=hold_id, order_id=order_id, line_id=line_id, now=now)
    await store_holds.insert_hold(conn, hold)
    fact = placed_fact(hold, key=key, actor=actor)
    await record(conn, outbox, order_id, [fact], now, process.hold_placed(hold))
    return hold


async def resolve_hold(
    conn: Connection,
    outbox: Outbox,
    order_id: str,
    handle: str,
    *,
    rejected: bool,
    reason: str,
    now: datetime,
    actor: str,
    key: str,
    approve_as: str = "",
) -> Hold:
    """Release or reject the hold, or agree to it for a queue; doing the same twice is once.

    Raises:
        NotFound, FailedPrecondition: see `domain.holds.resolve`.
    """
    await store.lock_order(conn, order_id)
    before = await store_holds.get_by_handle(conn, order_id, handle)
    others = await store_holds.of_order(conn, order_id) if before.after else ()
    after = resolve(before, rejected=rejected, actor=actor, now=now, approve_as=approve_as, others=others)
    if after == before:
        return after
    await store_holds.write_hold(conn, after)
    if after.state == HoldState.CREATED:
        await record(conn, outbox, order_id, [_approved(after, reason=reason, actor=actor, key=key)], now)
        return after
    facts = [_fact(after, reason=reason, actor=actor, key=key)]
    if after.approved != before.approved:
        facts.insert(0, _approved(after, reason=reason, actor=actor, key=key))
    await record(conn, outbox, order_id, facts, now, process.hold_resolved(after))
    if after.type == HoldType.AWAITING_PAYMENT and not rejected:
        # Whoever lifts it says that the money is there to be captured.
        await store_payments.authorize_offered(conn, order_id)
        if waits_for_its_own_money(after):
            # The line came by a change: until now nobody had set anything aside for it.
            order = await store.get_order(conn, order_id)
            await store_changes.authorize_line(conn, order, after.line_id, worth(order).total)
    return after


async def expire_hold(
    conn: Connection, outbox: Outbox, order_id: str, hold_id: str, *, now: datetime, actor: str, key: str
) -> Hold:
    """Apply the hold's deadline action. The process that asks is told by the answer, not by a signal.

    Raises:
        NotFound, FailedPrecondition (HOLD_NOT_DUE).
    """
    await store.lock_order(conn, order_id)
    before = await store_holds.get_hold(conn, order_id, hold_id)
    after = expire(before, actor=actor, now=now)
    if after != before:
        reason = f"nobody looked before the deadline: {after.deadline_action.lower()}"
        await store_holds.write_hold(conn, after)
        await record(conn, outbox, order_id, [_fact(after, reason=reason, actor=actor, key=key)], now)
    return after


def _approved(hold: Hold, *, reason: str, actor: str, key: str) -> Fact:
    references = {"hold_id": hold.hold_id, "handle": hold.handle, "queue": hold.approved[-1].queue}
    return Fact(type=EventType.HOLD_APPROVED, key=f"{key}/approved", actor=actor, reason=reason, references=references)


def _fact(hold: Hold, *, reason: str, actor: str, key: str) -> Fact:
    references = {"hold_id": hold.hold_id, "handle": hold.handle, "type": hold.type.value}
    return Fact(type=_TYPES[hold.state], key=key, actor=actor, reason=reason, references=references)

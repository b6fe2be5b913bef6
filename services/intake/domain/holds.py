"""Holds: reasons why an order, or a line of it, must wait; each is handled once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.intake.domain.approvals import Approval, approve, turn
from services.intake.domain.draft import DeadlineAction, HoldSpec, HoldType
from services.intake.domain.rooms import Units
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument

PAYMENT_HANDLE = "payment"


class HoldState(StrEnum):
    """Where a hold is in its life."""

    CREATED = "CREATED"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who looks at a hold of some type, and until when somebody must have looked."""

    owner_queue: str
    limit: timedelta


RULES: Mapping[HoldType, Rule] = {
    HoldType.AWAITING_PAYMENT: Rule(owner_queue="payments", limit=timedelta(days=7)),
    HoldType.HIGH_RISK_OF_FRAUD: Rule(owner_queue="fraud", limit=timedelta(days=1)),
    HoldType.INCORRECT_ADDRESS: Rule(owner_queue="customer-service", limit=timedelta(days=3)),
    HoldType.CREDIT_LIMIT: Rule(owner_queue="credit", limit=timedelta(days=2)),
    HoldType.COMPLIANCE: Rule(owner_queue="compliance", limit=timedelta(days=3)),
    HoldType.CUSTOMER_REQUEST: Rule(owner_queue="customer-service", limit=timedelta(days=14)),
    HoldType.POSSIBLE_DUPLICATE: Rule(owner_queue="customer-service", limit=timedelta(days=1)),
    HoldType.APPROVAL: Rule(owner_queue="approvals", limit=timedelta(days=2)),
    HoldType.OTHER: Rule(owner_queue="operations", limit=timedelta(days=3)),
}

# An order that nobody pays for is cancelled, not kept for ever.
AWAITING_PAYMENT = HoldSpec(
    handle=PAYMENT_HANDLE, type=HoldType.AWAITING_PAYMENT, deadline_action=DeadlineAction.CANCEL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One reason to wait; `line_id` is empty for the whole order."""

    hold_id: str
    order_id: str
    line_id: str
    handle: str
    type: HoldType
    state: HoldState
    owner_queue: str
    deadline_time: datetime | None
    deadline_action: DeadlineAction
    overdue: bool
    note: str
    create_time: datetime
    resolve_time: datetime | None
    resolved_by: str
    # Handles of holds that must be resolved before this one is released.
    after: tuple[str, ...] = ()
    # Queues that must agree, in order, and who has.
    approvals: tuple[str, ...] = ()
    approved: tuple[Approval, ...] = ()


def place(spec: HoldSpec, *, hold_id: str, order_id: str, line_id: str, now: datetime) -> Hold:
    """Return the hold that this is, with what its type says where the spec says nothing."""
    rule = RULES[spec.type]
    return Hold(
        hold_id=hold_id,
        order_id=order_id,
        line_id=line_id,
        handle=spec.handle,
        type=spec.type,
        state=HoldState.CREATED,
        owner_queue=turn(spec.approvals, ()) or spec.owner_queue or rule.owner_queue,
        deadline_time=spec.deadline_time or now + rule.limit,
        deadline_action=spec.deadline_action,
        overdue=False,
        note=spec.note,
        create_time=now,
        resolve_time=None,
        resolved_by="",
        after=spec.after,
        approvals=spec.approvals,
    )


def check_chains(specs: Iterable[HoldSpec], known: Collection[str] = ()) -> None:
    """Refuse holds that wait for themselves, or for one that is neither among them nor known on the order.

    Raises:
        InvalidArgument: HOLD_CYCLE, APPROVAL_BYPASSED.
    """
    waiting = {}
    for spec in specs:
        _check_bypass(spec)
        waiting[spec.handle] = spec.after
    done = set(known)
    for handle, after in waiting.items():
        for other in after:
            if other not in waiting and other not in done:
                raise _cycle(handle, f"waits for {other}, which the order does not have")
    while waiting:
        free = [handle for handle, after in waiting.items() if done.issuperset(after)]
        if not free:
            raise _cycle(min(waiting), "waits for itself, by way of " + ", ".join(sorted(waiting)))
        done.update(free)
        waiting = {handle: after for handle, after in waiting.items() if handle not in done}


def _check_bypass(spec: HoldSpec) -> None:
    if spec.approvals and spec.deadline_action == DeadlineAction.RELEASE:
        raise InvalidArgument(
            f"the hold {spec.handle} would be released by its deadline though nobody agreed: escalate, or cancel",
            reason="APPROVAL_BYPASSED",
            handle=spec.handle,
        )


def _cycle(handle: str, sentence: str) -> InvalidArgument:
    return InvalidArgument(f"the hold {handle} {sentence}", reason="HOLD_CYCLE", handle=handle)


def same(existing: Hold, spec: HoldSpec, line_id: str) -> Hold:
    """Return the hold that already has this handle.

    Raises:
        AlreadyExists: HOLD_HANDLE_USED, where it is another hold.
    """
    if (existing.type, existing.line_id) != (spec.type, line_id):
        raise AlreadyExists(
            f"the handle {spec.handle} names another hold of this order: choose another one",
            reason="HOLD_HANDLE_USED",
            handle=spec.handle,
            hold_id=existing.hold_id,
            type=existing.type,
        )
    return existing


def check_there_is_something(covered: Units) -> None:
    """Refuse a hold that would stop nothing.

    Raises:
        FailedPrecondition: NOTHING_TO_HOLD.
    """
    if covered.before_node == 0:
        raise FailedPrecondition(
            "every unit has been given to a node: cancel the units instead", reason="NOTHING_TO_HOLD"
        )


def resolve(
    hold: Hold, *, rejected: bool, actor: str, now: datetime, approve_as: str = "", others: Sequence[Hold] = ()
) -> Hold:
    """Return the hold released, rejected or one approval further; unchanged where that happened to it already.

    `others` are the holds of the order, of which some may have to be resolved first.

    Raises:
        FailedPrecondition: HOLD_RESOLVED, where it was resolved the other way; HOLD_WAITS, and those of
            `approvals.approve`.
    """
    if hold.state != HoldState.CREATED:
        return _resolved_before(hold, rejected=rejected)
    if rejected:
        return replace(hold, state=HoldState.REJECTED, resolve_time=now, resolved_by=actor)
    waiting = sorted(one.handle for one in others if one.handle in hold.after and one.state == HoldState.CREATED)
    if waiting:
        raise FailedPrecondition(
            f"the hold {hold.handle} waits: resolve {', '.join(waiting)} first",
            reason="HOLD_WAITS",
            hold_id=hold.hold_id,
            handle=waiting[0],
        )
    if hold.approvals or approve_as:
        approved = approve(hold, queue=approve_as, actor=actor, now=now)
        queue = turn(hold.approvals, approved)
        hold = replace(hold, approved=approved, owner_queue=queue or hold.owner_queue)
        if queue:
            return hold
    return replace(hold, state=HoldState.RELEASED, resolve_time=now, resolved_by=actor)


def _resolved_before(hold: Hold, *, rejected: bool) -> Hold:
    if cancels(hold) == rejected:
        return hold
    raise FailedPrecondition(
        f"the hold {hold.handle} is {hold.state.lower()} already",
        reason="HOLD_RESOLVED",
        hold_id=hold.hold_id,
        state=hold.state,
    )


def expire(hold: Hold, *, actor: str, now: datetime) -> Hold:
    """Return the hold after its deadline action; unchanged where it was handled already.

    Raises:
        FailedPrecondition: HOLD_NOT_DUE.
    """
    if hold.state != HoldState.CREATED:
        return hold
    if hold.deadline_time is None or hold.deadline_time > now:
        raise FailedPrecondition(
            f"the deadline of hold {hold.handle} has not passed",
            reason="HOLD_NOT_DUE",
            hold_id=hold.hold_id,
            deadline_time=hold.deadline_time.isoformat() if hold.deadline_time else "",
        )
    if hold.deadline_action == DeadlineAction.ESCALATE:
        return replace(hold, overdue=True)
    return replace(hold, state=HoldState.EXPIRED, overdue=True, resolve_time=now, resolved_by=actor)


def cancels(hold: Hold) -> bool:
    """Tell whether what this resolved hold held is to be cancelled."""
    if hold.state == HoldState.EXPIRED:
        return hold.deadline_action == DeadlineAction.CANCEL
    return hold.state == HoldState.REJECTED

"""Holds wait for one another without cycles, and for people without shortcuts."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.draft import DeadlineAction, HoldSpec, HoldType
from services.intake.domain.holds import Hold, HoldState, check_chains, place, resolve
from services.kernel.errors import FailedPrecondition, InvalidArgument

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def spec(handle: str, *after: str, **fields) -> HoldSpec:
    return HoldSpec(handle=handle, type=HoldType.APPROVAL, after=after, **fields)


def placed(one: HoldSpec) -> Hold:
    return place(one, hold_id=f"hld_{one.handle}", order_id="ord_1", line_id="", now=NOW)


def release(hold: Hold, actor: str, queue: str = "", *, rejected: bool = False, others=()) -> Hold:
    return resolve(hold, rejected=rejected, actor=actor, now=NOW, approve_as=queue, others=others)


def refused(*args, **more) -> str:
    with pytest.raises(FailedPrecondition) as refusal:
        release(*args, **more)
    return refusal.value.reason


@pytest.mark.parametrize(
    "specs",
    [
        [spec("a", "a")],
        [spec("a", "b"), spec("b", "a")],
        [spec("a", "b"), spec("b", "c"), spec("c", "a"), spec("d")],
        [spec("a", "nobody")],
    ],
)
def test_holds_that_wait_for_themselves_or_for_nobody_are_refused(specs):
    with pytest.raises(InvalidArgument) as refusal:
        check_chains(specs)
    assert refusal.value.reason == "HOLD_CYCLE"


def test_a_long_chain_is_no_cycle_in_whatever_order_it_is_told():
    check_chains([spec(str(at), str(at + 1)) for at in range(50)] + [spec("50", "there")], ["there"])


def test_a_deadline_that_would_go_round_the_approvals_is_refused():
    with pytest.raises(InvalidArgument) as refusal:
        check_chains([spec("a", approvals=("x",), deadline_action=DeadlineAction.RELEASE)])
    assert refusal.value.reason == "APPROVAL_BYPASSED"


def test_a_hold_waits_for_those_before_it_but_can_be_rejected_at_once():
    first, second = placed(spec("fraud")), placed(spec("later", "fraud"))
    assert refused(second, "ann", others=[first, second]) == "HOLD_WAITS"
    assert release(second, "ann", rejected=True, others=[first]).state == HoldState.REJECTED
    done = release(first, "ann")
    assert release(second, "ann", others=[done, second]).state == HoldState.RELEASED


def test_each_queue_agrees_in_its_turn_by_somebody_else():
    hold = placed(spec("big", approvals=("sales", "finance")))
    assert hold.owner_queue == "sales"
    assert refused(hold, "ann") == "APPROVAL_NEEDED"
    assert refused(hold, "ann", "finance") == "NOT_ITS_TURN"
    half = release(hold, "ann", "sales")
    assert (half.state, half.owner_queue) == (HoldState.CREATED, "finance")
    assert release(half, "ann", "sales") == half  # once
    assert refused(half, "ann", "finance") == "SAME_APPROVER"
    done = release(half, "bob", "finance")
    assert (done.state, done.resolved_by) == (HoldState.RELEASED, "bob")
    assert [(one.queue, one.actor) for one in done.approved] == [("sales", "ann"), ("finance", "bob")]
    assert done.deadline_time == NOW + timedelta(days=2)  # for the whole of it
    assert release(done, "bob", "finance") == done


def test_one_queue_asked_twice_wants_two_people():
    half = release(placed(spec("big", approvals=("sales", "sales"))), "ann", "sales")
    assert refused(half, "ann", "sales") == "SAME_APPROVER"
    assert release(half, "bob", "sales").state == HoldState.RELEASED


def test_anybody_rejects_at_any_step_and_a_plain_hold_asks_for_no_approval():
    half = release(placed(spec("big", approvals=("sales", "finance"))), "ann", "sales")
    assert release(half, "ann", rejected=True).state == HoldState.REJECTED
    assert refused(placed(spec("plain")), "ann", "sales") == "NO_APPROVAL_ASKED"

"""Fulfillment's rules, one by one."""

from datetime import UTC, datetime, timedelta

import pytest

from services.fulfillment.domain.address import Address
from services.fulfillment.domain.cancellation import LineAnswer, asked_of_node, conclude
from services.fulfillment.domain.node_event import NodeEvent, Type, apply
from services.fulfillment.domain.problems import (
    LineRepeated,
    MoreUnitsThanWait,
    NothingWaiting,
    OtherWork,
    UnknownLine,
)
from services.fulfillment.domain.shipment import contents
from services.fulfillment.domain.status import Action, RequestStatus, Status, move_request, move_status
from services.fulfillment.domain.submission import Submission, Verdict, submitted
from services.fulfillment.domain.work import FulfillmentOrder, lines_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def work(**quantities: int) -> FulfillmentOrder:
    return FulfillmentOrder(
        fulfillment_order_id="ful",
        order_id="ord",
        node_id="east",
        lines=lines_of((line_id, f"sku-{line_id}", quantity) for line_id, quantity in quantities.items()),
        ship_to=Address(),
        carrier_code="",
        service_code="",
        promise_time=None,
        priority=3,
        create_time=NOW,
        update_time=NOW,
    )


def accepted(**quantities: int) -> FulfillmentOrder:
    return submitted(work(**quantities), Submission(verdict=Verdict.ACCEPTED))


def tell(order: FulfillmentOrder, kind: Type, **units: int) -> FulfillmentOrder:
    event = NodeEvent(event_id="e", fulfillment_order_id="ful", type=kind, occur_time=NOW, units=units)
    return apply(order, event)[0]


def called_back(order: FulfillmentOrder, wanted: dict[str, int], *answers: LineAnswer, reported: bool = False):
    return conclude(
        order,
        wanted=wanted,
        asked=asked_of_node(order, wanted),
        answers={one.line_id: one for one in answers},
        event_id="c",
        reason="customer",
        now=NOW,
        reported_since=reported,
    )


def test_new_work_is_open_and_waits_to_be_submitted():
    order = work(a=2)
    assert (order.status, order.request_status) == (Status.OPEN, RequestStatus.UNSUBMITTED)
    assert order.supported_actions == (Action.CANCEL, Action.REPORT, Action.SUBMIT)


@pytest.mark.parametrize(
    ("verdict", "status", "request_status", "rejected"),
    [
        (Verdict.ACCEPTED, Status.IN_PROGRESS, RequestStatus.ACCEPTED, 0),
        (Verdict.LATER, Status.OPEN, RequestStatus.SUBMITTED, 0),
        (Verdict.REFUSED, Status.CANCELLED, RequestStatus.REJECTED, 2),
    ],
)
def test_the_first_answer_of_a_node(verdict, status, request_status, rejected):
    order = submitted(work(a=2), Submission(verdict=verdict))
    assert (order.status, order.request_status, order.lines[0].rejected) == (status, request_status, rejected)


def test_an_answer_that_comes_after_the_nodes_own_events_changes_nothing():
    order = tell(work(a=2), Type.PICKED)
    assert order.request_status is RequestStatus.ACCEPTED
    assert submitted(order, Submission(verdict=Verdict.REFUSED)).waiting == {"a": 2}


@pytest.mark.parametrize(
    ("story", "status", "request_status"),
    [
        ([(Type.SHIPPED, {})], Status.CLOSED, RequestStatus.CLOSED),
        ([(Type.SHORT_PICKED, {"a": 1}), (Type.SHIPPED, {})], Status.INCOMPLETE, RequestStatus.CLOSED),
        ([(Type.CANCELLED, {"a": 1}), (Type.SHIPPED, {})], Status.CLOSED, RequestStatus.CLOSED),
        ([(Type.CANCELLED, {})], Status.CANCELLED, RequestStatus.CANCELLATION_ACCEPTED),
        ([(Type.REJECTED, {})], Status.CANCELLED, RequestStatus.REJECTED),
        ([(Type.SHORT_PICKED, {})], Status.CANCELLED, RequestStatus.CLOSED),
        ([(Type.PICKED, {})], Status.IN_PROGRESS, RequestStatus.ACCEPTED),
        ([(Type.SHIPPED, {"a": 1})], Status.IN_PROGRESS, RequestStatus.ACCEPTED),
    ],
)
def test_how_work_ends_follows_from_its_units(story, status, request_status):
    order = accepted(a=2)
    for kind, units in story:
        order = tell(order, kind, **units)
    assert (order.status, order.request_status) == (status, request_status)


def test_a_move_that_the_tables_do_not_have_raises():
    with pytest.raises(ValueError, match="cannot become"):
        move_status(Status.CLOSED, Status.OPEN)
    with pytest.raises(ValueError, match="cannot become"):
        move_request(RequestStatus.REJECTED, RequestStatus.ACCEPTED)


def test_more_units_than_wait_are_refused_and_unknown_lines_too():
    order = tell(accepted(a=2), Type.SHIPPED, a=1)
    with pytest.raises(MoreUnitsThanWait):
        tell(order, Type.SHIPPED, a=2)
    with pytest.raises(UnknownLine):
        tell(order, Type.SHIPPED, b=1)
    with pytest.raises(MoreUnitsThanWait):
        tell(tell(order, Type.SHIPPED), Type.CANCELLED)


def test_a_pick_that_is_told_after_the_parcel_left_is_still_true():
    order = tell(accepted(a=2), Type.SHIPPED)
    assert tell(order, Type.PICKED, a=2) == order
    with pytest.raises(MoreUnitsThanWait):
        tell(order, Type.PICKED, a=3)


def test_a_line_is_one_article_and_its_units_are_summed():
    assert [line.quantity for line in lines_of([("a", "X", 1), ("a", "X", 2)])] == [3]
    with pytest.raises(LineRepeated):
        lines_of([("a", "X", 1), ("a", "Y", 1)])


def test_an_id_names_the_same_work_whatever_the_order_of_its_lines():
    work(a=1, b=2).require_same_work(work(b=2, a=1))
    with pytest.raises(OtherWork):
        work(a=1).require_same_work(work(a=2))


def test_what_the_node_stops_at_once_is_cancelled_at_once():
    outcome = called_back(accepted(a=2, b=1), {}, LineAnswer(line_id="a", cancelled=2), LineAnswer(line_id="b"))
    assert outcome.event is not None
    assert outcome.event.units == {"a": 2}
    assert [(one.cancelled, one.too_late) for one in outcome.lines] == [(2, 0), (0, 1)]
    assert outcome.order.request_status is RequestStatus.ACCEPTED


def test_what_the_node_tries_to_stop_is_asked_for_until_it_says_more():
    outcome = called_back(accepted(a=2), {"a": 1}, LineAnswer(line_id="a", intercepting=1))
    assert outcome.order.request_status is RequestStatus.CANCELLATION_REQUESTED
    assert outcome.event is None
    assert tell(outcome.order, Type.CANCELLED, a=1).request_status is RequestStatus.CANCELLATION_ACCEPTED
    rejected = tell(outcome.order, Type.CANCELLATION_REJECTED, a=1)
    assert rejected.request_status is RequestStatus.CANCELLATION_REJECTED
    assert tell(rejected, Type.SHIPPED).request_status is RequestStatus.CLOSED


def test_a_node_that_reported_before_its_answer_got_home_is_not_waited_for():
    outcome = called_back(accepted(a=2), {"a": 1}, LineAnswer(line_id="a", intercepting=1), reported=True)
    assert outcome.order.request_status is RequestStatus.ACCEPTED


def test_units_that_had_left_are_too_late():
    order = tell(accepted(a=3), Type.SHIPPED, a=2)
    outcome = called_back(order, {"a": 3}, LineAnswer(line_id="a", cancelled=1))
    assert [(one.cancelled, one.too_late) for one in outcome.lines] == [(1, 2)]


def test_a_node_cannot_cancel_more_than_it_was_asked_for():
    outcome = called_back(accepted(a=3), {"a": 1}, LineAnswer(line_id="a", cancelled=3))
    assert [one.cancelled for one in outcome.lines] == [1]
    assert outcome.order.waiting == {"a": 2}


def test_a_label_is_for_what_waits_and_is_in_no_other_parcel():
    order = accepted(a=3, b=1)
    assert [(line.line_id, line.quantity) for line in contents(order, {}, {"a": 2, "b": 1})] == [("a", 1)]
    with pytest.raises(NothingWaiting):
        contents(order, {}, {"a": 3, "b": 1})
    with pytest.raises(NothingWaiting):
        contents(order, {"a": 4}, {})


def test_a_spoilt_label_can_be_replaced_by_naming_its_units():
    assert contents(accepted(a=3), {"a": 3}, {"a": 3})[0].quantity == 3


def test_times_are_kept_apart_from_events():
    order = accepted(a=1)
    event = NodeEvent(
        event_id="e", fulfillment_order_id="ful", type=Type.PICKED, occur_time=NOW + timedelta(days=999), units={}
    )
    assert apply(order, event)[0].update_time == NOW

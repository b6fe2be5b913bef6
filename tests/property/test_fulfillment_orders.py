"""Whatever nodes and carriers say, in whatever order: units are neither made nor lost, and no rule is left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.fulfillment.domain.address import Address
from services.fulfillment.domain.cancellation import LineAnswer, asked_of_node, conclude
from services.fulfillment.domain.node_event import MILESTONES, NodeEvent, Type, apply
from services.fulfillment.domain.shipment import Direction, Shipment, Tracking, TrackingEvent, tracked, worth_telling
from services.fulfillment.domain.status import ALLOWED, ALLOWED_REQUEST, Action, RequestStatus, Status
from services.fulfillment.domain.submission import Submission, Verdict, submitted
from services.fulfillment.domain.work import FulfillmentOrder, lines_of
from services.kernel.errors import FailedPrecondition, InvalidArgument

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINES = ("a", "b", "c")

units = st.dictionaries(st.sampled_from((*LINES, "nobody's")), st.integers(1, 4), max_size=4)
submissions = st.builds(Submission, verdict=st.sampled_from(Verdict))
events = st.builds(
    NodeEvent,
    event_id=st.just("e"),
    fulfillment_order_id=st.just("ful"),
    type=st.sampled_from(Type),
    occur_time=st.just(NOW),
    units=units,
)
answers = st.builds(
    LineAnswer,
    line_id=st.just(""),
    cancelled=st.integers(0, 5),
    intercepting=st.integers(0, 5),
    too_late=st.integers(0, 5),
)
cancellations = st.tuples(units, st.dictionaries(st.sampled_from(LINES), answers), st.booleans())


@st.composite
def works(draw) -> FulfillmentOrder:
    quantities = draw(st.dictionaries(st.sampled_from(LINES), st.integers(1, 4), min_size=1))
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


def said(order: FulfillmentOrder, what) -> FulfillmentOrder:
    """Return the order after one thing that somebody said, or as it was where it was impossible."""
    try:
        if isinstance(what, Submission):
            return submitted(order, what)
        if isinstance(what, NodeEvent):
            after, whole = apply(order, what)
            moved = sum(order.waiting.values()) - sum(after.waiting.values())
            assert moved == (sum(whole.units.values()) if what.type in MILESTONES else 0)
            assert whole.units or what.type not in MILESTONES
            return after
        wanted, by_line, reported = what
        asked = asked_of_node(order, wanted)
        outcome = conclude(
            order,
            wanted=wanted,
            asked=asked,
            answers=by_line,
            event_id="c",
            reason="",
            now=NOW,
            reported_since=reported,
        )
        for line in outcome.lines:
            assert line.cancelled + line.intercepting <= order.line(line.line_id).waiting
            total = line.cancelled + line.intercepting + line.too_late
            assert total <= wanted.get(line.line_id, asked.get(line.line_id, 0))
        return outcome.order
    except (InvalidArgument, FailedPrecondition):
        return order


@given(works(), st.lists(st.one_of(submissions, events, cancellations), max_size=12))
def test_units_are_conserved_and_every_step_is_in_the_tables(order, story):
    ordered = {line.line_id: line.quantity for line in order.lines}
    for what in story:
        after = said(order, what)
        assert {line.line_id: line.quantity for line in after.lines} == ordered
        for old, new in zip(order.lines, after.lines, strict=True):
            assert new.shipped >= old.shipped
            assert new.rejected >= old.rejected
            assert new.cancelled >= old.cancelled
            assert new.waiting <= old.waiting
        assert after.status == order.status or after.status in ALLOWED[order.status]
        assert after.request_status == order.request_status or (
            after.request_status in ALLOWED_REQUEST[order.request_status]
        )
        order = after
    ended = order.status in {Status.CLOSED, Status.INCOMPLETE, Status.CANCELLED}
    assert ended == (not order.waiting)
    assert (Action.CANCEL in order.supported_actions) == bool(order.waiting)
    assert (Action.SUBMIT in order.supported_actions) == (order.request_status is RequestStatus.UNSUBMITTED)


@given(works(), st.lists(st.one_of(events, cancellations), max_size=6))
def test_work_that_was_called_back_before_the_node_had_it_is_never_taken_for_accepted(order, story):
    for what in story:
        if not isinstance(what, NodeEvent) or what.type in {Type.CANCELLED, Type.CANCELLATION_REJECTED}:
            order = said(order, what)
            assert order.request_status is not RequestStatus.ACCEPTED


tracking = st.lists(
    st.builds(
        TrackingEvent,
        event_id=st.uuids().map(str),
        tracking_number=st.just("T1"),
        status=st.sampled_from(Tracking),
        occur_time=st.integers(0, 5).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    ),
    max_size=8,
)
PARCEL = Shipment(
    shipment_id="shp",
    order_id="ord",
    direction=Direction.OUTBOUND,
    node_id="east",
    carrier_code="C",
    service_code="",
    tracking_number="T1",
    label_uri="",
    lines=(),
    create_time=NOW,
    fulfillment_order_id="ful",
)


@given(tracking, st.randoms())
def test_a_parcel_is_where_its_events_say_in_whatever_order_they_come(events, random):
    shuffled = list(events)
    random.shuffle(shuffled)
    assert tracked(PARCEL, events) == tracked(PARCEL, shuffled)


@given(tracking)
def test_an_arrival_is_always_told_and_trouble_only_while_it_lasts(events):
    for event in events:
        told = worth_telling(event, events)
        if event.status is Tracking.DELIVERED:
            assert told
        elif told:
            assert tracked(replace(PARCEL, shipped=True), events).tracking_status is event.status

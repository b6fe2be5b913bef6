"""Goods that come back, by the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.errors import FailedPrecondition, InvalidArgument
from services.returns.domain.authorization import ALLOWED, Authorization, at_first, decide
from services.returns.domain.disposition import Disposition, inspected
from services.returns.domain.return_record import Inspection, Reception, ReturnLine, ReturnRecord, inspect, receive

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PENDING, AUTHORIZED, DECLINED, CANCELLED = Authorization


def record(*quantities: int, authorization: Authorization = AUTHORIZED, closed: bool = False) -> ReturnRecord:
    return ReturnRecord(
        return_id="ret",
        order_id="ord",
        authorization=authorization,
        decision_reason="",
        lines=tuple(
            ReturnLine(line_id=f"lin-{index}", sku="SKU", quantity=quantity, reason="")
            for index, quantity in enumerate(quantities)
        ),
        node_id="",
        shipment_id="",
        tracking_number="",
        label_uri="",
        closed=closed,
        create_time=NOW,
        update_time=NOW,
    )


def test_the_window_ends_to_the_second():
    window = timedelta(days=30)
    assert at_first(NOW, NOW + window, window) == AUTHORIZED
    assert at_first(NOW, NOW + window + timedelta(seconds=1), window) == PENDING


@pytest.mark.parametrize("before", Authorization)
@pytest.mark.parametrize("to", Authorization)
def test_every_decision_is_made_repeated_or_refused(before, to):
    if before == to:
        assert not decide(before, to, received=0, closed=False)
    elif to in ALLOWED[before]:
        assert decide(before, to, received=0, closed=False)
    else:
        with pytest.raises(FailedPrecondition) as refusal:
            decide(before, to, received=0, closed=False)
        assert refusal.value.reason == "RETURN_DECIDED"


def test_nothing_is_cancelled_after_something_came_or_when_it_is_over():
    with pytest.raises(FailedPrecondition) as came:
        decide(AUTHORIZED, CANCELLED, received=1, closed=False)
    assert came.value.reason == "RETURN_RECEIVED"
    with pytest.raises(FailedPrecondition) as over:
        decide(AUTHORIZED, CANCELLED, received=0, closed=True)
    assert over.value.reason == "RETURN_DECIDED"


def test_reception_is_computed_from_the_lines():
    fresh = record(2, 1)
    some, _ = receive(fresh, {"lin-0": 2})
    whole, came = receive(some, {})
    assert [one.reception for one in (fresh, some, whole)] == [
        Reception.AWAITED,
        Reception.PARTLY_RECEIVED,
        Reception.RECEIVED,
    ]
    assert came == {"lin-1": 1}


@pytest.mark.parametrize(
    ("units", "reason"), [({"lin-0": 3}, "MORE_THAN_AWAITED"), ({"lin-0": 1, "other": 1}, "UNKNOWN_LINE")]
)
def test_what_was_not_expected_is_refused(units, reason):
    with pytest.raises((FailedPrecondition, InvalidArgument)) as refusal:
        receive(record(2), units)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("authorization", [PENDING, DECLINED, CANCELLED])
def test_nothing_is_received_that_may_not_come_back(authorization):
    with pytest.raises(FailedPrecondition) as refusal:
        receive(record(1, authorization=authorization), {})
    assert refusal.value.reason == "NOT_AUTHORIZED"


def test_what_a_return_holds_is_what_may_still_come_or_came():
    assert record(2, 3).claims() == {"lin-0": 2, "lin-1": 3}
    assert record(2, authorization=PENDING).claims() == {"lin-0": 2}
    assert record(2, authorization=DECLINED).claims() == {"lin-0": 0}
    assert record(2, closed=True).claims() == {"lin-0": 0}


def test_units_nobody_looked_at_are_judged_before_those_to_be_looked_at_again():
    after = inspected("lin", 3, {Disposition.INSPECT_AGAIN: 2}, Disposition.RESTOCK, 2)
    assert after == {Disposition.INSPECT_AGAIN: 1, Disposition.RESTOCK: 2}


def test_looking_again_and_again_changes_nothing_and_invents_no_units():
    after = inspected("lin", 2, {Disposition.INSPECT_AGAIN: 2}, Disposition.INSPECT_AGAIN, 2)
    assert after == {Disposition.INSPECT_AGAIN: 2}


def test_inspections_of_one_request_are_made_one_after_the_other():
    came, _ = receive(record(2), {})
    seen = [
        Inspection(line_id="lin-0", quantity=1, disposition=one) for one in (Disposition.SCRAP, Disposition.RESTOCK)
    ]
    assert inspect(came, seen).line("lin-0").final == 2
    with pytest.raises(FailedPrecondition) as refusal:
        inspect(came, [*seen, seen[0]])
    assert refusal.value.reason == "MORE_THAN_RECEIVED"

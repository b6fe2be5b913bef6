"""What a change makes of an order and its money, in every currency, to the last minor unit."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.changes import ChangeState, LineChange, OrderChange, added_line_id, family
from services.intake.domain.changes_apply import apply
from services.intake.domain.changes_money import has_to_be_paid, split_refusal
from services.intake.domain.changes_named import named, problem_of
from services.intake.domain.changes_outlook import outlook
from services.intake.domain.charges import line_dues, shipping_due
from services.intake.domain.draft import Address, DraftLine, PaymentState
from services.intake.domain.edits import AddLine, CancelOrder, ChangeDraft, SetAddress, SetQuantity, Split
from services.intake.domain.order import OrderLine
from services.intake.domain.repricing import cut, worth
from services.intake.domain.rooms import Units
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money
from tests.unit.intake.orders import order_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def line(number, quantity, price, *, discount=0, tax=0, included=False, **rooms):
    total = price * quantity - discount + (0 if included else tax)
    return OrderLine(
        line_id=f"lin_{number}",
        position=number,
        external_line_id=str(number),
        sku=f"SKU-{number}",
        title="",
        quantity=quantity,
        unit_price=price,
        discount=discount,
        tax=tax,
        prices_include_tax=included,
        total=total,
        captured=0,
        units=Units(**rooms) if rooms else Units(open=quantity),
    )


def change(order, *edits, version=1):
    return OrderChange(
        change_id="chg_1",
        order_id=order.order_id,
        version=version,
        state=ChangeState.REQUESTED,
        edits=edits,
        reason="",
        actor="test",
        etag="",
        currency_code=order.currency_code,
        request_time=NOW,
    )


def made(order, *edits):
    """Return the order as it would be if the rooms decided."""
    results, lines = outlook(order, edits, "chg_1")
    done = [at for at, one in enumerate(results) if one.applied]
    return apply(order, change(order, *edits), done, lines, NOW), results, lines


lines = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 5000), st.integers(0, 400), st.integers(0, 400), st.booleans()),
    min_size=1,
    max_size=4,
)


@given(placed=lines, besides=st.integers(-300, 300), shipping=st.integers(0, 500), data=st.data())
def test_what_is_split_off_and_what_stays_add_up_to_what_was_placed(placed, besides, shipping, data):
    whole = tuple(
        line(at, units, price, discount=min(discount, units * price), tax=tax, included=included)
        for at, (units, price, discount, tax, included) in enumerate(placed, start=1)
    )
    total = max(shipping, sum(one.total for one in whole) + shipping + besides)
    order = order_of(whole, total=total, shipping=shipping, payment=PaymentState.AUTHORIZED)
    one = data.draw(st.sampled_from(whole))
    units = data.draw(st.integers(1, one.quantity))
    after, (result,), _ = made(order, Split(quantities=((one.line_id, units),)))
    if not result.applied:
        assert sum(other.quantity for other in whole) == units, "only what would leave nothing is refused"
        return
    (part,) = after.orders.values()
    rest = after.order
    assert rest.total + part.total == order.total
    assert (
        rest.payment.authorized + part.payment.authorized
        == order.payment.authorized
        == rest.payment.authorized + (rest.payment.shared)
    )
    for name in ("quantity", "discount", "tax", "total"):
        assert sum(getattr(x, name) for x in (*rest.lines, *part.lines)) == sum(getattr(x, name) for x in whole)
        assert min(getattr(x, name) for x in (*rest.lines, *part.lines)) >= 0
    before = line_dues(order)
    for other in rest.lines:
        if other.line_id != one.line_id:
            assert line_dues(rest)[other.line_id] == before[other.line_id], "nobody else's due changes"
    assert sum(line_dues(rest).values()) + shipping_due(rest) == rest.total
    assert sum(line_dues(part).values()) == part.total


@given(placed=lines, cancelled=st.integers(0, 7), more=st.integers(1, 5), prepaid=st.booleans())
def test_lines_that_are_added_change_nobody_elses_due(placed, cancelled, more, prepaid):
    whole = tuple(
        line(at, units, price, discount=min(discount, units * price), tax=tax, included=included)
        for at, (units, price, discount, tax, included) in enumerate(placed, start=1)
    )
    state = PaymentState.CAPTURED if prepaid else PaymentState.AUTHORIZED
    order = order_of(whole, total=max(0, sum(one.total for one in whole) - 7), payment=state)
    first = order.lines[0]
    gone = min(cancelled, first.quantity)
    added = DraftLine(
        external_line_id="new", sku="NEW", quantity=more, unit_price=usd(333), discount=usd(1), tax=usd(2)
    )
    edits = (SetQuantity(line_id=first.line_id, quantity=first.quantity - gone), AddLine(line=added))
    after, results, told = made(order, *edits)
    assert all(one.applied for one in results)
    was = line_dues(order)
    assert {key: due for key, due in line_dues(after.order).items() if key in was} == was
    assert after.order.total == order.total + 333 * more + 1
    left = worth(after.order, {one.line_id: one.cancelled for one in told if one.line_id})
    assert 0 <= left.total <= after.order.total
    if not gone:
        assert left.total == after.order.total


def usd(minor):
    return Money(minor, "USD")


def test_units_that_are_added_cost_what_the_others_cost_without_their_discount():
    order = order_of((line(1, 2, 1000, discount=500, tax=150),), total=1650)
    after, _, told = made(order, SetQuantity(line_id="lin_1", quantity=5))
    (added,) = after.added
    assert (added.quantity, added.discount, added.tax, added.total) == (3, 0, 300, 3300)
    assert added.line_id == told[0].added_line_id == added_line_id("chg_1", 0)
    assert [one.line_id for one in family(after.order, after.order.lines[0])] == ["lin_1", added.line_id]
    # Said again of the line, the number is of all its units, and what came last goes first.
    results, lines_ = outlook(after.order, [SetQuantity(line_id="lin_1", quantity=4)])
    assert [(one.line_id, one.done) for one in lines_] == [(added.line_id, 1)]
    assert results[0].applied


def test_what_a_node_has_would_be_asked_for_and_what_left_is_too_late():
    order = order_of((line(1, 6, 100, open=1, released=2, shipped=3),), total=600)
    results, told = outlook(order, [CancelOrder(), SetAddress(ship_to=Address(country_code="DE"))])
    assert [(one.done, one.intercepting, one.too_late) for one in told] == [(1, 2, 3), (0, 0, 5)]
    assert [(one.applied, one.reason) for one in results] == [(True, "PARTLY_TOO_LATE"), (False, "TOO_LATE")]


def test_nothing_is_added_where_every_unit_is_with_a_node():
    order = order_of((line(1, 2, 100, released=2),), total=200)
    more = AddLine(
        line=DraftLine(external_line_id="", sku="X", quantity=1, unit_price=usd(1), discount=usd(0), tax=usd(0))
    )
    results, told = outlook(order, [more, SetQuantity(line_id="lin_1", quantity=3)])
    assert [one.reason for one in results] == ["NOTHING_LEFT", "NOTHING_LEFT"]
    assert told == ()


@pytest.mark.parametrize(
    ("state", "left", "waits"),
    [
        (PaymentState.AUTHORIZED, 1000, False),
        (PaymentState.AUTHORIZED, 1001, True),
        (PaymentState.CAPTURED, 900, True),
        (PaymentState.ON_TERMS, 5000, False),
        (PaymentState.MARKETPLACE_HELD, 5000, False),
        (PaymentState.AUTHORIZATION_EXPIRED, 900, True),
    ],
)
def test_what_is_added_waits_where_there_is_no_money_for_it(state, left, waits):
    order = order_of((line(1, 1, 1000),), total=1000, payment=state)
    assert has_to_be_paid(order, left) is waits


def test_money_that_was_taken_is_not_divided():
    taken = replace(line(1, 2, 500), captured=1)
    assert split_refusal(order_of((taken,), total=1000, payment=PaymentState.PARTLY_CAPTURED), ["lin_1"])
    assert not split_refusal(order_of((line(1, 2, 500),), total=1000, payment=PaymentState.CAPTURED), ["lin_1"])


def test_a_channel_is_told_of_a_line_that_is_not_there_and_of_what_came_too_late():
    order = order_of((line(1, 2, 100, shipped=2),), total=200)
    draft = ChangeDraft(
        channel="x12", external_id="PO1", change_id="860-7", edits=(SetQuantity(line_id="1", quantity=1),)
    )
    (edit,) = named(order, draft)
    assert edit == SetQuantity(line_id="lin_1", quantity=1)
    with pytest.raises(InvalidArgument) as refused:
        named(order, replace(draft, edits=(SetQuantity(line_id="9", quantity=1),)))
    assert refused.value.reason == "UNKNOWN_LINE"
    results, told = outlook(order, [edit])
    money = worth(order)
    decided = change(order, edit).decided(results=results, lines=told, before=money, after=money, refund=0, now=NOW)
    problem = problem_of(decided, draft)
    assert problem
    assert (problem.reason, problem.external_id) == ("CHANGE_DECLINED", "PO1")
    partly = replace(decided, state=ChangeState.CONFIRMED)
    assert problem_of(partly, draft).reason == "CHANGE_PARTLY_DONE"


def test_a_line_can_be_cut_however_many_decimals_its_currency_has():
    for quantity in range(1, 8):
        whole = line(1, 7, 1, discount=3, tax=5)
        part, rest = cut(replace(whole, due=9), quantity)
        assert (part.due + rest.due, part.tax + rest.tax, part.total + rest.total) == (9, 5, whole.total)
        assert isinstance(LineChange(line_id="x", edit=0, wanted=1, done=1), LineChange)

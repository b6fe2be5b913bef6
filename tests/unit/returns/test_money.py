"""How much goes back, by the rules alone."""

from datetime import UTC, datetime

import pytest

from services.kernel.errors import InvalidArgument
from services.returns.domain.balance import Balance, LineBalance
from services.returns.domain.order import Order, OrderLine
from services.returns.domain.reimbursement import Cause, due


def order(*lines: OrderLine, shipping: int = 0, captured: int | None = None, total: int | None = None) -> Order:
    whole = sum(line.total for line in lines) + shipping if total is None else total
    return Order(
        order_id="ord",
        order_number="#1",
        channel="shop",
        region="US",
        currency_code="USD",
        lines=lines,
        shipping=shipping,
        total=whole,
        captured=whole if captured is None else captured,
        payment_reference="ref",
        update_time=datetime(2026, 1, 1, tzinfo=UTC),
    )


def line(quantity: int, total: int, line_id: str = "a", **rooms: int) -> OrderLine:
    return OrderLine(line_id=line_id, sku="SKU", quantity=quantity, total=total, **rooms)


def paid(units: int, minor: int, *, returned: int = 0) -> dict[str, LineBalance]:
    return {"a": LineBalance(settled=units, settled_for_return=returned, settled_minor=minor)}


NOTHING = Balance(order_id="ord")


def test_a_share_follows_those_that_were_paid_before():
    bought = order(line(3, 1000, delivered=3))
    before = Balance(order_id="ord", reimbursed_minor=666, lines=paid(2, 666, returned=2))
    assert due(bought, before, Cause.RETURN, {"a": 1}, {}).amount == 334


def test_units_beyond_the_line_are_not_paid():
    bought = order(line(2, 1000, delivered=2))
    assert due(bought, NOTHING, Cause.RETURN, {"a": 5}, {}).lines[0].settled == 2


def test_what_may_not_be_paid_yet_is_not_paid():
    bought = order(line(2, 1000, delivered=2))
    owed = due(bought, NOTHING, Cause.RETURN, {"a": 2}, {"a": 0})
    assert (owed.amount, owed.lines[0].settled) == (0, 0)


def test_a_return_is_cut_to_what_was_captured():
    bought = order(line(2, 1000, delivered=2), captured=300)
    assert due(bought, NOTHING, Cause.RETURN, {"a": 2}, {}).amount == 300


def test_where_there_is_no_money_no_unit_is_settled():
    owed = due(order(line(3, 1000, cancelled=1), captured=0), NOTHING, Cause.CANCELLATION, {"a": 1}, {})
    assert (owed.amount, owed.lines[0].settled) == (0, 0)


def test_a_unit_whose_share_is_nothing_is_settled_so_that_the_next_gets_its_cent():
    bought = order(line(4, 2, delivered=4))
    first = due(bought, NOTHING, Cause.RETURN, {"a": 1}, {})
    assert (first.amount, first.lines[0].settled) == (0, 1)
    assert due(bought, Balance(order_id="ord", lines=paid(1, 0)), Cause.RETURN, {"a": 1}, {}).amount == 1


def test_a_cancellation_leaves_alone_what_is_kept_and_shipping():
    bought = order(line(3, 900, shipped=2, cancelled=1))
    assert due(bought, NOTHING, Cause.CANCELLATION, {"a": 1}, {}).amount == 300
    captured_as_shipped = order(line(3, 900, shipped=2, cancelled=1), shipping=100, captured=700)
    assert due(captured_as_shipped, NOTHING, Cause.CANCELLATION, {"a": 1}, {}).amount == 0


def test_a_reshipped_unit_that_is_cancelled_instead_is_paid_back():
    # Captured when it left the first time; it was lost, is open again, and then cancelled.
    bought = order(line(2, 800, shipped=1, cancelled=1), shipping=100, captured=900)
    assert due(bought, NOTHING, Cause.CANCELLATION, {"a": 1}, {}).amount == 400


def test_units_that_came_back_and_were_paid_are_not_kept_twice():
    bought = order(line(3, 900, returned=1, delivered=1, cancelled=1))
    before = Balance(order_id="ord", reimbursed_minor=300, lines=paid(1, 300, returned=1))
    assert due(bought, before, Cause.CANCELLATION, {"a": 1}, {}).amount == 300


@pytest.mark.parametrize(
    ("cause", "rooms", "shipping"),
    [
        (Cause.CANCELLATION, {"cancelled": 2}, 100),
        (Cause.CANCELLATION, {"cancelled": 1, "lost": 1}, 0),  # what was lost may be shipped again
        (Cause.LOSS, {"cancelled": 1, "lost": 1}, 100),
        (Cause.LOSS, {"delivered": 1, "lost": 1}, 0),
        (Cause.RETURN, {"cancelled": 2}, 0),
    ],
)
def test_shipping_goes_back_when_nothing_will_ever_arrive(cause, rooms, shipping):
    bought = order(line(2, 900, **rooms), shipping=100)
    assert due(bought, NOTHING, cause, {"a": 1}, {}).shipping == shipping


def test_shipping_goes_back_once():
    bought = order(line(2, 900, cancelled=2), shipping=100)
    before = Balance(order_id="ord", reimbursed_minor=550, shipping_minor=100, lines=paid(1, 450))
    owed = due(bought, before, Cause.CANCELLATION, {"a": 1}, {})
    assert (owed.shipping, owed.amount) == (0, 450)


def test_what_was_refused_in_between_is_put_right_by_the_next():
    # The first unit's 333 were refused after the second's 333 had been paid: one unit, 333, is settled.
    bought = order(line(3, 1000, delivered=3))
    before = Balance(order_id="ord", reimbursed_minor=333, lines=paid(1, 333, returned=1))
    assert due(bought, before, Cause.RETURN, {"a": 2}, {}).amount == 667


def test_an_order_of_free_things_owes_nothing():
    assert due(order(line(2, 0, delivered=2)), NOTHING, Cause.RETURN, {"a": 2}, {}).amount == 0


def test_an_unknown_line_is_refused():
    with pytest.raises(InvalidArgument, match="no line"):
        due(order(line(1, 100)), NOTHING, Cause.RETURN, {"b": 1}, {})

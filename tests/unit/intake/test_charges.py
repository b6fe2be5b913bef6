from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.charges import charge, line_dues, shipping_due
from services.intake.domain.draft import Address, PaymentState, ServiceLevel
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.rooms import Units
from services.intake.domain.status import OrderStatus
from services.kernel.errors import InvalidArgument

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def order_line(number: int, quantity: int, total: int) -> OrderLine:
    return OrderLine(
        line_id=f"l{number}",
        position=number,
        external_line_id=str(number),
        sku="A",
        title="",
        quantity=quantity,
        unit_price=0,
        discount=0,
        tax=0,
        prices_include_tax=False,
        total=total,
        captured=0,
        units=Units(released=quantity),
    )


def order(lines: list[tuple[int, int]], shipping: int, total: int, authorized: int) -> Order:
    rows = tuple(order_line(number, quantity, amount) for number, (quantity, amount) in enumerate(lines))
    return Order(
        order_id="o",
        channel="c",
        external_id="x",
        order_number="1",
        status=OrderStatus.RELEASED,
        resting=False,
        region="US",
        priority=3,
        currency_code="USD",
        customer_reference="",
        ship_to=Address(country_code="US"),
        bill_to=None,
        lines=rows,
        holds=(),
        shipping=shipping,
        shipping_tax=0,
        total=total,
        payment=Payment(state=PaymentState.AUTHORIZED, reference="", authorized=authorized, captured=0, voided=0),
        service_level=ServiceLevel.STANDARD,
        ship_complete=False,
        promise_time=None,
        order_time=NOW,
        create_time=NOW,
        update_time=NOW,
        document_id="",
        note="",
        units=Units(),
        sequence=1,
    )


def take(before: Order, line_id: str, units: int, *, first: bool) -> tuple[Order, int]:
    """Return the order after a shipment of these units, and what it took."""
    due = charge(before, {line_id: units}, first=first, promised=0)
    lines = tuple(replace(line, captured=line.captured + due.units.get(line.line_id, 0)) for line in before.lines)
    payment = replace(before.payment, captured=before.payment.captured + due.amount)
    return replace(before, lines=lines, payment=payment), due.amount


@given(
    lines=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10_000)), min_size=1, max_size=4),
    shipping=st.integers(0, 2000),
    total=st.integers(0, 50_000),
    authorized=st.integers(0, 60_000),
    data=st.data(),
)
def test_however_an_order_is_split_its_shipments_take_its_total(lines, shipping, total, authorized, data):
    current = order(lines, shipping, total, authorized)
    left = [line.line_id for line in current.lines for _ in range(line.quantity)]
    taken, first = 0, True
    for line_id in data.draw(st.permutations(left)):
        current, amount = take(current, line_id, 1, first=first)
        taken, first = taken + amount, False
        assert amount >= 0
        assert taken <= min(total, authorized)
    assert taken == min(total, authorized)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10_000)), min_size=1), st.integers(0, 2000))
def test_a_total_that_adds_up_leaves_every_line_its_own_amount(lines, shipping):
    total = shipping + sum(amount for _, amount in lines)
    current = order(lines, shipping, total, total)
    dues = line_dues(current)
    assert shipping_due(current) + sum(dues.values()) == total
    if any(amount for _, amount in lines):
        assert list(dues.values()) == [amount for _, amount in lines]


def test_units_that_had_their_share_owe_nothing_again():
    current, amount = take(order([(2, 1000)], 0, 1000, 2000), "l0", 2, first=True)
    assert amount == 1000
    assert take(current, "l0", 1, first=False)[1] == 0


def test_what_another_capture_may_still_take_is_not_taken_twice():
    current = order([(2, 1000)], 0, 1000, 600)
    assert charge(current, {"l0": 1}, first=True, promised=400).amount == 200


def test_a_line_that_the_order_does_not_have_is_refused():
    with pytest.raises(InvalidArgument, match="no line"):
        charge(order([(1, 1)], 0, 1, 1), {"x": 1}, first=True, promised=0)

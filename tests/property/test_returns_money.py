"""Whatever happens in whatever order, the money adds up."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.money import share
from services.returns.domain.balance import Balance, LineBalance
from services.returns.domain.disposition import Disposition, final_units, inspected
from services.returns.domain.order import Order, OrderLine
from services.returns.domain.reimbursement import Cause, Due, due

lines = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 5000)), min_size=1, max_size=4)
steps = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(["cancel", "ship", "lose", "return", "refuse"])),
    max_size=40,
)


class World:
    """An order and its money, as intake and returns together keep them."""

    def __init__(self, bought: list[tuple[int, int]], shipping: int, *, in_channel: bool) -> None:
        total = sum(price for _, price in bought) + shipping
        self.order = Order(
            order_id="ord",
            order_number="#1",
            channel="shop",
            region="US",
            currency_code="USD",
            lines=tuple(
                OrderLine(line_id=str(index), sku="S", quantity=quantity, total=price)
                for index, (quantity, price) in enumerate(bought)
            ),
            shipping=shipping,
            total=total,
            captured=total if in_channel else 0,
            payment_reference="ref",
            update_time=datetime(2026, 1, 1, tzinfo=UTC),
        )
        self.in_channel = in_channel
        self.charged = dict.fromkeys((line.line_id for line in self.order.lines), 0)
        self.balance = Balance(order_id="ord")

    def left(self, line: OrderLine) -> int:
        return line.quantity - line.cancelled - line.gone

    def do(self, index: int, units: int, what: str) -> None:
        line = self.order.lines[index % len(self.order.lines)]
        if what == "cancel" and (some := min(units, self.left(line))):
            self.change(line, cancelled=line.cancelled + some)
            self.pay(Cause.CANCELLATION, line, some)
        elif what == "ship" and (some := min(units, self.left(line))):
            self.capture(line, some)
            self.change(line, delivered=line.delivered + some)
        elif what == "lose" and (some := min(units, self.left(line))):
            self.capture(line, some)
            lost = self.change(line, lost=line.lost + some)
            self.pay(Cause.LOSS, lost, some)
            self.change(lost, lost=lost.lost - some, cancelled=lost.cancelled + some)
        elif what in ("return", "refuse") and (some := min(units, line.delivered)):
            if what == "refuse":
                self.pay(Cause.RETURN, line, some, refused=True)
                return
            back = self.change(line, delivered=line.delivered - some, returned=line.returned + some)
            self.pay(Cause.RETURN, back, some)

    def change(self, line: OrderLine, **rooms: Any) -> OrderLine:
        changed = replace(line, **rooms)
        lines = tuple(changed if one.line_id == line.line_id else one for one in self.order.lines)
        self.order = replace(self.order, lines=lines)
        return changed

    def capture(self, line: OrderLine, units: int) -> None:
        """Money is captured as goods leave, shipping with the first of them."""
        if self.in_channel:
            return
        first = not any(self.charged.values())
        dues = self.order.line_dues()[line.line_id]
        amount = share(dues, self.charged[line.line_id], units, line.quantity)
        self.charged[line.line_id] += units
        captured = self.order.captured + amount + (self.order.shipping_due if first else 0)
        self.order = replace(self.order, captured=captured)

    def pay(self, cause: Cause, line: OrderLine, units: int, *, refused: bool = False) -> None:
        owed = due(self.order, self.balance, cause, {line.line_id: units}, {})
        assert all(one.amount >= 0 for one in owed.lines)
        after = settled(self.balance, cause, owed)
        assert 0 <= after.reimbursed_minor <= self.order.captured
        assert all(after.line(one.line_id).settled <= one.quantity for one in self.order.lines)
        if not refused:
            self.balance = after


def settled(balance: Balance, cause: Cause, owed: Due) -> Balance:
    counts = dict(balance.lines)
    for one in owed.lines:
        before = balance.line(one.line_id)
        counts[one.line_id] = LineBalance(
            settled=before.settled + one.settled,
            settled_for_return=before.settled_for_return + (one.settled if cause == Cause.RETURN else 0),
            settled_minor=before.settled_minor + one.share,
        )
    return Balance(
        order_id="ord",
        reimbursed_minor=balance.reimbursed_minor + owed.amount,
        shipping_minor=balance.shipping_minor + owed.shipping,
        lines=counts,
    )


@settings(max_examples=300, deadline=None)
@given(lines, st.integers(0, 900), steps, st.booleans())
def test_never_more_goes_back_than_was_captured(bought, shipping, happened, in_channel):
    world = World(bought, shipping, in_channel=in_channel)
    for step in happened:
        world.do(*step)


@settings(max_examples=300, deadline=None)
@given(lines, st.integers(0, 900), steps, st.booleans())
def test_what_the_customer_keeps_is_exactly_what_the_customer_paid_for(bought, shipping, happened, in_channel):
    world = World(bought, shipping, in_channel=in_channel)
    for step in happened:
        world.do(*step)
    for line in world.order.lines:  # the rest is cancelled, and everything that arrived comes back
        world.do(int(line.line_id), world.left(line), "cancel")
    for line in world.order.lines:
        world.do(int(line.line_id), line.delivered, "return")
    anything_arrived = any(line.returned for line in world.order.lines)
    kept = world.order.captured - world.balance.reimbursed_minor
    # Shipping stays paid where something arrived; where nothing did, everything has gone back.
    assert kept == (world.order.shipping_due if anything_arrived else 0)


@given(st.integers(1, 30), st.integers(0, 100_000), st.lists(st.integers(1, 9)))
def test_all_units_of_a_line_back_is_the_lines_total_exactly(quantity, price, groups):
    world = World([(quantity, price)], 0, in_channel=True)
    line = world.change(world.order.lines[0], delivered=quantity)
    for units in [*groups, quantity]:
        world.pay(Cause.RETURN, line, units)
    assert world.balance.reimbursed_minor == price


@given(st.integers(0, 20), st.lists(st.tuples(st.sampled_from(Disposition), st.integers(1, 6)), max_size=30))
def test_no_unit_gets_two_dispositions_and_no_final_one_is_taken_back(received, judged):
    dispositions: dict[Disposition, int] = {}
    for disposition, units in judged:
        before = final_units(dispositions)
        if units > received - before:
            continue
        dispositions = inspected("lin", received, dispositions, disposition, units)
        assert sum(dispositions.values()) <= received
        assert final_units(dispositions) == before + (units if disposition.final else 0)
        assert all(units > 0 for units in dispositions.values())

"""What an order knows of when its backorders come, and what an operator reads of it."""

from datetime import UTC, datetime

from workflows.details import order_details
from workflows.state.order import OrderState
from workflows.state.order_steps import Allocate, Wait
from workflows.state.units import Units

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOON = datetime(2026, 3, 10, tzinfo=UTC)


def waiting() -> OrderState:
    """An order that waits for both of its lines."""
    lines = [Units("lin_1", "TEE", 2), Units("lin_2", "MUG", 1)]
    order = OrderState.begin("ord_1", lines, [], ship_complete=False)
    step = order.next_step(NOW)
    assert isinstance(step, Allocate)
    order.allocated([], lines, step, NOW)
    return order


def test_an_order_shows_what_it_waits_for_and_when_it_is_expected():
    order = waiting()
    order.backorder_promised({"TEE": SOON, "MUG": None})
    shown = order_details(order, "web", "", None)
    assert "- waits for TEE, expected 10 Mar\n" in shown
    assert "- waits for MUG\n" in shown


def test_a_promise_changes_nothing_that_the_order_does():
    order = waiting()
    before, changes = order.next_step(NOW), order.changes
    order.backorder_promised({"TEE": SOON})
    assert order.next_step(NOW) == before
    assert isinstance(before, Wait)
    assert order.changes == changes


def test_a_promise_that_is_taken_back_is_not_shown_any_more():
    order = waiting()
    order.backorder_promised({"TEE": SOON})
    order.backorder_promised({"TEE": None})
    assert order.awaited() == {"TEE": None, "MUG": None}


def test_a_promise_for_what_nobody_waits_for_is_not_shown():
    order = OrderState.begin("ord_1", [Units("lin_1", "TEE", 2)], [], ship_complete=False)
    order.backorder_promised({"TEE": SOON})
    assert order.awaited() == {}
    assert "waits" not in order_details(order, "web", "", None)

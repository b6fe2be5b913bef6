"""Orders that the customer collects: at a shelf that has it, or where it is sent to."""

from dataclasses import replace

import pytest

from services.kernel.money import Money
from services.routing.domain.demand import Destination, Exclusion
from services.routing.domain.geo import Point
from services.routing.domain.node import NodeType
from tests.unit.routing.build import candidate, cents, demand, left, node, only, plan, shipped

SHOP = node(
    "shop", type=NodeType.STORE, point=Point(41.9, -87.6), time_zone="America/Chicago", capabilities=("pickup",)
)
LOCKER = node("locker", type=NodeType.PICKUP_POINT, capabilities=("pickup",))
DC = node("dc-east")


def collected(*lines, at: str = "shop", **changes):
    return demand(*lines, pickup_node_id=at, **changes)


def test_what_is_on_the_shelf_is_handed_over_there_and_nothing_is_shipped():
    made = plan(collected(("TEE", 2)), [SHOP, DC], {"shop": {"TEE": 2}, "dc-east": {"TEE": 9}})
    assert shipped(made) == {"shop": {"l1": 2}}
    assert only(made).pickup
    assert (only(made).carrier_code, only(made).service_code) == ("", "pickup")
    assert cents(made.terms) == {"handling": 110}
    assert "shop hands over the only line for 1.10 USD (ready 2 Mar 2026)" in made.explanation


def test_what_is_collected_is_ready_when_the_work_is_done():
    assignment = only(plan(collected(("TEE", 1)), [replace(SHOP, processing_minutes=90)], {"shop": {"TEE": 2}}))
    assert assignment.promise_time == assignment.dispatch_time
    assert assignment.promise_time.isoformat() == "2026-03-02T18:30:00+00:00"


def test_what_the_shelf_lacks_is_sent_to_it_and_not_to_the_customer():
    home = Destination(country_code="US", postal_code="10001")
    made = plan(collected(("TEE", 1), destination=home), [SHOP, DC], {"dc-east": {"TEE": 9}})
    assert shipped(made) == {"dc-east": {"l1": 1}}
    # Edison to Chicago, though the customer lives in New York.
    assert only(made).distance_km == pytest.approx(1_114, abs=1)
    assert not only(made).pickup


def test_an_order_may_be_collected_in_part_and_sent_there_in_part():
    stock = {"shop": {"TEE": 1}, "dc-east": {"MUG": 1}}
    made = plan(collected(("TEE", 1), ("MUG", 1)), [SHOP, DC], stock)
    assert {it.node.node_id: it.pickup for it in made.assignments} == {"shop": True, "dc-east": False}


def test_a_pickup_point_hands_over_what_it_has():
    made = plan(collected(("TEE", 1), at="locker"), [LOCKER], {"locker": {"TEE": 1}})
    assert shipped(made) == {"locker": {"l1": 1}}


def test_a_node_that_does_not_hand_over_is_not_collected_from():
    made = plan(collected(("TEE", 1), at="dc-east"), [DC], {"dc-east": {"TEE": 1}})
    assert made.assignments == ()
    assert candidate(made, "dc-east").reason == "NO_CAPABILITY"


@pytest.mark.parametrize("changes", [{"disabled": True}, {"capabilities": ("ship-from-store",)}])
def test_nothing_is_sent_to_where_nobody_can_collect_it(changes):
    made = plan(collected(("TEE", 1)), [replace(SHOP, **changes), DC], {"dc-east": {"TEE": 1}})
    assert made.assignments == ()
    assert left(made) == [("l1", 1, "NO_NODE_SERVES_DESTINATION")]


def test_what_was_not_found_on_the_shelf_is_sent_there():
    missing = frozenset({Exclusion(node_id="shop", sku="TEE")})
    made = plan(collected(("TEE", 1), exclusions=missing), [SHOP, DC], {"shop": {"TEE": 1}, "dc-east": {"TEE": 1}})
    assert shipped(made) == {"dc-east": {"l1": 1}}


def test_a_shop_that_only_hands_over_sends_nothing_to_another():
    other = node("other-shop", type=NodeType.STORE, capabilities=("pickup",))
    made = plan(collected(("TEE", 1)), [SHOP, other], {"other-shop": {"TEE": 1}})
    assert made.assignments == ()


def test_a_shop_of_another_country_is_sent_to_by_those_who_ship_there():
    london = node("london", type=NodeType.STORE, country_code="GB", time_zone="Europe/London", capabilities=("pickup",))
    home = replace(DC, serves_country_codes=("US",))
    made = plan(collected(("TEE", 1), at="london"), [london, home], {"dc-east": {"TEE": 1}})
    assert made.assignments == ()
    assert candidate(made, "dc-east").reason == "DOES_NOT_SERVE_DESTINATION"


def test_a_shelf_that_costs_nothing_is_collected_from():
    free = replace(SHOP, order_cost=Money(0, "USD"), line_cost=Money(0, "USD"))
    made = plan(collected(("TEE", 1)), [free], {"shop": {"TEE": 1}})
    assert made.total_cost == Money(0, "USD")
    assert "for 0.00 USD" in made.explanation


def test_what_needs_gift_wrap_is_wrapped_where_it_is_collected_or_sent_there_wrapped():
    wrapped = collected(("TEE", 1))
    wrapped = replace(wrapped, lines=(replace(wrapped.lines[0], required_capabilities=("gift-wrap",)),))
    stock = {"shop": {"TEE": 1}, "dc-east": {"TEE": 1}}
    able = replace(SHOP, capabilities=("pickup", "gift-wrap"))
    assert shipped(plan(wrapped, [able, DC], stock)) == {"shop": {"l1": 1}}
    assert shipped(plan(wrapped, [SHOP, replace(DC, capabilities=("gift-wrap",))], stock)) == {"dc-east": {"l1": 1}}

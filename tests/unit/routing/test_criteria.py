"""What makes a choice better or worse, and what may be used at all: lateness, scores, nodes, services, stock."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.money import Money
from services.routing.domain.geo import Point
from services.routing.domain.node import NodeType
from tests.unit.routing.build import (
    NOW,
    candidate,
    cents,
    demand,
    left,
    node,
    only,
    plan,
    rules,
    service,
    shipped,
    trials,
)

DC = node("dc-east")
WEST = node("dc-west", point=Point(39.5, -119.8), time_zone="America/Los_Angeles")
SHOP = node("shop", type=NodeType.STORE, capabilities=("ship-from-store",), order_cost=Money(0, "USD"))
GROUND = [service("ground")]
# Divides by zero for orders of priority 7 only, so that it is not refused when it is saved.
FAILS = "1 / (order.priority - 7) < 99"
FAILING_SCORE = "double(1 / (order.priority - 7))"


@pytest.mark.parametrize(("day_cost", "chosen"), [("1.49 USD", "slow"), ("1.51 USD", "fast")])
def test_lateness_picks_the_faster_service_where_it_costs_more_than_speed(day_cost, chosen):
    slow, fast = service("slow", transit_days=4), service("fast", transit_days=2, parcel_price=Money(800, "USD"))
    # Friday's end and Wednesday's: due as Wednesday ends, two days late by the slow one.
    wanted = demand(("TEE", 1), due_time=datetime(2026, 3, 5, 5, tzinfo=UTC))
    made = plan(wanted, [DC], {"dc-east": {"TEE": 1}}, services=[slow, fast], rules=rules({"late_day_cost": day_cost}))
    assert only(made).service_code == chosen


def test_lateness_is_counted_by_the_day_begun_and_named():
    late = rules({"late_day_cost": "1.00 USD"})
    stock, due = {"dc-east": {"TEE": 1}}, datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC)
    for moved, expected in ((timedelta(), 0), (timedelta(seconds=1), 100), (timedelta(days=1), 100)):
        wanted = demand(("TEE", 1), due_time=due - moved)
        made = plan(wanted, [DC], stock, services=GROUND, rules=late)
        assert cents(made.terms).get("lateness", 0) == expected
    made = plan(
        demand(("TEE", 1), due_time=due - timedelta(days=1, seconds=1)), [DC], stock, services=GROUND, rules=late
    )
    assert cents(made.terms)["lateness"] == 200


def test_what_is_never_due_is_never_late():
    made = plan(demand(("TEE", 1)), [DC], {"dc-east": {"TEE": 1}}, rules=rules({"late_day_cost": "100.00 USD"}))
    assert "lateness" not in made.terms


def test_what_is_late_by_years_is_shipped_all_the_same():
    wanted = demand(("TEE", 1), due_time=NOW - timedelta(days=900))
    made = plan(wanted, [DC], {"dc-east": {"TEE": 1}}, rules=rules({"late_day_cost": "50.00 USD"}))
    assert shipped(made) == {"dc-east": {"l1": 1}}


def test_a_score_of_a_shipment_is_counted_once_for_each():
    made = _scored("SHIPMENT", "2.0")
    assert [cents(it.terms)["it"] for it in made.assignments] == [200, 200]


def test_a_score_of_a_line_is_counted_once_for_each_sku_of_a_shipment():
    made = _scored("LINE", "line.units > 4 ? 2.0 : 0.5")
    assert {it.node.node_id: cents(it.terms)["it"] for it in made.assignments} == {"dc-east": 250, "dc-west": 50}


def test_a_score_of_a_unit_is_counted_for_each_unit():
    made = _scored("UNIT", "line.sku == 'TEE' ? 0.1 : 1.0")
    assert {it.node.node_id: cents(it.terms)["it"] for it in made.assignments} == {"dc-east": 250, "dc-west": 100}


def _scored(per: str, score: str):
    known = rules({"criteria": [{"name": "it", "per": per, "score": score}]})
    stock = {"dc-east": {"TEE": 5, "MUG": 2}, "dc-west": {"CAP": 1}}
    return plan(demand(("TEE", 5), ("MUG", 2), ("CAP", 1)), [DC, WEST], stock, rules=known)


def test_less_than_nothing_is_a_preference():
    stock = {"dc-east": {"TEE": 9}, "dc-west": {"TEE": 9}}
    liked = rules({"criteria": [{"name": "ours", "score": "node.node_id == 'dc-west' ? -6.0 : 0.0"}]})
    assert set(shipped(plan(demand(("TEE", 1)), [DC, WEST], stock))) == {"dc-east"}
    made = plan(demand(("TEE", 1)), [DC, WEST], stock, rules=liked)
    assert set(shipped(made)) == {"dc-west"}
    assert cents(made.terms)["ours"] == -600


def test_a_preference_for_a_unit_does_not_make_anybody_ship_more_than_is_wanted():
    stock = {"dc-east": {"TEE": 9}, "shop": {"TEE": 9}}
    loved = rules({"criteria": [{"per": "UNIT", "score": "node.type == 'STORE' ? -50.0 : 0.0"}]})
    assert shipped(plan(demand(("TEE", 3)), [DC, SHOP], stock, rules=loved)) == {"shop": {"l1": 3}}


def test_a_score_may_ask_for_the_date_of_the_promise():
    slow, fast = service("slow", transit_days=4), service("fast", transit_days=2, parcel_price=Money(600, "USD"))
    for weight, chosen in (("0.4", "slow"), ("0.6", "fast")):
        speed = rules({"criteria": [{"name": "speed", "score": f"promise.days_until_delivery * {weight}"}]})
        made = plan(demand(("TEE", 1)), [DC], {"dc-east": {"TEE": 1}}, services=[slow, fast], rules=speed)
        assert only(made).service_code == chosen


def test_rules_may_ask_that_urgent_orders_go_by_who_is_on_time():
    known = rules({"criteria": [{"score": "order.priority > 5 ? (1.0 - service.on_time_rate) * 100.0 : 0.0"}]})
    services = [service("a", on_time_rate=0.9), service("b", on_time_rate=0.99, parcel_price=Money(600, "USD"))]
    for priority, chosen in ((5, "a"), (6, "b")):
        wanted = demand(("TEE", 1), priority=priority)
        made = plan(wanted, [DC], {"dc-east": {"TEE": 1}}, services=services, rules=known)
        assert only(made).service_code == chosen
    learned = {("dc-east", "acme/a"): 1.0}
    made = plan(wanted, [DC], {"dc-east": {"TEE": 1}}, services=services, rules=known, on_time=learned)
    assert only(made).service_code == "a"


def test_a_node_that_the_rules_do_not_allow_ships_nothing():
    made = plan(demand(("TEE", 1)), [DC, WEST], _both(), rules=rules({"nodes": "node.node_id != 'dc-east'"}))
    assert shipped(made) == {"dc-west": {"l1": 1}}
    assert candidate(made, "dc-east").reason == "NOT_ALLOWED"


def test_a_service_that_the_rules_do_not_allow_is_not_used_and_says_so():
    services = [service("a"), service("b", carrier_code="other", parcel_price=Money(900, "USD"))]
    made = plan(
        demand(("TEE", 1)),
        [DC],
        _both(),
        services=services,
        rules=rules({"services": "service.carrier_code == 'other'"}),
    )
    assert only(made).service_code == "b"
    assert {one.service_code: one.reason for one in only(made).services} == {"a": "NOT_ALLOWED", "b": "CHOSEN"}


KEEPS_ONE = {"name": "stores keep one", "stock": "node.type != 'STORE' || stock.left >= 1"}


def test_a_store_keeps_its_last_unit():
    for units, shipper in ((3, "shop"), (2, "dc-east")):
        stock = {"shop": {"TEE": units}, "dc-east": {"TEE": 9}}
        assert set(shipped(plan(demand(("TEE", 2)), [SHOP, DC], stock, rules=rules(KEEPS_ONE)))) == {shipper}


def test_what_a_store_keeps_is_left_by_the_rules_and_not_for_want_of_stock():
    made = plan(demand(("TEE", 1), ("MUG", 1)), [SHOP], {"shop": {"TEE": 1, "MUG": 9}}, rules=rules(KEEPS_ONE))
    assert shipped(made) == {"shop": {"l2": 1}}
    assert left(made) == [("l1", 1, "NOT_ALLOWED")]


def test_a_store_gives_its_last_unit_where_a_later_strategy_lets_it():
    known = rules({**KEEPS_ONE, "accept": "plan.left_units == 0"}, {"name": "give all"})
    made = plan(demand(("TEE", 1), ("MUG", 1)), [SHOP], {"shop": {"TEE": 1, "MUG": 9}}, rules=known)
    assert shipped(made) == {"shop": {"l1": 1, "l2": 1}}
    assert trials(made) == [("stores keep one", "NOT_ACCEPTED"), ("give all", "CHOSEN")]


def test_a_later_strategy_is_not_tried_for_what_nobody_has():
    known = rules({**KEEPS_ONE, "accept": "plan.left_units == 0"}, {"name": "give all"})
    made = plan(demand(("TEE", 1), ("GONE", 1)), [SHOP], {"shop": {"TEE": 9}}, rules=known)
    assert trials(made) == [("stores keep one", "CHOSEN")]
    assert left(made) == [("l2", 1, "NO_STOCK")]


def test_services_that_are_late_leave_the_order_to_the_next_strategy_though_other_nodes_stand_empty():
    known = rules(
        {"name": "in time", "services": "promise.days_late <= 0.0", "accept": "plan.left_units == 0"}, {"name": "late"}
    )
    wanted = demand(("TEE", 1), due_time=NOW)
    made = plan(wanted, [DC, WEST], {"dc-east": {"TEE": 1}}, rules=known)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert trials(made)[-1] == ("late", "CHOSEN")


def _both() -> dict[str, dict[str, int]]:
    return {"dc-east": {"TEE": 9}, "dc-west": {"TEE": 9}}

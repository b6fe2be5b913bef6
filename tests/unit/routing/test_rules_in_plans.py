"""Rule sets at work: which strategy plans, what it may use, and what becomes of the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.kernel.money import Money
from services.routing.domain.demand import Method
from services.routing.domain.geo import Point
from services.routing.domain.node import NodeType
from services.routing.domain.rules import Action, Rules
from tests.unit.routing.build import (
    NOW,
    demand,
    left,
    node,
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


@pytest.mark.parametrize("method", [*Method])
def test_there_are_no_more_shipments_than_the_rules_allow(method):
    third = node("dc-mid", point=Point(41.9, -87.6))
    stock = {"dc-east": {"A": 1}, "dc-west": {"B": 1}, "dc-mid": {"C": 1}}
    wanted = demand(("A", 1), ("B", 1), ("C", 1))
    made = plan(wanted, [DC, WEST, third], stock, rules=rules({"method": method.value, "max_shipments": 2}))
    assert len(made.assignments) == 2
    assert [(units, reason) for _, units, reason in left(made)] == [(1, "NOT_ALLOWED")]


@pytest.mark.parametrize("method", [*Method])
def test_no_line_is_cut_where_lines_must_be_whole(method):
    stock, whole = (
        {"dc-east": {"TEE": 3, "MUG": 9}, "dc-west": {"TEE": 4}},
        rules({"method": method.value, "whole_lines": True}),
    )
    assert shipped(plan(demand(("TEE", 4)), [DC, WEST], stock, rules=whole)) == {"dc-west": {"l1": 4}}
    made = plan(demand(("TEE", 6), ("MUG", 1)), [DC, WEST], stock, rules=whole)
    assert shipped(made) == {"dc-east": {"l2": 1}}
    assert left(made) == [("l1", 6, "NOT_ALLOWED")]


def test_a_node_whose_units_are_too_few_for_a_whole_line_says_so_and_nothing_of_completeness():
    made = plan(
        demand(("TEE", 6), ("MUG", 1)),
        [DC, WEST],
        _both() | {"dc-west": {"MUG": 1, "TEE": 4}},
        rules=rules({"whole_lines": True}),
    )
    assert {one.reason for one in made.candidates} <= {"CHOSEN", "COSTLIER"}


def test_fewest_splits_splits_where_it_must():
    stock = {"dc-east": {"A": 1}, "dc-west": {"B": 1}}
    made = plan(demand(("A", 1), ("B", 1)), [DC, WEST], stock, rules=rules({"method": "FEWEST_SPLITS"}))
    assert set(shipped(made)) == {"dc-east", "dc-west"}
    assert made.least_cost == made.total_cost


def test_a_strategy_that_ships_all_or_nothing_gives_way_to_one_that_ships_a_part():
    known = rules({"name": "complete", "ship_complete": True}, {"name": "what there is"})
    made = plan(demand(("TEE", 2), ("MUG", 1)), [DC], {"dc-east": {"TEE": 9}}, rules=known)
    assert trials(made) == [("complete", "NO_PLAN"), ("what there is", "CHOSEN")]
    assert shipped(made) == {"dc-east": {"l1": 2}}


def test_a_strategy_that_ships_all_or_nothing_ships_nothing_where_it_is_the_last():
    made = plan(demand(("TEE", 2), ("MUG", 1)), [DC], {"dc-east": {"TEE": 9}}, rules=rules({"ship_complete": True}))
    assert made.assignments == ()
    assert left(made) == [("l1", 2, "SHIP_COMPLETE"), ("l2", 1, "NO_STOCK")]
    assert "must ship complete" in made.explanation


def test_the_first_strategy_that_is_meant_for_the_order_plans_it():
    known = rules({"name": "many", "when": "order.units > 5", "max_shipments": 1}, {"name": "few"})
    assert trials(plan(demand(("TEE", 6)), [DC], _both(), rules=known)) == [("many", "CHOSEN")]
    made = plan(demand(("TEE", 5)), [DC], _both(), rules=known)
    assert trials(made) == [("many", "NOT_MEANT"), ("few", "CHOSEN")]


def test_a_plan_that_is_not_good_enough_is_told_with_what_it_would_have_cost():
    known = rules({"name": "cheap", "accept": "plan.cost < 5.0"}, {"name": "any"})
    made = plan(demand(("TEE", 1)), [DC], _both(), services=GROUND, rules=known)
    assert trials(made) == [("cheap", "NOT_ACCEPTED"), ("any", "CHOSEN")]
    assert made.trials[0].total_cost == Money(610, "USD")
    assert "would have dc-east ship for 6.10 USD" in made.trials[0].explanation


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("plan.shipments == 2 && plan.units == 3 && plan.left_units == 0", True),
        ("plan.cost == 5.30 + 1.10 + 10.40 + 1.10 + 0.80 + 5.0", False),
        ("plan.shipping_cost > 15.0 && plan.days_late == 0.0", True),
        ("plan.days_until_delivery < 3.0", False),
    ],
)
def test_a_condition_sees_the_plan_as_it_is(accept, accepted):
    stock = {"dc-east": {"A": 2}, "dc-west": {"B": 1}}
    known = rules({"name": "one", "accept": accept}, {"name": "two"})
    made = plan(demand(("A", 2), ("B", 1)), [DC, WEST], stock, rules=known)
    assert (trials(made)[0] == ("one", "CHOSEN")) is accepted


@pytest.mark.parametrize(
    "strategy",
    [
        {"when": FAILS},
        {"nodes": f"node.load < 2.0 && {FAILS}"},
        {"services": f"service.load < 2.0 && {FAILS}"},
        {"stock": f"stock.left >= 0 && {FAILS}"},
        {"accept": f"plan.units > 0 && {FAILS}"},
        {"criteria": [{"score": FAILING_SCORE}]},
        {"criteria": [{"score": FAILING_SCORE, "per": "LINE"}]},
        {"criteria": [{"score": FAILING_SCORE, "per": "UNIT"}]},
        {"criteria": [{"score": "order.priority == 7 ? 1000001.0 : 0.0"}]},
    ],
)
def test_an_expression_that_fails_fails_its_strategy_and_the_next_one_plans(strategy):
    known = rules({"name": "one", **strategy, "max_shipments": 5}, {"name": "two"})
    made = plan(demand(("TEE", 1), priority=7), [DC, WEST], _both(), rules=known)
    assert trials(made) == [("one", "FAILED"), ("two", "CHOSEN")]
    assert shipped(made) == shipped(plan(demand(("TEE", 1)), [DC, WEST], _both()))
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith("strategy 'one' failed: profiles[0].strategies[0].")
    assert trials(plan(demand(("TEE", 1), priority=6), [DC, WEST], _both(), rules=known)) == [("one", "CHOSEN")]


def test_where_every_strategy_fails_the_order_is_parked_for_those_who_wrote_them():
    known = rules({"name": "one", "nodes": FAILS}, fallback={"action": "BACKORDER"})
    made = plan(demand(("TEE", 1), priority=7), [DC], _both(), rules=known)
    assert made.assignments == ()
    assert left(made) == [("l1", 1, "RULE_FAILED")]
    assert made.fallback is not None
    assert (made.fallback.action, made.fallback.queue) == (Action.PARK, "failed-rules")
    assert made.explanation.startswith("Nothing ships: strategy 'one' failed")


def _profiles(*profiles: dict[str, str], **changes) -> Rules:
    return rules(profiles=[{"strategies": [{"name": "any"}], **one} for one in profiles], **changes)


def test_the_first_profile_that_fits_the_order_plans_it():
    known = _profiles({"name": "gold", "when": "order.customer.tier == 'gold'"}, {"name": "others"})
    assert plan(demand(("TEE", 1), customer_tier="gold"), [DC], _both(), rules=known).profile == "gold"
    assert plan(demand(("TEE", 1)), [DC], _both(), rules=known).profile == "others"


def test_an_order_that_no_profile_fits_is_parked_where_people_look_for_such():
    known = _profiles({"name": "web", "when": "order.channel == 'web'"})
    made = plan(demand(("TEE", 1), channel="edi"), [DC], _both(), rules=known)
    assert made.assignments == ()
    assert made.fallback is not None
    assert (made.fallback.action, made.fallback.queue) == (Action.PARK, "uncovered-orders")
    assert "no profile of the rules fits this order" in made.explanation


def test_a_profile_whose_condition_fails_parks_the_order_where_no_other_fits():
    known = _profiles({"name": "web", "when": FAILS})
    made = plan(demand(("TEE", 1), priority=7), [DC], _both(), rules=known)
    assert made.assignments == ()
    assert made.fallback is not None
    assert made.fallback.queue == "failed-rules"
    assert made.warnings[0].startswith("profile 'web' was passed over")


@pytest.mark.parametrize(
    ("fallback", "said"),
    [
        ({"action": "BACKORDER"}, "will wait for stock"),
        ({"action": "PARK", "queue": "desk"}, "will be parked in queue 'desk'"),
        ({"action": "HOLD", "hold_type": "COMPLIANCE"}, "will be held (COMPLIANCE)"),
    ],
)
def test_what_nobody_ships_becomes_what_the_profile_says(fallback, said):
    made = plan(demand(("GONE", 2)), [DC], {}, rules=rules({}, fallback=fallback))
    assert made.fallback is not None
    assert made.fallback.action.value == fallback["action"]
    assert f"2 × GONE {said}" in made.explanation


def test_what_is_parked_is_cancelled_after_as_many_days_as_the_profile_says():
    parked = rules({}, fallback={"action": "PARK", "queue": "desk", "auto_cancel_days": 14})
    made = plan(demand(("GONE", 1)), [DC], {}, rules=parked)
    assert made.auto_cancel_time == NOW + timedelta(days=14)
    assert "cancelled on 16 Mar 2026 if nothing happens" in made.explanation


def test_a_plan_that_ships_all_has_no_fallback():
    parked = rules({}, fallback={"action": "PARK", "queue": "desk", "auto_cancel_days": 14})
    made = plan(demand(("TEE", 1)), [DC], _both(), rules=parked)
    assert (made.fallback, made.auto_cancel_time) == (None, None)


def test_whoever_asks_for_a_method_gets_it_within_what_the_rules_allow():
    known = rules({"nodes": "node.type != 'STORE'", "accept": "plan.cost < 0.0"})
    near = replace(SHOP, point=Point(40.75, -74.0))
    stock = {"shop": {"TEE": 1}, **_both()}
    made = plan(demand(("TEE", 1), method=Method.NEAREST), [near, DC, WEST], stock, rules=known)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert trials(made) == [("NEAREST", "CHOSEN")]


def test_whoever_asks_for_a_method_gets_the_strategy_that_is_meant_for_the_order():
    known = rules(
        {"name": "bulk", "when": "order.units > 100", "nodes": "node.node_id == 'dc-west'"},
        {"name": "parcel", "nodes": "node.node_id == 'dc-east'"},
    )
    made = plan(demand(("TEE", 1), method=Method.MOST_STOCK), [DC, WEST], _both(), rules=known)
    assert set(shipped(made)) == {"dc-east"}


def test_a_node_that_must_be_part_of_it_is_and_the_plan_says_what_that_costs():
    free = plan(demand(("TEE", 1)), [DC, WEST], _both())
    made = plan(demand(("TEE", 1)), [DC, WEST], _both(), required=frozenset({"dc-west"}))
    assert set(shipped(made)) == {"dc-west"}
    assert made.total_cost.minor > free.total_cost.minor
    gone = plan(demand(("TEE", 1)), [DC, WEST], _both(), required=frozenset({"nowhere"}))
    assert trials(gone) == [("least cost", "NO_PLAN")]


def _both() -> dict[str, dict[str, int]]:
    return {"dc-east": {"TEE": 9}, "dc-west": {"TEE": 9}}


def test_where_lines_stay_whole_those_of_one_sku_stay_together():
    """They are planned as one: a node ships all of them or none."""
    stock = {"dc-east": {"TEE": 2}, "dc-west": {"TEE": 2}}
    made = plan(demand(("TEE", 2), ("TEE", 2)), [DC, WEST], stock, rules=rules({"whole_lines": True}))
    assert shipped(made) == {}

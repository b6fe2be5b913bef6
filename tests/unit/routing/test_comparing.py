"""Plans held against each other: in words for one order, in sums for many."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.money import Money
from services.routing.domain.comparing import MOST_CHANGES, Comparing, differences, takes
from services.routing.domain.demand import Destination
from services.routing.domain.outline import Leg, Outline, outline
from services.routing.domain.pieces import Piece
from services.routing.domain.rules import BUILTIN, Rules, Scope
from services.routing.wire_rehearsal import outline_document, read_outline
from tests.unit.routing import build


def leg(node_id: str, *units: tuple[str, int], days: int = 3, cents: int = 900, service: str = "ups ground") -> Leg:
    pieces = tuple(Piece(f"l{number}", sku, quantity) for number, (sku, quantity) in enumerate(units, start=1))
    return Leg(
        node_id=node_id,
        service=service,
        pieces=pieces,
        cost=Money(cents, "USD"),
        promise_time=build.NOW + timedelta(days=days),
    )


def plan(*legs: Leg, cents: int = 900, **changes: Any) -> Outline:
    values: dict[str, Any] = {
        "rule_version": "us@1",
        "profile": "all",
        "strategy": "least cost",
        "legs": legs,
        "left": (),
        "action": "",
        "terms": {"shipping": Money(cents - 100, "USD"), "handling": Money(100, "USD")},
        "total_cost": Money(cents, "USD"),
        "create_time": build.NOW,
        "due_time": None,
        "warnings": (),
    }
    return Outline(**(values | changes))


EAST = plan(leg("dc-east", ("TEE", 2)))


def test_of_equal_plans_nothing_is_different():
    assert differences(EAST, EAST) == []


def test_another_node_is_told_first_then_what_it_costs_and_when_it_is_there():
    west = plan(leg("dc-west", ("TEE", 2), days=5, cents=1100), cents=1100)
    assert differences(EAST, west) == [
        "dc-east does not ship 2 × TEE by ups ground for 9.00 USD",
        "dc-west ships 2 × TEE by ups ground for 11.00 USD",
        "it costs 11.00 USD instead of 9.00 USD: shipping 2.00 USD more",
        "the last delivery is promised for 7 Mar 2026 17:00 UTC instead of 5 Mar 2026 17:00 UTC, 2.0 days later",
    ]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (plan(leg("dc-east", ("TEE", 1))), "dc-east ships 1 × TEE instead of 2 × TEE"),
        (plan(leg("dc-east", ("TEE", 2), service="ups air")), "dc-east ships by ups air instead of ups ground"),
        (plan(left=(Piece("l1", "TEE", 2),)), "2 × TEE is shipped by nobody, instead of nothing"),
        (
            replace(EAST, rule_version="us@2", strategy="cheap"),
            "it is decided by 'cheap' of profile 'all' in us@2 instead of 'least cost' of profile 'all' in us@1",
        ),
        (replace(EAST, profile="", strategy=""), "it is decided by no strategy of us@1"),
        (
            replace(EAST, create_time=build.NOW - timedelta(days=1)),
            "it takes 4.0 days until the last delivery instead of 3.0",
        ),
    ],
)
def test_each_difference_has_its_sentence(after: Outline, said: str):
    assert any(one.startswith(said) for one in differences(EAST, after))


def test_costs_in_two_currencies_are_compared_in_that_of_the_second():
    euros = replace(EAST, terms={"shipping": Money(900, "EUR")}, total_cost=Money(900, "EUR"))
    assert differences(EAST, euros) == [
        "it costs 9.00 EUR instead of 8.74 EUR: shipping 1.23 EUR more, handling 0.97 EUR less"
    ]


def test_sums_are_those_of_each_side():
    comparing = Comparing("USD")
    late = replace(EAST, due_time=build.NOW + timedelta(days=1))
    split = plan(leg("dc-east", ("TEE", 1)), leg("dc-west", ("TEE", 1), days=5), cents=2000)
    left = plan(left=(Piece("l1", "TEE", 2),), action="PARK", profile="", strategy="", terms={}, cents=0)
    comparing.add("ord_1", "dec_1", baseline=EAST, tried=EAST)
    comparing.add("ord_2", "dec_2", baseline=late, tried=split)
    comparing.add("ord_3", "dec_3", baseline=EAST, tried=replace(left, warnings=("odd", "odd")))
    assert (comparing.orders, comparing.changed_orders) == (3, 2)
    assert (comparing.uncovered_order_ids, comparing.failed_orders, comparing.failures) == (["ord_3"], 1, ["odd"])
    tried, baseline = comparing.tried, comparing.baseline
    assert (tried.cost, tried.shipping_cost, tried.shipments, tried.split_orders) == (2900, 2700, 3, 1)
    assert (tried.unplanned_orders, tried.fallback_units, tried.average_delivery_days) == (1, {"PARK": 2}, 4.0)
    assert (baseline.cost, baseline.late_orders, baseline.node_shipments) == (2700, 1, {"dc-east": 3})
    assert [(one.order_id, one.cost_difference) for one in comparing.changes] == [("ord_2", 1100), ("ord_3", -900)]
    assert comparing.changes[0].tried == "dc-east by ups ground: 1 × TEE; dc-west by ups ground: 1 × TEE"
    assert comparing.changes[1].tried == "nobody: 2 × TEE"


def test_only_the_greatest_changes_are_kept_by_money_then_by_days():
    comparing = Comparing("USD")
    for number in range(3 * MOST_CHANGES):
        tried = plan(leg("dc-west", ("TEE", 2), days=number % 7), cents=900 + 100 * (number % 80))
        comparing.add(f"ord_{number}", "", baseline=EAST, tried=tried)
    kept = [(abs(one.cost_difference), abs(one.days_difference)) for one in comparing.changes]
    assert len(kept) == MOST_CHANGES
    assert kept == sorted(kept, reverse=True)
    assert comparing.changed_orders == 3 * MOST_CHANGES


def test_a_shadow_remembers_all_that_is_compared():
    made = build.plan(build.demand(("TEE", 2), ("MUG", 9)), [build.node("dc-east")], {"dc-east": {"TEE": 2, "MUG": 4}})
    seen = build.inputs(build.demand(("TEE", 2)), [build.node("dc-east")], {})
    one = outline(seen, made)
    assert read_outline(outline_document(one)) == one
    assert one.left == (Piece("l2", "MUG", 5),)


def rules(version: str, **scope: frozenset[str]) -> Rules:
    return replace(BUILTIN, version=version, scope=Scope(**scope))


def test_a_set_takes_the_orders_that_no_narrower_one_takes():
    us, web = frozenset({"US"}), frozenset({"web"})
    tried, narrow, old = rules("us@4", country_codes=us), rules("web@1", channels=web), rules("us@3", country_codes=us)
    demand = build.demand(("TEE", 1), channel="web")
    assert takes(tried, [old], demand)
    assert not takes(tried, [old, narrow], demand)
    assert takes(tried, [old, narrow], replace(demand, channel="shop"))
    assert not takes(tried, [], replace(demand, destination=Destination(country_code="DE")))

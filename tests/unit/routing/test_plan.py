from dataclasses import replace

import pytest

from services.kernel.money import Money
from services.routing.domain.demand import Demand, DemandLine, Destination, DuplicateLine, Exclusion, Method
from services.routing.domain.geo import Point
from services.routing.domain.node import NodeType
from tests.unit.routing.build import (
    candidate,
    cents,
    demand,
    left,
    node,
    plan,
    service,
    shipped,
    surcharge,
)

EAST = node("dc-east")
WEST = node("dc-west", point=Point(39.5, -119.8), time_zone="America/Los_Angeles")
SHOP = node(
    "store-7",
    type=NodeType.STORE,
    point=Point(40.72, -74.0),
    order_cost=Money(350, "USD"),
    capabilities=("ship-from-store",),
)


def test_one_node_that_has_everything_ships_everything():
    made = plan(demand(("TEE", 2), ("MUG", 1)), [EAST, WEST], {"dc-east": {"TEE": 9, "MUG": 9}, "dc-west": {"TEE": 9}})
    assert shipped(made) == {"dc-east": {"l1": 2, "l2": 1}}
    assert made.unplanned == ()


def test_least_cost_takes_the_cheaper_of_two_that_have_everything():
    stock = {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1}}
    made = plan(demand(("TEE", 1)), [EAST, WEST], stock)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert candidate(made, "dc-west").reason == "COSTLIER"


def test_the_total_is_shipping_and_handling_and_the_penalty_of_the_split():
    made = plan(demand(("A", 1), ("B", 1)), [EAST, WEST], {"dc-east": {"A": 1}, "dc-west": {"B": 1}})
    # 4.90 + 0.40 within 200 km, 9.40 + 1.00 across the country, 1.10 handling each, 5.00 for the second shipment.
    assert made.total_cost == Money(530 + 1040 + 110 + 110 + 500, "USD")
    assert [cents(it.terms) for it in made.assignments] == [
        {"shipping": 530, "handling": 110},
        {"shipping": 1040, "handling": 110},
    ]
    assert cents(made.terms) == {"shipping": 1570, "handling": 220, "splitting": 500}


def test_a_line_is_cut_only_where_nobody_has_all_of_it():
    stock = {"dc-east": {"TEE": 3}, "dc-west": {"TEE": 4}}
    assert shipped(plan(demand(("TEE", 4)), [EAST, WEST], stock)) == {"dc-west": {"l1": 4}}
    assert shipped(plan(demand(("TEE", 6)), [EAST, WEST], stock)) == {"dc-east": {"l1": 3}, "dc-west": {"l1": 3}}


def test_least_cost_cuts_a_line_where_carrying_it_far_costs_more_than_the_split():
    stock = {"dc-east": {"TEE": 90}, "dc-west": {"TEE": 100}}
    assert shipped(plan(demand(("TEE", 100)), [EAST, WEST], stock)) == {"dc-east": {"l1": 90}, "dc-west": {"l1": 10}}


def test_fewest_splits_sends_one_parcel_though_two_were_cheaper():
    stock = {"dc-east": {"TEE": 90}, "dc-west": {"TEE": 100}}
    made = plan(demand(("TEE", 100), method=Method.FEWEST_SPLITS), [EAST, WEST], stock)
    assert shipped(made) == {"dc-west": {"l1": 100}}


def test_nearest_begins_with_the_nearest_though_it_is_dearer():
    stock = {"dc-east": {"TEE": 2}, "store-7": {"TEE": 2}, "dc-west": {"TEE": 2}}
    made = plan(demand(("TEE", 2), method=Method.NEAREST), [EAST, SHOP, WEST], stock)
    assert shipped(made) == {"store-7": {"l1": 2}}
    assert candidate(made, "dc-east").reason == "FARTHER"


def test_most_stock_begins_with_the_node_that_has_most_of_it():
    stock = {"dc-east": {"A": 1}, "dc-west": {"A": 1, "B": 1}}
    made = plan(demand(("A", 1), ("B", 1), method=Method.MOST_STOCK), [EAST, WEST], stock)
    assert shipped(made) == {"dc-west": {"l1": 1, "l2": 1}}
    assert candidate(made, "dc-east").reason == "LESS_STOCK"


def test_most_stock_prefers_the_fuller_shelf_where_both_have_everything():
    stock = {"dc-east": {"A": 2}, "dc-west": {"A": 500}}
    assert shipped(plan(demand(("A", 2), method=Method.MOST_STOCK), [EAST, WEST], stock)) == {"dc-west": {"l1": 2}}


def test_what_nobody_has_is_unplanned_for_want_of_stock():
    made = plan(demand(("TEE", 5), ("MUG", 1)), [EAST], {"dc-east": {"TEE": 3}})
    assert shipped(made) == {"dc-east": {"l1": 3}}
    assert [(it.line_id, it.quantity, it.reason) for it in made.unplanned] == [
        ("l1", 2, "NO_STOCK"),
        ("l2", 1, "NO_STOCK"),
    ]


def test_scarce_units_go_to_the_lines_that_come_first():
    made = plan(demand(("TEE", 2), ("TEE", 5)), [EAST], {"dc-east": {"TEE": 4}})
    assert shipped(made) == {"dc-east": {"l1": 2, "l2": 2}}


def test_an_order_that_must_ship_complete_ships_nothing_where_a_unit_is_missing():
    made = plan(demand(("TEE", 2), ("MUG", 1), ship_complete=True), [EAST], {"dc-east": {"TEE": 9}})
    assert made.assignments == ()
    assert made.total_cost == Money(0, "USD")
    assert [(it.quantity, it.reason) for it in made.unplanned] == [(2, "SHIP_COMPLETE"), (1, "NO_STOCK")]
    assert candidate(made, "dc-east").reason == "SHIP_COMPLETE"
    assert made.explanation.startswith(
        "Nothing ships: the order must ship complete, and there is not enough for 1 × MUG"
    )


def test_an_order_that_must_ship_complete_may_still_be_split():
    stock = {"dc-east": {"TEE": 1}, "dc-west": {"MUG": 1}}
    made = plan(demand(("TEE", 1), ("MUG", 1), ship_complete=True), [EAST, WEST], stock)
    assert set(shipped(made)) == {"dc-east", "dc-west"}


def test_a_disabled_node_gets_no_work_and_says_why():
    off = replace(EAST, disabled=True, disabled_reason="stocktaking")
    made = plan(demand(("TEE", 1)), [off, WEST], {"dc-east": {"TEE": 9}, "dc-west": {"TEE": 9}})
    assert shipped(made) == {"dc-west": {"l1": 1}}
    assert candidate(made, "dc-east").reason == "DISABLED"
    assert "stocktaking" in candidate(made, "dc-east").explanation


def test_a_node_that_does_not_serve_the_country_gets_no_work():
    home = replace(EAST, serves_country_codes=("US", "CA"))
    to_brazil = demand(("TEE", 1), destination=Destination(country_code="BR"))
    made = plan(to_brazil, [home], {"dc-east": {"TEE": 9}}, None)
    assert candidate(made, "dc-east").reason == "DOES_NOT_SERVE_DESTINATION"
    assert [it.reason for it in made.unplanned] == ["NO_NODE_SERVES_DESTINATION"]
    assert "No node ships to BR" in made.explanation


@pytest.mark.parametrize(
    "changes", [{"type": NodeType.PICKUP_POINT}, {"type": NodeType.STORE, "capabilities": ("pickup",)}]
)
def test_a_place_that_only_hands_over_ships_nothing(changes):
    made = plan(demand(("TEE", 1)), [node("corner-shop", **changes)], {"corner-shop": {"TEE": 9}})
    assert made.assignments == ()
    assert candidate(made, "corner-shop").reason == "DOES_NOT_SERVE_DESTINATION"


def test_an_excluded_node_gets_nothing():
    wanted = demand(("TEE", 1), exclusions=frozenset({Exclusion(node_id="dc-east")}))
    made = plan(wanted, [EAST, WEST], {"dc-east": {"TEE": 9}, "dc-west": {"TEE": 9}})
    assert shipped(made) == {"dc-west": {"l1": 1}}
    assert candidate(made, "dc-east").reason == "EXCLUDED"


def test_a_node_excluded_for_one_sku_ships_the_others():
    wanted = demand(("TEE", 1), ("MUG", 1), exclusions=frozenset({Exclusion(node_id="dc-east", sku="TEE")}))
    stock = {"dc-east": {"TEE": 9, "MUG": 9}, "dc-west": {"TEE": 9}}
    assert shipped(plan(wanted, [EAST, WEST], stock)) == {"dc-east": {"l2": 1}, "dc-west": {"l1": 1}}


def test_ties_go_to_the_node_whose_id_comes_first():
    twins = [node("b"), node("a")]
    made = plan(demand(("TEE", 1)), twins, {"a": {"TEE": 1}, "b": {"TEE": 1}})
    assert shipped(made) == {"a": {"l1": 1}}
    assert "between equals the first id wins" in candidate(made, "b").explanation


def test_every_node_is_a_candidate_and_the_chosen_come_first():
    far = node("z-far", serves_country_codes=("NZ",))
    stock = {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 9}}
    made = plan(demand(("TEE", 1)), [far, node("empty"), WEST, EAST], stock)
    assert [one.node_id for one in made.candidates] == ["dc-east", "dc-west", "empty", "z-far"]
    assert [one.reason for one in made.candidates] == ["CHOSEN", "COSTLIER", "NO_STOCK", "DOES_NOT_SERVE_DESTINATION"]


def test_the_explanation_says_who_and_why_not_the_nearer_one():
    stock = {"dc-east": {"TEE-BLK-M": 5, "MUG": 5}, "store-7": {"TEE-BLK-M": 1, "MUG": 5}}
    made = plan(demand(("TEE-BLK-M", 2), ("MUG", 1)), [EAST, SHOP], stock)
    assert made.explanation == (
        "dc-east ships both lines for 7.30 USD (42 km, promised 3 Mar 2026); "
        "store-7 was nearer but has 1 of 2 TEE-BLK-M. Decided by 'least cost' of builtin@2."
    )


def test_a_thousand_lines_do_not_make_an_explanation_of_a_thousand_words():
    made = plan(demand(*((f"SKU-{number}", 2) for number in range(1000))), [EAST], {"dc-east": {"SKU-1": 1}})
    assert len(made.explanation) < 400
    assert "and 997 more" in made.explanation


def test_where_the_distance_is_unknown_the_zone_decides():
    abroad = demand(("TEE", 1), destination=Destination(country_code="ZZ"), method=Method.NEAREST)
    made = plan(abroad, [EAST, WEST], {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1}}, None)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert made.assignments[0].distance_km is None
    assert made.shipping_cost == Money(2490 + 420, "USD")


def test_costs_in_other_currencies_are_compared_in_one():
    dear = node("a-pound", order_cost=Money(100, "GBP"), line_cost=Money(0, "GBP"))
    cheap = node("b-dollar", order_cost=Money(100, "USD"), line_cost=Money(0, "USD"))
    made = plan(demand(("TEE", 1)), [dear, cheap], {"a-pound": {"TEE": 1}, "b-dollar": {"TEE": 1}})
    assert shipped(made) == {"b-dollar": {"l1": 1}}
    assert candidate(made, "a-pound").terms["handling"] == Money(124, "USD")


def test_a_set_of_two_is_taken_where_three_would_be_cheaper_but_for_the_penalty():
    def shop(node_id: str, dollars: int = 0, **changes):
        return node(node_id, order_cost=Money(dollars * 100, "USD"), line_cost=Money(0, "USD"), **changes)

    # x ships A and B for 13.30, where a and b ask 6.10 each: cheaper by 1.10, and dearer by a shipment. The full node
    # d is nearest and dearest, so that none of the greedy choices comes upon x and y.
    nodes = [shop("a"), shop("b"), shop("d", 50, point=Point(40.75, -74.0)), shop("x", 6), shop("y")]
    stock = {"a": {"A": 3}, "b": {"B": 3}, "d": {"A": 2, "B": 2, "C": 3}, "x": {"A": 3, "B": 3}, "y": {"C": 3}}
    made = plan(demand(("A", 3), ("B", 3), ("C", 3)), nodes, stock)
    assert set(shipped(made)) == {"x", "y"}
    assert made.total_cost == Money(1330 + 610 + 500, "USD")


def test_two_lines_of_one_sku_that_both_must_be_cut_share_what_is_left():
    stock = {"dc-east": {"TEE": 3}, "dc-west": {"TEE": 3}}
    made = plan(demand(("TEE", 4), ("TEE", 2), method=Method.NEAREST), [EAST, WEST], stock)
    assert sum(sum(lines.values()) for lines in shipped(made).values()) == 6
    assert {node_id: sum(lines.values()) for node_id, lines in shipped(made).items()} == {"dc-east": 3, "dc-west": 3}


def test_a_third_node_that_makes_two_shipments_needless_is_found_though_no_greedy_choice_finds_it():
    # The fullest node first leads to three shipments; two others have everything between them.
    nodes = [node("a-full"), node("b-left"), node("c-right")]
    stock = {"a-full": {"A": 2, "B": 2}, "b-left": {"A": 3}, "c-right": {"B": 3}}
    made = plan(demand(("A", 3), ("B", 3)), nodes, stock)
    assert shipped(made) == {"b-left": {"l1": 3}, "c-right": {"l2": 3}}


def test_two_lines_of_one_sku_share_its_stock():
    made = plan(demand(("TEE", 2), ("TEE", 2)), [EAST, WEST], {"dc-east": {"TEE": 2}, "dc-west": {"TEE": 2}})
    assert shipped(made) == {"dc-east": {"l1": 2}, "dc-west": {"l2": 2}}


def test_the_same_line_twice_is_refused():
    line = DemandLine(line_id="l1", sku="TEE", quantity=1)
    with pytest.raises(DuplicateLine):
        Demand(lines=(line, line), destination=Destination(country_code="US"))


def test_forty_nodes_and_a_thousand_lines_are_planned_whole():
    nodes = [node(f"n{number:02}", order_cost=Money(100 + number, "USD")) for number in range(40)]
    lines = [(f"SKU-{number}", 3) for number in range(1000)]
    stock = {one.node_id: {sku: 1 for sku, _ in lines[index % 7 :: 3]} for index, one in enumerate(nodes)}
    made = plan(demand(*lines), nodes, stock)
    assert sum(units for skus in shipped(made).values() for units in skus.values()) == 3000


def test_no_plan_costs_less_than_the_least_cost_though_cents_are_rounded():
    # 3.743 for each parcel: 7.486 together, and 3.74 twice.
    odd = [service("odd", parcel_price=Money(333, "USD"), surcharges=(surcharge(basis_points=1240),))]
    made = plan(demand(("A", 1), ("B", 1)), [EAST, WEST], {"dc-east": {"A": 1}, "dc-west": {"B": 1}}, services=odd)
    assert made.proven
    assert made.least_cost == made.total_cost


def test_lines_of_one_sku_are_served_in_their_order_where_there_are_too_few_units():
    made = plan(demand(("TEE", 5), ("TEE", 2)), [EAST, WEST], {"dc-east": {"TEE": 3}, "dc-west": {"TEE": 1}})
    assert shipped(made) == {"dc-east": {"l1": 3}, "dc-west": {"l1": 1}}
    assert left(made) == [("l1", 1, "NO_STOCK"), ("l2", 2, "NO_STOCK")]

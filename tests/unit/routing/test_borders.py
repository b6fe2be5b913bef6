"""What lies between a node and a destination, and where goods come back to."""

from dataclasses import replace

import pytest

from services.kernel.money import Money
from services.routing.domain.demand import Demand, DemandLine, Destination
from services.routing.domain.geo import Place, Point, Precision
from tests.unit.routing.build import cents, left, node, only, plan, rules, service, shipped, trials

BERLIN = Place(Point(52.5, 13.4), Precision.POSTAL_CODE, "Europe/Berlin")
LEEDS = node("dc-uk", country_code="GB", time_zone="Europe/London", point=Point(53.8, -1.5))
LEIPZIG = node("dc-eu", country_code="DE", time_zone="Europe/Berlin", point=Point(51.3, 12.4))
GROUND = [service("ground")]
STOCK = {"dc-uk": {"TEE": 9}, "dc-eu": {"TEE": 9}}

IOSS = {
    "to_country_codes": ["DE"],
    "when": "order.goods_value <= 150.0",
    "flags": ["CUSTOMS_DECLARATION", "IOSS"],
    "clearance_cost": "3.00 USD",
}
FULL = {
    "from_country_codes": ["GB"],
    "to_country_codes": ["DE"],
    "flags": ["CUSTOMS_DECLARATION", "EORI"],
    "duty_basis_points": 1000,
    "tax_basis_points": 2000,
    "clearance_cost": "15.00 USD",
}
BORDERS = rules({}, borders=[IOSS, FULL])


def to_berlin(*prices: int, units: int = 1, currency_code: str = "USD") -> Demand:
    """Return lines of one SKU at these prices."""
    lines = tuple(
        DemandLine(line_id=f"l{number}", sku="TEE", quantity=units, unit_price=Money(price, currency_code))
        for number, price in enumerate(prices)
    )
    return Demand(lines=lines, destination=Destination(country_code="DE", postal_code="10115"))


def over(wanted: Demand, nodes=(LEEDS,), **changes):
    return plan(wanted, nodes, STOCK, BERLIN, services=GROUND, **({"rules": BORDERS} | changes))


def test_there_is_no_border_within_a_country():
    assignment = only(over(to_berlin(100_000), [LEIPZIG]))
    assert assignment.border_flags == ()
    assert "duty and tax" not in assignment.terms


def test_the_first_border_that_fits_says_what_must_be_seen_to():
    assert only(over(to_berlin(10_000))).border_flags == ("CUSTOMS_DECLARATION", "IOSS")
    assert only(over(to_berlin(20_000))).border_flags == ("CUSTOMS_DECLARATION", "EORI")


@pytest.mark.parametrize(("price", "flag"), [(15_000, "IOSS"), (15_001, "EORI")])
def test_the_threshold_is_the_value_of_all_goods_to_the_cent(price, flag):
    assert flag in only(over(to_berlin(price))).border_flags
    assert flag in only(over(to_berlin(price - 5_000, 5_000))).border_flags


def test_goods_in_another_currency_are_worth_as_much_as_in_that_of_the_rules():
    # 1.03 dollars for a euro: 145 are 149.35, 146 are 150.38.
    assert "IOSS" in only(over(to_berlin(14_500, currency_code="EUR"))).border_flags
    assert "EORI" in only(over(to_berlin(14_600, currency_code="EUR"))).border_flags


def test_each_line_is_worth_its_own_price_though_they_are_of_one_sku():
    assert "IOSS" in only(over(to_berlin(9_000, 1_000, 0))).border_flags


def test_duty_is_on_the_goods_and_tax_on_goods_duty_and_carriage():
    made = over(to_berlin(20_000, units=2))
    # Goods of 400.00: 40.00 of duty; a fifth of 400.00 + 40.00 + 5.00 is 89.00; 15.00 for the declaration.
    assert cents(made.terms) == {"shipping": 500, "handling": 110, "duty and tax": 4_000 + 8_900 + 1_500}


def test_a_declaration_costs_once_for_a_shipment_and_not_for_a_unit():
    assert cents(over(to_berlin(1_000, units=9)).terms)["duty and tax"] == 300


def test_a_border_makes_the_dearer_node_on_this_side_the_cheaper_one():
    dear = replace(LEIPZIG, order_cost=Money(350, "USD"))
    assert set(shipped(over(to_berlin(1_000), [LEEDS, dear]))) == {"dc-eu"}
    assert set(shipped(over(to_berlin(1_000), [LEEDS, dear], rules=rules({})))) == {"dc-uk"}


def test_dear_goods_cross_a_border_where_nobody_else_has_them():
    # 5,000.00 of goods: more duty and tax than anything else costs, and still it is shipped.
    made = over(to_berlin(500_000))
    assert set(shipped(made)) == {"dc-uk"}
    assert cents(made.terms)["duty and tax"] > 150_000


def test_rules_can_keep_out_of_customs_first_and_give_way_then():
    careful = rules(
        {
            "name": "no border",
            "services": "service.landed_cost <= 0.0",
            "accept": "plan.left_units == 0",
        },
        {"name": "any"},
        borders=[IOSS, FULL],
    )
    made = over(to_berlin(1_000), [LEEDS, LEIPZIG], rules=careful)
    assert trials(made) == [("no border", "CHOSEN")]
    made = plan(to_berlin(1_000), [LEEDS, LEIPZIG], {"dc-uk": {"TEE": 1}}, BERLIN, services=GROUND, rules=careful)
    assert trials(made) == [("no border", "NO_PLAN"), ("any", "CHOSEN")]
    assert set(shipped(made)) == {"dc-uk"}


def test_rules_see_what_a_border_would_cost_for_all_goods():
    dear = rules({"services": "service.landed_cost < 75.0"}, borders=[FULL])
    # 30 % of 199.00 and 15.00 are 74.70.
    assert over(to_berlin(19_900), rules=dear).assignments
    assert left(over(to_berlin(20_100), rules=dear)) == [("l0", 1, "NOT_ALLOWED")]


def test_a_condition_of_a_border_that_fails_is_no_free_border():
    failing = rules({"name": "all"}, borders=[{"flags": ["IOSS"], "when": "1 / (order.priority - 7) < 99"}])
    made = over(replace(to_berlin(1_000), priority=7), rules=failing)
    assert made.assignments == ()
    assert trials(made) == [("all", "FAILED")]
    assert left(made) == [("l0", 1, "RULE_FAILED")]
    assert over(replace(to_berlin(1_000), priority=6), rules=failing).assignments


def test_what_is_collected_in_another_country_crosses_the_border_to_there():
    shop = replace(LEIPZIG, node_id="shop", capabilities=("pickup",))
    home = Destination(country_code="GB")
    made = over(replace(to_berlin(1_000), destination=home, pickup_node_id="shop"), [shop, LEEDS])
    assert "IOSS" in only(made).border_flags


def test_goods_come_back_to_where_the_rules_say_for_that_destination():
    paths = [{"country_codes": ["FR"], "node_id": "paris"}, {"country_codes": ["DE", "AT"], "node_id": "leipzig"}]
    assert only(over(to_berlin(1_000), rules=rules({}, return_paths=paths))).return_node_id == "leipzig"
    anywhere = [*paths[:1], {"node_id": "anywhere"}]
    assert only(over(to_berlin(1_000), rules=rules({}, return_paths=anywhere))).return_node_id == "anywhere"


def test_goods_come_back_to_the_nearest_of_their_country_that_takes_returns():
    def taking(node_id: str, **changes):
        return node(node_id, capabilities=("returns",), **changes)

    prague = taking("a-prague", country_code="CZ", point=Point(50.1, 14.4))
    munich = taking("b-munich", country_code="DE", point=Point(48.1, 11.6))
    hamburg = taking("c-hamburg", country_code="DE", point=Point(53.6, 10.0))
    nodes = [LEEDS, prague, munich, hamburg]
    assert only(over(to_berlin(1_000), nodes)).return_node_id == "c-hamburg"
    assert only(over(to_berlin(1_000), nodes[:2])).return_node_id == "a-prague"
    assert only(over(to_berlin(1_000), nodes[:1])).return_node_id == ""

"""What each node could do for an order: what it can, what it may, and what every cent is for."""

from dataclasses import replace

import pytest

from services.kernel.money import Money
from services.routing.domain.calendar import Calendar
from services.routing.domain.demand import Demand, Exclusion, ServiceLevel
from services.routing.domain.geo import Point
from services.routing.domain.node import NodeType
from services.routing.domain.product import Product
from tests.unit.routing.build import candidate, cents, demand, left, node, only, plan, rules, service, shipped

DC = node("dc-east")
FAR = node("dc-far", order_cost=Money(300, "USD"))
BOTH = {"dc-east": {"TEE": 9}, "dc-far": {"TEE": 9}}


def needing(*capabilities: str) -> Demand:
    wanted = demand(("TEE", 1))
    return replace(wanted, lines=(replace(wanted.lines[0], required_capabilities=capabilities),))


@pytest.mark.parametrize("capability", ["hazmat", "cold", "gift-wrap"])
def test_what_needs_a_capability_comes_from_a_node_that_has_it(capability):
    made = plan(needing(capability), [DC, replace(FAR, capabilities=(capability,))], BOTH)
    assert shipped(made) == {"dc-far": {"l1": 1}}
    assert candidate(made, "dc-east").reason == "NO_CAPABILITY"
    assert candidate(made, "dc-east").explanation == f"cannot do {capability}"


def test_a_node_must_have_every_capability_that_is_needed():
    able = replace(FAR, capabilities=("cold",))
    made = plan(needing("hazmat", "cold"), [able], BOTH)
    assert made.assignments == ()
    assert left(made) == [("l1", 1, "NOT_ALLOWED")]
    assert candidate(made, "dc-far").explanation == "cannot do hazmat"


def test_what_a_product_needs_is_needed_though_no_line_says_so():
    cold = {"TEE": Product(sku="TEE", required_capabilities=("cold",))}
    made = plan(demand(("TEE", 1)), [DC, replace(FAR, capabilities=("cold",))], BOTH, products=cold)
    assert shipped(made) == {"dc-far": {"l1": 1}}


def test_a_line_that_needs_a_capability_does_not_send_the_others_with_it():
    wanted = demand(("TEE", 1), ("MUG", 1))
    wanted = replace(wanted, lines=(replace(wanted.lines[0], required_capabilities=("gift-wrap",)), wanted.lines[1]))
    stock = {"dc-east": {"TEE": 1, "MUG": 1}, "dc-far": {"TEE": 1}}
    made = plan(wanted, [DC, replace(FAR, capabilities=("gift-wrap",))], stock)
    assert shipped(made) == {"dc-east": {"l2": 1}, "dc-far": {"l1": 1}}


@pytest.mark.parametrize("capability", ["hazmat", "cold"])
def test_what_is_dangerous_or_cold_goes_by_a_service_that_carries_it(capability):
    plain, able = service("plain", capabilities=frozenset()), service("able", parcel_price=Money(2_000, "USD"))
    made = plan(needing(capability), [replace(DC, capabilities=(capability,))], BOTH, services=[plain, able])
    assert only(made).service_code == "able"


def test_gift_wrap_is_no_matter_for_the_carrier():
    plain = service("plain", capabilities=frozenset())
    made = plan(needing("gift-wrap"), [replace(DC, capabilities=("gift-wrap",))], BOTH, services=[plain])
    assert only(made).service_code == "plain"


def test_a_node_whose_carriers_take_none_of_what_it_has_says_so():
    plain, stock = service("plain", capabilities=frozenset()), {"dc-east": {"TEE": 1}, "dc-far": {"MUG": 1}}
    wanted = demand(("TEE", 1), ("MUG", 1))
    wanted = replace(wanted, lines=(replace(wanted.lines[0], required_capabilities=("hazmat",)), wanted.lines[1]))
    made = plan(wanted, [replace(DC, capabilities=("hazmat",)), FAR], stock, services=[plain])
    assert shipped(made) == {"dc-far": {"l2": 1}}
    assert candidate(made, "dc-east").reason == "NO_CARRIER"
    assert left(made) == [("l1", 1, "NOT_ALLOWED")]


def test_a_store_ships_only_where_it_is_said_to():
    shop = node("shop", type=NodeType.STORE, capabilities=("pickup",))
    stock = {"shop": {"TEE": 1}}
    assert plan(demand(("TEE", 1)), [shop], stock).assignments == ()
    able = replace(shop, capabilities=("ship-from-store",))
    assert shipped(plan(demand(("TEE", 1)), [able], stock)) == {"shop": {"l1": 1}}


@pytest.mark.parametrize("kind", [NodeType.DROP_SHIP, NodeType.THIRD_PARTY])
def test_a_supplier_or_a_partner_ships_as_a_distribution_centre_does(kind):
    made = plan(demand(("TEE", 1)), [node("partner", type=kind)], {"partner": {"TEE": 1}})
    assert shipped(made) == {"partner": {"l1": 1}}


def test_rules_may_ask_a_supplier_last():
    last = rules({"criteria": [{"name": "supplier", "score": "node.type == 'DROP_SHIP' ? 30.0 : 0.0"}]})
    nodes, stock = [node("a-supplier", type=NodeType.DROP_SHIP), FAR], {"a-supplier": {"TEE": 1}, "dc-far": {"TEE": 1}}
    assert set(shipped(plan(demand(("TEE", 1)), nodes, stock))) == {"a-supplier"}
    assert set(shipped(plan(demand(("TEE", 1)), nodes, stock, rules=last))) == {"dc-far"}


def test_a_node_of_other_programmes_ships_none_of_this_one():
    other = replace(DC, programs=("outlet", "marketplace"))
    made = plan(demand(("TEE", 1), program="main"), [other, FAR], BOTH)
    assert shipped(made) == {"dc-far": {"l1": 1}}
    assert candidate(made, "dc-east").reason == "OTHER_PROGRAM"
    assert set(shipped(plan(demand(("TEE", 1), program="outlet"), [other, FAR], BOTH))) == {"dc-east"}
    assert set(shipped(plan(demand(("TEE", 1)), [other, FAR], BOTH))) == {"dc-east"}


def test_a_node_excluded_for_every_sku_is_excluded():
    wanted = demand(("TEE", 1), ("MUG", 1))
    pairs = frozenset(Exclusion(node_id="dc-east", sku=sku) for sku in ("TEE", "MUG"))
    made = plan(replace(wanted, exclusions=pairs), [DC], {"dc-east": {"TEE": 1, "MUG": 1}})
    assert candidate(made, "dc-east").reason == "EXCLUDED"


def test_what_was_excluded_counts_as_not_there():
    wanted = demand(("TEE", 1), ("MUG", 1), exclusions=frozenset({Exclusion(node_id="dc-east", sku="TEE")}))
    made = plan(wanted, [DC], {"dc-east": {"TEE": 1, "MUG": 1}})
    assert shipped(made) == {"dc-east": {"l2": 1}}
    assert left(made) == [("l1", 1, "NO_STOCK")]


def test_a_disabled_service_is_not_used_and_says_so():
    off = service("a-cheap", parcel_price=Money(1, "USD"), disabled=True, disabled_reason="strike")
    made = plan(demand(("TEE", 1)), [DC], BOTH, services=[off, service("b-dear")])
    assert only(made).service_code == "b-dear"
    assert {one.service_code: one.reason for one in only(made).services} == {"a-cheap": "DISABLED", "b-dear": "CHOSEN"}


def test_a_service_is_at_least_as_fast_as_the_order_asks():
    slow, fast = service("slow"), service("fast", service_level="NEXT_DAY", parcel_price=Money(2_000, "USD"))
    for level, expected in zip(ServiceLevel, ("slow", "fast", "fast"), strict=True):
        made = plan(demand(("TEE", 1), service_level=level), [DC], BOTH, services=[slow, fast])
        assert only(made).service_code == expected
    assert {one.service_code: one.reason for one in only(made).services} == {"slow": "SLOWER", "fast": "CHOSEN"}


def test_a_service_that_lost_says_what_it_would_have_cost():
    slow, fast = service("slow"), service("fast", service_level="NEXT_DAY", parcel_price=Money(2_000, "USD"))
    made = plan(demand(("TEE", 1)), [DC], BOTH, services=[slow, fast])
    lost = next(one for one in only(made).services if one.service_code == "fast")
    assert (lost.reason, lost.cost) == ("COSTLIER", Money(2_110, "USD"))


def test_a_service_that_is_cheaper_for_one_unit_and_dearer_for_many_is_chosen_for_one():
    by_parcel = service("by-parcel", parcel_price=Money(900, "USD"))
    by_unit = service("by-unit", parcel_price=Money(0, "USD"), unit_price=Money(300, "USD"))
    for units, expected in ((2, "by-unit"), (4, "by-parcel")):
        made = plan(demand(("TEE", units)), [DC], BOTH, services=[by_parcel, by_unit])
        assert only(made).service_code == expected


def test_where_no_carrier_goes_no_node_ships():
    made = plan(demand(("TEE", 1)), [DC], BOTH, services=[service("abroad", to_country_codes=frozenset({"CA"}))])
    assert candidate(made, "dc-east").reason == "NO_CARRIER"
    assert left(made) == [("l1", 1, "NO_NODE_SERVES_DESTINATION")]


def test_a_service_that_never_collects_on_a_day_of_work_is_not_used():
    sundays = service("a-sundays", parcel_price=Money(1, "USD"), pickup_days=frozenset({6}))
    made = plan(demand(("TEE", 1)), [DC], BOTH, services=[sundays, service("b-weekdays")])
    assert only(made).service_code == "b-weekdays"
    assert {one.service_code: one.reason for one in only(made).services} == {
        "a-sundays": "NOT_ALLOWED",
        "b-weekdays": "CHOSEN",
    }


def test_a_node_that_is_closed_for_good_does_not_keep_the_others_from_shipping():
    ruin = node("a-ruin", calendar_id="closed", order_cost=Money(0, "USD"))
    closed = {"closed": Calendar(calendar_id="closed", hours=((),) * 7)}
    stock = {"a-ruin": {"TEE": 1}, "dc-east": {"TEE": 1}}
    made = plan(demand(("TEE", 1)), [ruin, DC], stock, calendars=closed)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert candidate(made, "a-ruin").reason == "NO_CARRIER"


def test_most_stock_goes_on_where_the_fullest_node_cannot_ship_it():
    heavy = {"TEE": Product(sku="TEE", grams=40_000)}
    light = service("light", max_unit_grams=30_000, from_country_codes=frozenset({"US"}))
    abroad = node("dc-eu", country_code="DE")
    freight = service("freight", from_country_codes=frozenset({"DE"}))
    most = rules({"method": "MOST_STOCK"})
    stock = {"dc-east": {"TEE": 9, "MUG": 9}, "dc-eu": {"TEE": 1}}
    wanted = demand(("TEE", 1), ("MUG", 1))
    made = plan(wanted, [DC, abroad], stock, services=[light, freight], products=heavy, rules=most)
    assert shipped(made) == {"dc-east": {"l2": 1}, "dc-eu": {"l1": 1}}


def test_terms_are_named_and_add_up():
    known = rules(
        {
            "split_cost": "2.00 USD",
            "criteria": [
                {"name": "far", "score": "node.distance_km > 1000.0 ? 1.5 : 0.0"},
                {"name": "line", "per": "LINE", "score": "0.25"},
                {"name": "unit", "per": "UNIT", "score": "-0.1"},
            ],
        }
    )
    west = node("dc-west", point=Point(39.5, -119.8))
    stock = {"dc-east": {"TEE": 3}, "dc-west": {"MUG": 2}}
    made = plan(demand(("TEE", 3), ("MUG", 2)), [DC, west], stock, services=[service("ground")], rules=known)
    assert {it.node.node_id: cents(it.terms) for it in made.assignments} == {
        "dc-east": {"shipping": 500, "handling": 110, "line": 25, "unit": -30},
        "dc-west": {"shipping": 500, "handling": 110, "far": 150, "line": 25, "unit": -20},
    }
    assert cents(made.terms)["splitting"] == 200
    assert made.total_cost.minor == sum(cents(made.terms).values()) == 1570


def test_a_criterion_that_is_called_as_a_cost_is_adds_to_it():
    dearer = rules({"criteria": [{"name": "shipping", "score": "1.0"}]})
    made = plan(demand(("TEE", 1)), [DC], BOTH, services=[service("ground")], rules=dearer)
    assert cents(made.terms) == {"shipping": 600, "handling": 110}


def test_what_is_dear_to_ship_is_shipped_all_the_same():
    freight = service("freight", parcel_price=Money(500_000, "USD"))
    made = plan(demand(("PIANO", 1)), [DC], {"dc-east": {"PIANO": 1}}, services=[freight])
    assert shipped(made) == {"dc-east": {"l1": 1}}


def test_what_is_cheap_in_another_currency_is_shipped_all_the_same():
    rupiah = rules({}, currency_code="IDR")
    made = plan(demand(("TEE", 1)), [DC], BOTH, rules=rupiah)
    assert shipped(made) == {"dc-east": {"l1": 1}}
    assert made.total_cost.currency_code == "IDR"


def test_currencies_without_cents_are_counted_in_whole_units():
    yen = rules({"criteria": [{"name": "kindness", "score": "100.0"}]}, currency_code="JPY")
    ground = service("ground", parcel_price=Money(800, "JPY"))
    tokyo = replace(DC, order_cost=Money(50, "JPY"), line_cost=Money(5, "JPY"))
    made = plan(demand(("TEE", 1)), [tokyo], BOTH, services=[ground], rules=yen)
    assert cents(made.terms) == {"shipping": 800, "handling": 55, "kindness": 100}

"""The ways from a node to a destination: by whom, in which zone, at what price."""

from dataclasses import replace

import pytest

from services.kernel.money import Money
from services.routing.domain.builtin_carriers import SERVICES
from services.routing.domain.demand import Destination
from services.routing.domain.geo import Point
from services.routing.domain.network import Network
from services.routing.domain.node import Cutoff
from services.routing.domain.product import Product
from services.routing.domain.reach import Reach, Way, reaches
from tests.unit.routing.build import NEW_YORK, a_lane, cents, demand, node, only, plan, service, surcharge

HERE = node("dc-east")
STOCK = {"dc-east": {"TEE": 99}}


def reach_of(
    *services, country_code: str = "US", postal_code: str = "10001", currency: str = "USD", **of_node
) -> Reach:
    network = Network([node("dc-east", **of_node)], {}, services)
    destination = Destination(country_code=country_code, postal_code=postal_code)
    (reach,) = reaches(network, destination, NEW_YORK, currency)
    return reach


def way(*services, **changes) -> Way:
    return reach_of(*services, **changes).ways[0]


@pytest.mark.parametrize(
    ("start", "end", "kilometres", "expected"),
    [
        ("US", "US", 200, "local"),
        ("US", "US", 200.1, "regional"),
        ("US", "US", 2500, "national"),
        ("US", "US", 2500.1, "remote"),
        ("US", "US", None, "remote"),
        ("DE", "DE", None, "national"),
        ("DE", "FR", 3000, "european"),
        ("DE", "FR", None, "european"),
        ("GB", "FR", 340, "near abroad"),
        ("GB", "FR", None, "international"),
        ("US", "NZ", 14_000, "international"),
    ],
)
def test_the_zone_follows_borders_first_and_distance_then(start, end, kilometres, expected):
    lane = SERVICES[0].lane(start, end, "", kilometres)
    assert lane is not None
    assert lane.zone == expected


@pytest.mark.parametrize("number", range(len(SERVICES[0].lanes)))
def test_faster_is_dearer_and_never_later(number):
    ground, express, overnight = (one.lanes[number] for one in SERVICES)
    assert ground.parcel_price < express.parcel_price < overnight.parcel_price
    assert ground.unit_price < express.unit_price < overnight.unit_price
    assert ground.transit_days >= express.transit_days >= overnight.transit_days


@pytest.mark.parametrize("sandbox", SERVICES, ids=lambda one: one.service_code)
def test_farther_within_a_country_is_never_cheaper_nor_sooner(sandbox):
    bands = [sandbox.lane("US", "US", "", kilometres) for kilometres in (100, 900, 2000, 4000)]
    assert bands == sorted(bands, key=lambda one: (one.parcel_price, one.unit_price, one.transit_days))


def test_the_first_lane_that_fits_is_taken():
    lanes = (a_lane(zone="hawaii", to_postal_prefixes=("967", "968")), a_lane(zone="mainland"))
    assert way(service("ground", lanes=lanes), postal_code="96813").lane.zone == "hawaii"
    assert way(service("ground", lanes=lanes), postal_code="10001").lane.zone == "mainland"


def test_a_service_without_a_lane_there_is_no_way():
    assert reach_of(service("ground", to_country_codes=frozenset({"CA"}))).ways == ()


def test_a_surcharge_is_charged_where_the_postal_code_begins_as_it_says():
    remote = surcharge(basis_points=1_000, amount=Money(250, "USD"), to_postal_prefixes=("995",))
    alaska = service("ground", surcharges=(remote,), parcel_price=Money(1_000, "USD"), unit_price=Money(30, "USD"))
    assert (way(alaska, postal_code="99501").parcel, way(alaska, postal_code="99501").unit) == (1_350_000, 33_000)
    assert (way(alaska, postal_code="10001").parcel, way(alaska, postal_code="10001").unit) == (1_000_000, 30_000)


def test_a_postal_code_fits_however_it_is_written():
    highlands = service("ground", surcharges=(surcharge(amount=Money(100, "USD"), to_postal_prefixes=("IV27",)),))
    assert way(highlands, country_code="GB", postal_code="iv27 4hp").parcel == 600_000


def test_surcharges_of_a_lane_add_up_and_do_not_compound():
    fuel, peak = surcharge(basis_points=1_000), surcharge(basis_points=2_000)
    assert way(service("ground", surcharges=(fuel, peak), parcel_price=Money(1_000, "USD"))).parcel == 1_300_000


def test_weight_is_charged_by_the_gram():
    made = plan(
        demand(("TEE", 3)),
        [HERE],
        STOCK,
        services=[service("ground", kilogram_price=Money(200, "USD"))],
        products={"TEE": Product(sku="TEE", grams=250)},
    )
    assert cents(only(made).terms)["shipping"] == 500 + 3 * 50


def test_a_light_box_is_charged_by_its_volume_and_a_heavy_one_by_its_weight():
    parcel = service("ground", kilogram_price=Money(100, "USD"), dimensional_divisor=5_000)
    # 50 × 40 × 30 cm by 5,000 is 12 kg.
    light = Product(sku="TEE", grams=900, length_mm=500, width_mm=400, height_mm=300)
    for product, kilograms in ((light, 12), (replace(light, grams=15_000), 15)):
        made = plan(demand(("TEE", 1)), [HERE], STOCK, services=[parcel], products={"TEE": product})
        assert cents(only(made).terms)["shipping"] == 500 + 100 * kilograms


def test_what_is_too_heavy_for_a_service_goes_by_another():
    parcel, freight = service("parcel", max_unit_grams=31_500), service("freight", parcel_price=Money(9_000, "USD"))
    for grams, expected in ((31_500, "parcel"), (31_501, "freight")):
        product = Product(sku="TEE", grams=grams)
        made = plan(demand(("TEE", 1)), [HERE], STOCK, services=[parcel, freight], products={"TEE": product})
        assert only(made).service_code == expected


def test_the_heaviest_unit_decides_for_the_whole_parcel():
    parcel, freight = service("parcel", max_unit_grams=31_500), service("freight", parcel_price=Money(9_000, "USD"))
    made = plan(
        demand(("TEE", 1), ("SAFE", 1)),
        [HERE],
        {"dc-east": {"TEE": 1, "SAFE": 1}},
        services=[parcel, freight],
        products={"SAFE": Product(sku="SAFE", grams=40_000)},
    )
    assert only(made).service_code == "freight"
    assert {one.service_code: one.reason for one in only(made).services} == {
        "parcel": "CANNOT_CARRY",
        "freight": "CHOSEN",
    }


def test_prices_of_carriers_are_compared_in_the_currency_of_the_rules():
    assert way(service("ground", parcel_price=Money(500, "EUR"))).parcel == 515_000
    assert way(service("ground", parcel_price=Money(515, "USD")), currency="EUR").parcel == 500_000


def test_a_node_says_until_when_and_whether_a_carrier_collects():
    assert reach_of(service("ground"), cutoffs=(Cutoff(carrier_code="acme", time=None),)).ways == ()
    twice = (Cutoff(carrier_code="acme", time=None), Cutoff(carrier_code="acme", service_code="ground", time=None))
    assert reach_of(service("ground"), cutoffs=twice[1:]).ways == ()
    assert len(reach_of(service("ground"), service("air"), cutoffs=twice[1:]).ways) == 1


def test_a_way_that_is_as_fast_and_never_cheaper_is_not_looked_at_twice():
    cheap, dear = service("cheap"), service("dear", parcel_price=Money(501, "USD"))
    assert [one.service.service_code for one in reach_of(cheap, dear).frontiers["STANDARD"]] == ["cheap"]


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_price": Money(1, "USD")},
        {"kilogram_price": Money(1, "USD")},
        {"dimensional_divisor": 5_000},
        {"max_unit_grams": 20_000},
        {"capabilities": frozenset({"hazmat"})},
        {"daily_capacity": 5},
        {"disabled": True},
    ],
)
def test_a_cheap_way_does_not_hide_one_that_can_do_what_it_cannot(changes):
    cheap, dear = service("a-cheap", parcel_price=Money(100, "USD"), **changes), service("b-dear")
    assert "b-dear" in [one.service.service_code for one in reach_of(cheap, dear).frontiers["STANDARD"]]


def test_a_slow_way_does_not_hide_a_fast_one_from_those_who_need_it():
    slow, fast = service("slow"), service("fast", service_level="NEXT_DAY", parcel_price=Money(900, "USD"))
    frontiers = reach_of(slow, fast).frontiers
    assert {level: [one.service.service_code for one in ways] for level, ways in frontiers.items()} == {
        "STANDARD": ["slow"],
        "EXPEDITED": ["fast"],
        "NEXT_DAY": ["fast"],
    }


def test_equal_ways_are_one_and_it_is_the_first():
    assert [one.service.service_code for one in reach_of(service("b"), service("a")).frontiers["STANDARD"]] == ["a"]


def test_the_same_destination_is_worked_out_once():
    network = Network([HERE], {}, [service("ground")])
    ask = Destination(country_code="US", postal_code="10001")
    assert reaches(network, ask, NEW_YORK, "USD") is reaches(network, ask, NEW_YORK, "USD")
    other = Destination(country_code="US", postal_code="10002")
    assert reaches(network, other, NEW_YORK, "USD") is not reaches(network, ask, NEW_YORK, "USD")
    assert reaches(network, ask, NEW_YORK, "EUR") is not reaches(network, ask, NEW_YORK, "USD")


def test_a_node_whose_place_is_that_of_the_destination_is_no_way_off():
    assert reach_of(service("ground"), point=Point(40.75, -74.0)).distance_km == 0

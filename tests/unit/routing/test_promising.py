"""Options and what was learned, without a socket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.builtin_carriers import SERVICES
from services.routing.domain.carrier import WEEKDAYS as WORKDAYS
from services.routing.domain.delivery import Deliveries, arrival
from services.routing.domain.demand import Destination
from services.routing.domain.drafting import LEVELS, PICKUP, Supply, drafts
from services.routing.domain.geo import Point
from services.routing.domain.lead_times import (
    Lane,
    LeadTimes,
    area,
    at_best,
    days_taken,
    likely,
    minutes_late,
    promised,
)
from services.routing.domain.network import Network
from services.routing.domain.node import NodeType
from services.routing.domain.product import Product
from services.routing.domain.promising import Option, expire_time, options, short_lines
from tests.unit.routing import build

NEW_YORK = ZoneInfo("America/New_York")
TOMORROW = build.NOW + timedelta(days=1)
NEXT_WEEK = build.NOW + timedelta(days=7)
WEEKLY = Deliveries(delivers_on=WORKDAYS)


def made(stock: dict[str, dict[str, int]], *lines: tuple[str, int], later: Any = None, **changes: Any) -> list[Option]:
    nodes = changes.pop("nodes", [build.node("dc-east")])
    levels = changes.pop("levels", LEVELS)
    inputs = build.inputs(build.demand(*lines, **changes), nodes, stock)
    return options(drafts(inputs, Supply(later=later or {}), levels), LeadTimes())


def pieces(option: Option) -> list[tuple[str, str, int, datetime | None]]:
    return [
        (one.parcel.assignment.node.node_id, piece.sku, piece.quantity, piece.available_time)
        for one in option.shipments
        for piece in one.parcel.pieces
    ]


def test_of_two_options_that_come_the_same_day_only_the_cheaper_is_offered():
    # Ground is there the next day, as express and overnight are.
    assert [one.service_level for one in made({"dc-east": {"TEE": 2}}, ("TEE", 2))] == ["STANDARD"]


def test_a_faster_level_is_offered_where_it_is_faster_and_the_cheapest_comes_first():
    far = [build.node("dc-west", point=Point(39.5, -119.8), time_zone="America/Los_Angeles")]
    found = made({"dc-west": {"TEE": 2}}, ("TEE", 2), nodes=far)
    assert [one.service_level for one in found] == ["STANDARD", "EXPEDITED", "NEXT_DAY"]
    assert [one.cost.minor for one in found] == sorted(one.cost.minor for one in found)
    assert [one.latest_delivery_time for one in found] == sorted(
        (one.latest_delivery_time for one in found), reverse=True
    )


def test_what_is_there_ships_now_and_the_rest_when_supply_has_come():
    later = {"TEE": {"dc-east": ((TOMORROW, 5),)}}
    found = made({"dc-east": {"TEE": 2, "MUG": 1}}, ("TEE", 5), ("MUG", 1), later=later, levels=["STANDARD"])
    (option,) = found
    assert pieces(option) == [
        ("dc-east", "TEE", 2, None),
        ("dc-east", "MUG", 1, None),
        ("dc-east", "TEE", 3, TOMORROW),
    ]
    now, then = option.shipments
    assert then.dispatch_time - now.dispatch_time == timedelta(days=1)
    assert option.latest_delivery_time == then.delivery_time


def test_a_node_that_has_it_now_is_preferred_to_a_cheaper_one_that_gets_it_later():
    nodes = [build.node("dc-east"), build.node("dc-west", point=Point(39.5, -119.8))]
    (option, *_) = made({"dc-west": {"TEE": 1}}, ("TEE", 1), nodes=nodes, later={"TEE": {"dc-east": ((TOMORROW, 9),)}})
    assert pieces(option) == [("dc-west", "TEE", 1, None)]


def test_nothing_is_promised_beyond_what_will_be_there():
    inputs = build.inputs(build.demand(("TEE", 9)), [build.node("dc-east")], {"dc-east": {"TEE": 2}})
    found = drafts(inputs, Supply(later={"TEE": {"dc-east": ((TOMORROW, 3), (NEXT_WEEK, 6))}}), LEVELS)
    assert [(line.line_id, units) for line, units in short_lines(found, inputs.demand.lines)] == [("l1", 3)]
    (option,) = options(found, LeadTimes())
    assert [quantity for _, _, quantity, _ in pieces(option)] == [2, 4]


def test_what_must_be_complete_waits_for_the_last_of_it():
    later = {"TEE": {"dc-east": ((TOMORROW, 3), (NEXT_WEEK, 5))}}
    (option,) = made({"dc-east": {"TEE": 2, "MUG": 1}}, ("TEE", 5), ("MUG", 1), later=later, ship_complete=True)
    (one,) = option.shipments
    assert one.parcel.start == NEXT_WEEK
    assert pieces(option) == [("dc-east", "TEE", 5, NEXT_WEEK), ("dc-east", "MUG", 1, None)]


def test_of_what_must_be_complete_and_never_will_be_only_what_lacks_is_short():
    inputs = build.inputs(
        build.demand(("TEE", 5), ("MUG", 1), ship_complete=True), [build.node("dc-east")], {"dc-east": {"MUG": 1}}
    )
    found = drafts(inputs, Supply(later={"TEE": {"dc-east": ((TOMORROW, 3),)}}), LEVELS)
    assert options(found, LeadTimes()) == []
    assert [(line.line_id, units) for line, units in short_lines(found, inputs.demand.lines)] == [("l1", 2)]


def test_a_level_that_leaves_something_out_is_not_offered_beside_one_that_does_not():
    # Overnight does not carry so much that both nodes are needed for it.
    heavy = replace(SERVICES[2], max_unit_grams=1)
    nodes = [build.node("dc-east")]
    inputs = build.inputs(build.demand(("TEE", 1), ("MUG", 1)), nodes, {"dc-east": {"TEE": 1, "MUG": 1}})
    network = Network(nodes, {}, [SERVICES[0], heavy])
    products = {"TEE": Product(sku="TEE", grams=500)}
    found = drafts(replace(inputs, network=network, products=products), Supply(), LEVELS)
    assert [one.service_level for one in found] == ["STANDARD"]


_UNITS = st.lists(st.integers(0, 4), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    there=st.lists(_UNITS, min_size=2, max_size=2),
    coming=st.lists(_UNITS, min_size=4, max_size=4),
    wanted=st.lists(st.integers(1, 9), min_size=3, max_size=3),
    complete=st.booleans(),
)
def test_no_option_takes_more_than_has_come_by_then_and_every_unit_is_promised_or_short(
    there: list[list[int]], coming: list[list[int]], wanted: list[int], complete: bool
):
    nodes = [build.node("dc-east"), build.node("dc-west", point=Point(39.5, -119.8))]
    skus = ("TEE", "MUG", "CAP")
    stock = {one.node_id: dict(zip(skus, units, strict=True)) for one, units in zip(nodes, there, strict=True)}
    later = {
        sku: {
            one.node_id: (
                (TOMORROW, stock[one.node_id][sku] + coming[place][index]),
                (NEXT_WEEK, stock[one.node_id][sku] + coming[place][index] + coming[place + 2][index]),
            )
            for place, one in enumerate(nodes)
        }
        for index, sku in enumerate(skus)
    }
    demand = build.demand(*zip(skus, wanted, strict=True), ship_complete=complete)
    supply = Supply(later=later)
    for draft in drafts(build.inputs(demand, nodes, stock), supply, LEVELS):
        taken: dict[tuple[str, str], int] = {}
        for parcel in draft.parcels:
            for piece in parcel.pieces:
                key = parcel.assignment.node.node_id, piece.sku
                taken[key] = taken.get(key, 0) + piece.quantity
                assert taken[key] <= supply.at(parcel.start, piece.sku, stock)[key[0]]
                assert piece.available_time is None or piece.available_time <= parcel.start
        promised_units = sum(taken.values())
        total = {sku: sum(steps[-1][1] for steps in later[sku].values()) for sku in skus}
        lacks = sum(max(0, units - total[sku]) for sku, units in zip(skus, wanted, strict=True))
        assert sum(draft.short.values()) == lacks
        assert promised_units == (0 if complete and lacks else sum(wanted) - lacks)


def test_collecting_is_offered_beside_delivery_where_the_node_hands_over():
    shop = build.node("shop", type=NodeType.STORE, capabilities=("pickup", "ship-from-store"))
    stock = {"shop": {"TEE": 1}}
    found = made(stock, ("TEE", 1), nodes=[shop], levels=["STANDARD", PICKUP], pickup_node_id="shop")
    assert [one.service_level for one in found] == [PICKUP, "STANDARD"]
    assert found[0].latest_delivery_time == build.NOW + timedelta(minutes=60)
    mute = build.node("shop", type=NodeType.STORE, capabilities=("ship-from-store",))
    found = made(stock, ("TEE", 1), nodes=[mute], levels=["STANDARD", PICKUP], pickup_node_id="shop")
    assert [one.service_level for one in found] == ["STANDARD"]


def test_a_promise_may_be_taken_until_a_collection_that_it_rests_on_is_missed():
    found = made({"dc-east": {"TEE": 1}}, ("TEE", 1))
    # Collected at midnight, an hour of work in a day from 9 to 17.
    assert expire_time(found, build.NOW) == found[0].shipments[0].parcel.assignment.release_by_time
    assert expire_time(found, build.NOW) < build.NOW + timedelta(days=1)


def test_a_learned_transit_time_moves_what_is_promised_and_how_surely():
    inputs = build.inputs(build.demand(("TEE", 1)), [build.node("dc-east")], {"dc-east": {"TEE": 1}})
    found = drafts(inputs, Supply(), ["STANDARD"])
    lane = Lane("dc-east", "sandbox/ground", "US-100")
    (before,) = options(found, LeadTimes())
    (after,) = options(found, LeadTimes(transit={lane: {1: 5, 2: 60}}))
    assert before.confidence == pytest.approx(0.95)
    assert after.latest_delivery_time - before.latest_delivery_time == timedelta(days=1)
    assert after.confidence == pytest.approx((20 * 0.95 + 65) / 85)
    (quick,) = options(found, LeadTimes(transit={lane: {1: 200}}))
    assert quick.latest_delivery_time == before.latest_delivery_time
    assert quick.confidence > before.confidence
    (elsewhere,) = options(found, LeadTimes(transit={lane._replace(area="US-941"): {9: 100}}))
    assert elsewhere == before


def test_a_node_that_hands_over_late_moves_what_leaves_and_what_is_promised():
    inputs = build.inputs(build.demand(("TEE", 1)), [build.node("dc-east")], {"dc-east": {"TEE": 1}})
    found = drafts(inputs, Supply(), ["STANDARD"])
    (before,) = options(found, LeadTimes())
    (after,) = options(found, LeadTimes(processing={"dc-east": {0: 4, 30: 36}}))
    assert after.shipments[0].dispatch_time - before.shipments[0].dispatch_time == timedelta(minutes=30)
    # Half an hour after the end of the day is the next day.
    assert after.latest_delivery_time - before.latest_delivery_time == timedelta(days=1)
    (few,) = options(found, LeadTimes(processing={"dc-east": {30: 19}}))
    assert few.latest_delivery_time == before.latest_delivery_time
    assert few.confidence == pytest.approx(0.95 * 20 / 39)


def test_what_a_carrier_says_is_worth_twenty_parcels():
    assert likely({}, 2, 0.95) == 0.95
    assert likely({2: 20}, 2, 0.9) == pytest.approx((18 + 20) / 40)
    assert likely({3: 20}, 2, 0.9) == pytest.approx(18 / 40)


def test_days_are_learned_from_twenty_parcels_on_and_never_below_what_the_plan_says():
    assert promised({5: 19}, 2, 0.95) == 2
    assert promised({5: 20}, 2, 0.95) == 5
    assert promised({1: 1000}, 2, 0.95) == 2
    assert promised({2: 50, 3: 50}, 2, 0.1) == 3


def test_the_best_that_is_told_was_seen_once_in_ten():
    assert at_best({1: 2, 2: 17}, 2) == 2
    assert at_best({1: 2, 2: 18}, 2) == 1
    assert at_best({1: 1, 2: 19}, 2) == 2


@given(
    dispatch=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001 - zones follow
    days=st.integers(0, 20),
)
def test_days_taken_undoes_arrival(dispatch: datetime, days: int):
    there = arrival(dispatch, days, WEEKLY, from_zone=NEW_YORK, to_zone=NEW_YORK)
    taken = days_taken(dispatch, there, WEEKLY, from_zone=NEW_YORK, to_zone=NEW_YORK)
    assert taken is not None
    assert arrival(dispatch, taken, WEEKLY, from_zone=NEW_YORK, to_zone=NEW_YORK) == there
    assert taken == days or (days == 0 and taken == 1)


def test_a_parcel_that_comes_on_a_saturday_took_as_long_as_one_that_comes_on_monday():
    thursday, saturday = datetime(2026, 3, 5, 17, tzinfo=UTC), datetime(2026, 3, 7, 15, tzinfo=UTC)
    for there in (saturday, saturday + timedelta(days=2)):
        assert days_taken(thursday, there, WEEKLY, from_zone=NEW_YORK, to_zone=NEW_YORK) == 2


def test_a_parcel_that_took_more_than_a_year_took_no_time_that_counts():
    start = datetime(2024, 3, 5, 17, tzinfo=UTC)
    assert days_taken(start, start + timedelta(days=900), WEEKLY, from_zone=NEW_YORK, to_zone=NEW_YORK) is None


@pytest.mark.parametrize(("seconds", "minutes"), [(-3600, 0), (0, 0), (1, 15), (900, 15), (901, 30)])
def test_lateness_is_counted_in_quarters_of_an_hour(seconds: int, minutes: int):
    assert minutes_late(build.NOW + timedelta(seconds=seconds), build.NOW) == minutes


def test_areas_are_what_postal_codes_begin_with_else_the_province():
    assert area(Destination(country_code="US", postal_code="10001")) == "US-100"
    assert area(Destination(country_code="GB", postal_code="SW1A 1AA")) == "GB-SW"
    assert area(Destination(country_code="BR", administrative_area="SP")) == "BR-SP"

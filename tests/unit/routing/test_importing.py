"""What a network's import refuses, each with its place and what to write instead."""

from collections.abc import Callable

import pytest

from oms.routing.v1.network_pb2 import Network
from services.routing import importing
from services.routing.files import documents

GOOD = """
calendars:
  - calendar_id: us-dc
    hours: [{day: MONDAY, start: "06:00", end: "22:00"}, {day: TUESDAY, start: "06:00", end: "24:00"}]
    holiday_country_code: US
    holiday_subdivision: NY
    days_off: [{date: "2026-12-24", name: Christmas Eve}]
    special_days: [{date: "2026-12-25", start: "08:00", end: "12:00"}]
nodes:
  - node_id: dc-east
    display_name: East
    type: DC
    country_code: US
    time_zone: America/New_York
    order_cost: 1.80 USD
    line_cost: 0.35 USD
    capabilities: [returns, engraving]
    calendar_id: us-dc
    cutoffs: [{carrier_code: sandbox, service_code: ground, time: "17:00"}, {carrier_code: sandbox, never: true}]
  - node_id: locker
    display_name: Locker
    type: PICKUP_POINT
    country_code: US
    time_zone: America/New_York
    capabilities: [pickup]
carrier_services:
  - carrier_code: sandbox
    service_code: ground
    service_level: STANDARD
    cutoff_time: "18:00"
    lanes:
      - {zone: near, domestic: true, transit_days: 2, least_transit_days: 1, parcel_price: 4.90 USD}
      - {zone: far, transit_days: 9, parcel_price: 24.90 USD, kilogram_price: 1.00 USD}
    surcharges: [{name: fuel, basis_points: 900}, {name: remote, amount: 5.00 USD, to_postal_prefixes: ["995"]}]
"""


def good() -> Network:
    from services.routing.files import plain_yaml

    network, problems = documents.read(plain_yaml.load(GOOD), Network())
    assert problems == []
    return network


def found(document: Network, stored: Network | None = None) -> dict[str, str]:
    """Return suggestions by place."""
    return {one.place: one.suggestion for one in importing.problems(document, stored or Network())}


def test_a_sound_network_has_no_problems():
    assert found(good()) == {}


CASES: list[tuple[str, Callable[[Network], object], str, str]] = [
    ("calendar", lambda it: setattr(it.nodes[0], "calendar_id", "us-dk"), "nodes[0].calendar_id", "us-dc"),
    ("zone", lambda it: setattr(it.nodes[0], "time_zone", "America/NewYork"), "nodes[0].time_zone", "America/New_York"),
    ("zone path", lambda it: setattr(it.nodes[0], "time_zone", "../x"), "nodes[0].time_zone", ""),
    ("currency", lambda it: setattr(it.nodes[0].line_cost, "currency_code", "EUR"), "nodes[0].line_cost", "USD"),
    ("minor", lambda it: setattr(it.nodes[0].line_cost, "nanos", 1), "nodes[0].line_cost", ""),
    ("cost", lambda it: setattr(it.nodes[0].order_cost, "units", -5), "nodes[0].order_cost", ""),
    ("UK", lambda it: setattr(it.nodes[0], "country_code", "UK"), "nodes[0].country_code", "GB"),
    ("typo", lambda it: it.nodes[0].capabilities.append("gift-warp"), "nodes[0].capabilities[2]", "gift-wrap"),
    ("pickup", lambda it: it.nodes[1].ClearField("capabilities"), "nodes[1].capabilities", "pickup"),
    (
        "cut-off of a service",
        lambda it: setattr(it.nodes[0].cutoffs[0], "service_code", "groud"),
        "nodes[0].cutoffs[0].service_code",
        "ground",
    ),
    (
        "cut-off of a carrier",
        lambda it: setattr(it.nodes[0].cutoffs[1], "carrier_code", "sandbux"),
        "nodes[0].cutoffs[1].carrier_code",
        "sandbox",
    ),
    (
        "cut-off without a time",
        lambda it: it.nodes[0].cutoffs[0].ClearField("time"),
        "nodes[0].cutoffs[0].time",
        'time: "17:00", or never: true',
    ),
    (
        "etag",
        lambda it: setattr(it.nodes[0], "etag", "r7"),
        "nodes[0].etag",
        "export the network again, or leave the etag out",
    ),
    (
        "end before start",
        lambda it: setattr(it.calendars[0].hours[0], "end", "05:00"),
        "calendars[0].hours[0].end",
        "a night is two entries: until 24:00, and from 00:00 on the next day",
    ),
    (
        "overlap",
        lambda it: it.calendars[0].hours.add(day=1, start="21:59:59", end="23:00"),
        "calendars[0].hours[2].start",
        "start at 22:00, or make one entry of both",
    ),
    (
        "impossible date",
        lambda it: setattr(it.calendars[0].days_off[0], "date", "2026-02-30"),
        "calendars[0].days_off[0].date",
        "2026-02-28",
    ),
    (
        "impossible month",
        lambda it: setattr(it.calendars[0].special_days[0], "date", "2026-13-01"),
        "calendars[0].special_days[0].date",
        "",
    ),
    (
        "country",
        lambda it: setattr(it.calendars[0], "holiday_country_code", "UK"),
        "calendars[0].holiday_country_code",
        "GB",
    ),
    (
        "part",
        lambda it: setattr(it.calendars[0], "holiday_subdivision", "NYC"),
        "calendars[0].holiday_subdivision",
        "NY",
    ),
    (
        "never open",
        lambda it: (it.calendars[0].ClearField("hours"), it.calendars[0].ClearField("special_days")),
        "calendars[0].hours",
        '{day: MONDAY, start: "09:00", end: "17:00"}',
    ),
    (
        "no price",
        lambda it: it.carrier_services[0].lanes[0].ClearField("parcel_price"),
        "carrier_services[0].lanes[0].parcel_price",
        "parcel_price: 4.90 USD",
    ),
    (
        "two currencies",
        lambda it: setattr(it.carrier_services[0].lanes[1].parcel_price, "currency_code", "EUR"),
        "carrier_services[0].lanes[1].parcel_price",
        "USD",
    ),
    (
        "currency of a surcharge",
        lambda it: setattr(it.carrier_services[0].surcharges[1].amount, "currency_code", "GBP"),
        "carrier_services[0].surcharges[1].amount",
        "USD",
    ),
    (
        "faster at best than it can be",
        lambda it: setattr(it.carrier_services[0].lanes[0], "least_transit_days", 3),
        "carrier_services[0].lanes[0].least_transit_days",
        "at most 2",
    ),
    (
        "lane that nothing reaches",
        lambda it: it.carrier_services[0].lanes[0].ClearField("domestic"),
        "carrier_services[0].lanes[1]",
        "move it ahead of lanes[0]",
    ),
    (
        "day that is none",
        lambda it: it.carrier_services[0].pickup_days.append(0),
        "carrier_services[0].pickup_days[0]",
        "MONDAY to SUNDAY",
    ),
    (
        "surcharge of nothing",
        lambda it: setattr(it.carrier_services[0].surcharges[0], "basis_points", 0),
        "carrier_services[0].surcharges[0].amount",
        "basis_points: 900, or an amount",
    ),
    (
        "node twice",
        lambda it: it.nodes.add().CopyFrom(it.nodes[1]),
        "nodes[2].node_id",
        "leave one of them out, or give it another id",
    ),
    (
        "service twice",
        lambda it: it.carrier_services.add().CopyFrom(it.carrier_services[0]),
        "carrier_services[1].service_code",
        "leave one of them out, or give it another id",
    ),
]


@pytest.mark.parametrize(
    ("change", "place", "suggestion"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_one_mistake_is_one_problem_with_its_place_and_what_was_meant(change, place, suggestion):
    document = good()
    change(document)
    assert found(document) == {place: suggestion}


def test_all_mistakes_are_told_at_once():
    document = good()
    for _, change, _, _ in CASES[:6]:
        change(document)
    assert set(found(document)) == {
        "nodes[0].calendar_id",
        "nodes[0].time_zone",
        "nodes[0].line_cost",
        "nodes[0].order_cost",
    }


def test_what_is_stored_may_be_named():
    document = good()
    stored = good()
    for field in ("calendars", "carrier_services"):
        document.ClearField(field)
    assert "nodes[0].calendar_id" in found(document)
    assert found(document, stored) == {}


def test_the_order_of_what_has_none_changes_nothing():
    stored, sent = good(), good()
    sent.calendars[0].hours.reverse()
    sent.nodes[0].capabilities.reverse()
    sent.nodes[0].cutoffs.reverse()
    sent.nodes[0].cutoffs[1].time = "17:00:00"
    sent.carrier_services[0].surcharges[1].to_postal_prefixes[:] = [" 99 5"]
    stored = importing.outcome(stored, Network()).changed
    assert {change.outcome for change in importing.outcome(sent, stored).changes} == {"unchanged"}
    sent.carrier_services[0].lanes[0].transit_days = 3
    result = importing.outcome(sent, stored)
    assert [change.entry for change in result.changes if change.outcome == "replaced"] == [
        "carrier service sandbox/ground"
    ]
    assert not result.changed.nodes

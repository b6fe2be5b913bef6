"""What nodes and carriers were given already: full hours and days move work to later ones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.kernel.money import Money
from services.routing.domain.inputs import Loads
from services.routing.domain.network import Network, Site
from services.routing.domain.node import Node, NodeType
from tests.unit.routing.build import NOW, cents, demand, node, only, plan, rules, service, shipped

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
HOUR = datetime(2026, 3, 2, 17, tzinfo=UTC)
STOCK = {"dc-east": {"TEE": 9}}
GROUND = [service("ground")]


def dispatched(loads: Loads, services=GROUND, **of_node) -> datetime:
    made = plan(demand(("TEE", 1)), [node("dc-east", **of_node)], STOCK, services=services, loads=loads)
    return only(made).dispatch_time


def test_a_day_with_room_is_used_and_a_full_one_moves_dispatch_to_the_next():
    today, tomorrow = datetime(2026, 3, 2, 22, tzinfo=UTC), datetime(2026, 3, 3, 22, tzinfo=UTC)
    assert dispatched(Loads(days={"dc-east": {MONDAY: 9}}), daily_capacity=10) == today
    assert dispatched(Loads(days={"dc-east": {MONDAY: 10}}), daily_capacity=10) == tomorrow
    assert dispatched(Loads(days={"dc-east": {MONDAY: 10, TUESDAY: 11}}), daily_capacity=10) == tomorrow + timedelta(1)


def test_a_node_without_a_limit_is_never_full():
    assert dispatched(Loads(days={"dc-east": {MONDAY: 10_000}})).date() == MONDAY


def test_a_full_friday_moves_dispatch_over_the_weekend():
    made = plan(
        demand(("TEE", 1)),
        [node("dc-east", daily_capacity=1)],
        STOCK,
        services=GROUND,
        loads=Loads(days={"dc-east": {date(2026, 3, 6): 1}}),
        now=datetime(2026, 3, 6, 17, tzinfo=UTC),
    )
    assert only(made).dispatch_time.date() == date(2026, 3, 9)


def test_what_a_full_day_moves_is_promised_later_and_may_be_released_later():
    loads = Loads(days={"dc-east": {MONDAY: 10}})
    late = only(plan(demand(("TEE", 1)), [node("dc-east", daily_capacity=10)], STOCK, services=GROUND, loads=loads))
    soon = only(plan(demand(("TEE", 1)), [node("dc-east")], STOCK, services=GROUND))
    assert late.promise_time - soon.promise_time == timedelta(days=1)
    assert late.release_by_time - soon.release_by_time == timedelta(days=1)


def test_a_full_hour_moves_work_to_the_next_and_no_farther():
    # Work of half an hour that begins at 21:00 is in time for 17:00 in New York; what begins at 22:00 is not.
    full = {HOUR + timedelta(hours=hours): 5 for hours in range(4)}
    assert dispatched(Loads(hours={"dc-east": full}), hourly_capacity=5, processing_minutes=30).date() == MONDAY
    full[HOUR + timedelta(hours=4)] = 5
    assert dispatched(Loads(hours={"dc-east": full}), hourly_capacity=5, processing_minutes=30).date() == TUESDAY


def test_an_hour_that_is_not_full_begins_now():
    loads, site = Loads(hours={"dc-east": {HOUR: 4}}), node("dc-east", hourly_capacity=5)
    made = plan(demand(("TEE", 1)), [site], STOCK, loads=loads, services=GROUND)
    assert only(made).dispatch_time.date() == MONDAY
    assert loads.start(_site(site), NOW + timedelta(minutes=7)) == NOW + timedelta(minutes=7)


def test_a_full_hour_in_the_middle_of_it_ends_as_it_ends():
    loads = Loads(hours={"dc-east": {HOUR: 5}})
    site = _site(node("dc-east", hourly_capacity=5))
    assert loads.start(site, HOUR + timedelta(minutes=59)) == HOUR + timedelta(hours=1)


def test_a_carrier_that_collects_no_more_parcels_today_collects_tomorrow():
    limited = [service("ground", daily_capacity=3)]
    full = Loads(parcels={("dc-east", "acme/ground"): {MONDAY: 3}})
    assert dispatched(full, limited).date() == TUESDAY
    assert dispatched(Loads(parcels={("dc-east", "acme/ground"): {MONDAY: 2}}), limited).date() == MONDAY
    assert dispatched(Loads(parcels={("dc-west", "acme/ground"): {MONDAY: 9}}), limited).date() == MONDAY


def test_a_full_carrier_gives_way_to_a_dearer_one_where_lateness_costs_more():
    services = [service("ground", daily_capacity=1), service("other", parcel_price=Money(600, "USD"))]
    loads = Loads(parcels={("dc-east", "acme/ground"): {MONDAY: 1}})
    due = datetime(2026, 3, 5, 5, tzinfo=UTC)

    def chosen(day_cost: str) -> str:
        lateness = rules({"late_day_cost": day_cost})
        wanted = demand(("TEE", 1), due_time=due)
        made = plan(wanted, [node("dc-east")], STOCK, services=services, loads=loads, rules=lateness)
        return only(made).service_code

    assert chosen("0.99 USD") == "ground"
    assert chosen("1.01 USD") == "other"


def test_rules_see_how_full_a_node_is():
    avoid = rules({"criteria": [{"score": "node.load > 0.8 ? 20.0 : 0.0"}]})
    nodes = [node("dc-east", daily_capacity=10), node("dc-far", order_cost=Money(300, "USD"))]
    stock = {"dc-east": {"TEE": 1}, "dc-far": {"TEE": 1}}
    for taken, expected in ((8, "dc-east"), (9, "dc-far")):
        loads = Loads(days={"dc-east": {MONDAY: taken}})
        assert set(shipped(plan(demand(("TEE", 1)), nodes, stock, rules=avoid, loads=loads))) == {expected}


def test_rules_see_how_full_a_service_is():
    services = [service("a", daily_capacity=10), service("b", parcel_price=Money(600, "USD"))]
    avoid = rules({"services": "service.load < 0.5"})
    for taken, expected in ((4, "a"), (5, "b")):
        loads = Loads(parcels={("dc-east", "acme/a"): {MONDAY: taken}})
        made = plan(demand(("TEE", 1)), [node("dc-east")], STOCK, services=services, rules=avoid, loads=loads)
        assert only(made).service_code == expected


def test_rules_see_how_well_a_sku_sells_at_a_node():
    slow = rules(
        {
            "criteria": [
                {
                    "name": "slow seller",
                    "per": "UNIT",
                    "score": "node.type == 'STORE' && stock.days_of_cover > 100.0 ? -1.0 : 0.0",
                }
            ]
        }
    )
    shop = node("shop", type=NodeType.STORE, capabilities=("ship-from-store",), order_cost=Money(150, "USD"))
    stock = {"dc-east": {"TEE": 9}, "shop": {"TEE": 9}}
    for daily, expected in ((0.05, "shop"), (1.0, "dc-east")):
        loads = Loads(daily_demand={("TEE", "shop"): daily})
        made = plan(demand(("TEE", 2)), [node("dc-east"), shop], stock, rules=slow, loads=loads)
        assert set(shipped(made)) == {expected}
    assert "slow seller" not in cents(made.terms)


def _site(one: Node) -> Site:
    return Network([one], {}, []).sites[0]


def test_a_full_day_moves_what_is_collected_to_the_next():
    shop = node("shop", capabilities=("pickup",), daily_capacity=1)
    wanted = demand(("TEE", 1), pickup_node_id="shop")
    loads = Loads(days={"shop": {MONDAY: 1}})
    ready = only(plan(wanted, [shop], {"shop": {"TEE": 1}}, loads=loads)).dispatch_time
    assert ready.astimezone(ZoneInfo(shop.time_zone)).date() == TUESDAY

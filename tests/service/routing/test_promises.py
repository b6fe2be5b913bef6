"""Promises over a real socket, with stock and supply from a real inventory."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Destination
from oms.inventory.v1 import inventory_service_pb2 as stock
from oms.inventory.v1.supply_pb2 import SUPPLY_TYPE_PURCHASE_ORDER
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.calendar_pb2 import Calendar, DayOff
from oms.routing.v1.network_pb2 import Network
from oms.routing.v1.promise_pb2 import DeliveryOption, Promise
from services.kernel.clock import ManualClock
from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, Unavailable
from services.routing import wire
from services.routing.domain.geo import Point
from services.routing.domain.node import Cutoff, NodeType
from tests.service.routing.conftest import World, key, order
from tests.unit.routing import build

RENO = {"point": Point(39.5, -119.8), "time_zone": "America/Los_Angeles"}
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)  # seven in the morning in New York


def cart(*lines: tuple[str, int], **changes: Any) -> rpc.PromiseDeliveryRequest:
    request = rpc.PromiseDeliveryRequest(**{"request_id": key(), **changes})
    for number, (sku, quantity) in enumerate(lines, start=1):
        request.lines.add(line_id=f"l{number}", sku=sku, quantity=quantity)
    if not request.HasField("destination"):
        request.destination.country_code, request.destination.postal_code = "US", "10001"
    return request


async def promised(world: World, *lines: tuple[str, int], **changes: Any) -> Promise:
    answer: rpc.PromiseDeliveryResponse = await world.routing.PromiseDelivery(cart(*lines, **changes))
    return answer.promise


async def supply(world: World, node_id: str, sku: str, quantity: int, moment: datetime) -> None:
    request = stock.CreateSupplyRequest(
        request_id=key(), type=SUPPLY_TYPE_PURCHASE_ORDER, sku=sku, node_id=node_id, quantity=quantity
    )
    request.expect_time.FromDatetime(moment)
    await world.inventory.CreateSupply(request)


def transit(dispatch: datetime, delivery: datetime, **changes: Any) -> rpc.RecordTransitRequest:
    request = rpc.RecordTransitRequest(
        **{
            "request_id": key(),
            "node_id": "dc-east",
            "carrier_code": "sandbox",
            "service_code": "ground",
            "destination": Destination(country_code="US", postal_code="10001"),
            **changes,
        }
    )
    request.dispatch_time.FromDatetime(dispatch)
    request.delivery_time.FromDatetime(delivery)
    return request


def at(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def new_york(day: int, hour: int = 23, minute: int = 59, second: int = 59) -> datetime:
    """Return a time of a day of March 2026; clocks are put forward on the 8th."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


async def test_a_cart_is_promised_by_its_options_the_cheapest_first(world: World):
    await world.node("dc-west", **RENO)
    await world.stock("dc-west", TEE=5, MUG=5)
    promise = await promised(world, ("TEE", 2), ("MUG", 1))
    assert (promise.version, promise.cause) == (1, Promise.CAUSE_QUOTED)
    assert promise.rule_version == "builtin@2"
    assert [one.service_level for one in promise.options] == ["STANDARD", "EXPEDITED", "NEXT_DAY"]
    # Ground takes five days, express two, overnight one; there are no deliveries at weekends.
    days = [at(one.latest_delivery_time) for one in promise.options]
    assert days == [new_york(9), new_york(4), new_york(3)]
    ground = promise.options[0]
    assert (ground.cost, ground.confidence) == (Money(currency_code="USD", units=13, nanos=600_000_000), 0.95)
    assert [(line.line_id, line.quantity) for line in ground.shipments[0].lines] == [("l1", 2), ("l2", 1)]
    assert ground.shipments[0].dispatch_time == ground.earliest_dispatch_time == ground.latest_dispatch_time
    assert not promise.short_lines
    assert MONDAY < at(promise.expire_time) <= MONDAY + timedelta(days=1)


async def test_only_the_levels_that_are_asked_for_are_offered(world: World):
    await world.node("dc-west", **RENO)
    await world.stock("dc-west", TEE=5)
    promise = await promised(world, ("TEE", 1), service_levels=["NEXT_DAY"])
    assert [(one.service_level, one.shipments[0].service_code) for one in promise.options] == [
        ("NEXT_DAY", "overnight")
    ]


@pytest.mark.parametrize("level", ["STANDARD", "EXPEDITED", "NEXT_DAY"])
async def test_a_promise_is_what_is_planned_at_the_same_moment(world: World, level: str):
    await world.node("dc-east")
    await world.node("dc-west", **RENO)
    await world.stock("dc-east", TEE=1, MUG=3)
    await world.stock("dc-west", TEE=4)
    promise = await promised(world, ("TEE", 3), ("MUG", 2), service_levels=[level])
    (option,) = promise.options
    plan = order(("TEE", 3), ("MUG", 2), promise_id=promise.promise_id, service_level=level)
    decision = (await world.routing.PlanOrder(plan)).decision
    assert [(one.node_id, one.carrier_code, one.service_code) for one in option.shipments] == [
        (one.node_id, one.carrier_code, one.service_code) for one in decision.assignments
    ]
    assert [one.delivery_time for one in option.shipments] == [one.promise_time for one in decision.assignments]
    assert [[(line.line_id, line.quantity) for line in one.lines] for one in option.shipments] == [
        [(line.line_id, line.quantity) for line in one.lines] for one in decision.assignments
    ]
    kept = (await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=promise.promise_id))).promise
    assert (kept.version, kept.cause) == (2, Promise.CAUSE_KEPT)
    assert (kept.order_id, kept.decision_id) == ("ord_1", decision.decision_id)
    assert kept.options == [option]
    assert decision.promise == f"{promise.promise_id}@1"
    assert decision.due_time == option.latest_delivery_time


async def test_a_plan_that_cannot_keep_it_is_what_is_promised_then(world: World, clock: ManualClock):
    await world.node("dc-east")
    await world.node("dc-west", **RENO)
    await world.stock("dc-east", TEE=1)
    await world.stock("dc-west", TEE=1)
    promise = await promised(world, ("TEE", 1), service_levels=["STANDARD"])
    assert [one.node_id for one in promise.options[0].shipments] == ["dc-east"]
    await world.stock("dc-east", TEE=-1)
    clock.advance(timedelta(minutes=5))
    decision = (await world.routing.PlanOrder(order(("TEE", 1), promise_id=promise.promise_id))).decision
    found = await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=promise.promise_id))
    assert (found.promise.version, found.promise.cause) == (2, Promise.CAUSE_PLAN)
    (option,) = found.promise.options
    assert option.latest_delivery_time == decision.assignments[0].promise_time
    assert at(option.latest_delivery_time) > at(promise.options[0].latest_delivery_time)
    assert [(one.version, one.cause) for one in found.history] == [(1, Promise.CAUSE_QUOTED), (2, Promise.CAUSE_PLAN)]
    first = await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=promise.promise_id, version=1))
    assert first.promise == promise


async def test_what_comes_tomorrow_is_promised_from_then_and_planning_the_rest_now_keeps_it(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    tomorrow = MONDAY + timedelta(days=1, hours=6)
    await supply(world, "dc-east", "TEE", 4, tomorrow)
    promise = await promised(world, ("TEE", 3))
    (option,) = promise.options
    (now, then) = option.shipments
    assert [(line.quantity, line.HasField("available_time")) for line in now.lines] == [(1, False)]
    assert [(line.quantity, at(line.available_time)) for line in then.lines] == [(2, tomorrow)]
    # The sandbox carrier collects at midnight: work from one till two in the afternoon is in time for Tuesday's.
    assert (at(now.dispatch_time), at(then.dispatch_time)) == (new_york(2), new_york(3))
    assert at(option.latest_delivery_time) == at(then.delivery_time) == new_york(4)
    await world.routing.PlanOrder(order(("TEE", 3), promise_id=promise.promise_id))
    kept = (await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=promise.promise_id))).promise
    assert kept.cause == Promise.CAUSE_KEPT


async def test_nothing_is_promised_that_nobody_has_at_any_date(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    await supply(world, "dc-east", "TEE", 2, MONDAY + timedelta(days=2))
    promise = await promised(world, ("TEE", 5), ("NOTHING", 1))
    assert [(one.line_id, one.sku, one.quantity) for one in promise.short_lines] == [
        ("l1", "TEE", 2),
        ("l2", "NOTHING", 1),
    ]
    assert sum(line.quantity for one in promise.options[0].shipments for line in one.lines) == 3
    promise = await promised(world, ("NOTHING", 1))
    assert (len(promise.options), len(promise.short_lines), promise.HasField("expire_time")) == (0, 1, False)


async def test_the_stock_of_a_node_that_is_off_is_promised_to_nobody(world: World):
    await world.node("dc-east", disabled=True, disabled_reason="flooded")
    await world.node("dc-west", **RENO)
    await world.stock("dc-east", TEE=5)
    assert [one.quantity for one in (await promised(world, ("TEE", 1))).short_lines] == [1]


async def test_after_the_last_second_of_friday_it_is_there_on_monday_and_after_a_holiday_later(
    world: World, clock: ManualClock
):
    await world.node("dc-east", cutoffs=(Cutoff(carrier_code="sandbox", time=time(15)),))
    await world.stock("dc-east", TEE=9)
    # An hour of work before the cut-off at three in the afternoon.
    clock.advance(new_york(6, 14, 0, 0) - clock.now())
    in_time = await promised(world, ("TEE", 1))
    assert at(in_time.options[0].latest_dispatch_time) == new_york(6, 15, 0, 0)
    assert at(in_time.options[0].latest_delivery_time) == new_york(9)
    assert at(in_time.expire_time) == clock.now()
    clock.advance(timedelta(seconds=1))
    too_late = await promised(world, ("TEE", 1))
    assert at(too_late.options[0].latest_dispatch_time) == new_york(9, 15, 0, 0)
    assert at(too_late.options[0].latest_delivery_time) == new_york(10)
    closed = Calendar(calendar_id="weekdays", days_off=[DayOff(date="2026-03-09", name="stocktaking")])
    for day in Calendar.Day.values()[1:6]:
        closed.hours.add(day=day, start="09:00", end="17:00")
    await world.routing.ImportNetwork(rpc.ImportNetworkRequest(request_id=key(), network=Network(calendars=[closed])))
    node = (await world.routing.GetNode(rpc.GetNodeRequest(node_id="dc-east"))).node
    node.calendar_id = "weekdays"
    await world.routing.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=node))
    holiday = await promised(world, ("TEE", 1))
    assert at(holiday.options[0].latest_delivery_time) == new_york(11)


async def test_collecting_is_an_option_where_it_is_asked_for(world: World):
    shop = {"type": NodeType.STORE, "capabilities": ("pickup", "ship-from-store")}
    await world.node("shop", **shop)
    await world.stock("shop", TEE=1)
    promise = await promised(world, ("TEE", 1), pickup_node_id="shop")
    assert [one.service_level for one in promise.options] == ["PICKUP", "STANDARD"]
    pickup = promise.options[0]
    assert (pickup.shipments[0].node_id, pickup.shipments[0].service_code) == ("shop", "pickup")
    # It works around the clock and needs an hour.
    assert at(pickup.latest_delivery_time) == new_york(2, 8, 0, 0)
    with pytest.raises(NotFound, match="NODE_NOT_FOUND"):
        await promised(world, ("TEE", 1), pickup_node_id="nowhere")


async def test_the_same_request_has_the_same_promise_though_stock_has_changed(world: World, clock: ManualClock):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    request = cart(("TEE", 1))
    first, *others = await asyncio.gather(*(world.routing.PromiseDelivery(request) for _ in range(6)))
    assert all(one == first for one in others)
    await world.stock("dc-east", TEE=-1)
    clock.advance(timedelta(days=3))
    assert await world.routing.PromiseDelivery(request) == first
    request.lines[0].quantity = 2
    with pytest.raises(AlreadyExists, match="REQUEST_ID_REUSED"):
        await world.routing.PromiseDelivery(request)
    found = await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=first.promise.promise_id))
    assert found.promise == first.promise
    assert len(found.history) == 1


async def test_a_cart_of_many_skus_is_promised_too(world: World):
    await world.node("dc-east")
    await world.node("dc-west", **RENO)
    await world.stock("dc-east", **{f"SKU-{number}": 1 for number in range(60)})
    promise = await promised(world, *((f"SKU-{number}", 1) for number in range(61)))
    assert len(promise.options[0].shipments[0].lines) == 60
    assert [one.sku for one in promise.short_lines] == ["SKU-60"]


async def test_a_revised_promise_is_a_new_version_and_the_old_ones_stay(world: World, clock: ManualClock):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    first = await promised(world, ("TEE", 1))
    clock.advance(timedelta(hours=1))
    option = DeliveryOption(service_level="STANDARD")
    option.latest_delivery_time.FromDatetime(MONDAY + timedelta(days=9))
    revise = rpc.RevisePromiseRequest(
        request_id=key(),
        promise_id=first.promise_id,
        version=1,
        cause=Promise.CAUSE_SUPPLY,
        note="the truck broke down",
        order_id="ord_7",
        options=[option],
    )
    second = (await world.routing.RevisePromise(revise)).promise
    assert (second.version, second.cause, second.note) == (2, Promise.CAUSE_SUPPLY, "the truck broke down")
    assert (second.order_id, list(second.options)) == ("ord_7", [option])
    assert (await world.routing.RevisePromise(revise)).promise == second
    stale = rpc.RevisePromiseRequest()
    stale.CopyFrom(revise)
    stale.request_id = key()
    with pytest.raises(Aborted, match="PROMISE_CHANGED"):
        await world.routing.RevisePromise(stale)
    again = rpc.RevisePromiseRequest(request_id=key(), promise_id=first.promise_id, cause=Promise.CAUSE_KEPT)
    third = (await world.routing.RevisePromise(again)).promise
    assert (third.version, third.order_id, third.note, list(third.options)) == (3, "ord_7", "", [option])
    found = await world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=first.promise_id, version=1))
    assert found.promise == first
    assert [one.version for one in found.history] == [1, 2, 3]
    assert not any(one.options for one in found.history)


async def test_of_two_who_revise_at_once_one_is_told_that_it_changed(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    promise = await promised(world, ("TEE", 1))
    requests = [
        rpc.RevisePromiseRequest(
            request_id=key(), promise_id=promise.promise_id, version=1, cause=Promise.CAUSE_REQUEST, note=str(number)
        )
        for number in range(4)
    ]
    answers = await asyncio.gather(*(world.routing.RevisePromise(one) for one in requests), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Aborted"] * 3 + ["RevisePromiseResponse"]


async def test_what_parcels_took_moves_promises_and_how_sure_they_are(world: World, clock: ManualClock):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=9)
    before = (await promised(world, ("TEE", 1), service_levels=["STANDARD"])).options[0]
    left = new_york(2, 18, 0, 0) - timedelta(days=7)
    slow = transit(left, left + timedelta(days=2))
    for _ in range(2):  # the second time it is known
        await world.routing.RecordTransit(slow)
    one = (await promised(world, ("TEE", 1), service_levels=["STANDARD"])).options[0]
    assert one.confidence == pytest.approx(19 / 21, abs=1e-4)
    assert one.latest_delivery_time == before.latest_delivery_time
    for _ in range(59):
        await world.routing.RecordTransit(transit(left, left + timedelta(days=2)))
    after = (await promised(world, ("TEE", 1), service_levels=["STANDARD"])).options[0]
    assert at(after.latest_delivery_time) - at(before.latest_delivery_time) == timedelta(days=1)
    assert after.confidence == pytest.approx(79 / 80, abs=1e-4)
    elsewhere = await promised(
        world, ("TEE", 1), service_levels=["STANDARD"], destination=Destination(country_code="US", postal_code="11201")
    )
    assert elsewhere.options[0].confidence == before.confidence


async def test_a_node_that_hands_over_late_is_believed_to_do_so_again(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=9)
    before = (await promised(world, ("TEE", 1), service_levels=["STANDARD"])).options[0]
    release = new_york(2, 12, 0, 0) - timedelta(days=7)
    left = new_york(2) - timedelta(days=7) + timedelta(minutes=40)
    for _ in range(20):
        request = transit(left, left + timedelta(hours=20))
        request.release_time.FromDatetime(release)
        await world.routing.RecordTransit(request)
    after = (await promised(world, ("TEE", 1), service_levels=["STANDARD"])).options[0]
    assert at(after.latest_dispatch_time) - at(before.latest_dispatch_time) == timedelta(minutes=45)
    assert at(after.latest_delivery_time) - at(before.latest_delivery_time) == timedelta(days=1)


async def test_transit_that_cannot_be_is_refused(world: World):
    await world.node("dc-east")
    left = MONDAY - timedelta(days=7)
    backwards = transit(left, left - timedelta(seconds=1))
    early = transit(left, left + timedelta(days=1))
    early.release_time.FromDatetime(left + timedelta(seconds=1))
    for request in (backwards, early, transit(left - timedelta(days=900), left)):
        with pytest.raises(InvalidArgument, match="IMPOSSIBLE_TIMES"):
            await world.routing.RecordTransit(request)
    with pytest.raises(NotFound, match="NODE_NOT_FOUND"):
        await world.routing.RecordTransit(transit(left, MONDAY, node_id="nowhere"))
    with pytest.raises(NotFound, match="CARRIER_SERVICE_NOT_FOUND"):
        await world.routing.RecordTransit(transit(left, MONDAY, service_code="mule"))


async def test_a_promise_that_is_not_there_is_not_found(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    promise = await promised(world, ("TEE", 1))
    calls: list[Callable[[], Any]] = [
        lambda: world.routing.GetPromise(rpc.GetPromiseRequest(promise_id="prm_0")),
        lambda: world.routing.GetPromise(rpc.GetPromiseRequest(promise_id=promise.promise_id, version=2)),
        lambda: world.routing.RevisePromise(
            rpc.RevisePromiseRequest(request_id=key(), promise_id="prm_0", cause=Promise.CAUSE_KEPT)
        ),
        lambda: world.routing.PlanOrder(order(("TEE", 1), promise_id="prm_0")),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="PROMISE_NOT_FOUND"):
            await call()


async def test_without_inventory_nothing_is_promised_and_the_reason_says_so(routing_alone: Any):
    node = wire.from_node(build.node("dc-east"))
    await routing_alone.CreateNode(rpc.CreateNodeRequest(request_id=key(), node=node))
    with pytest.raises(Unavailable, match="INVENTORY_UNAVAILABLE"):
        await routing_alone.PromiseDelivery(cart(("TEE", 1)))


async def test_nothing_of_the_destination_is_kept(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    destination = Destination(country_code="US", postal_code="94103")
    assert "94103" not in str(await promised(world, ("TEE", 1), destination=destination))


async def test_no_bad_cart_is_more_than_an_invalid_argument(world: World):
    await world.node("dc-east")
    changes: list[Callable[[rpc.PromiseDeliveryRequest], object]] = [
        lambda request: request.ClearField("lines"),
        lambda request: request.ClearField("destination"),
        lambda request: request.lines.add(line_id="l1", sku="TEE", quantity=1),
        lambda request: request.lines.add(line_id="l2", sku="TEE", quantity=0),
        lambda request: request.service_levels.append("YESTERDAY"),
        lambda request: setattr(request.lines[0], "sku", "a\x00b"),
        lambda request: setattr(request, "owner_id", "a\x00b"),
        lambda request: setattr(request, "request_id", ""),
        lambda request: request.lines[0].unit_price.CopyFrom(Money(currency_code="USD", nanos=1)),
    ]
    for change in changes:
        request = cart(("TEE", 1))
        change(request)
        with pytest.raises(InvalidArgument):
            await world.routing.PromiseDelivery(request)


async def test_no_bad_revision_is_more_than_an_invalid_argument(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    promise = await promised(world, ("TEE", 1))
    for changes in ({"cause": Promise.CAUSE_QUOTED}, {}, {"cause": 6, "options": [DeliveryOption()]}):
        request = rpc.RevisePromiseRequest(request_id=key(), promise_id=promise.promise_id, **changes)
        with pytest.raises(InvalidArgument):
            await world.routing.RevisePromise(request)

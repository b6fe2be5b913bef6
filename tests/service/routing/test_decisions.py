import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from oms.common.v1.address_pb2 import Destination
from oms.inventory.v1.inventory_service_pb2 import ReserveStockRequest
from oms.routing.v1 import routing_service_pb2 as rpc
from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound, Unavailable
from services.routing import wire
from services.routing.domain.geo import Point
from tests.service.routing.conftest import World, key, order
from tests.unit.routing import build

RENO = Point(39.5, -119.8)


async def test_a_plan_sees_the_stock_of_inventory(world: World):
    await world.node("dc-east")
    await world.node("dc-west", point=RENO)
    await world.stock("dc-east", TEE=1, MUG=5)
    await world.stock("dc-west", TEE=5, MUG=5)
    decision = (await world.routing.PlanOrder(order(("TEE", 2), ("MUG", 1)))).decision
    assert [(one.node_id, [line.quantity for line in one.lines]) for one in decision.assignments] == [
        ("dc-west", [2, 1])
    ]
    assert decision.rule_version == "builtin@2"
    assert len(decision.inputs_digest) == 64
    assert decision.explanation.startswith("dc-west ships both lines for ")
    east = next(one for one in decision.candidates if one.node_id == "dc-east")
    assert (east.reason, east.explanation, east.available_quantity) == ("COSTLIER", "has 1 of 2 TEE", 2)


async def test_what_is_reserved_is_not_planned(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=3)
    reserve = ReserveStockRequest(request_id=key(), owner_id="ord_0")
    reserve.lines.add(line_id="l1", sku="TEE", node_id="dc-east", quantity=2)
    await world.inventory.ReserveStock(reserve)
    decision = (await world.routing.PlanOrder(order(("TEE", 2)))).decision
    assert [line.quantity for line in decision.assignments[0].lines] == [1]
    assert [(one.quantity, one.reason) for one in decision.unplanned_lines] == [(1, "NO_STOCK")]


async def test_the_same_request_gets_the_same_decision_though_stock_has_changed(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    request = order(("TEE", 1))
    first = await world.routing.PlanOrder(request)
    await world.stock("dc-east", TEE=-1)
    assert await world.routing.PlanOrder(request) == first
    assert (await world.routing.PlanOrder(order(("TEE", 1)))).decision.assignments == []


async def test_the_same_request_at_once_makes_one_decision(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    request = order(("TEE", 1))
    answers = await asyncio.gather(*(world.routing.PlanOrder(request) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert len((await world.routing.ListDecisions(rpc.ListDecisionsRequest())).decisions) == 1


async def test_a_key_of_another_request_is_refused(world: World):
    await world.node("dc-east")
    request = order(("TEE", 1))
    await world.routing.PlanOrder(request)
    request.lines[0].quantity = 2
    with pytest.raises(AlreadyExists) as refused:
        await world.routing.PlanOrder(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_without_inventory_nothing_is_decided_and_the_reason_says_so(routing_alone):
    node = wire.from_node(build.node("dc-east"))
    await routing_alone.CreateNode(rpc.CreateNodeRequest(request_id=key(), node=node))
    with pytest.raises(Unavailable) as refused:
        await routing_alone.PlanOrder(order(("TEE", 1)))
    assert refused.value.reason == "INVENTORY_UNAVAILABLE"
    assert (await routing_alone.ListDecisions(rpc.ListDecisionsRequest())).decisions == []


async def test_inventory_is_not_asked_where_no_node_comes_into_question(routing_alone):
    decision = (await routing_alone.PlanOrder(order(("TEE", 1)))).decision
    assert [one.reason for one in decision.unplanned_lines] == ["NO_NODE_SERVES_DESTINATION"]


async def test_a_decision_is_found_again_as_it_was_made(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    made = (await world.routing.PlanOrder(order(("TEE", 1)))).decision
    found = await world.routing.GetDecision(rpc.GetDecisionRequest(decision_id=made.decision_id))
    assert found.decision == made


async def test_a_decision_that_is_not_there_is_not_found(routing_alone):
    with pytest.raises(NotFound) as refused:
        await routing_alone.GetDecision(rpc.GetDecisionRequest(decision_id="dec_0"))
    assert refused.value.reason == "DECISION_NOT_FOUND"


async def test_decisions_are_listed_newest_first_and_by_order(routing_alone, clock):
    made = []
    for number in range(5):
        request = order(("TEE", 1))
        request.order_id = f"ord_{number % 2}"
        made.append((await routing_alone.PlanOrder(request)).decision)
        if number % 2:  # pairs of decisions share a moment: the id decides between them
            clock.advance(timedelta(seconds=1))
    seen, listing = [], rpc.ListDecisionsRequest(page_size=2)
    while True:
        page = await routing_alone.ListDecisions(listing)
        seen += page.decisions
        if not page.next_page_token:
            break
        listing.page_token = page.next_page_token
    newest_first = sorted(made, key=lambda one: (one.create_time.ToDatetime(), one.decision_id), reverse=True)
    assert seen == newest_first
    of_one = await routing_alone.ListDecisions(rpc.ListDecisionsRequest(order_id="ord_1"))
    assert [one.order_id for one in of_one.decisions] == ["ord_1", "ord_1"]
    with pytest.raises(InvalidArgument):
        await routing_alone.ListDecisions(rpc.ListDecisionsRequest(order_id="ord_1", page_token=listing.page_token))


async def test_nothing_of_the_destination_is_kept(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", TEE=1)
    answer = await world.routing.PlanOrder(
        order(("TEE", 1), destination=Destination(country_code="US", postal_code="94103"))
    )
    assert "94103" not in str(answer.decision)


async def test_no_bad_order_is_more_than_an_invalid_argument(world: World):
    await world.node("dc-east")
    changes: list[Callable[[rpc.PlanOrderRequest], object]] = [
        lambda request: request.ClearField("lines"),
        lambda request: request.ClearField("destination"),
        lambda request: request.lines.add(line_id="l1", sku="TEE", quantity=1),
        lambda request: request.lines.add(line_id="l2", sku="TEE", quantity=0),
        lambda request: setattr(request, "service_level", "YESTERDAY"),
        lambda request: setattr(request, "strategy", 99),
        lambda request: setattr(request, "order_id", "a\x00b"),
        lambda request: setattr(request.lines[0], "sku", "a\x00b"),
        lambda request: setattr(request, "request_id", ""),
        lambda request: setattr(request.destination, "country_code", "us"),
    ]
    for change in changes:
        request = order(("TEE", 1))
        change(request)
        with pytest.raises(InvalidArgument):
            await world.routing.PlanOrder(request)


async def test_an_order_of_five_thousand_lines_is_planned(world: World):
    await world.node("dc-east")
    await world.stock("dc-east", **{f"SKU-{number}": 1 for number in range(0, 5000, 2)})
    decision = (await world.routing.PlanOrder(order(*((f"SKU-{number}", 1) for number in range(5000))))).decision
    assert len(decision.assignments[0].lines) == len(decision.unplanned_lines) == 2500


async def test_prices_in_a_currency_that_nobody_can_compare_are_refused(world):
    request = order(("TEE", 1))
    request.lines[0].unit_price.currency_code = "XTS"
    with pytest.raises(InvalidArgument, match="cannot be compared"):
        await world.routing.PlanOrder(request)


async def test_collecting_at_a_node_that_is_not_there_is_refused(world):
    with pytest.raises(NotFound, match="no node 'nowhere'"):
        await world.routing.PlanOrder(order(("TEE", 1), pickup_node_id="nowhere"))

"""Outages over a real socket: switched off and on once, with the work that was moved."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from google.type.money_pb2 import Money

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.outage_pb2 import Outage, OutageWork
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from oms.workflow.v1.outage_workflow_pb2 import OutageInput
from services.chassis.client import Channels
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.routing.conftest import World, key

_SERVICE = """
    INSERT INTO routing.carrier_services VALUES ('sandbox', 'ground', '{}', false, '', '2026-03-02 12:00+00')
"""


class Switchboard(World):
    """Routing, with its tables to be looked at."""

    database_url: str = ""

    async def off(self, node_id: str = "", *, request_id: str = "", **more: Any) -> Outage:
        request = rpc.SwitchNetworkRequest(
            request_id=request_id or key(), node_id=node_id, off=True, **{"reason": "flooded", **more}
        )
        outage: Outage = (await self.routing.SwitchNetwork(request)).outage
        return outage

    async def on(self, node_id: str = "", *, request_id: str = "", **more: Any) -> Outage:
        request = rpc.SwitchNetworkRequest(request_id=request_id or key(), node_id=node_id, **more)
        outage: Outage = (await self.routing.SwitchNetwork(request)).outage
        return outage

    async def get(self, outage: Outage) -> Outage:
        found: Outage = (await self.routing.GetOutage(rpc.GetOutageRequest(outage_id=outage.outage_id))).outage
        return found

    async def disabled(self, node_id: str) -> str:
        node = (await self.routing.GetNode(rpc.GetNodeRequest(node_id=node_id))).node
        return node.disabled_reason if node.disabled else ""

    async def rows(self, query: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    async def owed(self) -> list[str]:
        return [row["type"] for row in await self.rows("SELECT type FROM routing.outbox_events ORDER BY sequence")]


@pytest.fixture
async def board(
    service: Callable[..., Any], migrated_database: Callable[..., str], channels: Channels, clock: ManualClock
) -> Switchboard:
    url = migrated_database("routing")
    running = await service("routing", clock=clock, database_url=url, inventory_address="127.0.0.1:9")
    stub: Any = channels.connect(RoutingServiceStub, running.address)
    board = Switchboard(stub, stub)
    board.database_url = url
    await board.node("store-austin")
    return board


async def test_a_node_that_goes_off_gets_no_work_until_it_is_on_again(board: Switchboard, clock: ManualClock):
    outage = await board.off("store-austin")
    assert await board.disabled("store-austin") == "flooded"
    assert (outage.node_id, outage.reason, outage.replans) == ("store-austin", "flooded", False)
    assert not outage.HasField("end_time")
    clock.advance(timedelta(hours=2))
    ended = await board.on("store-austin")
    assert ended.outage_id == outage.outage_id
    assert ended.end_time.seconds - ended.start_time.seconds == 7200
    assert await board.disabled("store-austin") == ""
    assert await board.get(outage) == ended
    assert await board.owed() == []


async def test_the_same_key_switches_once(board: Switchboard):
    first = await board.off("store-austin", request_id="switch/1", replan=True)
    assert await board.off("store-austin", request_id="switch/1", replan=True) == first
    assert len(await board.owed()) == 1
    await board.on("store-austin", request_id="switch/2")
    assert await board.off("store-austin", request_id="switch/1", replan=True) == first
    assert await board.disabled("store-austin") == ""


async def test_what_is_off_cannot_go_off_again_nor_what_is_on_come_on(board: Switchboard):
    outage = await board.off("store-austin")
    with pytest.raises(FailedPrecondition, match="ALREADY_OFF") as refusal:
        await board.off("store-austin", reason="also on fire")
    assert refusal.value.metadata["outage_id"] == outage.outage_id
    assert await board.disabled("store-austin") == "flooded"
    await board.on("store-austin")
    with pytest.raises(FailedPrecondition, match="ALREADY_ON"):
        await board.on("store-austin")


async def test_an_outage_that_somebody_ended_by_hand_does_not_stand_in_the_way_of_the_next(board: Switchboard):
    first = await board.off("store-austin")
    node = (await board.routing.GetNode(rpc.GetNodeRequest(node_id="store-austin"))).node
    node.disabled, node.disabled_reason = False, ""
    await board.routing.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=node))
    second = await board.off("store-austin", reason="on fire")
    assert second.outage_id != first.outage_id
    assert (await board.get(first)).HasField("end_time")


async def test_a_carrier_service_goes_off_wherever_it_is_used(board: Switchboard):
    await board.rows(_SERVICE)
    service = {"carrier_code": "sandbox", "service_code": "ground"}
    outage = await board.off(reason="strike", **service)
    assert (outage.node_id, outage.carrier_code, outage.service_code) == ("", "sandbox", "ground")
    query = "SELECT disabled, disabled_reason FROM routing.carrier_services"
    assert [tuple(row) for row in await board.rows(query)] == [(True, "strike")]
    await board.on(**service)
    assert [tuple(row) for row in await board.rows(query)] == [(False, "")]


async def test_with_replan_a_process_is_started_and_told_of_the_end(board: Switchboard):
    outage = await board.off("store-austin", replan=True)
    await board.on("store-austin")
    query = "SELECT key, message, attributes FROM routing.outbox_events ORDER BY sequence"
    started, told = await board.rows(query)
    assert started["key"] == told["key"] == f"outage/{outage.outage_id}"
    known = OutageInput.FromString(started["message"])
    assert known == OutageInput(outage_id=outage.outage_id, node_id="store-austin", reason="flooded")
    assert "outage_ended" in told["attributes"]


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ({}, "UNCLEAR_SWITCH"),
        ({"node_id": "store-austin", "carrier_code": "sandbox", "service_code": "ground"}, "UNCLEAR_SWITCH"),
        ({"carrier_code": "sandbox"}, "UNCLEAR_SWITCH"),
        ({"node_id": "store-austin", "reason": " "}, "REASON_MISSING"),
    ],
)
async def test_a_switch_must_say_what_and_why(board: Switchboard, what: dict[str, str], error: str):
    with pytest.raises(InvalidArgument, match=error):
        await board.off(**what)


async def test_what_is_not_there_cannot_be_switched_or_shown(board: Switchboard):
    with pytest.raises(NotFound, match="NODE_NOT_FOUND"):
        await board.off("nowhere")
    with pytest.raises(NotFound, match="CARRIER_SERVICE_NOT_FOUND"):
        await board.off(carrier_code="nobody", service_code="ground")
    with pytest.raises(NotFound, match="OUTAGE_NOT_FOUND"):
        await board.get(Outage(outage_id="out_1"))
    with pytest.raises(NotFound, match="OUTAGE_NOT_FOUND"):
        await board.routing.RecordOutageWork(recorded("out_1", work("ful_1", 1)))


async def test_work_is_shown_by_promise_with_what_all_of_it_costs_more(board: Switchboard):
    outage = await board.off("store-austin")
    three = (work("ful_3", 3, cents=250), work("ful_1", 1, cents=-100), work("ful_0", None))
    await board.routing.RecordOutageWork(recorded(outage.outage_id, *three))
    found = await board.get(outage)
    assert [one.fulfillment_order_id for one in found.works] == ["ful_1", "ful_3", "ful_0"]
    assert found.cost_difference == Money(currency_code="USD", units=1, nanos=500_000_000)
    assert all(one.HasField("update_time") for one in found.works)
    await board.routing.RecordOutageWork(recorded(outage.outage_id, work("ful_3", 3, cents=-450)))
    found = await board.get(outage)
    assert [one.fulfillment_order_id for one in found.works] == ["ful_1", "ful_3", "ful_0"]
    assert found.cost_difference == Money(currency_code="USD", units=-5, nanos=-500_000_000)


async def test_outages_are_listed_newest_first_and_paged(board: Switchboard, clock: ManualClock):
    made = []
    for number in range(3):
        await board.node(f"node-{number}")
        made.append(await board.off(f"node-{number}"))
        clock.advance(timedelta(minutes=1))
    await board.on("node-1")
    first = await board.routing.ListOutages(rpc.ListOutagesRequest(page_size=2))
    second = await board.routing.ListOutages(rpc.ListOutagesRequest(page_size=2, page_token=first.next_page_token))
    found = [one.outage_id for page in (first, second) for one in page.outages]
    assert found == [one.outage_id for one in reversed(made)]
    assert second.next_page_token == ""
    still = await board.routing.ListOutages(rpc.ListOutagesRequest(open_only=True))
    assert [one.node_id for one in still.outages] == ["node-2", "node-0"]


def work(fulfillment_order_id: str, days: int | None, *, cents: int | None = None) -> OutageWork:
    one = OutageWork(fulfillment_order_id=fulfillment_order_id, outcome=OutageWork.OUTCOME_MOVED)
    if days is not None:
        one.promise_time.seconds = days * 86400
    if cents is not None:
        sign = -1 if cents < 0 else 1
        whole, rest = divmod(abs(cents), 100)
        one.cost_difference.CopyFrom(Money(currency_code="USD", units=sign * whole, nanos=sign * rest * 10_000_000))
    return one


def recorded(outage_id: str, *works: OutageWork) -> rpc.RecordOutageWorkRequest:
    return rpc.RecordOutageWorkRequest(request_id=key(), outage_id=outage_id, works=works)

"""A whole network comes in at once or not at all."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.network_pb2 import Network, Product
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.database import Database
from services.kernel.errors import AlreadyExists, InvalidArgument
from services.routing import store_network, wire
from services.routing.domain.builtin_carriers import SERVICES
from services.routing.files.networks import read_network
from services.routing.wire_network import to_carrier_service
from tests.service.routing.conftest import key
from tests.unit.routing import build

DEMO = Path("deploy/local/demo/network.yaml")


def demo() -> Network:
    network, problems = read_network(DEMO)
    assert problems == []
    return network


def send(network: Network, **changes) -> rpc.ImportNetworkRequest:
    return rpc.ImportNetworkRequest(request_id=key(), network=network, **changes)


def outcomes(answer: rpc.ImportNetworkResponse) -> set[str]:
    return {change.outcome for change in answer.changes}


async def version(database: Database) -> int:
    async with database.connect() as conn:
        return (await conn.execute(text("SELECT version FROM routing.versions WHERE name = 'network'"))).scalar_one()


@pytest.fixture
async def stored(service, channels, clock):
    """Routing, with nobody where inventory should be, and its database."""
    running = await service("routing", clock=clock, inventory_address="127.0.0.1:9")
    return channels.connect(RoutingServiceStub, running.address), running.parts.database


async def test_what_is_imported_is_there_and_importing_it_again_changes_nothing(stored):
    routing, database = stored
    first = await routing.ImportNetwork(send(demo()))
    assert outcomes(first) == {"added"}
    assert [change.entry for change in first.changes][:1] == ["calendar us-dc"]
    before = await version(database)
    assert outcomes(await routing.ImportNetwork(send(demo()))) == {"unchanged"}
    assert await version(database) == before
    async with database.connect() as conn:
        assert outcomes(await routing.ImportNetwork(send(await store_network.network(conn)))) == {"unchanged"}
    assert await version(database) == before


async def test_what_differs_is_replaced_and_nothing_else_gets_another_etag(stored, clock):
    routing, database = stored
    await routing.ImportNetwork(send(demo()))
    before, etags = await version(database), {}
    for node in (await routing.ListNodes(rpc.ListNodesRequest())).nodes:
        etags[node.node_id] = node.etag
    clock.advance(timedelta(hours=1))
    changed = demo()
    for node in changed.nodes[:3]:
        node.processing_minutes += 1
    answer = await routing.ImportNetwork(send(changed))
    assert [one.entry for one in answer.changes if one.outcome == "replaced"] == [
        f"node {node.node_id}" for node in changed.nodes[:3]
    ]
    assert await version(database) > before
    listed = (await routing.ListNodes(rpc.ListNodesRequest())).nodes
    assert {node.node_id for node in listed if etags[node.node_id] != node.etag} == {
        node.node_id for node in changed.nodes[:3]
    }


async def test_with_one_problem_nothing_is_changed_and_every_problem_is_told(stored):
    routing, database = stored
    before, network = await version(database), demo()
    network.nodes[0].calendar_id, network.nodes[1].time_zone = "us-dv", "America/Los_Angels"
    with pytest.raises(InvalidArgument) as refused:
        await routing.ImportNetwork(send(network))
    assert refused.value.reason == "INVALID_NETWORK"
    assert refused.value.metadata["problems"] == "2"
    assert "nodes[0].calendar_id" in refused.value.message
    answer = await routing.ImportNetwork(send(network, validate_only=True))
    assert [(one.place, one.suggestion) for one in answer.problems] == [
        ("nodes[0].calendar_id", "us-dc"),
        ("nodes[1].time_zone", "America/Los_Angeles"),
    ]
    assert await version(database) == before
    assert not (await routing.ListNodes(rpc.ListNodesRequest())).nodes


async def test_to_ask_what_would_change_changes_nothing(stored):
    routing, database = stored
    before = await version(database)
    assert outcomes(await routing.ImportNetwork(send(demo(), validate_only=True))) == {"added"}
    assert await version(database) == before


async def test_the_same_import_twice_is_done_once_and_its_key_is_no_other_imports(stored):
    routing, _ = stored
    request = send(demo())
    answers = await asyncio.gather(*(routing.ImportNetwork(request) for _ in range(3)))
    assert all(answer == answers[0] for answer in answers)
    request.network.ClearField("carrier_services")
    with pytest.raises(AlreadyExists):
        await routing.ImportNetwork(request)


async def test_imports_and_changes_of_nodes_at_once_do_not_lock_each_other_out(stored):
    routing, _ = stored
    await routing.ImportNetwork(send(demo()))
    imports = []
    for minutes in range(4):
        network = demo()
        for node in network.nodes:
            node.processing_minutes = 100 + minutes
        imports.append(routing.ImportNetwork(send(network)))
    updates = [
        routing.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=node))
        for node in demo().nodes
        for _ in range(2)
    ]
    created = [
        routing.CreateNode(rpc.CreateNodeRequest(request_id=key(), node=wire.from_node(build.node(f"n{number}"))))
        for number in range(5)
    ]
    await asyncio.gather(*imports, *updates, *created)
    assert len((await routing.ListNodes(rpc.ListNodesRequest())).nodes) == 15


async def test_calendars_and_services_are_listed_in_pages(stored, clock):
    routing, _ = stored
    await routing.ImportNetwork(send(demo()))
    calendars = await _pages(routing.ListCalendars, rpc.ListCalendarsRequest(page_size=2), "calendars")
    assert [one.calendar_id for one in calendars] == sorted(one.calendar_id for one in demo().calendars)
    services = await _pages(
        routing.ListCarrierServices, rpc.ListCarrierServicesRequest(page_size=3), "carrier_services"
    )
    assert [one.service_code for one in services] == sorted(one.service_code for one in demo().carrier_services)
    assert services[0].update_time.ToDatetime() == clock.now().replace(tzinfo=None)
    with pytest.raises(InvalidArgument):
        await routing.ListCarrierServices(rpc.ListCarrierServicesRequest(page_token="bm8"))


async def _pages(call: Any, request: Any, field: str) -> list[Any]:
    found: list[Any] = []
    while True:
        page = await call(request)
        found += getattr(page, field)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return found


async def test_products_replace_what_was_said_and_only_changes_count(stored):
    routing, database = stored
    goods = [Product(sku=f"S{number}", grams=100 + number) for number in range(5)]
    goods[0].required_capabilities[:] = ["hazmat", "cold"]
    put = rpc.PutProductsRequest(request_id=key(), products=goods)
    assert (await routing.PutProducts(put)).changed == 5
    goods[4].grams, goods[3].hs_code = 7, "610910"
    assert (await routing.PutProducts(rpc.PutProductsRequest(request_id=key(), products=goods))).changed == 2
    listed = await _pages(routing.ListProducts, rpc.ListProductsRequest(page_size=2), "products")
    assert [(one.sku, one.grams) for one in listed] == [("S0", 100), ("S1", 101), ("S2", 102), ("S3", 103), ("S4", 7)]
    some = await routing.ListProducts(rpc.ListProductsRequest(skus=["S3", "nothing"]))
    assert [one.hs_code for one in some.products] == ["610910"]
    async with database.connect() as conn:
        found = await store_network.products(conn, ["S0", "nothing"])
    assert found["S0"].required_capabilities == ("cold", "hazmat")
    assert list(found) == ["S0"]


async def test_a_product_that_is_there_twice_is_refused(stored):
    routing, _ = stored
    with pytest.raises(InvalidArgument) as refused:
        await routing.PutProducts(
            rpc.PutProductsRequest(request_id=key(), products=[Product(sku="A"), Product(sku="A")])
        )
    assert refused.value.reason == "DUPLICATE_PRODUCT"


async def test_no_bad_network_is_more_than_an_invalid_argument(stored):
    routing, _ = stored
    for change in (
        lambda it: setattr(it.nodes[0], "city", "a\x00b"),
        lambda it: setattr(it.nodes[0].cutoffs[0], "time", "25:00"),
        lambda it: setattr(it.nodes[0].order_cost, "units", 2**62),
        lambda it: setattr(it.nodes[0].order_cost, "currency_code", "\x00"),
        lambda it: setattr(it.calendars[0].hours[0], "day", 9),
        lambda it: setattr(it.calendars[0].days_off.add(), "date", "2026-02-31"),
        lambda it: setattr(it.calendars[0], "display_name", "\x00"),
        lambda it: setattr(it.carrier_services[0].lanes[0].parcel_price, "nanos", -1),
        lambda it: it.carrier_services[0].pickup_days.append(99),
        lambda it: setattr(it.carrier_services[0], "on_time_rate", float("nan")),
    ):
        network = demo()
        change(network)
        with pytest.raises(InvalidArgument):
            await routing.ImportNetwork(send(network))


def test_the_demonstrations_services_cost_what_those_that_are_built_in_do():
    demonstrated = {one.service_code: to_carrier_service(one) for one in demo().carrier_services}
    for builtin in SERVICES:
        there = demonstrated[builtin.service_code]
        assert [
            (one.zone, one.parcel_price, one.unit_price, one.transit_days, one.max_km, one.to_country_codes)
            for one in there.lanes
        ] == [
            (one.zone, one.parcel_price, one.unit_price, one.transit_days, one.max_km, one.to_country_codes)
            for one in builtin.lanes
        ]

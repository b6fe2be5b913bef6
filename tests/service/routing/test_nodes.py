import asyncio

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.node_pb2 import Node
from services.chassis import migration
from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound
from services.routing import wire
from tests.service.routing.conftest import key
from tests.unit.routing import build


def create(node_id: str, **changes) -> rpc.CreateNodeRequest:
    return rpc.CreateNodeRequest(request_id=key(), node=wire.from_node(build.node(node_id, **changes)))


def test_the_migrated_schema_is_what_the_tables_say(migrated_database):
    assert migration.check(migrated_database("routing"), "routing") == []


async def test_a_node_is_stored_as_it_was_sent_and_gets_an_etag(routing_alone, clock):
    sent = create("dc-east", serves_country_codes=("US", "CA"))
    stored = (await routing_alone.CreateNode(sent)).node
    assert stored.etag
    assert stored.update_time.ToDatetime() == clock.now().replace(tzinfo=None)
    assert (await routing_alone.GetNode(rpc.GetNodeRequest(node_id="dc-east"))).node == stored
    stored.ClearField("etag")
    stored.ClearField("update_time")
    sent.node.serves_country_codes[:] = ["CA", "US"]
    assert stored == sent.node


async def test_a_node_is_created_once_however_often_the_request_comes(routing_alone):
    request = create("dc-east")
    answers = await asyncio.gather(*(routing_alone.CreateNode(request) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)


async def test_a_second_node_of_the_same_id_is_refused(routing_alone):
    await routing_alone.CreateNode(create("dc-east"))
    with pytest.raises(AlreadyExists) as refused:
        await routing_alone.CreateNode(create("dc-east"))
    assert refused.value.reason == "NODE_ALREADY_EXISTS"


async def test_a_time_zone_that_nobody_knows_is_refused(routing_alone):
    with pytest.raises(InvalidArgument) as refused:
        await routing_alone.CreateNode(create("dc-east", time_zone="Mars/Olympus"))
    assert refused.value.reason == "UNKNOWN_TIME_ZONE"
    assert refused.value.metadata["time_zone"] == "Mars/Olympus"


async def test_a_change_with_an_old_etag_is_refused_and_changes_nothing(routing_alone):
    first = (await routing_alone.CreateNode(create("dc-east"))).node
    changed = Node()
    changed.CopyFrom(first)
    changed.display_name = "East"
    second = (await routing_alone.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=changed))).node
    assert second.etag != first.etag
    changed.display_name = "Too late"
    with pytest.raises(Aborted) as refused:
        await routing_alone.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=changed))
    assert refused.value.reason == "ETAG_MISMATCH"
    assert (await routing_alone.GetNode(rpc.GetNodeRequest(node_id="dc-east"))).node.display_name == "East"


async def test_of_two_changes_from_the_same_etag_one_wins(routing_alone):
    node = (await routing_alone.CreateNode(create("dc-east"))).node
    requests = [rpc.UpdateNodeRequest(request_id=key(), node=node) for _ in range(5)]
    answers = await asyncio.gather(*map(routing_alone.UpdateNode, requests), return_exceptions=True)
    assert sum(isinstance(answer, Aborted) for answer in answers) == 4


async def test_a_change_without_an_etag_is_made_whatever_is_there(routing_alone):
    await routing_alone.CreateNode(create("dc-east"))
    request = rpc.UpdateNodeRequest(request_id=key(), node=create("dc-east", disabled=True).node)
    assert (await routing_alone.UpdateNode(request)).node.disabled


async def test_a_node_that_is_not_there_is_not_found(routing_alone):
    with pytest.raises(NotFound) as refused:
        await routing_alone.GetNode(rpc.GetNodeRequest(node_id="nowhere"))
    assert refused.value.reason == "NODE_NOT_FOUND"
    with pytest.raises(NotFound):
        await routing_alone.UpdateNode(rpc.UpdateNodeRequest(request_id=key(), node=create("nowhere").node))


async def test_pages_show_every_node_once_and_a_token_fits_its_request_only(routing_alone):
    for number in range(5):
        await routing_alone.CreateNode(create(f"n{number}", disabled=number == 3))
    request, seen = rpc.ListNodesRequest(page_size=2), []
    while True:
        page = await routing_alone.ListNodes(request)
        seen += [node.node_id for node in page.nodes]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == ["n0", "n1", "n2", "n3", "n4"]
    enabled = await routing_alone.ListNodes(rpc.ListNodesRequest(enabled_only=True))
    assert [node.node_id for node in enabled.nodes] == ["n0", "n1", "n2", "n4"]
    with pytest.raises(InvalidArgument) as refused:
        await routing_alone.ListNodes(rpc.ListNodesRequest(enabled_only=True, page_token=request.page_token))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


_BAD: list[dict[str, object]] = [
    {"node_id": "Not A Node"},
    {"latitude": 91},
    {"latitude": "NaN"},
    {"country_code": "usa"},
    {"type": "TYPE_UNSPECIFIED"},
    {"type": 99},
    {"processing_minutes": -1},
    {"display_name": "\x00"},
    {"city": "a\x00b"},
    {"order_cost": {"currency_code": "USD", "units": "9223372036854775807"}},
    {"order_cost": {"currency_code": "USD", "nanos": 1}},
    {"order_cost": {"currency_code": "\x00"}},
]


async def test_no_bad_node_is_more_than_an_invalid_argument(routing_alone):
    for fields in _BAD:
        request = create("dc-east")
        good = MessageToDict(request.node, preserving_proto_field_name=True)
        request.node.CopyFrom(ParseDict(good | fields, Node()))
        with pytest.raises(InvalidArgument):
            await routing_alone.CreateNode(request)

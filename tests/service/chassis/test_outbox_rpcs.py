"""An operator sees what could not be delivered, page by page, and has it tried again."""

import pytest

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub, add_OutboxServiceServicer_to_server
from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.client import Channels
from services.chassis.outbox import Outbox, SignalWorkflow
from services.chassis.outbox_servicer import OutboxServicer
from services.chassis.paging import encode_token
from services.chassis.relay import Refused, Relay
from services.chassis.server import Served, Server
from services.chassis.settings import Settings
from services.kernel.errors import InvalidArgument
from tests.service.chassis import scratch


class Receiver:
    def __init__(self):
        self.refuses = True

    async def deliver(self, event):
        if self.refuses and event.key.startswith("bad"):
            raise Refused("never")
        return ""


@pytest.fixture
async def shop(postgres_url, clock):
    """(stub, relay, receiver) of a server whose outbox has three dead events and two that wait behind one of them."""
    receiver = Receiver()
    async with scratch.schema(postgres_url) as database, Channels(Settings()) as channels:
        relay = Relay(database, scratch.events, {"temporal": receiver}, clock)
        async with database.begin() as connection:
            for number, key in enumerate(["bad 1", "bad 2", "good", "bad 3", "bad 1", "bad 1"]):
                event = SignalWorkflow(
                    key=key, workflow_id=key, signal="s", payload=StockArrived(), event_id=f"evt_{number}"
                )
                await Outbox(scratch.events, clock).add(connection, event)
        await relay.drain_once()
        servicer = OutboxServicer(database, scratch.events, clock, relay)
        descriptor = pb.DESCRIPTOR.services_by_name["OutboxService"]
        server = Server("scratch", Settings(), [Served(add_OutboxServiceServicer_to_server, servicer, descriptor)])
        yield channels.connect(OutboxServiceStub, f"127.0.0.1:{await server.start()}"), relay, receiver
        await server.stop()


async def listed(stub, **request):
    """Walk all pages."""
    found, token = [], ""
    while True:
        page = await stub.ListOutboxEvents(pb.ListOutboxEventsRequest(page_size=2, page_token=token, **request))
        assert len(page.events) <= 2
        found += [event.event_id for event in page.events]
        token = page.next_page_token
        if not token:
            return found


async def test_pages_show_what_is_undelivered_oldest_first_or_what_is_in_one_state(shop):
    stub, _, _ = shop
    assert await listed(stub) == ["evt_0", "evt_1", "evt_3", "evt_4", "evt_5"]
    assert await listed(stub, state=pb.OutboxEvent.STATE_DEAD) == ["evt_0", "evt_1", "evt_3"]
    assert await listed(stub, state=pb.OutboxEvent.STATE_DELIVERED) == ["evt_2"]


async def test_an_event_shows_why_it_is_dead(shop, clock):
    stub, _, _ = shop
    event = (await stub.ListOutboxEvents(pb.ListOutboxEventsRequest(page_size=1))).events[0]
    assert (event.sink, event.key, event.type, event.attempts) == ("temporal", "bad 1", "signal s", 1)
    assert "never" in event.last_error
    assert event.create_time.ToDatetime(clock.now().tzinfo) == clock.now()


async def test_a_named_event_is_tried_again_and_lets_those_behind_it_pass(shop):
    stub, relay, receiver = shop
    receiver.refuses = False
    request = pb.ReplayOutboxEventsRequest(event_ids=["evt_0", "evt_2", "evt_4", "no such event"])
    assert (await stub.ReplayOutboxEvents(request)).replayed_count == 1
    while await relay.drain_once():
        pass
    assert await listed(stub) == ["evt_1", "evt_3"]


async def test_all_dead_events_are_tried_again_where_none_is_named(shop):
    stub, relay, receiver = shop
    receiver.refuses = False
    assert (await stub.ReplayOutboxEvents(pb.ReplayOutboxEventsRequest())).replayed_count == 3
    while await relay.drain_once():
        pass
    assert await listed(stub) == []


@pytest.mark.parametrize("position", [("text",), (1, 2), (), (2**70,)])
async def test_a_token_that_somebody_made_up_is_an_invalid_argument(shop, position):
    stub, _, _ = shop
    request = pb.ListOutboxEventsRequest()
    request.page_token = encode_token(request, *position)
    with pytest.raises(InvalidArgument):
        await stub.ListOutboxEvents(request)

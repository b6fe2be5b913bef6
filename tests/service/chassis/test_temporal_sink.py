"""Processes are started once and told facts, by a real Temporal server, and nothing is taken for done that is not."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis import telemetry
from services.chassis.outbox import Outbox, SignalWorkflow, StartWorkflow
from services.chassis.relay import Refused, Relay
from services.chassis.settings import Settings
from services.chassis.sinks.temporal import TemporalConnection, TemporalSink
from services.chassis.store_outbox import Delivery
from services.kernel.clock import SystemClock
from services.kernel.errors import Unavailable
from tests.service.chassis import scratch
from workflows.search_attributes import TYPES

PROMISE = datetime(2026, 3, 4, 12, tzinfo=UTC)


def start(workflow_id="order/ord_1", **more):
    return StartWorkflow(
        key=workflow_id,
        workflow="OrderWorkflow",
        workflow_id=workflow_id,
        task_queue="oms",
        input=StockArrived(skus=["TEE-BLK-M"]),
        search_attributes={"OmsStatus": "OPEN", "OmsPriority": 3, "OmsPromiseTime": PROMISE, "Unknown": "x"},
        summary="Two shirts for Chicago",
        details="One line",
        **more,
    )


def signal(workflow_id="order/ord_1"):
    return SignalWorkflow(key=workflow_id, workflow_id=workflow_id, signal="stock", payload=StockArrived(skus=["A"]))


def delivery(event):
    """The event as the relay would hand it over."""
    from services.chassis.outbox import _columns

    columns = _columns(event)
    return Delivery(
        sequence=1, event_id="evt_1", key=event.key, trace={}, attempts=0, create_time=SystemClock().now(), **columns
    )


@pytest.fixture
def sink(temporal_client):
    address = temporal_client.service_client.config.target_host
    settings = Settings(temporal_address=address, temporal_namespace=temporal_client.namespace)
    return TemporalSink(TemporalConnection(settings), TYPES)


async def test_a_process_is_started_once_with_all_that_an_operator_sees(sink, temporal_client):
    assert [await sink.deliver(delivery(start())) for _ in range(2)] == ["", ""]
    handle = temporal_client.get_workflow_handle("order/ord_1")
    seen = await handle.describe()
    attributes = {pair.key.name: pair.value for pair in seen.typed_search_attributes.search_attributes}
    assert attributes == {"OmsStatus": "OPEN", "OmsPriority": 3, "OmsPromiseTime": PROMISE}
    assert await seen.static_summary() == "Two shirts for Chicago"
    begun = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert begun.input.payloads[0].metadata["encoding"] == b"json/protobuf"
    assert b"TEE-BLK-M" in begun.input.payloads[0].data


async def test_a_process_that_has_ended_is_not_started_again(sink, temporal_client):
    await sink.deliver(delivery(start()))
    first = await temporal_client.get_workflow_handle("order/ord_1").describe()
    await temporal_client.get_workflow_handle("order/ord_1").terminate()
    assert await sink.deliver(delivery(start())) == "it had run before"
    assert (await temporal_client.get_workflow_handle("order/ord_1").describe()).run_id == first.run_id


async def test_a_fact_reaches_a_process_that_runs_and_is_noted_where_it_has_ended(sink, temporal_client):
    await sink.deliver(delivery(start()))
    assert await sink.deliver(delivery(signal())) == ""
    handle = temporal_client.get_workflow_handle("order/ord_1")
    names = [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in (await handle.fetch_history()).events
    ]
    assert "stock" in names
    await handle.terminate()
    assert "closed" in await sink.deliver(delivery(signal()))
    assert "closed" in await sink.deliver(delivery(signal("order/never")))


async def test_a_namespace_that_is_not_there_loses_no_fact(temporal_address):
    settings = Settings(temporal_address=temporal_address, temporal_namespace="nowhere")
    sink = TemporalSink(TemporalConnection(settings), TYPES)
    for event in (start(), signal()):
        with pytest.raises(Unavailable):
            await sink.deliver(delivery(event))


async def test_what_the_server_will_never_take_is_refused(sink):
    with pytest.raises(Refused):
        await sink.deliver(delivery(start(workflow_id="x" * 2000)))


async def test_a_server_that_swallows_connections_costs_its_time_limit_once_for_all_who_wait():
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    connection = TemporalConnection(Settings(temporal_address=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    began = time.monotonic()
    results = await asyncio.gather(
        *(TemporalSink(connection, TYPES).deliver(delivery(signal())) for _ in range(20)), return_exceptions=True
    )
    assert {type(result) for result in results} == {Unavailable}
    assert time.monotonic() - began < 9
    await connection.close()
    server.close()


async def test_one_trace_goes_from_whoever_wrote_the_event_into_the_process(sink, temporal_client, postgres_url):
    telemetry.configure("test", Settings(), exporter=InMemorySpanExporter())  # without one no spans are made
    outbox = Outbox(scratch.events, SystemClock())
    async with scratch.schema(postgres_url) as database:
        with trace.get_tracer("test").start_as_current_span("writer") as writer:
            async with database.begin() as connection:
                await outbox.add(connection, start())
        assert await Relay(database, scratch.events, {"temporal": sink}, SystemClock()).drain_once() == 1
    history = await temporal_client.get_workflow_handle("order/ord_1").fetch_history()
    header = history.events[0].workflow_execution_started_event_attributes.header.fields["_tracer-data"]
    assert f"{writer.get_span_context().trace_id:032x}".encode() in header.data

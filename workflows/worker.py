"""The worker: runs the processes and their activities until it is told to stop, then finishes what it has in hand."""

import asyncio
import contextlib
import os
import signal
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_change_service_pb2_grpc import OrderChangeServiceStub
from oms.intake.v1.push_service_pb2_grpc import PushServiceStub
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis import telemetry
from services.chassis.client import Channels
from services.chassis.settings import Settings
from workflows.activities.calls import Stubs
from workflows.activities.channel import ChannelActivities
from workflows.activities.fulfillment import FulfillmentActivities
from workflows.activities.order import OrderActivities
from workflows.activities.outage import OutageActivities
from workflows.activities.returns import ReturnActivities
from workflows.channel import ChannelWorkflow
from workflows.contract import CHANNELS_TASK_QUEUE, TASK_QUEUE
from workflows.fulfillment import FulfillmentWorkflow
from workflows.order import OrderWorkflow
from workflows.outage import OutageWorkflow
from workflows.returns import ReturnWorkflow

log = structlog.get_logger()

# An idle order costs some 100 KB in the cache; one that is not there is replayed when something happens to it.
CACHED_WORKFLOWS = 2000
CACHED_CHANNELS = 200
# What is in hand when the worker is told to stop gets this long; Kubernetes must allow more (helm: terminationGrace).
GRACE = timedelta(seconds=20)


def stubs(settings: Settings, channels: Channels) -> Stubs:
    """Return the five services, as the settings say where they are."""
    return Stubs(
        intake=channels.connect(IntakeServiceStub, settings.intake_address),
        inventory=channels.connect(InventoryServiceStub, settings.inventory_address),
        routing=channels.connect(RoutingServiceStub, settings.routing_address),
        fulfillment=channels.connect(FulfillmentServiceStub, settings.fulfillment_address),
        returns=channels.connect(ReturnsServiceStub, settings.returns_address),
        changes=channels.connect(OrderChangeServiceStub, settings.intake_address),
        pushes=channels.connect(PushServiceStub, settings.intake_address),
    )


def build(client: Client, services: Stubs, task_queue: str = TASK_QUEUE) -> Worker:
    """Return a worker with every process and every activity."""
    order, fulfillment, returns = OrderActivities(services), FulfillmentActivities(services), ReturnActivities(services)
    outage = OutageActivities(services)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[OrderWorkflow, FulfillmentWorkflow, ReturnWorkflow, OutageWorkflow],
        activities=[
            order.allocate,
            order.give_back,
            order.call_back,
            order.expire_hold,
            order.settle,
            order.put_back,
            order.ask_back,
            order.decide_change,
            order.take_over,
            order.hand_over,
            fulfillment.release,
            fulfillment.ship,
            fulfillment.unship,
            fulfillment.arrive,
            fulfillment.call_back,
            returns.label,
            returns.restock,
            returns.reimburse,
            returns.give_up,
            returns.close,
            outage.list_work,
            outage.weigh,
            outage.take_back,
            outage.find_plan,
            outage.record,
        ],
        max_cached_workflows=CACHED_WORKFLOWS,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=GRACE,
    )


def build_for_channels(client: Client, services: Stubs, task_queue: str = CHANNELS_TASK_QUEUE) -> Worker:
    """Return a worker with the processes of channels, which wait for platforms that are not ours."""
    channel = ChannelActivities(services)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ChannelWorkflow],
        activities=[channel.claim, channel.send, channel.record_partner],
        max_cached_workflows=CACHED_CHANNELS,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=GRACE,
    )


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. A Temporal server that is not there yet is waited for."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        channels = await stack.enter_async_context(Channels(settings, actor="process"))
        client = await _connect(settings, stopped)
        if client is None:
            return
        await stack.enter_async_context(_health(os.environ.get("OMS_HEALTH_PORT")))
        services = stubs(settings, channels)
        async with build(client, services), build_for_channels(client, services):
            log.info("working", task_queues=(TASK_QUEUE, CHANNELS_TASK_QUEUE), temporal=settings.temporal_address)
            await stopped.wait()
            log.info("draining", grace_seconds=GRACE.total_seconds())
    log.info("stopped")


async def _connect(settings: Settings, stopped: asyncio.Event) -> Client | None:
    while not stopped.is_set():
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                interceptors=[TracingInterceptor()],
            )
        except RuntimeError as error:
            log.warning("waiting for Temporal", temporal=settings.temporal_address, error=str(error)[:200])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await stopped.wait()
    return None


@contextlib.asynccontextmanager
async def _health(port: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Answer on HTTP while the event loop turns: alive means able to work, not that the server is there."""
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n")
            await writer.drain()
        writer.close()

    host = os.environ.get("OMS_HEALTH_HOST", "127.0.0.1")
    server = await asyncio.start_server(answer, host, int(port))
    async with server:
        yield


def main() -> None:
    """Run the worker with the settings of the environment."""
    settings = Settings()
    telemetry.configure("worker", settings)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()

"""Streams are served, refused and ended as single answers are."""

import contextlib

import grpc
import pytest

from oms.intake.v1 import intake_service_pb2 as pb
from oms.intake.v1.intake_service_pb2_grpc import (
    IntakeServiceServicer,
    IntakeServiceStub,
    add_IntakeServiceServicer_to_server,
)
from services.chassis.client import Channels
from services.chassis.context import remaining_seconds
from services.chassis.server import Served, Server
from services.chassis.settings import Settings
from services.kernel import errors


class Servicer(IntakeServiceServicer):
    def __init__(self, answers):
        self._answers = answers

    async def WatchOrders(self, request, context):
        async for answer in self._answers(request, context):
            yield answer


@contextlib.asynccontextmanager
async def watching(answers, timeout=None):
    """A server whose streams are made by `answers`, and a function that returns what a client hears of them."""
    server = Server(
        "scratch",
        Settings(call_timeout_seconds=0.2),
        [
            Served(
                add_IntakeServiceServicer_to_server, Servicer(answers), pb.DESCRIPTOR.services_by_name["IntakeService"]
            )
        ],
    )
    address = f"127.0.0.1:{await server.start()}"
    async with Channels(Settings(call_timeout_seconds=0.2)) as channels:
        stub = channels.connect(IntakeServiceStub, address)
        yield lambda request: stub.WatchOrders(request, timeout=timeout)
    await server.stop()


def event(number):
    return pb.WatchOrdersResponse(status=number)


async def test_an_error_after_the_first_answers_arrives_as_it_was_raised():
    async def answers(request, context):
        yield event(1)
        raise errors.NotFound("no such order", reason="ORDER_NOT_FOUND", order_id="ord_1")

    async with watching(answers) as watch:
        stream = aiter(watch(pb.WatchOrdersRequest()))
        assert await anext(stream) == event(1)
        with pytest.raises(errors.NotFound) as refused:
            await anext(stream)
    assert (refused.value.reason, refused.value.metadata) == ("ORDER_NOT_FOUND", {"order_id": "ord_1"})


async def test_a_request_that_breaks_its_proto_starts_no_stream():
    async def answers(request, context):
        yield event(1)

    async with watching(answers) as watch:
        with pytest.raises(errors.InvalidArgument):
            await anext(aiter(watch(pb.WatchOrdersRequest(order_id="x" * 65))))


async def test_a_stream_without_a_deadline_has_no_limit_of_its_own():
    left = []

    async def answers(request, context):
        left.append((context.time_remaining(), remaining_seconds()))
        yield event(1)

    async with watching(answers) as watch:
        assert [answer async for answer in watch(pb.WatchOrdersRequest())] == [event(1)]
    assert left[0][1] is None


async def test_a_stream_with_a_deadline_ends_at_it():
    async def answers(request, context):
        yield event(1)
        await grpc.aio.insecure_channel("127.0.0.1:9").channel_ready()  # never

    async with watching(answers, timeout=0.5) as watch:
        stream = aiter(watch(pb.WatchOrdersRequest()))
        await anext(stream)
        with pytest.raises(errors.DeadlineExceeded):
            await anext(stream)

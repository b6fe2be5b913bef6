"""Whatever bytes come in, the answer is a refusal that says so, and it always fits on the wire."""

import grpc
import pytest

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel import errors
from tests.service.chassis import scratch

LIST = "/oms.common.v1.OutboxService/ListOutboxEvents"


async def nothing(request, context):
    return None


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x1a\x02\xff\xfe", b"\x0a" * 7])
async def test_bytes_that_are_no_request_are_an_invalid_argument(data):
    async with scratch.server(nothing) as address, grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(LIST)(data)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "cannot be read" in refused.value.details()


async def test_bytes_that_are_no_request_do_not_get_past_the_gate():
    secret = "a secret of more than thirty-two bytes"
    async with scratch.server(nothing, jwt_secret=secret) as address, grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(LIST)(b"\xff\xff\xff")
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("text", ["x", "字", "\N{PILE OF POO}", "\ud800"])
@pytest.mark.parametrize("parts", [0, 1, 40])
async def test_an_error_of_any_size_arrives_with_its_own_code_and_reason(text, parts):
    async def answer(request, context):
        raise errors.FailedPrecondition(
            text * 5000, reason="TOO_LONG", **{f"key{n}": text * 5000 for n in range(parts)}
        )

    async with scratch.server(answer) as address, Channels(Settings()) as channels:
        with pytest.raises(errors.FailedPrecondition) as heard:
            await channels.connect(OutboxServiceStub, address).ListOutboxEvents(pb.ListOutboxEventsRequest())
    assert heard.value.reason == "TOO_LONG"


async def test_a_thousand_violations_arrive_as_an_invalid_argument():
    async with scratch.server(nothing) as address, Channels(Settings()) as channels:
        with pytest.raises(errors.InvalidArgument) as heard:
            await channels.connect(OutboxServiceStub, address).ReplayOutboxEvents(
                pb.ReplayOutboxEventsRequest(event_ids=["字" * 100] * 1000)
            )
    assert heard.value.reason == "INVALID_ARGUMENT"


async def test_a_message_beyond_the_limit_is_resource_exhausted():
    async with scratch.server(nothing, max_message_bytes=2048) as address, Channels(Settings()) as channels:
        with pytest.raises(errors.ResourceExhausted):
            await channels.connect(OutboxServiceStub, address).ReplayOutboxEvents(
                pb.ReplayOutboxEventsRequest(event_ids=["x" * 50] * 100)
            )

"""What every server does around every call, seen through a real socket."""

import asyncio
import time

import grpc
import jwt
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from services.chassis import telemetry
from services.chassis.client import Channels
from services.chassis.context import context_caller, remaining_seconds
from services.chassis.settings import Settings
from services.kernel import errors
from tests.service.chassis import scratch

SECRET = "a secret of more than thirty-two bytes"


async def ask(address, request=None, *, timeout=None, **settings):
    async with Channels(Settings(**settings)) as channels:
        stub = channels.connect(OutboxServiceStub, address)
        return await stub.ListOutboxEvents(request or pb.ListOutboxEventsRequest(), timeout=timeout)


@pytest.mark.parametrize(
    "kind", [kind for kind in errors.OmsError.__subclasses__() if kind.__module__ == errors.__name__]
)
async def test_every_error_arrives_as_it_was_raised(kind):
    async def answer(request, context):
        raise kind("It is so.", reason="VERY_SPECIAL", sku="TEE-BLK-M", wanted=3)

    async with scratch.server(answer) as address:
        with pytest.raises(kind) as heard:
            await ask(address)
    assert type(heard.value) is kind
    assert (heard.value.message, heard.value.reason) == ("It is so.", "VERY_SPECIAL")
    assert heard.value.metadata == {"sku": "TEE-BLK-M", "wanted": "3"}


async def test_a_bug_tells_nothing_of_itself():
    async def answer(request, context):
        raise KeyError("the password is 1234")

    async with scratch.server(answer) as address:
        with pytest.raises(errors.OmsError) as heard:
            await ask(address)
    assert "1234" not in str(heard.value)
    assert heard.value.reason == "INTERNAL"


async def test_a_request_that_breaks_its_proto_never_reaches_the_service():
    reached = []

    async def answer(request, context):
        reached.append(request)

    async with scratch.server(answer) as address:
        with pytest.raises(errors.InvalidArgument) as heard:
            await ask(address, pb.ListOutboxEventsRequest(page_size=-1))
    assert heard.value.metadata == {"field": "page_size"}
    assert reached == []


async def test_a_slow_call_ends_with_its_own_error_before_the_callers_deadline():
    async def answer(request, context):
        assert remaining_seconds() < 0.5
        await asyncio.sleep(30)

    async with scratch.server(answer) as address:
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded) as heard:
            await ask(address, timeout=0.5)
        assert time.monotonic() - began < 2
    assert heard.value.reason == "DEADLINE_EXCEEDED"


async def test_a_call_within_a_call_never_waits_longer_than_whoever_waits_for_it():
    left = []

    async def second(request, context):
        left.append(context.time_remaining())

    async with scratch.server(second) as inner:

        async def first(request, context):
            await ask(inner)

        async with scratch.server(first) as outer:
            await ask(outer, timeout=1.0)
    assert 0 < left[0] < 1.0


async def test_without_a_token_nobody_is_let_in_but_health_is_open():
    async def answer(request, context):
        return None

    async with scratch.server(answer, jwt_secret=SECRET) as address:
        with pytest.raises(errors.Unauthenticated) as heard:
            await ask(address)
        assert heard.value.reason == "NO_TOKEN"
        async with grpc.aio.insecure_channel(address) as channel:
            health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_grpcs_own_services_answer_in_full():
    async def answer(request, context):
        return None

    async with scratch.server(answer) as address, grpc.aio.insecure_channel(address) as channel:
        async for health in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()):
            assert health.status == health_pb2.HealthCheckResponse.SERVING
            break
        info = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        stream = info(iter([bytes.fromhex("3a00")]))  # ListServices
        async for listed in stream:
            assert b"oms.common.v1.OutboxService" in listed
            break


def token(**claims):
    return jwt.encode({"sub": "checkout", "aud": "oms", "exp": 4102444800, **claims}, SECRET, "HS256")


async def test_a_token_lets_in_with_the_permission_that_the_proto_asks_for():
    callers = []

    async def answer(request, context):
        callers.append(context_caller())

    async with scratch.server(answer, jwt_secret=SECRET) as address:
        await ask(address, token=token(permissions=["outbox.read"]))
        await ask(address, token=token(scope="other outbox.read"))
        with pytest.raises(errors.PermissionDenied) as heard:
            await ask(address, token=token(permissions=["outbox.write"]))
    assert heard.value.metadata == {"permission": "outbox.read"}
    assert callers == ["checkout", "checkout"]


@pytest.mark.parametrize(
    "bad",
    [
        token(exp=1),
        token(aud="somebody else"),
        jwt.encode({"sub": "x", "aud": "oms", "exp": 4102444800}, "another secret of thirty-two bytes!!", "HS256"),
        jwt.encode({"sub": "x", "aud": "oms", "exp": 4102444800}, None, "none"),
        "garbage",
    ],
)
async def test_a_bad_token_is_no_token(bad):
    async def answer(request, context):
        return None

    async with scratch.server(answer, jwt_secret=SECRET) as address:
        with pytest.raises(errors.Unauthenticated) as heard:
            await ask(address, token=bad)
    assert heard.value.reason == "BAD_TOKEN"


async def test_a_token_is_never_sent_beyond_loopback_in_clear_text():
    with pytest.raises(errors.Unauthenticated) as refused:
        await ask("192.0.2.1:7701", token=token())
    assert refused.value.reason == "TOKEN_WITHOUT_TLS"


def test_a_server_refuses_to_listen_beyond_loopback_without_knowing_who_calls():
    with pytest.raises(ValueError, match="refusing to listen"):
        Settings(listen="0.0.0.0:7701")
    assert Settings(listen="0.0.0.0:7701", allow_insecure=True).listen == "0.0.0.0:7701"


async def test_one_trace_goes_from_the_callers_span_through_the_server_to_the_database(postgres_url):
    spans = InMemorySpanExporter()
    telemetry.configure("test", Settings(), exporter=spans)
    async with scratch.schema(postgres_url) as database:

        async def answer(request, context):
            async with database.connect() as connection:
                await connection.execute(scratch.effects.select())

        async with scratch.server(answer) as address:
            with trace.get_tracer("test").start_as_current_span("caller") as caller:
                await ask(address)
    of_this_trace = [one for one in spans.get_finished_spans() if one.context.trace_id == caller.context.trace_id]
    kinds = {one.kind.name for one in of_this_trace}
    assert {"CLIENT", "SERVER", "INTERNAL"} <= kinds
    assert any((one.attributes or {}).get("db.system") == "postgresql" for one in of_this_trace)


async def test_a_server_that_is_told_to_stop_finishes_what_it_has_in_hand():
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def answer(request, context):
        begun.set()
        await may_end.wait()

    async with scratch.server(answer) as address:
        call = asyncio.create_task(ask(address))
        await begun.wait()
        may_end.set()
    assert await call == pb.ListOutboxEventsResponse()


def test_personal_fields_are_masked_in_logs():
    from oms.common.v1.address_pb2 import Address

    shown = telemetry.masked(Address(name="Alex Example", city="Chicago", postal_code="60601"))
    assert shown == {"name": "•••", "city": "Chicago", "postal_code": "•••"}

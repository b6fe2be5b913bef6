"""What a log says of the calls a server answers, and what it leaves unsaid."""

import pytest
import structlog
from structlog.testing import capture_logs

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from services.chassis import handling
from services.chassis.client import Channels
from services.chassis.context import add_call
from services.chassis.settings import Settings
from services.kernel import errors
from tests.service.chassis import scratch

LIST = "/oms.common.v1.OutboxService/ListOutboxEvents"
SECRET = "a secret of more than thirty-two bytes"


async def said(answer, error=None, **settings):
    """Return what was logged of one call."""
    with capture_logs(processors=[add_call]) as lines:
        async with scratch.server(answer, **settings) as address, Channels(Settings(), actor="checkout") as channels:
            stub = channels.connect(OutboxServiceStub, address)
            if error is None:
                await stub.ListOutboxEvents(pb.ListOutboxEventsRequest())
            else:
                with pytest.raises(error):
                    await stub.ListOutboxEvents(pb.ListOutboxEventsRequest())
    return lines


async def nothing(request, context):
    return None


async def refuse(request, context):
    raise errors.NotFound("no such thing", reason="THING_NOT_FOUND")


async def test_a_quick_answer_is_only_in_the_log_of_whoever_asks_for_every_line():
    assert [(line["event"], line["log_level"], line["code"]) for line in await said(nothing)] == [
        ("answered", "debug", "OK")
    ]


async def test_a_slow_answer_is_in_everybodys_log(monkeypatch):
    monkeypatch.setattr(handling, "SLOW_SECONDS", 0.0)
    assert [line["log_level"] for line in await said(nothing)] == ["info"]


async def test_a_refusal_is_in_everybodys_log_with_its_caller_and_reason():
    (line,) = await said(refuse, errors.NotFound)
    assert (line["log_level"], line["code"], line["service"]) == ("info", "NOT_FOUND", "scratch")
    assert (line["rpc"], line["caller"]) == (LIST, "checkout")
    assert "no such thing" in line["error"]


async def test_a_call_that_the_gate_refused_is_in_the_log_without_a_caller():
    (line,) = await said(nothing, errors.Unauthenticated, jwt_secret=SECRET)
    assert (line["rpc"], line["caller"], line["code"]) == (LIST, "", "UNAUTHENTICATED")


async def test_every_line_of_a_service_says_for_which_call_it_was():
    async def answer(request, context):
        structlog.get_logger().warning("low on stock", service="another")

    warning, _ = await said(answer)
    assert (warning["rpc"], warning["caller"], warning["request_id"]) == (LIST, "checkout", None)
    assert warning["service"] == "another"

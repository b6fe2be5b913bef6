"""Subscribers get CloudEvents that they can verify, under an id that stays the same."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.relay import Refused
from services.chassis.sinks.webhook import WebhookSink
from services.chassis.store_outbox import Delivery
from services.kernel.clock import SystemClock
from services.kernel.errors import OmsError, Unavailable

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
EVENT = Delivery(
    sequence=1,
    event_id="evt_1",
    key="ord_1",
    type="oms.intake.order.submitted",
    attributes={"subject": "ord_1"},
    message_type=StockArrived.DESCRIPTOR.full_name,
    message=StockArrived(skus=["TEE-BLK-M", "Größe"]).SerializeToString(),
    trace={},
    attempts=0,
    create_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
)


@contextlib.asynccontextmanager
async def receiver(status):
    """A receiver that answers with a status, its sink, and the list of what it got: (headers, body)."""
    got = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
        got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sink = WebhookSink(
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events", SECRET, "/oms/intake", SystemClock()
    )
    yield sink, got
    await sink.close()
    server.close()


async def test_what_arrives_is_a_cloudevent_whose_signature_holds_and_whose_id_is_the_events():
    async with receiver(204) as (sink, got):
        assert await sink.deliver(EVENT) == ""
        await sink.deliver(EVENT)
    headers, body = got[0]
    Webhook(SECRET).verify(body, headers)
    assert [one["webhook-id"] for one, _ in got] == ["evt_1", "evt_1"]
    assert headers["content-type"] == "application/cloudevents+json"
    assert json.loads(body) == {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "/oms/intake",
        "type": "oms.intake.order.submitted",
        "subject": "ord_1",
        "time": "2026-03-02T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"skus": ["TEE-BLK-M", "Größe"]},
    }


async def test_a_body_that_was_changed_on_the_way_does_not_verify():
    async with receiver(200) as (sink, got):
        await sink.deliver(EVENT)
    headers, body = got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"ord_1", b"ord_2"), headers)


@pytest.mark.parametrize(("status", "kind"), [(410, Refused), (429, Unavailable), (503, Unavailable)])
async def test_gone_is_for_good_and_busy_is_nobodys_fault(status, kind):
    async with receiver(status) as (sink, _):
        with pytest.raises(kind):
            await sink.deliver(EVENT)


@pytest.mark.parametrize("status", [302, 400, 401, 500])
async def test_any_other_answer_is_a_failed_attempt(status):
    async with receiver(status) as (sink, _):
        with pytest.raises(OmsError, match=str(status)) as failed:
            await sink.deliver(EVENT)
    assert not isinstance(failed.value, Refused | Unavailable)


async def test_nobody_there_is_unavailable():
    sink = WebhookSink("http://127.0.0.1:9/", SECRET, "/oms/intake", SystemClock())
    with pytest.raises(Unavailable):
        await sink.deliver(EVENT)
    await sink.close()

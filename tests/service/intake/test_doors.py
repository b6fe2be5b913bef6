"""The HTTP door: what is kept, what is refused, and that nothing that was kept is lost."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from deploy.local import ports
from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Channel, ChannelHttp, ChannelPull, SignatureScheme
from oms.intake.v1.document_pb2 import Document
from services.chassis.database import Database
from services.chassis.settings import Settings
from services.intake.doors import web_server
from services.intake.doors.http import LIMIT_BYTES
from services.intake.doors.web_server import check_address
from services.kernel.errors import Aborted, InvalidArgument, NotFound
from tests.service.intake.door_parts import SECRET, SHOPIFY, opened, turn_by_hand
from tests.service.intake.test_documents import ingest, shop_order


@pytest.fixture
def by_hand(monkeypatch):
    turn_by_hand(monkeypatch)


@pytest.fixture
async def doors(by_hand, running, monkeypatch):
    monkeypatch.setenv("OMS_SECRET_SHOP", SECRET)
    async for made in opened(running):
        await made.set_channel(SHOPIFY)
        yield made


async def documents(intake):
    return (await intake.ListDocuments(rpc.ListDocumentsRequest())).documents


async def test_only_a_signed_webhook_is_kept_answered_and_read_or_quarantined(doors, intake):
    for wrong in ({"secret": "another"}, {"x_shopify_hmac_sha256": ""}, {"x_shopify_hmac_sha256": "AAAA"}):
        answer = await doors.webhook(shop_order(1), **wrong)
        assert answer.status_code == 401
        assert answer.json()["reason"] in ("SIGNATURE_WRONG", "SIGNATURE_MISSING")
    assert not await documents(intake)
    answer = await doors.webhook(shop_order(1))
    assert answer.status_code == 202
    document = (await intake.GetDocument(rpc.GetDocumentRequest(document_id=answer.json()["document_id"]))).document
    assert document.state == Document.STATE_ACCEPTED
    assert document.headers["x-shopify-topic"] == "orders/create"
    assert not any("hmac" in name for name in document.headers)
    order = (await intake.LookupOrder(rpc.LookupOrderRequest(channel="shopify-us", external_id="1"))).order
    assert order.document_id == document.document_id
    shop = {"id": 7, "name": "Shop", "domain": "example.com"}
    answer = await doors.webhook(shop, identity="w-2", x_shopify_topic="app/uninstalled")
    assert answer.status_code == 202
    request = rpc.GetDocumentRequest(document_id=answer.json()["document_id"])
    kept = (await intake.GetDocument(request)).document
    assert kept.state == Document.STATE_QUARANTINED
    assert kept.problems[0].reason != "NOT_READ"


async def test_a_delivery_that_is_repeated_is_answered_with_the_first_document(doors, intake):
    first = await doors.webhook(shop_order(1))
    again = await doors.webhook(shop_order(1))
    assert (again.status_code, again.json()["document_id"]) == (200, first.json()["document_id"])
    at_once = await asyncio.gather(*(doors.webhook(shop_order(2), identity="w-2") for _ in range(8)))
    assert sorted(one.status_code for one in at_once) == [200] * 7 + [202]
    assert len({one.json()["document_id"] for one in at_once}) == 1
    assert len(await documents(intake)) == 2
    counts = (await intake.CountOrders(rpc.CountOrdersRequest())).counts
    assert sum(row.order_count for row in counts) == 2


async def test_every_refusal_says_what_is_wrong_and_two_secrets_are_good_while_one_is_changed(
    doors, intake, monkeypatch
):
    assert (await doors.http.post("/channels/unknown", content=b"x")).status_code == 404
    assert (await doors.http.post("/channels/UPPER%00", content=b"x")).status_code == 404
    assert (await doors.http.get("/channels/shopify-us")).status_code == 405
    assert (await doors.http.post("/", content=b"x")).status_code == 404
    assert (await doors.webhook(b"")).status_code == 400
    assert (await doors.webhook(b"x" * (LIMIT_BYTES + 1))).status_code == 413
    assert (await doors.webhook(b"--x", content_type="multipart/form-data")).status_code == 415
    assert (await doors.webhook(b"\x1f\x8b", content_encoding="gzip")).status_code == 415
    scheme = SignatureScheme.SIGNATURE_SCHEME_WOOCOMMERCE
    await doors.set_channel(Channel(channel="woocommerce-eu", secret_name="SHOP", http=ChannelHttp(scheme=scheme)))
    ping = await doors.http.post("/channels/woocommerce-eu", data={"webhook_id": "12"})
    assert ping.status_code == 200
    assert (await doors.http.post("/channels/woocommerce-eu", data={"webhook_id": "x"})).status_code == 401
    assert not await documents(intake)
    monkeypatch.delenv("OMS_SECRET_SHOP")
    answer = await doors.webhook(shop_order(1))
    assert (answer.status_code, answer.json()["reason"]) == (503, "SECRET_MISSING")
    assert answer.headers["retry-after"]
    monkeypatch.setenv("OMS_SECRET_SHOP", "new")
    assert (await doors.webhook(shop_order(1))).status_code == 401
    monkeypatch.setenv("OMS_SECRET_SHOP_OLD", SECRET)
    assert (await doors.webhook(shop_order(1))).status_code == 202
    assert (await doors.webhook(shop_order(2), secret="new", identity="w-2")).status_code == 202


async def test_a_document_that_was_kept_and_not_read_is_read_by_the_sweep(doors, intake, clock, running):
    # What a kill leaves between keeping and reading: the row, and nothing else.
    from services.intake import store_channels
    from services.intake.keeping import keep

    content = ingest(shop_order(1)).content
    received = doors.reader.received(channel="shopify-us", form="shopify", name="", content=content, headers={})
    async with running.parts.database.begin() as conn:
        await keep(conn, await store_channels.find_channel(conn, "shopify-us"), received, content)
    assert await doors.later.sweep() == 0, "somebody may still be at it"
    clock.advance(timedelta(seconds=31))
    assert sum(await asyncio.gather(doors.later.sweep(), doors.later.sweep())) >= 1
    document = (await intake.GetDocument(rpc.GetDocumentRequest(document_id=received.document_id))).document
    assert (document.state, len(document.order_ids)) == (Document.STATE_ACCEPTED, 1)
    assert await doors.later.sweep() == 0


async def test_a_paused_channel_keeps_what_comes_and_reads_it_when_it_goes_on(doors, intake, clock):
    assert (await doors.switch("shopify-us", paused=True, key="p")).pause_reason == "being moved"
    answer = await doors.webhook(shop_order(1))
    assert answer.status_code == 202
    by_grpc = await intake.IngestDocument(ingest(shop_order(2)))
    assert [problem.reason for problem in by_grpc.document.problems] == ["NOT_READ"]
    clock.advance(timedelta(minutes=5))
    assert await doors.later.sweep() == 0
    await doors.switch("shopify-us", paused=False, key="go")
    assert await doors.later.sweep() == 2
    assert [row.order_count for row in (await intake.CountOrders(rpc.CountOrdersRequest())).counts] == [2]


async def test_settings_are_checked_versioned_and_never_show_a_secret(doors):
    for wrong, reason in (
        (Channel(channel="fax-us", format="fax"), "UNKNOWN_FORMAT"),
        (Channel(channel="mirakl-fr", pull=ChannelPull(connector="telex", url="http://x")), "UNKNOWN_CONNECTOR"),
        (Channel(channel="mirakl-fr", pull=ChannelPull(connector="mirakl")), "INCOMPLETE_CHANNEL"),
        (Channel(channel="shopify-eu", http=SHOPIFY.http), "INCOMPLETE_CHANNEL"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            await doors.set_channel(wrong)
        assert refused.value.reason == reason
    first = (await doors.stub.GetChannel(channel_rpc.GetChannelRequest(channel="shopify-us"))).channel
    changed = Channel()
    changed.CopyFrom(SHOPIFY)
    changed.brand = "Acme"
    second = await doors.set_channel(changed, etag=first.etag)
    assert (second.brand, second.etag) != (first.brand, first.etag)
    with pytest.raises(Aborted):
        await doors.set_channel(SHOPIFY, etag=first.etag)
    assert SECRET not in str(second)
    with pytest.raises(NotFound):
        await doors.stub.GetChannel(channel_rpc.GetChannelRequest(channel="never-set-up"))
    page = await doors.stub.ListChannels(channel_rpc.ListChannelsRequest(page_size=1))
    assert [one.channel for one in page.channels] == ["shopify-us"]
    assert not page.next_page_token


async def test_the_door_is_open_where_the_settings_say(service, clock, monkeypatch):
    (port,) = ports.free(1)
    monkeypatch.setenv("OMS_INTAKE_HTTP_LISTEN", f"127.0.0.1:{port}")
    monkeypatch.setenv("OMS_SECRET_SHOP", SECRET)
    running = await service("intake", clock=clock)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        await _listening(http)
        async for doors in opened(running):
            await doors.set_channel(SHOPIFY)
            doors.http = http
            assert (await doors.webhook(shop_order(1))).status_code == 202


async def test_whoever_connects_and_does_not_ask_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(web_server, "ASK_SECONDS", 0.2)
    (port,) = ports.free(1)
    door = Starlette(routes=[Route("/healthz", lambda _request: Response())])
    serving = asyncio.create_task(web_server.serve(door, f"127.0.0.1:{port}", Settings()))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        await _listening(http)
        for said in (b"", b"POST /channels/shop HTTP/1.1\r\nHost: door\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()
        assert (await http.get("/healthz")).status_code == 200
    serving.cancel()
    await asyncio.wait([serving])


async def test_a_database_that_is_away_has_the_platform_come_back(doors):
    nobody = Database("postgresql://oms@127.0.0.1:9/oms")
    app = doors.door_of(nobody).app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as doors.http:
        answer = await doors.webhook(shop_order(1))
        assert (answer.status_code, answer.json()["reason"]) == (503, "NOT_KEPT")
        assert answer.headers["retry-after"]


def test_the_door_does_not_open_beyond_this_machine_without_tls():
    with pytest.raises(ValueError, match="TLS"):
        check_address("0.0.0.0:8080", Settings())
    check_address("127.0.0.1:8080", Settings())
    check_address("0.0.0.0:8080", Settings(allow_insecure=True))


async def _listening(http):
    while True:
        try:
            await http.get("/healthz")
        except httpx.ConnectError:
            await asyncio.sleep(0.01)
        else:
            return

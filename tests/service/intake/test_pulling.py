"""Fetching from platforms, over real HTTP, from the sandbox that stands for them."""

import asyncio
import gzip
import json
from datetime import timedelta

import httpx
import pytest
import uvicorn

from deploy.local import ports
from deploy.local.sandbox.channel import KEY, Heap, application
from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Channel, ChannelPull
from services.intake.doors.connectors import CONNECTORS
from services.intake.doors.connectors.asking import ask
from services.intake.doors.pulling import Puller, PullFailed
from tests.service.intake.door_parts import SECRET, SHOPIFY, opened, turn_by_hand
from tests.service.intake.test_documents import shop_order

MORNING = "2026-03-02T09:00:00Z"


@pytest.fixture
def by_hand(monkeypatch):
    turn_by_hand(monkeypatch)


@pytest.fixture
async def doors(by_hand, running):
    async for made in opened(running):
        yield made


@pytest.fixture
async def sandbox():
    """The platforms, on a port of their own."""
    (port,) = ports.free(1)
    config = uvicorn.Config(application(Heap(":memory:")), port=port, log_config=None, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        yield http
    server.should_exit = True
    await serving
    await server.shutdown()


@pytest.fixture
def puller(doors, clock, monkeypatch):
    monkeypatch.setenv("OMS_SECRET_PULL", KEY)
    return Puller(
        database=doors.parts.database,
        reader=doors.reader,
        later=doors.later,
        clock=clock,
        secrets=doors.secrets,
        connectors=CONNECTORS,
    )


def pulled(sandbox, connector, form, **fields):
    pull = ChannelPull(connector=connector, page_size=2)
    pull.url = str(sandbox.base_url).rstrip("/") + fields.pop("path", f"/{connector}")
    pull.account = "ATVPDKIKX0DER" if connector == "amazon" else ""
    return Channel(channel=f"{connector}-1", format=form, secret_name="PULL", pull=pull, **fields)


async def put(sandbox, platform, identity, body, updated=MORNING):
    await sandbox.post(f"/orders/{platform}", json={"id": identity, "updated": updated, "body": body})


async def quarantined(intake):
    return [
        (one.name, one.problems[0].reason)
        for one in (await intake.ListDocuments(rpc.ListDocumentsRequest())).documents
        if one.problems
    ]


async def orders(intake):
    return sorted(one.external_id for one in (await intake.ListOrders(rpc.ListOrdersRequest())).orders)


async def progress(doors, channel):
    return (await doors.stub.GetChannel(channel_rpc.GetChannelRequest(channel=channel))).channel.progress


async def test_a_fetch_that_fails_in_the_middle_goes_on_where_it_was(doors, sandbox, puller, intake, clock):
    for number in range(1, 6):
        await put(sandbox, "json", number, shop_order(number))
    await doors.set_channel(pulled(sandbox, "json", "shopify", path="/json/orders"))
    await sandbox.post("/scenario", json={"platform": "json", "fail_after": 1, "status": 500})
    assert await puller.pull_due() == 2
    told = await progress(doors, "json-1")
    assert (told.failure_count, "500" in told.last_error) == (1, True)
    assert await orders(intake) == ["1", "2"]
    assert await puller.pull_due() == 0, "it waits before it is tried again"
    clock.advance(timedelta(minutes=1))
    await asyncio.gather(puller.pull_due(), puller.pull_due())
    assert await orders(intake) == ["1", "2", "3", "4", "5"]
    told = await progress(doors, "json-1")
    assert (told.failure_count, told.last_error) == (0, "")
    await put(sandbox, "json", 6, shop_order(6), "2026-03-02T12:00:30Z")
    await doors.switch("json-1", paused=True, key="p")
    clock.advance(timedelta(minutes=2))
    assert await puller.pull_due() == 0
    await doors.switch("json-1", paused=False, key="g")
    assert await puller.pull_due() == 1, "only what is new since the last round"
    assert await orders(intake) == ["1", "2", "3", "4", "5", "6"]


async def test_amazon_mirakl_and_prestashop_orders_come_in_whole(doors, sandbox, puller, intake, monkeypatch):
    secret = {
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": KEY,
        "token_url": f"{sandbox.base_url}/amazon/token",
    }
    monkeypatch.setenv("OMS_SECRET_LWA", json.dumps(secret))
    for number in (1, 2, 3):
        await put(sandbox, "amazon", f"902-000000{number}-0000000", amazon(f"902-000000{number}-0000000"))
        await put(sandbox, "mirakl", f"M-{number}", mirakl(f"M-{number}"))
        await put(sandbox, "prestashop", number, prestashop(number), f"2026-03-02 0{number}:00:00")
    amazon_channel = pulled(sandbox, "amazon", "")
    amazon_channel.secret_name = "LWA"
    for channel in (amazon_channel, pulled(sandbox, "mirakl", ""), pulled(sandbox, "prestashop", "")):
        await doors.set_channel(channel)
    await sandbox.post("/scenario", json={"platform": "amazon", "fail_after": 5, "status": 429})
    await puller.pull_due()
    for _ in range(2):
        puller.clock.advance(timedelta(minutes=2))
        await puller.pull_due()
    assert not await quarantined(intake)
    assert await orders(intake) == [
        "1", "2", "3", *(f"902-000000{n}-0000000" for n in (1, 2, 3)), "M-1", "M-2", "M-3"
    ]  # fmt: skip
    assert len((await intake.ListDocuments(rpc.ListDocumentsRequest())).documents) == 9, "what overlaps is there once"


async def test_a_webhook_that_the_sandbox_signs_comes_in(service, clock, sandbox, monkeypatch):
    (port,) = ports.free(1)
    monkeypatch.setenv("OMS_INTAKE_HTTP_LISTEN", f"127.0.0.1:{port}")
    monkeypatch.setenv("OMS_SECRET_SHOP", SECRET)
    running = await service("intake", clock=clock)
    async for doors in opened(running):
        await doors.set_channel(SHOPIFY)
        said = {
            "url": f"http://127.0.0.1:{port}/channels/shopify-us",
            "scheme": "shopify",
            "secret": SECRET,
            "topic": "orders/create",
            "id": "w-1",
            "body": shop_order(1),
        }
        assert (await sandbox.post("/webhooks", json=said)).json()["status"] == 202
        assert (await sandbox.post("/webhooks", json={**said, "secret": "x"})).json()["status"] == 401


def amazon(order_id):
    money = {"CurrencyCode": "USD", "Amount": "10.00"}
    return {
        "order": {
            "AmazonOrderId": order_id,
            "PurchaseDate": MORNING,
            "LastUpdateDate": MORNING,
            "OrderStatus": "Unshipped",
            "FulfillmentChannel": "MFN",
            "OrderTotal": money,
            "NumberOfItemsShipped": 0,
            "NumberOfItemsUnshipped": 1,
            "MarketplaceId": "ATVPDKIKX0DER",
            "ShipmentServiceLevelCategory": "Standard",
        },
        "items": [
            {"OrderItemId": "1", "SellerSKU": "TEE", "QuantityOrdered": 1, "QuantityShipped": 0, "ItemPrice": money}
        ],
        "address": {
            "AmazonOrderId": order_id,
            "ShippingAddress": {
                "Name": "Robin",
                "AddressLine1": "1 Main St",
                "City": "Troy",
                "StateOrRegion": "NY",
                "PostalCode": "12180",
                "CountryCode": "US",
            },
        },
        "buyer": {"AmazonOrderId": order_id, "BuyerEmail": "robin@marketplace.example"},
    }


def mirakl(order_id):
    address = {
        "firstname": "Robin", "lastname": "Example", "street_1": "1 Main St", "city": "Troy", "state": "NY",
        "zip_code": "12180", "country": "USA", "country_iso_code": "USA",
    }  # fmt: skip
    return {
        "order_id": order_id,
        "commercial_id": order_id,
        "created_date": MORNING,
        "last_updated_date": MORNING,
        "currency_iso_code": "USD",
        "order_state": "SHIPPING",
        "price": 10.0,
        "shipping_price": 0.0,
        "total_price": 10.0,
        "customer": {"customer_id": "c-1", "shipping_address": address, "billing_address": address},
        "order_lines": [
            {
                "order_line_id": f"{order_id}-1", "order_line_state": "SHIPPING", "offer_sku": "TEE", "quantity": 1,
                "price": 10.0, "price_unit": 10.0, "shipping_price": 0.0, "total_price": 10.0, "taxes": [],
                "shipping_taxes": [],
            }
        ],
    }  # fmt: skip


def prestashop(number):
    row = {
        "id": number * 10, "product_id": 1, "product_quantity": 1, "product_name": "Tee", "product_reference": "TEE",
        "product_price": "10.000000", "unit_price_tax_incl": "10.000000", "unit_price_tax_excl": "10.000000",
    }  # fmt: skip
    order = {
        "id": number, "id_address_delivery": 4, "id_address_invoice": 4, "id_currency": 1, "id_customer": 0,
        "id_carrier": 0, "current_state": 2, "module": "bankwire", "payment": "Bank wire", "reference": f"REF{number}",
        "date_add": f"2026-03-02 0{number}:00:00", "date_upd": f"2026-03-02 0{number}:00:00",
        "total_paid": "10.000000", "total_paid_tax_incl": "10.000000", "total_paid_tax_excl": "10.000000",
        "total_products": "10.000000", "total_products_wt": "10.000000", "total_shipping": "0.000000",
        "total_shipping_tax_incl": "0.000000", "total_shipping_tax_excl": "0.000000", "total_discounts": "0.000000",
        "associations": {"order_rows": {"order_row": [row]}},
    }  # fmt: skip
    address = {
        "id": 4, "id_country": 8, "id_state": 0, "firstname": "Zoë", "lastname": "Beispiel", "address1": "1 Rue",
        "postcode": "75001", "city": "Paris",
    }  # fmt: skip
    return {
        "order": order,
        "addresses": {"address": address},
        "countries": {"country": {"id": 8, "iso_code": "FR"}},
        "currencies": {"currency": {"id": 1, "iso_code": "EUR"}},
        "order_states": {"order_state": {"id": 2, "paid": 1, "shipped": 0, "name": "Payment accepted"}},
    }


async def test_an_answer_that_unpacks_without_end_is_not_read_to_the_end():
    packed = gzip.compress(bytes(30_000_000))

    async def platform(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n"
        writer.write(head.encode() + packed)
        await writer.drain()
        writer.close()

    async with (
        await asyncio.start_server(platform, "127.0.0.1", 0) as server,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/orders"
        with pytest.raises(PullFailed, match="more than 20000000 bytes"):
            await ask(http, address)

import asyncio, signal, sys, os, json
from pathlib import Path
import pytest
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.channel_pb2 import Bundle, BundleComponent
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.inventory.checkout import Checkout
from services.kernel.errors import OmsError
from services.inventory.gathering import Gatherer
from services.inventory import wire

def req(key, n=1, sku="TEE"):
    return rpc.ReserveStockRequest(request_id=key, owner_id="o"+key, lines=[rpc.ReservationLine(line_id="1", sku=sku, node_id="east", quantity=n)])

async def test_bundle_transfer_same_node(shop):
    await shop.adjust("A", "east", 10)
    await shop.stub.SetBundle(rpc.SetBundleRequest(request_id="b", bundle=Bundle(sku="BOX", components=[BundleComponent(sku="A", quantity=2)])))
    r = await shop.stub.ReserveStock(req("x", 2, "BOX"))
    rid = r.reservations[0].reservation_id
    a = await shop.stub.TransferReservation(rpc.TransferReservationRequest(request_id="t", reservation_id=rid, node_id="east"))
    print(a)

async def test_lost_wakeup(shop):
    await shop.adjust("TEE", "east", 100)
    g = Gatherer(shop.parts.database, shop.parts.clock, None)
    orig = g._next_group
    second = []
    loop = asyncio.get_running_loop()
    def ng():
        got = orig()
        if not got and not second:
            loop.call_soon(lambda: None)
            # what was already ready in this turn of the loop runs before the done callbacks
            second.append(None)
            loop._ready.appendleft(asyncio.Handle(lambda: second.append(g.ask(req("b"), "x")), (), loop))
        return got
    g._next_group = ng
    a = await g.ask(req("a"), "x")
    await asyncio.sleep(0.05)
    await asyncio.wait_for(second[1], 2)

async def test_meanwhile(shop):
    from services.inventory import store_gathering
    await shop.adjust("TEE", "east", 0 or 1)
    await shop.reserve(("TEE", "east", 1), owner="z")
    g1 = Gatherer(shop.parts.database, shop.parts.clock, None)
    look = store_gathering.look
    async def slow(*a):
        known = await look(*a)
        store_gathering.look = look
        await shop.adjust("TEE", "east", 5)
        await shop.stub.ReserveStock(req("k"))
        return known
    store_gathering.look = slow
    await asyncio.wait_for(g1.ask(req("k"), "anonymous"), 3)

async def test_checkout_after_break(migrated_database):
    url = await asyncio.to_thread(migrated_database, "inventory")
    from tests.service.inventory.shop import Shop
    from deploy.local import ports
    port = ports.free(1)[0]
    env = {**os.environ, "OMS_DATABASE_URL": url, "OMS_LISTEN": f"127.0.0.1:{port}", "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9"}
    async def go():
        p = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.inventory", env=env, stderr=asyncio.subprocess.PIPE)
        while True:
            line = json.loads(await asyncio.wait_for(p.stderr.readline(), 30))
            if line["event"] == "listening": break
        return p
    async with Channels(Settings()) as channels:
        p = await go()
        shop = Shop(channels, f"127.0.0.1:{port}")
        await shop.adjust("TEE", "east", 10)
        async with Checkout(shop.stub) as c:
            await c.reserve(req("a"))
            p.kill(); await p.wait()
            await asyncio.sleep(.3)
            p = await go()
            try:
                for i in range(5):
                    try:
                        print(await asyncio.wait_for(c.reserve(req(f"b")), 4)); break
                    except OmsError as e:
                        print("err", e); await asyncio.sleep(.2)
            finally:
                p.terminate(); await p.wait()

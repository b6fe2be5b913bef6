"""The warehouse and the carrier sandboxes at work, against the real fulfillment service."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local import ports
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.returns.v1.returns_service_pb2 import GetReturnRequest
from services.chassis.client import Channels
from services.chassis.settings import Settings
from tests.service.fulfillment.depot import ADDRESS, Depot, words
from tests.service.returns.shop import RESTOCK, SCRAP, Shop
from tests.service.sandbox.partners import Partner, both, eventually


class World:
    """A fulfillment service that can be taken down, and its partners, at work."""

    def __init__(self, depot: Depot, wms: Partner, carrier: Partner, returns_address: str) -> None:
        self.returns_address = returns_address
        self.depot = depot
        self.wms = wms
        self.carrier = carrier

    async def told(self, order: FulfillmentOrder, *last: str) -> Any:
        """Wait until the process was told this, and return all that it was told."""

        async def found():
            said = words(await self.depot.signals(order))
            return said if said[-len(last) :] == list(last) else None

        return await eventually(found)

    async def parcel(self, order: FulfillmentOrder) -> Any:
        """Wait until there is a parcel, and return its number."""

        async def found():
            request = rpc.ListShipmentsRequest(order_id=order.order_id)
            return [one.tracking_number for one in (await self.depot.stub.ListShipments(request)).shipments]

        return (await eventually(found))[0]


@pytest.fixture
async def world(service, migrated_database, monkeypatch, tmp_path) -> AsyncIterator[World]:
    address, returns_address = (f"127.0.0.1:{port}" for port in ports.free(2))
    wms, carrier = both(tmp_path, OMS_FULFILLMENT_ADDRESS=address, OMS_RETURNS_ADDRESS=returns_address)
    monkeypatch.setenv("OMS_WMS_URL", wms.url)
    monkeypatch.setenv("OMS_CARRIER_URL", carrier.url)
    url = migrated_database("fulfillment")
    await service("fulfillment", database_url=url, listen=address)
    try:
        async with Channels(Settings()) as channels:
            yield World(Depot(channels, address, url), wms, carrier, returns_address)
    finally:
        wms.stop()
        carrier.stop()


async def test_work_is_picked_packed_shipped_and_delivered(world):
    order = await world.depot.create("TEE", a=2, b=1)
    assert await world.told(order, "DELIVERED") == ["SHIPPED", "DELIVERED"]
    found = await world.depot.get(order)
    assert found.status == FulfillmentOrder.STATUS_CLOSED
    assert [line.shipped_quantity for line in found.lines] == [2, 1]
    kinds = await world.depot.rows("SELECT type FROM fulfillment.node_events ORDER BY record_time")
    assert [row["type"] for row in kinds] == ["PICKED", "PACKED", "SHIPPED"]


async def test_neither_side_forgets_anything_when_all_partners_are_killed(world):
    await world.wms.scenario(sku="TEE", behaviour="slow")
    orders = [await world.depot.create("TEE", a=1) for _ in range(3)]
    world.wms.kill()
    world.wms.restart()
    numbers = [await world.parcel(order) for order in orders]
    world.carrier.kill()
    world.wms.kill()
    world.carrier.restart()
    world.wms.restart()
    for order in orders:
        assert await world.told(order, "DELIVERED") == ["SHIPPED", "DELIVERED"]
    assert len(set(numbers)) == 3
    shipments = (await world.depot.stub.ListShipments(rpc.ListShipmentsRequest())).shipments
    assert len(shipments) == 3  # no label was bought twice


async def test_the_stories_that_a_warehouse_can_be_told_to_act(world):
    for sku, behaviour in (("SHORT", "short_pick"), ("NO", "reject"), ("QUIET", "silent")):
        await world.wms.scenario(sku=sku, behaviour=behaviour)
    short = await world.depot.create("SHORT", a=3)
    rejected = await world.depot.create("NO", a=1)
    silent = await world.depot.create("QUIET", a=1)
    assert await world.told(short, "DELIVERED") == ["SHORT_PICKED", "SHIPPED", "DELIVERED"]
    assert await world.told(rejected, "REJECTED") == ["REJECTED"]
    assert await world.depot.signals(silent) == []
    await world.wms.scenario(sku="QUIET", behaviour="normal")
    assert await world.told(silent, "DELIVERED") == ["SHIPPED", "DELIVERED"]
    assert (await world.depot.get(short)).status == FulfillmentOrder.STATUS_INCOMPLETE


async def test_the_stories_that_a_carrier_can_be_told_to_act(world):
    stories = {
        "lost": ["SHIPPED", "LOST"],
        "delayed": ["SHIPPED", "DELIVERED"],
        "exception": ["SHIPPED", "EXCEPTION", "DELIVERED"],
        "duplicate": ["SHIPPED", "DELIVERED"],
        "reorder": ["SHIPPED", "DELIVERED"],
    }
    orders = {}
    for behaviour in stories:
        request = world.depot.work("TEE", a=1)
        await world.carrier.scenario(reference=request.fulfillment_order_id, behaviour=behaviour)
        orders[behaviour] = await world.depot.submit(request)
    for behaviour, told in stories.items():
        assert await world.told(orders[behaviour], told[-1]) == told, behaviour


async def test_a_packed_parcel_is_intercepted_and_the_rest_of_it_leaves_in_another(world):
    order = await _cancelled_when_packed(world)
    assert await world.told(order, "DELIVERED") == ["CANCELLED", "SHIPPED", "DELIVERED"]
    found = await world.depot.get(order)
    assert (found.lines[0].cancelled_quantity, found.lines[0].shipped_quantity) == (1, 1)


async def test_an_interception_that_fails_is_said_and_the_parcel_leaves(world):
    order = await _cancelled_when_packed(world, fails=True)
    assert await world.told(order, "DELIVERED") == ["SHIPPED", "DELIVERED"]
    kinds = await world.depot.rows("SELECT type FROM fulfillment.node_events ORDER BY record_time")
    assert "CANCELLATION_REJECTED" in [row["type"] for row in kinds]


async def test_a_key_that_is_used_for_another_body_is_refused(world):
    body = {"direction": "OUTBOUND", "order_id": "ord_1", "reference": "ful_1"}
    first = await world.carrier.told("/labels", key="k", **body)
    assert first == await world.carrier.told("/labels", key="k", **body)
    assert (await world.carrier.told("/labels", key="k", **{**body, "order_id": "ord_2"}))[0] == 409
    assert (await world.carrier.told("/labels", key="other"))[0] == 400
    assert (await world.carrier.told("/handover", tracking_number="nobody's"))[0] == 404


async def test_what_comes_back_is_received_and_inspected(world, service, migrated_database):
    await world.wms.scenario(sku="SKU-2", behaviour="disposition", disposition="SCRAP")
    url = migrated_database("intake", "returns")
    intake = await service("intake", database_url=url)
    returns = await service("returns", database_url=url, intake_address=intake.address, listen=world.returns_address)
    async with Channels(Settings()) as channels:
        shop = Shop(intake=intake.address, returns=returns.address, channels=channels, database_url=url)
        back = await shop.delivered_and_asked_back(2, 1)
        parcel = rpc.ReturnParcel(return_id=back.return_id, order_id=back.order_id, node_id="east", ship_from=ADDRESS)
        for line in back.lines:
            parcel.lines.add(line_id=line.line_id, sku=line.sku, quantity=line.quantity)
        request = rpc.PurchaseLabelRequest(request_id=f"{back.return_id}/label", return_parcel=parcel)
        number = (await world.depot.stub.PurchaseLabel(request)).shipment.tracking_number
        assert (await world.carrier.told("/handover", tracking_number=number))[0] == 409
        assert (await world.carrier.told("/dropoff", tracking_number=number))[0] == 200

        async def inspected():
            found = await shop.stub.GetReturn(GetReturnRequest(return_id=back.return_id))
            lines = found.return_record.lines
            return (
                [line.dispositions[0].disposition for line in lines] if all(one.dispositions for one in lines) else []
            )

        assert await eventually(inspected) == [RESTOCK, SCRAP]


async def _cancelled_when_packed(world: World, *, fails: bool = False) -> Any:
    """Return work that is called back after it was packed and before it left."""
    request = world.depot.work("TEE", a=2)
    if fails:
        await world.wms.scenario(fulfillment_order_id=request.fulfillment_order_id, behaviour="intercept_fails")
    world.carrier.kill()  # without it there is no label, so the parcel cannot leave
    order = await world.depot.submit(request)

    async def packing():
        return (await world.wms.says(f"/fulfillment-orders/{order.fulfillment_order_id}"))["state"] == "packing"

    await eventually(packing)
    [line] = (await world.depot.cancel(order, a=1)).lines
    assert line.intercepting_quantity == 1
    world.carrier.restart()
    return order

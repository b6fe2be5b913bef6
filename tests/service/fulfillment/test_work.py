"""Giving work to nodes, and calling it back."""

import asyncio

import pytest

from deploy.local import ports
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound, Unavailable
from tests.service.fulfillment.depot import Depot, said, words
from tests.service.sandbox.partners import Partner


async def test_work_is_given_to_the_node_and_accepted(depot, partners):
    order = await depot.create(a=2, b=1)
    assert order.request_status == FulfillmentOrder.REQUEST_STATUS_ACCEPTED
    assert order.status == FulfillmentOrder.STATUS_IN_PROGRESS
    assert order.node_reference.startswith("WMS-")
    assert order.ship_to.name == "Ada L."
    known = await partners[0].says(f"/fulfillment-orders/{order.fulfillment_order_id}")
    assert known["remaining"] == {"a": 2, "b": 1}
    assert await depot.get(order) == order


async def test_the_same_work_twice_is_once_and_other_work_of_the_same_id_is_refused(depot):
    request = depot.work(a=2)
    first, second = await asyncio.gather(depot.submit(request), depot.submit(request))
    assert first.lines == second.lines
    request.ship_to.city = "Troy"  # a customer moved: the same work all the same
    assert (await depot.submit(request)).ship_to.city == "Albany"
    request.lines[0].quantity = 3
    with pytest.raises(AlreadyExists, match="FULFILLMENT_ORDER_EXISTS"):
        await depot.submit(request)


async def test_a_refusal_by_the_node_is_an_answer_and_no_signal(depot):
    order = await depot.create("UNWANTED", a=2)
    assert order.request_status == FulfillmentOrder.REQUEST_STATUS_REJECTED
    assert order.lines[0].rejected_quantity == 2
    assert order.message == "the warehouse does not take this work"
    assert await depot.signals(order) == []


async def test_a_line_with_two_articles_is_refused(depot):
    request = depot.work(a=1)
    request.lines.add(line_id="a", sku="OTHER", quantity=1)
    with pytest.raises(InvalidArgument, match="LINE_REPEATED"):
        await depot.submit(request)


async def test_work_is_kept_while_the_warehouse_is_down_and_submitted_when_asked_again(
    service, migrated_database, monkeypatch, tmp_path
):
    address = f"127.0.0.1:{ports.free(1)[0]}"
    monkeypatch.setenv("OMS_WMS_URL", f"http://{address}")
    url = migrated_database("fulfillment")
    running = await service("fulfillment", database_url=url)
    async with Channels(Settings()) as channels:
        depot = Depot(channels, running.address, url)
        request = depot.work(a=2)
        with pytest.raises(Unavailable, match="WMS_UNAVAILABLE"):
            await depot.submit(request)
        kept = await depot.get(FulfillmentOrder(fulfillment_order_id=request.fulfillment_order_id))
        assert kept.request_status == FulfillmentOrder.REQUEST_STATUS_UNSUBMITTED
        assert FulfillmentOrder.ACTION_SUBMIT in kept.supported_actions
        with pytest.raises(Unavailable, match="WMS_UNAVAILABLE"):
            await depot.cancel(kept, a=1)
        wms = Partner("wms", tmp_path, address, {"OMS_FULFILLMENT_ADDRESS": "127.0.0.1:9"})
        try:
            wms.await_ready()
            await wms.scenario(sku="QUIET", behaviour="silent")
            order = await depot.submit(request)
            assert order.request_status == FulfillmentOrder.REQUEST_STATUS_ACCEPTED
        finally:
            wms.stop()


async def test_what_the_node_stops_is_cancelled_and_told_once(depot):
    order = await depot.create(a=2, b=1)
    answer = await depot.cancel(order, key="once", a=1, b=1)
    assert [(one.line_id, one.cancelled_quantity) for one in answer.lines] == [("a", 1), ("b", 1)]
    assert answer.fulfillment_order.request_status == FulfillmentOrder.REQUEST_STATUS_ACCEPTED
    assert await depot.cancel(order, key="once", a=1, b=1) == answer
    [signal] = await depot.signals(order)
    assert words([signal]) == ["CANCELLED"]
    assert {line.line_id: line.quantity for line in signal.lines} == {"a": 1, "b": 1}
    rest = await depot.cancel(order)
    assert [(one.line_id, one.cancelled_quantity) for one in rest.lines] == [("a", 1)]
    assert rest.fulfillment_order.status == FulfillmentOrder.STATUS_CANCELLED
    assert rest.fulfillment_order.request_status == FulfillmentOrder.REQUEST_STATUS_CANCELLATION_ACCEPTED
    assert list(rest.fulfillment_order.supported_actions) == []
    assert list((await depot.cancel(order)).lines) == []


async def test_units_that_have_left_are_too_late(depot):
    order = await depot.create(a=2)
    parcel = await depot.label(order, a=2)
    await depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
    [line] = (await depot.cancel(order, a=2)).lines
    assert line.too_late_quantity == 2
    assert words(await depot.signals(order)) == ["SHIPPED"]


async def test_work_that_the_node_never_had_is_cancelled_and_not_taken_later(
    service, migrated_database, monkeypatch, partners
):
    monkeypatch.setenv("OMS_WMS_URL", "http://127.0.0.1:9")
    url = migrated_database("fulfillment")
    async with Channels(Settings()) as channels:
        down = Depot(channels, (await service("fulfillment", database_url=url)).address, url)
        request = down.work(a=2)
        with pytest.raises(Unavailable):
            await down.submit(request)
        monkeypatch.setenv("OMS_WMS_URL", partners[0].url)
        up = Depot(channels, (await service("fulfillment", database_url=url)).address, url)
        order = (await up.cancel(FulfillmentOrder(fulfillment_order_id=request.fulfillment_order_id))).fulfillment_order
        assert order.status == FulfillmentOrder.STATUS_CANCELLED
        assert (await up.submit(request)).status == FulfillmentOrder.STATUS_CANCELLED
        known = await partners[0].says(f"/fulfillment-orders/{request.fulfillment_order_id}")
        assert known["state"] == "cancelled"


async def test_cancelling_names_what_is_wrong(depot):
    order = await depot.create(a=2)
    with pytest.raises(InvalidArgument, match="UNKNOWN_LINE"):
        await depot.cancel(order, z=1)
    with pytest.raises(NotFound, match="UNKNOWN_FULFILLMENT_ORDER"):
        await depot.cancel(FulfillmentOrder(fulfillment_order_id="ful_nobody"))
    await depot.cancel(order, key="k", a=1)
    with pytest.raises(AlreadyExists, match="REQUEST_ID_REUSED"):
        await depot.cancel(order, key="k", a=2)


async def test_lists_are_newest_first_filtered_and_paged(depot):
    orders = [await depot.create(a=1) for _ in range(3)]
    await depot.cancel(orders[1])
    request = rpc.ListFulfillmentOrdersRequest(node_id="east", page_size=2)
    first = await depot.stub.ListFulfillmentOrders(request)
    request.page_token = first.next_page_token
    second = await depot.stub.ListFulfillmentOrders(request)
    found = [one.fulfillment_order_id for page in (first, second) for one in page.fulfillment_orders]
    assert found == [one.fulfillment_order_id for one in reversed(orders)]
    assert second.next_page_token == ""
    cancelled = rpc.ListFulfillmentOrdersRequest(status=FulfillmentOrder.STATUS_CANCELLED)
    assert len((await depot.stub.ListFulfillmentOrders(cancelled)).fulfillment_orders) == 1
    by_order = rpc.ListFulfillmentOrdersRequest(order_id=orders[0].order_id)
    assert len((await depot.stub.ListFulfillmentOrders(by_order)).fulfillment_orders) == 1
    with pytest.raises(InvalidArgument, match="INVALID_PAGE_TOKEN"):
        await depot.stub.ListFulfillmentOrders(
            rpc.ListFulfillmentOrdersRequest(node_id="west", page_token=first.next_page_token)
        )

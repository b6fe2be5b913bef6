"""The way back: label, parcel, inspection, stock and money."""

import pytest

from oms.intake.v1.order_pb2 import Order
from oms.returns.v1.return_pb2 import Return
from tests.workflow.life import Life

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]


async def delivered(life: Life, sku: str, quantity: int) -> Order:
    order = await life.until(await life.buy((sku, quantity)), "DELIVERED")
    await life.ended(order)
    return order


async def labelled(life: Life, order: Order, *units: int) -> Return:
    record = await life.ask_back(order, *units)
    return await life.back(record, "a label", lambda found: found.tracking_number)


async def test_what_comes_back_is_labelled_received_inspected_restocked_and_paid_back(life: Life):
    sku = await life.stock(east=2)
    order = await delivered(life, sku, 2)
    record = await labelled(life, order, 1)
    assert record.node_id == "dc-east"
    await life.shown(record, Status="Awaiting parcel", Node="dc-east")
    # From here on the carrier and the warehouse do it all.
    dropped = await life.house.http["carrier"].post("/dropoff", json={"tracking_number": record.tracking_number})
    assert dropped.is_success
    await life.back(record, "an end", lambda found: found.closed)
    assert await life.finished(life.process(record)) == "Closed"
    await life.until(order, "PARTLY_RETURNED", delivered=1, returned=1)
    assert (await life.position(sku)).available == 1
    assert await life.account(order) == {"captured": 2000, "voided": 0, "refunded": 1000}
    assert await life.paid_back(order) == [("RETURN", 1000)]


async def test_scrap_is_paid_back_and_never_enters_the_stock(life: Life):
    sku = await life.stock(east=3)
    order = await delivered(life, sku, 3)
    record = await labelled(life, order, 3)
    await life.receive(record, 3)
    await life.shown(record, Status="Awaiting inspection")
    await life.inspect(record, "INSPECT_AGAIN", 3)
    await life.inspect(record, "SCRAP", 2)
    await life.until(order, returned=2, delivered=1)
    await life.inspect(record, "RESTOCK", 1)
    assert await life.finished(life.process(record)) == "Closed"
    await life.until(order, "RETURNED", returned=3)
    assert (await life.position(sku)).on_hand == 1
    assert await life.account(order) == {"captured": 3000, "voided": 0, "refunded": 3000}
    assert sorted(await life.paid_back(order)) == [("RETURN", 1000), ("RETURN", 2000)]


async def test_what_is_kept_but_cannot_be_sold_is_in_stock_and_not_available(life: Life):
    sku = await life.stock(east=1)
    order = await delivered(life, sku, 1)
    record = await labelled(life, order, 1)
    await life.receive(record, 1)
    await life.inspect(record, "REFURBISH", 1)
    assert await life.finished(life.process(record)) == "Closed"
    position = await life.position(sku)
    assert (position.on_hand, position.unsellable, position.available) == (1, 1, 0)


async def test_a_return_whose_process_an_operator_cancels_is_given_up(life: Life):
    order = await delivered(life, await life.stock(east=1), 1)
    record = await labelled(life, order, 1)
    await life.shown(record, Status="Awaiting parcel")
    await life.process(record).cancel()
    assert await life.finished(life.process(record)) is not None
    await life.back(record, "a cancellation", lambda found: found.authorization == Return.AUTHORIZATION_CANCELLED)
    assert await life.paid_back(order) == []
    await life.until(order, "DELIVERED", delivered=1)

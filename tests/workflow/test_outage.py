"""A node goes off: its open work is moved, the earliest promise first, and everybody can see what became of it."""

import pytest

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.routing.v1.outage_pb2 import OutageWork
from tests.workflow.flood import Store, store
from tests.workflow.life import Life, key

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]

MOVED, STAYS = OutageWork.OUTCOME_MOVED, OutageWork.OUTCOME_STAYS


async def test_open_work_of_a_node_that_goes_off_is_moved_the_earliest_promise_first(life: Life):
    flooded = await store(life, units=5, elsewhere=5)
    standard, first = await flooded.buy("STANDARD")
    next_day, _ = await flooded.buy("NEXT_DAY")
    expedited, _ = await flooded.buy("EXPEDITED")
    packed, at_door = await flooded.buy("STANDARD")
    await life.label(at_door)
    shipped, gone = await flooded.buy("STANDARD")
    parcel = await life.ship(gone)
    await life.until(shipped, "SHIPPED")
    outage = await flooded.off()
    works = await flooded.works(outage, 4)
    assert set(works) == {one.order_id for one in (standard, next_day, expedited, packed)}
    assert list(works)[:2] == [next_day.order_id, expedited.order_id]
    assert works[packed.order_id].outcome == STAYS
    assert works[packed.order_id].note == "it had gone too far"
    moved = [works[one.order_id] for one in (standard, next_day, expedited)]
    assert [(one.outcome, one.note) for one in moved] == [(MOVED, "to dc-west")] * 3
    assert all(one.HasField("new_promise_time") for one in moved)
    assert all(one.cost_difference.currency_code == "USD" and one.cost_difference.units > 0 for one in moved)
    now = [await flooded.newest(one) for one in (next_day, expedited, standard)]
    assert [one.node_id for one in now] == ["dc-west"] * 3
    times = [one.create_time.ToNanoseconds() for one in now]
    assert times == sorted(times)
    # What the order's timeline says is what happens when a node rejects: units are never lost on the way.
    await life.until(standard, "RELEASED")
    known = {one.fulfillment_order_id: one for one in await life.works(standard)}
    assert [line.rejected_quantity for line in known[first.fulfillment_order_id].lines] == [1]
    await flooded.on()
    assert "3 moved, 1 stay" in str(await life.finished(flooded.process(outage)))
    await life.scan(parcel, "DELIVERED")
    await flooded.deliver(standard, next_day, expedited)
    await life.says(at_door, "SHIPPED", tracking_number=(await life.shipments(packed))[0].tracking_number)
    await life.scan((await life.shipments(packed))[0], "DELIVERED")
    assert await life.ended(packed) == "Delivered"


async def test_work_that_nobody_else_has_stock_for_is_not_said_to_have_moved(life: Life):
    flooded = await store(life, units=2, elsewhere=1)
    later, _ = await flooded.buy("STANDARD")
    sooner, _ = await flooded.buy("NEXT_DAY")
    outage = await flooded.off()
    works = await flooded.works(outage, 2)
    assert works[sooner.order_id].outcome == MOVED
    assert works[later.order_id].outcome in {STAYS, OutageWork.OUTCOME_WAITS}
    await flooded.on()
    await life.finished(flooded.process(outage))
    await life.cancel(later)
    await life.ended(later)
    await flooded.deliver(sooner)


async def test_an_outage_goes_on_with_a_worker_that_knows_it_only_from_its_history(life: Life):
    flooded = await store(life, units=3, elsewhere=3)
    orders = [(await flooded.buy(level))[0] for level in ("STANDARD", "NEXT_DAY", "EXPEDITED")]
    try:
        outage = await flooded.off()
        await flooded.works(outage, 1)
        await life.house.rest()
        await life.house.work(cached=0)
        works = await flooded.works(outage, 3)
        assert [one.outcome for one in works.values()] == [MOVED] * 3
        assert [one.node_id for one in await _newest(flooded, orders)] == ["dc-west"] * 3
        assert all([len(await life.works(order)) == 2 for order in orders])
        await flooded.on()
        assert "3 moved, 0 stay, 0 wait" in str(await life.finished(flooded.process(outage)))
    finally:
        await life.house.work()
    await flooded.deliver(*orders)


async def test_the_same_switch_again_moves_nothing_twice(life: Life):
    flooded = await store(life, units=1, elsewhere=2)
    order, _ = await flooded.buy("STANDARD")
    request_id = key()
    outage = await flooded.off(request_id=request_id)
    before = await flooded.works(outage, 1)
    assert await flooded.off(request_id=request_id) == outage
    await flooded.on()
    await life.finished(flooded.process(outage))
    assert await flooded.off(request_id=request_id) == outage
    assert await flooded.works(outage, 1) == before
    assert len(await life.works(order)) == 2
    await flooded.deliver(order)


async def _newest(flooded: Store, orders) -> list[FulfillmentOrder]:
    return [await flooded.newest(order) for order in orders]

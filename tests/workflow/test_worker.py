"""Workers come and go; a process goes on where its history says it was."""

import pytest

from tests.workflow.life import Life, outcomes

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]


async def test_a_process_goes_on_with_workers_that_know_it_only_from_its_history(life: Life):
    sku, scarce = await life.stock(east=2, west=2), await life.stock()
    order = await life.buy((sku, 3), (scarce, 1), holds=[life.hold("stage")])
    await life.behave("wms", order_id=order.order_id, behaviour="silent")
    try:
        # A worker that keeps nothing replays the whole history for every task.
        await life.house.work(cached=0)
        await life.resolve(order, "stage")
        await life.until(order, backordered=1, released=3)
        line, other = (one.line_id for one in order.lines)
        assert outcomes(await life.cancel(order, {other: 1})) == [("CANCELLED", 1, 0, 0)]
        works = await life.work_of(order, 2)
        two = next(work for work in works if work.lines[0].quantity == 2)
        one = next(work for work in works if work.lines[0].quantity == 1)
        assert outcomes(await life.cancel(order, {line: 1}))[0][1:] == (1, 0, 0)
        await life.until(order, cancelled=2, released=2)
        left = [work for work in (one, two) if await life.waiting(work)]
        parcels = [await life.ship(work) for work in left]
        await life.house.rest()
        for parcel in parcels:
            await life.scan(parcel, "DELIVERED")
        await life.house.work(cached=0)
        assert await life.ended(order) == "Delivered"
        await life.until(order, delivered=2, cancelled=2)
        assert await life.account(order) == {"captured": 2000, "voided": 2000, "refunded": 0}
    finally:
        await life.house.work()


async def test_what_happens_while_nobody_works_is_done_when_somebody_does(life: Life):
    sku = await life.stock(east=1)
    async with life.nobody_working():
        order = await life.buy((sku, 1))
        await life.shown(order, Status="Open")
        assert (await life.look(order)).units.open == 1
    await life.until(order, "DELIVERED")
    assert await life.ended(order) == "Delivered"

"""Who waits for stock, and who is told of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.database import Database
from services.inventory.domain.backorder import HEAD_START, Wait
from services.inventory.domain.position import Movement, Pair, Reason
from services.inventory.moving import Moving
from services.inventory.queues import Queues
from services.inventory.sweeper import Sweeper
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition, InvalidArgument
from tests.service.inventory.shop import BEST_EFFORT, Shop

# Something that is done in a transaction of the test.
Step = Callable[[AsyncConnection], Awaitable[object]]


async def test_an_order_that_waits_is_told_when_stock_comes(shop):
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["WAITING"]
    await shop.adjust("TEE", "east", 5)
    assert await shop.queue() == [("ord_1", "NOTIFIED")]
    assert await shop.told() == ["order/ord_1"]


async def test_stock_that_is_there_already_is_told_at_once(shop):
    await shop.adjust("TEE", "east", 5)
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["NOTIFIED"]
    assert await shop.told() == ["order/ord_1"]


async def test_the_urgent_come_first_and_then_those_who_wait_longest(shop, clock):
    for owner, priority in (("ord_late", 3), ("ord_later", 3), ("ord_urgent", 1), ("ord_patient", 5)):
        await shop.wait(owner, ("lin_1", "TEE", 2), priority=priority)
        clock.advance(timedelta(seconds=1))
    assert [owner for owner, _ in await shop.queue(sku="TEE")] == ["ord_urgent", "ord_late", "ord_later", "ord_patient"]
    await shop.adjust("TEE", "east", 3)
    assert await shop.told() == ["order/ord_late", "order/ord_urgent"]
    assert await shop.queue() == [
        ("ord_urgent", "NOTIFIED"),
        ("ord_late", "NOTIFIED"),
        ("ord_later", "WAITING"),
        ("ord_patient", "WAITING"),
    ]


async def free_by_release(shop: Shop) -> AsyncIterator[None]:
    (made,) = (await shop.reserve(("TEE", "east", 5), owner="ord_other")).reservations
    yield
    await shop.release((made.reservation_id, 0))
    yield


async def free_by_expiry(shop: Shop) -> AsyncIterator[None]:
    assert isinstance(shop.parts.clock, ManualClock)
    until = shop.parts.clock.now() + timedelta(minutes=1)
    await shop.reserve(("TEE", "east", 5), owner="cart", until=until)
    yield
    shop.parts.clock.advance(timedelta(minutes=1))
    await Sweeper(shop.parts).expire()
    yield


async def free_by_safety_stock(shop: Shop) -> AsyncIterator[None]:
    await shop.safety("TEE", "east", 5)
    yield
    await shop.safety("TEE", "east", 4)
    yield


async def free_by_snapshot(shop: Shop) -> AsyncIterator[None]:
    await shop.sync("east", {"TEE": 0}, 1)
    yield
    await shop.sync("east", {"TEE": 3}, 2)
    yield


async def free_by_repair(shop: Shop) -> AsyncIterator[None]:
    await shop.adjust("TEE", "east", unsellable=5)
    yield
    await shop.adjust("TEE", "east", unsellable=-1)
    yield


@pytest.mark.parametrize(
    "way", [free_by_release, free_by_expiry, free_by_safety_stock, free_by_snapshot, free_by_repair]
)
async def test_however_stock_becomes_free_those_who_wait_are_told(shop, way):
    await shop.adjust("TEE", "east", 5)
    steps = way(shop)
    await anext(steps)
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["WAITING"]
    await anext(steps)
    assert await shop.queue() == [("ord_1", "NOTIFIED")]


async def test_stock_that_only_makes_up_for_overselling_is_told_to_nobody(shop):
    await shop.adjust("TEE", "east", 5)
    await shop.reserve(("TEE", "east", 5))
    await shop.sync("east", {"TEE": 2}, 1)
    await shop.wait("ord_1", ("lin_1", "TEE", 2))
    await shop.adjust("TEE", "east", 3)
    assert await shop.told() == []


async def test_an_order_is_told_once_of_all_that_came_together(shop):
    await shop.wait("ord_1", ("lin_1", "TEE", 2), ("lin_2", "MUG", 1))
    await shop.sync("east", {"TEE": 5, "MUG": 5}, 1)
    assert await shop.told() == ["order/ord_1"]


async def test_units_that_are_kept_for_one_go_to_the_next_when_the_time_to_take_them_is_over(shop, clock):
    await shop.wait("ord_1", ("lin_1", "TEE", 5))
    clock.advance(timedelta(seconds=1))
    await shop.wait("ord_2", ("lin_1", "TEE", 5))
    await shop.adjust("TEE", "east", 4)
    await shop.adjust("TEE", "east", 1)
    assert await shop.told() == ["order/ord_1", "order/ord_1"]
    clock.advance(HEAD_START)
    await Sweeper(shop.parts).expire()
    assert await shop.told() == ["order/ord_1", "order/ord_1", "order/ord_2"]
    assert await shop.queue() == [("ord_1", "WAITING"), ("ord_2", "NOTIFIED")]


async def test_an_order_that_could_not_use_the_stock_is_not_told_of_it_again(shop):
    await shop.adjust("TEE", "unreachable", 5)
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["NOTIFIED"]
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["WAITING"]
    await Sweeper(shop.parts).tell_overlooked()
    assert await shop.queue() == [("ord_1", "WAITING")]
    assert (await shop.position("TEE", "unreachable")).available == 5


async def test_an_order_that_could_not_use_the_stock_is_told_of_more(shop):
    await shop.adjust("TEE", "unreachable", 5)
    await shop.wait("ord_1", ("lin_1", "TEE", 2))
    await shop.wait("ord_1", ("lin_1", "TEE", 2))
    await shop.adjust("TEE", "east", 1)
    assert await shop.queue() == [("ord_1", "NOTIFIED")]


async def test_stock_that_comes_while_an_order_is_trying_is_not_missed(shop):
    await shop.adjust("TEE", "unreachable", 5)
    await shop.wait("ord_1", ("lin_1", "TEE", 2))
    await shop.adjust("TEE", "east", 1)  # it is told already, and has looked before this came
    assert await shop.wait("ord_1", ("lin_1", "TEE", 2)) == ["NOTIFIED"]


async def test_what_the_first_in_line_passes_goes_to_the_next(shop, clock):
    for owner in ("ord_1", "ord_2"):
        await shop.wait(owner, ("lin_1", "TEE", 5))
        clock.advance(timedelta(seconds=1))
    await shop.adjust("TEE", "east", 3)
    await shop.wait("ord_1", ("lin_1", "TEE", 5))
    assert await shop.queue() == [("ord_1", "WAITING"), ("ord_2", "NOTIFIED")]


async def test_what_a_cancelled_order_leaves_goes_to_the_next(shop, clock):
    for owner in ("ord_1", "ord_2"):
        await shop.wait(owner, ("lin_1", "TEE", 5))
        clock.advance(timedelta(seconds=1))
    await shop.adjust("TEE", "east", 3)
    assert await shop.close("ord_1") == 1
    assert await shop.queue() == [("ord_2", "NOTIFIED")]


async def test_waiting_again_keeps_the_place_in_the_queue_and_waiting_for_something_else_does_not(shop, clock):
    for owner in ("ord_1", "ord_2"):
        await shop.wait(owner, ("lin_1", "TEE", 5))
        clock.advance(timedelta(seconds=1))
    await shop.wait("ord_1", ("lin_1", "TEE", 3))
    assert [owner for owner, _ in await shop.queue()] == ["ord_1", "ord_2"]
    await shop.wait("ord_1", ("lin_1", "MUG", 3))
    assert [owner for owner, _ in await shop.queue()] == ["ord_2", "ord_1"]


async def test_closing_names_lines_or_all_and_closing_nothing_is_nothing(shop):
    await shop.wait("ord_1", ("lin_1", "TEE", 1), ("lin_2", "MUG", 1), ("lin_3", "CAP", 1))
    assert await shop.close("ord_1", "lin_2", "lin_9") == 1
    assert await shop.close("ord_1") == 2
    assert await shop.close("ord_1") == 0
    assert await shop.close("ord_unknown") == 0
    await shop.adjust("TEE", "east", 1)
    assert await shop.told() == []


async def test_a_line_cannot_wait_twice_in_one_request(shop):
    with pytest.raises(InvalidArgument):
        await shop.wait("ord_1", ("lin_1", "TEE", 1), ("lin_1", "MUG", 1))


def arrival(shop: Shop) -> Step:
    moving = Moving(Queues(shop.parts.outbox, shop.parts.clock), shop.parts.clock)
    one = Pair("TEE", "east")

    async def come(conn: AsyncConnection) -> None:
        await moving.open(conn, {one})
        await moving.move(conn, [Movement(pair=one, reason=Reason.RECEIPT, on_hand=1)], "test")

    return come


def registration(shop: Shop) -> Step:
    queues = Queues(shop.parts.outbox, shop.parts.clock)
    waits = [Wait(line_id="lin_1", sku="TEE", quantity=1)]
    return lambda conn: queues.register(conn, "ord_1", waits, priority=3)


@pytest.mark.parametrize(("first", "second"), [(arrival, registration), (registration, arrival)])
async def test_stock_and_an_order_that_come_at_the_same_moment_never_miss_each_other(shop, first, second):
    """The second begins while the first is not committed, on a SKU that was never here: it waits, and then sees it."""
    database = shop.parts.database

    async def in_its_own_transaction() -> None:
        async with database.begin() as conn:
            await second(shop)(conn)

    async with database.begin() as conn:
        await first(shop)(conn)
        other = asyncio.create_task(in_its_own_transaction())
        while not (await asyncio.wait({other}, timeout=0.01))[0] and not await is_anybody_blocked(database):
            pass
    await other
    assert await shop.queue() == [("ord_1", "NOTIFIED")]
    assert await shop.told() == ["order/ord_1"]


BLOCKED = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
)
"""


async def is_anybody_blocked(database: Database) -> bool:
    async with database.connect() as conn:
        return bool((await conn.execute(text(BLOCKED))).scalar_one())


async def test_many_orders_that_register_while_stock_arrives_are_all_told(shop):
    rounds = range(40)
    await asyncio.gather(
        *(
            call
            for number in rounds
            for call in (
                shop.wait(f"ord_{number}", ("lin_1", f"SKU-{number}", 1)),
                shop.adjust(f"SKU-{number}", "east", 1),
            )
        )
    )
    assert {state for _, state in await shop.queue()} == {"NOTIFIED"}
    assert sorted(await shop.told()) == sorted(f"order/ord_{number}" for number in rounds)


async def test_orders_that_wait_are_served_in_turn_until_stock_is_gone(shop, clock):
    owners = [f"ord_{number}" for number in range(6)]
    for owner in owners:
        await shop.wait(owner, ("lin_0", "TEE", 2))
        clock.advance(timedelta(seconds=1))
    served: list[tuple[str, int]] = []
    for _ in range(4):
        await shop.adjust("TEE", "east", 3)
        for owner, state in await shop.queue():
            if state == "NOTIFIED":
                wanted = 2 - sum(units for name, units in served if name == owner)
                got = (await shop.reserve(("TEE", "east", wanted), owner=owner, mode=BEST_EFFORT)).reservations
                served += [(owner, one.quantity) for one in got]
                short = wanted - sum(one.quantity for one in got)
                await (shop.wait(owner, ("lin_0", "TEE", short)) if short else shop.close(owner))
    assert await shop.queue() == []
    assert [owner for owner, _ in served] == sorted(owner for owner, _ in served)
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("TEE", "east", 1))


async def test_pages_of_the_queue_give_everyone_once(shop, clock):
    for number in range(5):
        await shop.wait(f"ord_{number}", ("lin_1", "TEE", 1), priority=1 + number % 2)
        clock.advance(timedelta(seconds=1))
    request, seen = rpc.ListBackordersRequest(page_size=2), []
    while True:
        page = await shop.stub.ListBackorders(request)
        seen += [one.owner_id for one in page.backorders]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == ["ord_0", "ord_2", "ord_4", "ord_1", "ord_3"]

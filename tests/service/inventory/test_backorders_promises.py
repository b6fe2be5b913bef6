"""When those who wait can expect their units, and when they are told."""

from datetime import timedelta

import pytest

from services.inventory.sweeper import Sweeper
from tests.service.inventory.queueing import (
    arrivals,
    call_off,
    lines,
    moment,
    move,
    policy,
    promises,
    receive,
    supply,
    told_twice,
)
from tests.service.inventory.shop import Shop

DAY = timedelta(days=1)


@pytest.fixture
async def waiting(shop, clock) -> Shop:
    """Two orders of three units each, one after the other."""
    for owner in ("ord_1", "ord_2"):
        await shop.wait(owner, ("lin_0", "TEE", 3))
        clock.advance(timedelta(seconds=1))
    return shop


async def dates(shop: Shop) -> dict[str, object]:
    return {owner: moment(one, "promise_time") for (owner, _), one in (await lines(shop)).items()}


async def test_whoever_waits_is_promised_the_supply_that_reaches_it(waiting, clock):
    first, second = clock.now() + 10 * DAY, clock.now() + 20 * DAY
    await supply(waiting, "TEE", 4, first)
    assert await dates(waiting) == {"ord_1": first, "ord_2": None}
    await supply(waiting, "TEE", 2, second, node="west")
    assert await dates(waiting) == {"ord_1": first, "ord_2": second}
    assert await promises(waiting) == [("order/ord_1", {"TEE": first}), ("order/ord_2", {"TEE": second})]


async def test_supply_that_moves_moves_the_promises_and_each_order_is_told_once(waiting, clock):
    first, later = clock.now() + 10 * DAY, clock.now() + 30 * DAY
    supply_id = await supply(waiting, "TEE", 6, first)
    await move(waiting, supply_id, later)
    assert await dates(waiting) == {"ord_1": later, "ord_2": later}
    assert (await promises(waiting))[2:] == [("order/ord_1", {"TEE": later}), ("order/ord_2", {"TEE": later})]
    await move(waiting, supply_id, later + timedelta(seconds=50))
    assert len(await promises(waiting)) == 4
    await call_off(waiting, supply_id)
    assert await dates(waiting) == {"ord_1": None, "ord_2": None}
    assert (await promises(waiting))[4:] == [("order/ord_1", {"TEE": None}), ("order/ord_2", {"TEE": None})]


async def test_a_receipt_takes_promises_from_those_it_fills_and_leaves_those_of_the_rest(waiting, clock):
    when = clock.now() + 10 * DAY
    supply_id = await supply(waiting, "TEE", 6, when)
    await receive(waiting, supply_id, 3)
    assert await dates(waiting) == {"ord_1": None, "ord_2": when}
    assert len(await promises(waiting)) == 2
    assert await arrivals(waiting) == [("order/ord_1", ["TEE"])]
    await receive(waiting, supply_id, 1, final=True)
    assert await dates(waiting) == {"ord_1": None, "ord_2": None}
    assert await told_twice(waiting) == []


async def test_whoever_comes_in_front_moves_the_promises_of_those_behind(waiting, clock):
    when = clock.now() + 10 * DAY
    await supply(waiting, "TEE", 6, when)
    await waiting.wait("ord_urgent", ("lin_0", "TEE", 1), priority=1)
    assert await dates(waiting) == {"ord_urgent": when, "ord_1": when, "ord_2": None}
    await waiting.wait("ord_last", ("lin_0", "TEE", 1), priority=5)
    assert await dates(waiting) == {"ord_urgent": when, "ord_1": when, "ord_2": None, "ord_last": None}
    await waiting.close("ord_urgent")
    assert await dates(waiting) == {"ord_1": when, "ord_2": when, "ord_last": None}


async def test_promises_follow_the_order_of_the_policy(shop, clock):
    await shop.wait("ord_early", ("lin_0", "TEE", 3), priority=5)
    clock.advance(timedelta(seconds=1))
    await shop.wait("ord_urgent", ("lin_0", "TEE", 3), priority=1)
    when = clock.now() + DAY
    await supply(shop, "TEE", 3, when)
    assert await dates(shop) == {"ord_urgent": when, "ord_early": None}
    await policy(shop, "TEE", "FIRST_COME")
    assert await dates(shop) == {"ord_early": when, "ord_urgent": None}


async def test_an_order_hears_of_all_its_skus_that_moved_in_one_signal(shop, clock):
    when = clock.now() + DAY
    await supply(shop, "TEE", 3, when)
    await supply(shop, "MUG", 3, when + DAY)
    await shop.wait("ord_1", ("lin_0", "TEE", 1), ("lin_1", "MUG", 1), ("lin_2", "CAP", 1))
    assert await promises(shop) == [("order/ord_1", {"MUG": when + DAY, "TEE": when})]


async def test_late_supply_is_promised_for_a_midnight_so_that_the_promise_moves_once_a_day(waiting, clock):
    await supply(waiting, "TEE", 6, clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=2))
    for number in range(3):
        await waiting.wait(f"ord_late_{number}", ("lin_0", "TEE", 1), priority=5)
        await waiting.close(f"ord_late_{number}")
        await waiting.wait("ord_1", ("lin_0", "TEE", 3))
        clock.advance(timedelta(hours=1))
    assert [owner for owner, _ in await promises(waiting)][2:] == ["order/ord_1", "order/ord_2"]
    await waiting.wait("ord_0", ("lin_0", "TEE", 1), priority=1)
    found = await dates(waiting)
    assert {time.hour for time in (found["ord_0"], found["ord_1"])} == {0}
    assert found["ord_0"] > clock.now() + DAY


async def test_what_a_node_lacks_is_filled_before_anybody_is_promised_a_unit(waiting, clock):
    await waiting.adjust("TEE", "dark", 3)
    await waiting.close("ord_1")
    await Sweeper(waiting.parts).tell_overlooked()
    await waiting.sync("dark", {"TEE": 0}, 1)
    await waiting.wait("ord_3", ("lin_0", "TEE", 1))
    first, second = clock.now() + DAY, clock.now() + 2 * DAY
    await supply(waiting, "TEE", 3, first, node="dark")
    assert (await dates(waiting))["ord_3"] is None
    await supply(waiting, "TEE", 1, second, node="dark")
    assert (await dates(waiting))["ord_3"] == second

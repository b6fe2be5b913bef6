"""Receipts, registrations and closings that meet: nothing is given twice, and nobody waits in a circle."""

import asyncio
import random
from typing import Any

from services.inventory.domain.backorder import HEAD_START
from services.inventory.sweeper import Sweeper
from services.kernel.errors import Aborted, OmsError
from tests.service.inventory.queueing import arrivals, crowd, everybody, kept, policy, told_twice
from tests.service.inventory.shop import BEST_EFFORT, Shop


async def test_two_receipts_at_once_fill_the_queue_together_and_tell_nobody_twice(shop):
    owners = await crowd(shop, "TEE", 200, units=1)
    await asyncio.gather(shop.adjust("TEE", "east", 100), shop.adjust("TEE", "west", 100))
    assert await kept(shop) == dict.fromkeys(owners, 1)
    assert sorted(key for key, _ in await arrivals(shop)) == [f"order/{owner}" for owner in owners]


async def test_receipts_that_cross_closings_and_registrations_do_not_wait_in_a_circle(shop, clock):
    """Everything at once, over a few SKUs: few have to be tried again, and what is kept adds up afterwards."""
    await policy(shop, "MUG", "SHIP_COMPLETE")
    await policy(shop, "CAP", "FAIR_SHARE")
    chance = random.Random(7)
    skus, owners = ["TEE", "MUG", "CAP"], [f"ord_{number}" for number in range(20)]
    refused: list[str] = []

    async def tried(call: Any) -> None:
        try:
            await call
        except Aborted as error:
            refused.append(error.reason)

    def step() -> Any:
        owner, sku = chance.choice(owners), chance.choice(skus)
        some = [(f"lin_{number}", sku, chance.randint(1, 3)) for number, sku in enumerate(chance.sample(skus, 2))]
        return chance.choice(
            [
                lambda: shop.wait(owner, *some, priority=chance.randint(1, 5)),
                lambda: shop.close(owner),
                lambda: shop.adjust(sku, chance.choice(["east", "west"]), chance.randint(1, 4)),
                lambda: shop.reserve((sku, "east", 2), owner=owner, mode=BEST_EFFORT),
                lambda: Sweeper(shop.parts).tell_overlooked(),
                lambda: Sweeper(shop.parts).expire(),
            ]
        )()

    for _ in range(12):
        await asyncio.gather(*(tried(step()) for _ in range(10)))
        clock.advance(HEAD_START / 4)
    assert len(refused) <= 6, refused
    await Sweeper(shop.parts).tell_overlooked()
    owned = await kept(shop)
    filled: dict[str, int] = {}
    async for owner, one in everybody(shop):
        assert one.filled_quantity <= one.quantity
        filled[owner] = filled.get(owner, 0) + one.filled_quantity
    assert {owner: units for owner, units in filled.items() if units} == owned
    assert await told_twice(shop) == []


async def test_an_order_that_is_cancelled_while_it_is_filled_leaves_nothing_kept(shop):
    for number in range(20):
        owner = f"ord_{number}"
        await shop.wait(owner, ("lin_0", "TEE", 1))
        await asyncio.gather(shop.adjust("TEE", "east", 1), _patiently(shop, owner))
    assert await kept(shop) == {}
    assert (await shop.position("TEE", "east")).available == 20


async def _patiently(shop: Shop, owner: str) -> None:
    while True:
        try:
            await shop.close(owner)
        except Aborted:
            continue
        except OmsError:
            raise
        return

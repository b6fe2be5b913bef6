"""Many callers, many replicas, one truth."""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import FailedPrecondition
from tests.service.inventory.shop import BEST_EFFORT, Shop

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def replica(database_url: str) -> AsyncIterator[str]:
    """A process of the service, as it is deployed; yields its address."""
    environment = {**os.environ, "OMS_DATABASE_URL": database_url, "OMS_LISTEN": "127.0.0.1:0"}
    environment["OMS_TEMPORAL_ADDRESS"] = "127.0.0.1:9"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.inventory", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        address = ""
        while not address:
            line = json.loads(await asyncio.wait_for(process.stderr.readline(), 30))
            address = line["address"] if line["event"] == "listening" else ""
        reading = asyncio.create_task(process.stderr.read())  # a full pipe would stop the service
        yield address
    finally:
        process.terminate()
        assert await process.wait() == 0
    await reading


async def buyer(name: str, times: int, addresses: list[str]) -> list[dict[str, str]]:
    """A process that reserves; returns what became of each reservation."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.service.inventory.buyer",
        name,
        str(times),
        *addresses,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    outcomes: list[dict[str, str]] = json.loads(printed)
    return outcomes


async def test_two_hundred_buyers_of_a_hundred_units_leave_a_hundred_reservations(migrated_database):
    url = await asyncio.to_thread(migrated_database, "inventory")
    async with replica(url) as one, replica(url) as two, Channels(Settings()) as channels:
        shop = Shop(channels, one)
        await shop.adjust("TEE", "east", 100)
        halves = await asyncio.gather(buyer("a", 100, [one, two]), buyer("b", 100, [two, one]))
        outcomes = [outcome for half in halves for outcome in half]
        refused = [outcome for outcome in outcomes if "error" in outcome]
        assert len({outcome["reservation_id"] for outcome in outcomes if "reservation_id" in outcome}) == 100
        assert len(refused) == 100
        for outcome in refused:
            assert (outcome["error"], outcome["reason"]) == ("FailedPrecondition", "INSUFFICIENT_STOCK")
            assert (outcome["wanted"], outcome["available"]) == ("1", "0")
        position = await shop.position("TEE", "east")
        assert (position.on_hand, position.reserved, position.available) == (100, 100, 0)
        assert await shop.discrepancies() == []
    connection = await asyncpg.connect(url)
    rows = await connection.fetchval("SELECT sum(quantity) FROM inventory.reservations WHERE state = 'HARD'")
    await connection.close()
    assert rows == 100


async def two_replicas(service: Any, url: str, channels: Channels) -> list[Shop]:
    """Return the shops of two replicas in this process."""
    return [
        Shop(channels, (await service("inventory", database_url=url)).address, name=name) for name in ("one", "two")
    ]


async def test_a_key_that_is_sent_to_two_replicas_at_once_reserves_once(service, migrated_database):
    url = await asyncio.to_thread(migrated_database, "inventory")
    async with Channels(Settings()) as channels:
        shops = await two_replicas(service, url, channels)
        await shops[0].adjust("TEE", "east", 50)
        answers = await asyncio.gather(*(shops[i % 2].reserve(("TEE", "east", 2), key="once") for i in range(20)))
        assert len({answer.reservations[0].reservation_id for answer in answers}) == 1
        assert (await shops[1].position("TEE", "east")).reserved == 2


@pytest.mark.parametrize("seed", range(2))
async def test_crossing_reservations_never_wait_in_a_circle(service, migrated_database, seed):
    """Changes of the same few SKUs in any order: of a pair that did, PostgreSQL would abort one."""
    url = await asyncio.to_thread(migrated_database, "inventory")
    chance = random.Random(seed)
    pairs = [(sku, node) for sku in "ABCD" for node in ("east", "west")]
    async with AsyncExitStack() as stack:
        channels = await stack.enter_async_context(Channels(Settings()))
        shops = await two_replicas(service, url, channels)
        for sku, node in pairs:
            await shops[0].adjust(sku, node, 20)

        async def order(number: int) -> None:
            shop = shops[number % 2]
            lines = [(*pair, chance.randint(1, 3)) for pair in chance.sample(pairs, 4)]
            waits = [(f"lin_{i}", sku, 1) for i, (sku, _, _) in enumerate(lines)]
            await shop.wait(f"ord_{number}", *waits)
            made = (await shop.reserve(*lines, owner=f"ord_{number}", mode=BEST_EFFORT)).reservations
            rights = [(one.reservation_id, 0) for one in made]
            chance.shuffle(rights)
            if rights:
                await (shop.release(*rights) if number % 3 else shop.consume(*rights))
            await shop.sync("east", dict.fromkeys(chance.sample("ABCD", 3), 20), number + 1, source=f"wms-{number}")
            await shop.close(f"ord_{number}")

        await asyncio.gather(*(order(number) for number in range(12)))
        assert await shops[0].discrepancies() == []


async def test_one_unit_wanted_by_many_is_never_promised_twice(service, migrated_database):
    url = await asyncio.to_thread(migrated_database, "inventory")
    async with Channels(Settings()) as channels:
        shops = await two_replicas(service, url, channels)
        await shops[0].adjust("TEE", "east", 1)

        async def want(number: int) -> int:
            try:
                await shops[number % 2].reserve(("TEE", "east", 1), key=f"want-{number}", owner=f"ord_{number}")
            except FailedPrecondition:
                return 0
            return 1

        assert sum(await asyncio.gather(*map(want, range(30)))) == 1

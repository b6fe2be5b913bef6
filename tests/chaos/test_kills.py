"""Parts are killed while orders walk: no order is lost, nothing happens twice, and every order comes to its end."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import layout
from deploy.local.demo.seed import seed
from deploy.local.demo.system import System
from deploy.local.processes import Identity
from deploy.local.stack import Stack
from tests.e2e import proof
from tests.e2e.patience import patient
from tests.e2e.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

SERVERS = ("postgres", "temporal")
PARTS = ("worker", *layout.SERVICES, *layout.SANDBOXES, *SERVERS)
# Those of a wave die in the same moment; all that could still talk to one another must cope with the rest gone.
WAVES = (
    ("worker", "intake", "inventory", *layout.SANDBOXES),
    ("routing", "fulfillment", "returns", *SERVERS),
)
# A step of the partners takes so long that orders are on their way whenever something is killed.
ENVIRONMENT = {"OMS_SANDBOX_SPEED": "0.2"}


async def test_each_part_is_killed_once_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    async with _running(tmp_path) as (stack, system):
        async with World(system, 1, orders=4 * len(WAVES)) as world:
            world.tell_stories()
            for wave in WAVES:
                delivering = asyncio.create_task(world.deliver(4))
                await world.until_moving()
                killed = {part: stack.kill(part) for part in wave}
                for part in wave:
                    assert await stack.until_up(part) != killed[part]
                await delivering
            await world.until_rest()
            assert len(world.order_ids) == 4 * len(WAVES) + 6
        await _prove(stack, system, world)


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("number", range(3))
async def test_parts_are_killed_and_frozen_at_random_for_minutes(tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    async with _running(tmp_path) as (stack, system):
        for round_number in range(4):
            async with World(system, number * 100 + round_number + 1, orders=30) as world:
                world.tell_stories()
                for part in chance.sample(PARTS, 8):
                    delivering = asyncio.create_task(world.deliver(3))
                    await asyncio.sleep(chance.uniform(0, 1.5))
                    await _disturb(stack, part, chance)
                    await delivering
                await world.until_rest(seconds=240)
        await _prove(stack, system)


@contextlib.asynccontextmanager
async def _running(home: Path) -> AsyncIterator[tuple[Stack, System]]:
    """A stack with nodes and stock, and its API for those who do not give up.

    It is not a fast one: what that commits is lost when PostgreSQL is killed, and then nothing can be proved.
    """
    async with (
        Stack(home, "auto", environment=ENVIRONMENT) as stack,
        patient(stack.addresses) as system,
    ):
        await seed(system)
        yield stack, system


async def _disturb(stack: Stack, part: str, chance: random.Random) -> None:
    """Kill it; or freeze it, longer than some calls wait, and let it go on, or kill it frozen as it is."""
    how = chance.choice(("kill", "kill", "freeze", "freeze and kill"))
    if "freeze" in how:
        process = Identity.of(await stack.until_up(part))
        assert process
        process.send(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(1, 12))
        process.send(signal.SIGCONT if how == "freeze" else signal.SIGKILL)
    else:
        stack.kill(part)
    await stack.until_up(part, seconds=120)


async def _prove(stack: Stack, system: System, world: World | None = None) -> None:
    await proof.assert_every_process_ended(stack)
    await proof.assert_nothing_lost_or_doubled(stack, world.order_ids if world else None)
    await proof.assert_stock_adds_up(system)
    proof.assert_no_bug_was_logged(stack)

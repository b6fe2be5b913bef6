"""A part stays away for a while: orders are accepted meanwhile, wait where they are, and go on when it comes back.

Nobody watches this stack: what is dead stays dead until the test starts it again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from deploy.local import layout
from deploy.local.demo.seed import seed
from deploy.local.demo.stream import generate
from deploy.local.demo.system import System, connected
from deploy.local.stack import Stack
from oms.intake.v1.cancellation_pb2 import LineCancellation
from oms.intake.v1.intake_service_pb2 import CancelOrderRequest, SubmitOrderRequest
from oms.intake.v1.order_pb2 import Order
from services.kernel.errors import OmsError
from tests.e2e import proof
from tests.e2e.drafts import WAIT, draft
from tests.e2e.patience import patient
from tests.e2e.world import World

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]
SERVERS = ("postgres", "temporal")
PARTS = ("worker", *layout.SERVICES, *layout.SANDBOXES, *SERVERS)
# An answer that waited for whatever is down would take the ten seconds that a call has.
QUICKLY = 3.0


@dataclass(frozen=True, slots=True)
class House:
    """A stack in which what dies stays dead, the world around it, and its API as one sees it who asks only once."""

    stack: Stack
    world: World
    once: System

    @contextlib.asynccontextmanager
    async def without(self, part: str) -> AsyncIterator[None]:
        """Take a part away, and bring it back afterwards whatever happened meanwhile."""
        self.stack.kill(part)
        try:
            yield
        finally:
            await self.stack.restart(part)

    async def submit(self, name: str, *, wait: bool = False) -> Order:
        """Submit an order, once and quickly."""
        began = time.monotonic()
        request = SubmitOrderRequest(request_id=name, draft=draft(name, holds=[WAIT] if wait else []))
        answer = await self.once.intake.SubmitOrder(request)
        assert time.monotonic() - began < QUICKLY
        self.world.accepted.add(answer.order.order_id)
        order: Order = answer.order
        return order

    async def until(self, sql: str, *arguments: object) -> None:
        """Wait until the database gives this an answer that is not empty."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            await proof.until(lambda: connection.fetch(sql, *arguments), seconds=60)
        finally:
            await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("house")
    async with (
        Stack(home, "auto", supervise=False, environment={"OMS_SANDBOX_SPEED": "0.05"}) as stack,
        patient(stack.addresses) as system,
        connected(stack.addresses) as once,
    ):
        await seed(system)
        async with World(system, 1, orders=15) as world:
            yield House(stack, world, once)


@pytest.mark.parametrize("part", ["temporal", "worker"])
async def test_orders_are_accepted_while_nobody_drives_them_and_go_on_when_somebody_does(
    house: House, part: str
) -> None:
    number = len(house.world.accepted) + 100
    impatient = World(house.once, number)
    async with house.without(part):
        for document in generate(3, number):
            began = time.monotonic()
            answer = await impatient.ingest(document)
            assert time.monotonic() - began < QUICKLY
            assert len(answer.orders) == 1
        house.world.accepted.update(impatient.accepted)
        submitted = await house.submit(f"while-{part}-is-down")
        assert (await house.world.order(submitted.order_id)).units.open == 1
    await house.world.until_rest()
    assert (await house.world.order(submitted.order_id)).units.delivered == 1


async def test_a_command_says_that_temporal_is_down_and_the_same_request_works_when_it_is_back(house: House) -> None:
    order = await house.submit("to-be-cancelled", wait=True)
    request = CancelOrderRequest(request_id="cancel", order_id=order.order_id, reason="changed their mind")
    async with house.without("temporal"):
        with pytest.raises(OmsError) as refusal:
            await house.once.intake.CancelOrder(request)
        assert refusal.value.retryable
        assert not (await house.world.order(order.order_id)).units.cancelled
    answer = await house.world.system.intake.CancelOrder(request)
    assert [line.outcome for line in answer.lines] == [LineCancellation.OUTCOME_CANCELLED]
    await house.world.until_rest()
    assert (await house.world.order(order.order_id)).units.cancelled == 1


# What an order waits for while this partner is away.
WAITING = {
    "wms": "SELECT 1 FROM intake.orders WHERE order_id = $1 AND reserved = 1",
    "carrier": "SELECT 1 FROM intake.orders WHERE order_id = $1 AND released = 1",
    "payment": "SELECT 1 FROM intake.captures WHERE order_id = $1 AND state = 'INTENDED'",
}


@pytest.mark.parametrize("partner", WAITING)
async def test_an_order_waits_for_a_partner_that_is_away_and_goes_on_when_it_is_back(
    house: House, partner: str
) -> None:
    async with house.without(partner):
        order = await house.submit(f"while-{partner}-is-away")
        await house.until(WAITING[partner], order.order_id)
        assert not (await house.world.order(order.order_id)).units.delivered
    await house.world.until_rest()
    assert (await house.world.order(order.order_id)).units.delivered == 1


@pytest.mark.long
async def test_everything_is_killed_at_once_and_goes_on_when_it_is_started_again(house: House) -> None:
    await house.world.deliver(12)
    await house.world.until_moving()
    for part in PARTS:
        house.stack.kill(part)
    delivering = asyncio.create_task(house.world.deliver(3))
    for part in SERVERS:
        await house.stack.restart(part)
    await asyncio.gather(*(house.stack.restart(part) for part in PARTS if part not in SERVERS))
    await delivering
    await house.world.until_rest()


async def test_after_all_that_nothing_is_lost_and_nothing_happened_twice(house: House) -> None:
    await proof.assert_every_process_ended(house.stack)
    await proof.assert_nothing_lost_or_doubled(house.stack, house.world.order_ids)
    await proof.assert_stock_adds_up(house.world.system)
    proof.assert_no_bug_was_logged(house.stack)

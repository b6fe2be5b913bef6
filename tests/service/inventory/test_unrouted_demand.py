"""Demand that intake accepted and nobody has routed: inventory hears of it from a real intake, and promises less."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from oms.intake.v1 import intake_service_pb2 as intake_rpc
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.inventory import store_demand
from services.inventory.demand import SOURCE, UnroutedDemand
from services.kernel.errors import Unavailable
from tests.service.intake.drafts import draft, line, submit
from tests.service.inventory.looking import bundle, now
from tests.service.inventory.shop import Shop
from tests.service.inventory.test_channels import changed


class House:
    """Inventory, and the intake that it listens to."""

    def __init__(self, shop: Shop, intake: Any) -> None:
        self.shop = shop
        self.intake = intake
        self.demand = UnroutedDemand(shop.parts)

    async def order(self, *lines: tuple[str, int]) -> Any:
        answer = await self.intake.SubmitOrder(submit(draft(*(line(sku, number) for sku, number in lines))))
        return answer.order

    async def route(self, order: Any, key: str) -> None:
        """Give every unit of the order's first line to a node."""
        first = order.lines[0]
        move = units.Move(
            line_id=first.line_id,
            from_room=units.ROOM_OPEN,
            to_room=units.ROOM_RESERVED,
            quantity=first.units.open,
        )
        request = intake_rpc.RecordMovesRequest(request_id=key, order_id=order.order_id, moves=[move])
        await self.intake.RecordMoves(request)

    async def known(self) -> dict[str, int]:
        async with self.shop.parts.database.connect() as conn:
            rows = await conn.execute(text("SELECT sku, quantity FROM inventory.unrouted_demand"))
            return {row.sku: row.quantity for row in rows}


@pytest.fixture
async def house(service, clock) -> AsyncIterator[House]:
    taking = await service("intake", clock=clock)
    running = await service("inventory", clock=clock, intake_address=taking.address)
    async with Channels(Settings()) as channels:
        shop = Shop(channels, running.address)
        shop.parts = running.parts
        yield House(shop, channels.connect(IntakeServiceStub, taking.address))


async def settle(house: House) -> None:
    """Take over what intake says now; the service's own round may have been first."""
    async with asyncio.timeout(30):
        while True:
            async with house.shop.parts.database.begin() as conn:
                if await store_demand.try_lock(conn, SOURCE):
                    break
            await asyncio.sleep(0.01)  # the service's own round has the lock
    await house.demand.take_over()


async def test_an_accepted_order_is_taken_off_until_its_units_have_a_node(house):
    await house.shop.adjust("TEE", "east", 10)
    order = await house.order(("TEE", 4), ("MUG", 1))
    await settle(house)
    assert await house.known() == {"TEE": 4, "MUG": 1}
    assert await now(house.shop, "TEE") == 6
    await house.route(order, "plan")
    await settle(house)
    assert await house.known() == {"MUG": 1}
    assert await now(house.shop, "TEE") == 10


async def test_only_skus_of_which_something_else_is_said_are_written_and_told_to_the_feed(house):
    await bundle(house.shop, "SET", CUP=2, POT=1)
    await house.order(("TEE", 4), ("MUG", 1))
    await settle(house)
    await changed(house.shop)
    await settle(house)
    assert await changed(house.shop) == set()
    await house.order(("TEE", 1), ("SET", 2))
    await settle(house)
    assert await changed(house.shop) == {"TEE", "SET", "CUP", "POT"}
    assert await house.known() == {"TEE": 5, "MUG": 1, "SET": 2}


async def test_what_other_sources_say_stays(house):
    async with house.shop.parts.database.begin() as conn:
        await store_demand.replace(conn, "erp", {"TEE": 7}, house.shop.parts.clock.now())
    await settle(house)
    assert await house.known() == {"TEE": 7}


async def test_only_one_replica_at_a_time_takes_over(house):
    await house.order(("TEE", 4))
    async with asyncio.timeout(30):
        while True:
            async with house.shop.parts.database.begin() as conn:
                if await store_demand.try_lock(conn, SOURCE):
                    assert await house.demand.take_over() == 0
                    return
            await asyncio.sleep(0.01)  # the service's own round has the lock


async def test_while_intake_is_away_its_last_figures_stand(service, clock):
    running = await service("inventory", clock=clock, intake_address="127.0.0.1:9")  # nobody listens there
    async with running.parts.database.begin() as conn:
        await store_demand.replace(conn, SOURCE, {"TEE": 4}, clock.now())
    async with Channels(Settings()) as channels:
        shop = Shop(channels, running.address)
        await shop.adjust("TEE", "east", 10)
        with pytest.raises(Unavailable):
            await UnroutedDemand(running.parts).take_over()
        assert await now(shop, "TEE") == 6

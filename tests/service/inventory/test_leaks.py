"""The audit finds every unit that has no right, every right that has no unit, and nothing else."""

import asyncio
import itertools
from typing import Any

import asyncpg
import pytest

from oms.intake.v1.intake_service_pb2 import RecordMovesRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_pb2 import Order
from oms.intake.v1.units_pb2 import ROOM_OPEN, ROOM_RELEASED, ROOM_RESERVED, ROOM_SHIPPED, Move, Room
from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.inventory.leaks import audit_stock
from tests.service.intake.drafts import draft, line, submit
from tests.service.inventory.shop import Shop


class House:
    """Inventory and intake, and one order of two."""

    def __init__(self, shop: Shop, intake: Any, order: Order) -> None:
        self.shop, self.intake, self.order = shop, intake, order
        self._keys = itertools.count()

    async def reserve(self, units: int) -> str:
        """Reserve for the order's line; intake does not know of it."""
        request = rpc.ReserveStockRequest(request_id=f"allocate/{next(self._keys)}", owner_id=self.order.order_id)
        request.lines.add(line_id=self.order.lines[0].line_id, sku="TEE", node_id="east", quantity=units)
        answer: rpc.ReserveStockResponse = await self.shop.stub.ReserveStock(request)
        return answer.reservations[0].reservation_id

    async def move(self, *rooms: Room.ValueType) -> None:
        """Record that both units went through these rooms; inventory does not know of it."""
        for left, entered in itertools.pairwise(rooms):
            moves = [Move(line_id=self.order.lines[0].line_id, from_room=left, to_room=entered, quantity=2)]
            await self.intake.RecordMoves(
                RecordMovesRequest(request_id=f"move/{next(self._keys)}", order_id=self.order.order_id, moves=moves)
            )

    async def leaks(self) -> list[tuple[str, int, int]]:
        report = await audit_stock(self.shop.stub, self.intake, settle_seconds=0)
        return [(one.kind, one.expected, one.found) for one in report.findings]


@pytest.fixture
async def house(service):
    inventory, intake = await service("inventory"), await service("intake")
    async with Channels(Settings()) as channels:
        shop = Shop(channels, inventory.address)
        shop.parts = inventory.parts
        await shop.adjust("TEE", "east", 10)
        stub = channels.connect(IntakeServiceStub, intake.address)
        order = (await stub.SubmitOrder(submit(draft(line("TEE", 2))))).order
        yield House(shop, stub, order)


async def test_an_order_on_its_right_way_leaks_nothing_at_any_step(house):
    assert await house.leaks() == []
    right = await house.reserve(2)
    await house.move(ROOM_OPEN, ROOM_RESERVED)
    assert await house.leaks() == []
    await house.move(ROOM_RESERVED, ROOM_RELEASED)
    assert await house.leaks() == []
    await house.shop.consume((right, 0))
    await house.move(ROOM_RELEASED, ROOM_SHIPPED)
    assert await house.leaks() == []


async def test_a_right_that_no_unit_knows_of_is_a_leak(house):
    await house.reserve(2)
    assert await house.leaks() == [("right without a unit", 0, 2)]


async def test_a_unit_that_lost_its_right_is_a_leak(house):
    right = await house.reserve(2)
    await house.move(ROOM_OPEN, ROOM_RESERVED)
    await house.shop.release((right, 1))
    assert await house.leaks() == [("unit without a right", 2, 1)]


async def test_a_right_of_an_order_that_does_not_exist_is_a_leak(house):
    await house.shop.reserve(("TEE", "east", 1), owner="ord_00000000000000000000000000")
    assert await house.leaks() == [("right without a unit", 0, 1)]


async def test_a_cart_needs_no_order(house):
    await house.shop.reserve(("TEE", "east", 1), owner="cart-7")
    assert await house.leaks() == []


async def test_a_step_that_is_only_half_done_is_waited_for(house):
    await house.reserve(2)
    looking = asyncio.create_task(audit_stock(house.shop.stub, house.intake, settle_seconds=10))
    await house.move(ROOM_OPEN, ROOM_RESERVED)
    assert (await looking).findings == []


async def test_a_counter_that_somebody_changed_by_hand_is_found(house):
    url = house.shop.parts.settings.database_url
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE inventory.positions SET reserved = 1, on_hand = 9")
    await connection.close()
    assert sorted(await house.leaks()) == [("counter", 0, 1), ("counter", 0, 1), ("counter", 10, 9)]

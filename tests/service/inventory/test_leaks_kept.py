"""What is kept for a backorder belongs to a line that waits, and is nobody's right yet."""

import asyncpg
import pytest

from oms.intake.v1.units_pb2 import ROOM_BACKORDERED, ROOM_OPEN, ROOM_RESERVED
from tests.service.inventory.test_leaks import house

__all__ = ["house"]


@pytest.fixture
async def kept(house):
    """A reservation of both units that is kept for the order's line."""
    await house.reserve(2)
    connection = await asyncpg.connect(house.shop.parts.settings.database_url)
    await connection.execute(
        "UPDATE inventory.reservations SET backorder = true, state = 'SOFT', expire_time = now() + interval '1 day'"
    )
    await connection.close()
    return house


async def test_units_that_are_kept_for_a_line_that_waits_are_no_leak(kept):
    await kept.move(ROOM_OPEN, ROOM_BACKORDERED)
    assert await kept.leaks() == []


async def test_units_that_are_kept_for_a_line_that_does_not_wait_are_a_leak(kept):
    assert await kept.leaks() == [("kept without a wait", 0, 2)]


async def test_kept_units_are_no_right_of_units_that_are_reserved(kept):
    await kept.move(ROOM_OPEN, ROOM_RESERVED)
    assert sorted(await kept.leaks()) == [("kept without a wait", 0, 2), ("unit without a right", 2, 0)]

"""Free units that are kept for a segment."""

import pytest
from sqlalchemy import text

from services.kernel.errors import FailedPrecondition
from tests.service.inventory.warehouse import Warehouse


@pytest.fixture
def house(shop) -> Warehouse:
    return Warehouse(shop)


async def test_a_pool_stays_part_of_what_is_available_and_is_told_by_segment(house, shop):
    await shop.adjust("TEE", "east", 10)
    await house.pool("TEE", "east", "b2b", 4)
    position = await house.pool("TEE", "east", "marketplace", 3)
    assert (position.available, dict(position.pools)) == (10, {"b2b": 4, "marketplace": 3})
    position = await house.pool("TEE", "east", "b2b", 0)
    assert dict(position.pools) == {"marketplace": 3}
    assert await shop.position("TEE", "east") == position


async def test_no_other_segment_takes_what_is_in_a_pool(house, shop):
    await shop.adjust("TEE", "east", 10)
    await house.pool("TEE", "east", "b2b", 8)
    with pytest.raises(FailedPrecondition) as caught:
        await shop.reserve(("TEE", "east", 3))
    assert caught.value.metadata["available"] == "2"


async def test_a_pool_is_set_not_added_to_and_its_change_is_noted_for_the_feed_once(house, shop):
    for units in (4, 4):
        assert dict((await house.pool("TEE", "east", "b2b", units)).pools) == {"b2b": units}
    async with shop.parts.database.connect() as conn:
        noted = (await conn.execute(text("SELECT sku FROM inventory.availability_changes"))).scalars().all()
    assert noted == ["TEE"]
    assert await shop.ledger() == []

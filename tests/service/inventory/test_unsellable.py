"""Units that are there and cannot be sold, by reason."""

import pytest

from services.kernel.errors import FailedPrecondition
from tests.service.inventory.warehouse import DAMAGED, QUALITY_CONTROL, QUARANTINE, Warehouse, unsellable


@pytest.fixture
def house(shop) -> Warehouse:
    return Warehouse(shop)


async def test_units_are_unsellable_for_the_reason_that_is_given_and_damaged_where_none_is(house, shop):
    await shop.adjust("TEE", "east", 10, unsellable=1)
    await house.adjust("TEE", "east", unsellable=2, why=QUALITY_CONTROL)
    position = await house.adjust("TEE", "east", unsellable=3, why=QUARANTINE)
    assert (position.available, unsellable(position)) == (4, (1, 2, 3))
    position = await house.adjust("TEE", "east", unsellable=-2, why=QUALITY_CONTROL)
    assert (position.available, unsellable(position)) == (6, (1, 0, 3))


@pytest.mark.parametrize(
    ("why", "counter"), [(DAMAGED, "damaged"), (QUALITY_CONTROL, "quality_control"), (QUARANTINE, "quarantine")]
)
async def test_no_more_becomes_sellable_again_than_was_unsellable_for_that_reason(house, why, counter):
    await house.adjust("TEE", "east", 10, unsellable=1, why=DAMAGED)
    await house.adjust("TEE", "east", unsellable=1, why=QUALITY_CONTROL)
    await house.adjust("TEE", "east", unsellable=1, why=QUARANTINE)
    with pytest.raises(FailedPrecondition) as caught:
        await house.adjust("TEE", "east", unsellable=-2, why=why)
    said = caught.value.metadata
    assert (caught.value.reason, said["counter"], said["there"], said["delta"]) == (
        "STOCK_BELOW_ZERO",
        counter,
        "1",
        "-2",
    )


async def test_goods_that_left_although_fewer_were_there_take_damaged_ones_along_first(house, shop):
    await shop.adjust("TEE", "east", 10)
    (right,) = (await shop.reserve(("TEE", "east", 6))).reservations
    for why in (DAMAGED, QUALITY_CONTROL, QUARANTINE):
        await house.adjust("TEE", "east", unsellable=2, why=why)
    await shop.consume((right.reservation_id, 5))
    assert unsellable(await shop.position("TEE", "east")) == (1, 2, 2)
    await shop.sync("east", {"TEE": 3}, 1)
    assert unsellable(await shop.position("TEE", "east")) == (0, 1, 2)
    await shop.release((right.reservation_id, 1), missing=True)
    position = await shop.position("TEE", "east")
    assert (position.on_hand, unsellable(position)) == (2, (0, 0, 2))

"""What can be reserved at each node: for a segment, for an owner, and later."""

from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory import store_availability
from services.kernel.errors import FailedPrecondition, InvalidArgument
from tests.service.inventory.looking import available, bundle, expect, later, pool

DAY = timedelta(days=1)


async def test_a_segment_has_its_own_pool_and_what_is_common_but_not_the_pools_of_others(shop):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("TEE", "west", 2)
    await pool(shop, "TEE", "east", "B2B", 4)
    await pool(shop, "TEE", "west", "B2B", 2)
    assert await available(shop, "TEE") == [("TEE", "east", 6)]
    assert await available(shop, "TEE", segment="B2B") == [("TEE", "east", 10), ("TEE", "west", 2)]
    assert await available(shop, "TEE", segment="AMAZON") == [("TEE", "east", 6)]


async def test_what_is_kept_for_an_owner_is_free_for_that_owner_alone(shop):
    await shop.wait("ord_1", ("l", "TEE", 6))
    await shop.adjust("TEE", "east", 6)
    await shop.adjust("TEE", "west", 1)
    assert await available(shop, "TEE") == [("TEE", "west", 1)]
    assert await available(shop, "TEE", owner_id="ord_2") == [("TEE", "west", 1)]
    assert await available(shop, "TEE", owner_id="ord_1") == [("TEE", "east", 6), ("TEE", "west", 1)]
    assert await available(shop, "TEE", owner_id="ord_1", node_ids=["west"]) == [("TEE", "west", 1)]


async def test_what_an_owner_reserved_itself_is_not_free_for_it_again(shop):
    await shop.adjust("TEE", "east", 6)
    await shop.reserve(("TEE", "east", 6), owner="ord_1")
    assert await available(shop, "TEE", owner_id="ord_1") == []


async def test_where_a_count_took_what_was_kept_an_owner_is_not_told_of_it(shop):
    await shop.wait("ord_1", ("l", "TEE", 6))
    await shop.adjust("TEE", "east", 6)
    await shop.sync("east", {"TEE": 4}, 1)
    assert await available(shop, "TEE", owner_id="ord_1") == [("TEE", "east", 4)]


async def test_supply_is_told_by_pair_also_where_nothing_is_there_yet(shop, clock):
    soon, then = clock.now() + DAY, clock.now() + 2 * DAY
    await shop.adjust("TEE", "east", 3)
    await expect(shop, "TEE", "east", 4, soon)
    await expect(shop, "TEE", "west", 5, then)
    assert await later(shop, "TEE", "NONE") == [
        ("TEE", "east", 3, [(soon, 7)]),
        ("TEE", "west", 0, [(then, 5)]),
    ]
    assert await later(shop, "TEE", node_ids=["west"]) == [("TEE", "west", 0, [(then, 5)])]
    assert await available(shop, "TEE") == [("TEE", "east", 3)]


async def test_supply_that_was_called_off_or_received_is_told_no_more(shop, clock):
    await expect(shop, "TEE", "east", 4, clock.now() + DAY)
    (supply,) = (await shop.stub.ListSupplies(rpc.ListSuppliesRequest())).supplies
    await shop.stub.CancelSupply(rpc.CancelSupplyRequest(request_id="c", supply_id=supply.supply_id))
    assert await later(shop, "TEE") == []


async def test_what_is_told_can_be_reserved_to_the_last_unit_and_no_further(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    await shop.adjust("CUP", "east", 9)
    await shop.adjust("POT", "east", 9, unsellable=1)
    await pool(shop, "CUP", "east", "B2B", 2)
    (told,) = await available(shop, "SET")
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("SET", "east", told[2] + 1))
    await shop.reserve(("SET", "east", told[2]))
    assert await available(shop, "SET") == []


async def test_zeros_are_told_to_those_who_ask_for_them(shop, clock):
    await shop.adjust("TEE", "east", 3)
    await shop.adjust("TEE", "west", 0)
    await shop.reserve(("TEE", "east", 3))
    async with shop.parts.database.connect() as conn:
        assert await store_availability.free(conn, ["TEE", "NONE"]) == {"TEE": {}, "NONE": {}}
        found = await store_availability.free(conn, ["TEE", "NONE"], nothing=True)
    assert found == {"NONE": {}, "TEE": {"east": 0, "west": 0}}


async def test_more_pairs_than_fit_into_an_answer_are_refused(shop):
    for node in ("east", "west", "north"):
        await shop.adjust("TEE", node, 1)
    async with shop.parts.database.connect() as conn:
        assert len((await store_availability.free(conn, ["TEE"], limit=3))["TEE"]) == 3
        with pytest.raises(InvalidArgument) as caught:
            await store_availability.free(conn, ["TEE"], limit=2)
    assert caught.value.reason == "TOO_MANY_PAIRS"

"""What may be promised, now and by date, through the RPC: the published figures of others, and our own rules."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory import store_availability
from services.inventory.domain.channels import ChannelPolicy
from services.kernel.errors import NotFound
from tests.service.inventory.looking import expect, now, pool, promised, see, steps

DAY = timedelta(days=1)


async def unrouted(shop, sku: str, units: int) -> None:
    async with shop.parts.database.begin() as conn:
        await conn.execute(
            text("INSERT INTO inventory.unrouted_demand VALUES ('test', :sku, :units, now())"),
            {"sku": sku, "units": units},
        )


async def test_the_published_example_of_100_on_hand_leaves_75_for_the_channel(shop):
    await shop.adjust("TEE", "east", 95)
    await shop.adjust("TEE", "closed", 5)
    await shop.reserve(("TEE", "east", 5))
    await shop.safety("TEE", "east", 5)
    await unrouted(shop, "TEE", 5)
    await see(shop, "web", threshold=5, excluded=("closed",))
    assert await now(shop, "TEE", "web") == 75
    assert await now(shop, "TEE") == 85


async def test_demand_of_20_against_10_and_two_supplies_of_10_is_promised_for_the_first(shop, clock):
    tenth, twentieth = clock.now() + 8 * DAY, clock.now() + 18 * DAY
    await shop.adjust("TEE", "east", 10)
    await expect(shop, "TEE", "east", 10, tenth)
    await expect(shop, "TEE", "west", 10, twentieth)
    assert await steps(shop, "TEE") == [(clock.now(), 10), (tenth, 20), (twentieth, 30)]
    (one,) = await promised(shop, "TEE", quantity=20)
    assert one.earliest_time.ToDatetime(tzinfo=tenth.tzinfo) == tenth


async def test_no_time_is_told_for_more_than_supply_brings_or_when_nothing_was_asked(shop, clock):
    await expect(shop, "TEE", "east", 10, clock.now() + DAY)
    (too_many,) = await promised(shop, "TEE", quantity=11)
    (not_asked,) = await promised(shop, "TEE")
    assert not too_many.HasField("earliest_time")
    assert not not_asked.HasField("earliest_time")


async def test_each_sku_is_answered_in_the_order_of_the_request_also_twice_and_unknown_ones_with_nothing(shop):
    await shop.adjust("TEE", "east", 2)
    found = await promised(shop, "ZZZ", "TEE", "NONE", "TEE")
    assert [(one.sku, one.available_quantity) for one in found] == [("ZZZ", 0), ("TEE", 2), ("NONE", 0), ("TEE", 2)]


async def test_who_waits_is_promised_before_whoever_asks_now(shop, clock):
    await shop.wait("ord_1", ("l", "TEE", 6))
    await expect(shop, "TEE", "east", 10, clock.now() + DAY)
    assert await steps(shop, "TEE") == [(clock.now(), 0), (clock.now() + DAY, 4)]


async def test_units_that_are_kept_for_who_waits_are_not_taken_off_twice(shop):
    await shop.wait("ord_1", ("l", "TEE", 6))
    await shop.adjust("TEE", "east", 10)
    (kept,) = (await shop.stub.ListReservations(rpc.ListReservationsRequest(owner_id="ord_1"))).reservations
    assert (kept.quantity, kept.backorder) == (6, True)
    assert await now(shop, "TEE") == 4


async def test_unrouted_demand_is_paid_by_supply_that_comes(shop, clock):
    await unrouted(shop, "TEE", 3)
    await expect(shop, "TEE", "east", 10, clock.now() + DAY)
    assert await steps(shop, "TEE") == [(clock.now(), 0), (clock.now() + DAY, 7)]


async def test_only_at_the_nodes_that_were_asked_about(shop, clock):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("TEE", "west", 5)
    await expect(shop, "TEE", "east", 7, clock.now() + DAY)
    await expect(shop, "TEE", "west", 1, clock.now() + DAY)
    assert await steps(shop, "TEE", node_ids=["west"]) == [(clock.now(), 5), (clock.now() + DAY, 6)]


async def test_supply_for_an_excluded_node_is_no_supply_of_the_channel(shop, clock):
    await expect(shop, "TEE", "closed", 10, clock.now() + DAY)
    await see(shop, "web", excluded=("closed",))
    assert await steps(shop, "TEE", "web") == [(clock.now(), 0)]


async def test_supply_to_a_node_that_lacks_units_fills_the_gap_first(shop, clock):
    await shop.adjust("TEE", "east", 5)
    await shop.reserve(("TEE", "east", 5))
    await shop.sync("east", {"TEE": 2}, 1)
    await expect(shop, "TEE", "east", 10, clock.now() + DAY)
    assert await steps(shop, "TEE") == [(clock.now(), 0), (clock.now() + DAY, 7)]


async def test_late_supply_is_promised_for_tomorrow_not_for_today(shop, clock):
    await expect(shop, "TEE", "east", 10, clock.now() + DAY)
    clock.advance(3 * DAY)
    assert await steps(shop, "TEE") == [(clock.now(), 0), (clock.now() + DAY, 10)]


async def test_a_channel_nobody_set_a_policy_for_is_not_found(shop):
    with pytest.raises(NotFound) as caught:
        await promised(shop, "TEE", channel="nobody")
    assert (caught.value.reason, caught.value.metadata["channel"]) == ("CHANNEL_NOT_FOUND", "nobody")


async def test_the_outlook_of_many_skus_is_one_statement_and_what_the_rpc_says(shop, clock):
    for number in range(30):
        await shop.adjust(f"SKU-{number}", "east", number)
    await pool(shop, "SKU-9", "east", "B2B", 4)
    skus = [f"SKU-{number}" for number in range(30)]
    async with shop.parts.database.connect() as conn:
        found = await store_availability.outlook(conn, skus, ChannelPolicy(), clock.now())
    said = await promised(shop, *skus)
    assert [found[sku].now for sku in skus] == [one.available_quantity for one in said]
    assert found["SKU-9"].now == 5

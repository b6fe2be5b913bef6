"""Channels see stock through their policies."""

import pytest
from sqlalchemy import text

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import ChannelPolicy
from services.kernel.errors import AlreadyExists, InvalidArgument
from tests.service.inventory.looking import expect, now, pool, see


async def changed(shop) -> set[str]:
    """Return the SKUs that the feed must look at again, and forget them."""
    async with shop.parts.database.begin() as conn:
        rows = await conn.execute(text("DELETE FROM inventory.availability_changes RETURNING sku"))
        return set(rows.scalars())


async def test_two_channels_see_different_figures_of_the_same_stock(shop):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("TEE", "outlet", 20)
    await see(shop, "web", threshold=3, excluded=("outlet",))
    await see(shop, "outlet", thresholds={"TEE": 1})
    assert [await now(shop, "TEE", channel) for channel in ("web", "outlet", "")] == [7, 29, 30]


async def test_a_threshold_of_the_sku_stands_for_that_of_all_even_where_it_is_zero(shop):
    for sku in ("TEE", "MUG", "CAP"):
        await shop.adjust(sku, "east", 10)
    await see(shop, "web", threshold=4, thresholds={"MUG": 9, "CAP": 0})
    assert [await now(shop, sku, "web") for sku in ("TEE", "MUG", "CAP")] == [6, 1, 10]


async def test_a_threshold_above_what_is_there_leaves_nothing_and_never_less(shop):
    await shop.adjust("TEE", "east", 2)
    await see(shop, "web", threshold=5)
    assert await now(shop, "TEE", "web") == 0


async def test_a_ring_fenced_pool_is_seen_by_the_channel_of_its_segment_alone(shop):
    await shop.adjust("TEE", "east", 10)
    await pool(shop, "TEE", "east", "B2B", 4)
    await pool(shop, "TEE", "east", "AMAZON", 3)
    for channel, segment in (("dealers", "B2B"), ("amazon", "AMAZON"), ("web", "")):
        await see(shop, channel, segment=segment)
    assert [await now(shop, "TEE", one) for one in ("dealers", "amazon", "web", "")] == [7, 6, 3, 3]


async def test_what_was_said_of_a_channel_before_is_replaced_as_a_whole(shop):
    await shop.adjust("TEE", "east", 10)
    await see(shop, "web", segment="B2B", threshold=3, excluded=("east",), thresholds={"TEE": 9})
    policy = await see(shop, "web", threshold=1)
    assert policy == ChannelPolicy(channel="web", threshold_quantity=1)
    assert list((await shop.stub.ListChannelPolicies(rpc.ListChannelPoliciesRequest())).policies) == [policy]
    assert await now(shop, "TEE", "web") == 9


async def test_a_policy_is_set_once_per_request(shop):
    policy = ChannelPolicy(channel="web", threshold_quantity=1)
    request = rpc.SetChannelPolicyRequest(request_id="r", policy=policy)
    assert await shop.stub.SetChannelPolicy(request) == await shop.stub.SetChannelPolicy(request)
    request.policy.threshold_quantity = 2
    with pytest.raises(AlreadyExists):
        await shop.stub.SetChannelPolicy(request)


async def test_policies_are_listed_by_channel_page_by_page(shop):
    for channel in ("web", "app", "pos", "b2b", "ebay"):
        await see(shop, channel)
    request, found = rpc.ListChannelPoliciesRequest(page_size=2), []
    while True:
        page = await shop.stub.ListChannelPolicies(request)
        found.append([one.channel for one in page.policies])
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [["app", "b2b"], ["ebay", "pos"], ["web"]]


@pytest.mark.parametrize(
    "policy",
    [
        ChannelPolicy(),
        ChannelPolicy(channel="x" * 65),
        ChannelPolicy(channel="web", segment="x" * 65),
        ChannelPolicy(channel="web", threshold_quantity=-1),
        ChannelPolicy(channel="web", excluded_node_ids=[""]),
        ChannelPolicy(channel="web", excluded_node_ids=["n"] * 2001),
        ChannelPolicy(channel="web", sku_thresholds={"TEE": -1}),
        ChannelPolicy(channel="web", sku_thresholds={"": 1}),
    ],
)
async def test_a_policy_that_cannot_be_is_refused(shop, policy):
    with pytest.raises(InvalidArgument) as caught:
        await shop.stub.SetChannelPolicy(rpc.SetChannelPolicyRequest(request_id="r", policy=policy))
    assert caught.value.reason == "INVALID_POLICY"


async def test_a_changed_policy_is_a_change_of_the_skus_that_may_be_seen_otherwise_and_of_no_others(shop, clock):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("MUG", "west", 10)
    await pool(shop, "MUG", "west", "B2B", 1)
    await expect(shop, "NEW", "west", 5, clock.now())
    await see(shop, "web", threshold=2)
    await changed(shop)
    await see(shop, "web", threshold=2)
    assert await changed(shop) == set()
    await see(shop, "web", threshold=2, thresholds={"CAP": 2, "TEE": 1})
    assert await changed(shop) == {"TEE"}
    await see(shop, "web", threshold=2, excluded=("west",))
    assert await changed(shop) == {"TEE", "MUG", "NEW"}
    await see(shop, "web", threshold=2, excluded=("west",), segment="B2B")
    assert await changed(shop) == {"MUG"}
    await see(shop, "web", threshold=3, excluded=("west",), segment="B2B")
    assert await changed(shop) == {"TEE", "MUG", "NEW"}

"""Bundles: sold as their components, and never beyond what is there of any."""

import asyncio
from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import Bundle, BundleComponent
from services.kernel.errors import FailedPrecondition, InvalidArgument
from tests.service.inventory.looking import available, bundle, expect, later, now, pool, see, steps
from tests.service.inventory.test_atp import unrouted

DAY = timedelta(days=1)


async def bundles(shop, **only) -> list[tuple[str, dict[str, int]]]:
    found = (await shop.stub.ListBundles(rpc.ListBundlesRequest(**only))).bundles
    return [(one.sku, {part.sku: part.quantity for part in one.components}) for one in found]


async def test_a_bundle_is_available_at_a_node_as_often_as_its_scarcest_component_allows(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    for sku, node, units in (("CUP", "east", 7), ("POT", "east", 9), ("CUP", "west", 50), ("POT", "north", 5)):
        await shop.adjust(sku, node, units)
    assert await available(shop, "SET") == [("SET", "east", 3)]
    assert await available(shop, "SET", "CUP", node_ids=["east"]) == [("CUP", "east", 7), ("SET", "east", 3)]
    assert await now(shop, "SET") == 3


async def test_components_at_different_nodes_make_no_bundle(shop):
    await bundle(shop, "SET", CUP=1, POT=1)
    await shop.adjust("CUP", "east", 5)
    await shop.adjust("POT", "west", 5)
    assert await available(shop, "SET") == []
    assert await now(shop, "SET") == 0


async def test_bundles_that_share_a_component_and_the_component_itself_see_what_the_other_took(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    await bundle(shop, "PAIR", CUP=2)
    await shop.adjust("CUP", "east", 10)
    await shop.adjust("POT", "east", 10)
    await shop.reserve(("SET", "east", 2))
    assert await available(shop, "CUP", "PAIR", "POT", "SET") == [
        ("CUP", "east", 6),
        ("PAIR", "east", 3),
        ("POT", "east", 8),
        ("SET", "east", 3),
    ]
    await shop.reserve(("CUP", "east", 5))
    assert [await now(shop, sku) for sku in ("CUP", "PAIR", "POT", "SET")] == [1, 0, 8, 0]


async def test_demand_for_a_bundle_that_is_not_routed_takes_from_its_components_and_from_bundles_that_share_them(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    await bundle(shop, "PAIR", CUP=2)
    await shop.adjust("CUP", "east", 10)
    await shop.adjust("POT", "east", 10)
    await unrouted(shop, "SET", 3)
    assert [await now(shop, sku) for sku in ("CUP", "PAIR", "POT", "SET")] == [4, 2, 7, 2]


async def test_who_waits_for_a_component_comes_before_a_bundle_of_it(shop, clock):
    await bundle(shop, "PAIR", CUP=2)
    await shop.wait("ord_1", ("l", "CUP", 5))
    await expect(shop, "CUP", "east", 10, clock.now() + DAY)
    assert await steps(shop, "PAIR") == [(clock.now(), 0), (clock.now() + DAY, 2)]


async def test_who_waits_for_a_bundle_comes_before_its_components(shop, clock):
    await bundle(shop, "PAIR", CUP=2)
    await shop.wait("ord_1", ("l", "PAIR", 2))
    await expect(shop, "CUP", "east", 10, clock.now() + DAY)
    assert await steps(shop, "CUP") == [(clock.now(), 0), (clock.now() + DAY, 6)]
    assert await steps(shop, "PAIR") == [(clock.now(), 0), (clock.now() + DAY, 3)]


async def test_a_bundle_can_be_had_when_the_last_of_its_components_is_there(shop, clock):
    await bundle(shop, "SET", CUP=2, POT=1)
    await shop.adjust("CUP", "east", 2)
    await expect(shop, "CUP", "east", 4, clock.now() + DAY)
    await expect(shop, "POT", "east", 2, clock.now() + 2 * DAY)
    await expect(shop, "POT", "east", 9, clock.now() + 3 * DAY)
    growth = [(clock.now() + 2 * DAY, 2), (clock.now() + 3 * DAY, 3)]
    assert await steps(shop, "SET") == [(clock.now(), 0), *growth]
    assert await later(shop, "SET") == [("SET", "east", 0, growth)]


async def test_a_channel_shows_no_more_bundles_than_of_any_component_and_less_the_bundles_own_threshold(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    await shop.adjust("CUP", "east", 20)
    await shop.adjust("POT", "east", 20)
    await see(shop, "web", thresholds={"CUP": 9})
    await see(shop, "app", thresholds={"SET": 4})
    assert [await now(shop, "SET", channel) for channel in ("", "web", "app")] == [10, 5, 6]


async def test_a_pool_of_a_component_is_in_the_bundles_of_its_segment_alone(shop):
    await bundle(shop, "PAIR", CUP=2)
    await shop.adjust("CUP", "east", 10)
    await pool(shop, "CUP", "east", "B2B", 5)
    assert await available(shop, "PAIR") == [("PAIR", "east", 2)]
    assert await available(shop, "PAIR", segment="B2B") == [("PAIR", "east", 5)]


async def test_bundles_are_listed_by_sku_and_by_component(shop):
    await bundle(shop, "SET", CUP=2, POT=1)
    await bundle(shop, "PAIR", CUP=2)
    await bundle(shop, "TEA", POT=1, TIN=1)
    assert await bundles(shop) == [("PAIR", {"CUP": 2}), ("SET", {"CUP": 2, "POT": 1}), ("TEA", {"POT": 1, "TIN": 1})]
    assert await bundles(shop, component_sku="POT") == [("SET", {"CUP": 2, "POT": 1}), ("TEA", {"POT": 1, "TIN": 1})]
    first = await shop.stub.ListBundles(rpc.ListBundlesRequest(page_size=2))
    assert await bundles(shop, page_size=2, page_token=first.next_page_token) == [("TEA", {"POT": 1, "TIN": 1})]


async def test_a_bundle_without_components_is_a_sku_of_its_own_again(shop):
    await bundle(shop, "SET", CUP=1)
    await bundle(shop, "SET")
    assert await bundles(shop) == []
    await shop.adjust("SET", "east", 3)
    assert await available(shop, "SET") == [("SET", "east", 3)]


async def test_a_bundle_never_contains_a_bundle_whichever_is_said_first(shop):
    await bundle(shop, "INNER", CUP=1)
    with pytest.raises(InvalidArgument) as caught:
        await bundle(shop, "OUTER", INNER=1)
    assert caught.value.reason == "BUNDLE_NESTED"
    await bundle(shop, "OUTER", BOX=1)
    with pytest.raises(InvalidArgument) as caught:
        await bundle(shop, "BOX", CUP=1)
    assert (caught.value.reason, caught.value.metadata["bundle_sku"]) == ("BUNDLE_IS_COMPONENT", "OUTER")


async def test_two_at_once_cannot_nest_either(shop):
    for number in range(10):
        inner, outer = f"INNER{number}", f"OUTER{number}"
        both = (bundle(shop, inner, CUP=1), bundle(shop, outer, **{inner: 1}))
        refused = [one for one in await asyncio.gather(*both, return_exceptions=True) if one]
        assert [type(one) for one in refused] == [InvalidArgument]


async def test_a_sku_that_has_or_expects_units_of_its_own_cannot_become_a_bundle(shop, clock):
    await shop.adjust("SET", "east", 1)
    await expect(shop, "KIT", "east", 4, clock.now() + DAY)
    for sku, metadata in (("SET", "on_hand"), ("KIT", "expected")):
        with pytest.raises(FailedPrecondition) as caught:
            await bundle(shop, sku, CUP=1)
        assert caught.value.reason == "BUNDLE_HAS_STOCK"
        assert caught.value.metadata[metadata] != "0"
    await shop.adjust("SET", "east", -1)
    await bundle(shop, "SET", CUP=1)


@pytest.mark.parametrize(
    ("sku", "components"),
    [
        ("", [("CUP", 1)]),
        ("SET", [("", 1)]),
        ("SET", [("CUP", 0)]),
        ("SET", [("CUP", -1)]),
        ("SET", [("CUP", 1_000_001)]),
        ("SET", [("SET", 1)]),
        ("SET", [("CUP", 1), ("CUP", 2)]),
        ("SET", [(f"S{number}", 1) for number in range(101)]),
    ],
)
async def test_a_bundle_that_cannot_be_is_refused(shop, sku, components):
    parts = [BundleComponent(sku=one, quantity=units) for one, units in components]
    with pytest.raises(InvalidArgument):
        await shop.stub.SetBundle(rpc.SetBundleRequest(request_id="r", bundle=Bundle(sku=sku, components=parts)))
    assert await bundles(shop) == []

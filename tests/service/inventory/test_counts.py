"""Cycle counts: whoever stands at the shelf is right."""

from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.kernel.errors import InvalidArgument
from tests.service.inventory.outside import Outside, state


@pytest.fixture
def wms(shop) -> Outside:
    return Outside(shop)


async def test_a_count_is_right_however_far_it_is_from_our_figure(wms, shop):
    await shop.adjust("A", "east", 100)
    await shop.reserve(("A", "east", 6))
    (drift,) = await wms.count({"A": 2, "B": 0}, reference="sheet 7")
    assert (drift.sku, drift.was_on_hand, drift.on_hand, drift.oversold_quantity) == ("A", 100, 2, 4)
    assert await wms.on_hand("A") == 2
    (entry, *_) = await shop.ledger(reference="sheet 7")
    assert (entry.reason, entry.on_hand_delta) == (MovementReason.MOVEMENT_REASON_COUNT, -98)


async def test_a_count_finds_what_nobody_knew_of(wms):
    await wms.count({"NEW": 500})
    assert await wms.on_hand("NEW") == 500


async def test_what_moved_since_the_count_still_counts(wms, shop, clock):
    await shop.adjust("A", "east", 10)
    counted = clock.now()
    clock.advance(timedelta(minutes=3))
    await shop.adjust("A", "east", -4, reason=MovementReason.MOVEMENT_REASON_LOSS)
    await wms.count({"A": 9}, at=counted)
    assert await wms.on_hand("A") == 5


async def test_a_count_settles_what_waits_for_a_decision_of_any_source(wms, shop):
    await shop.adjust("A", "east", 100)
    await wms.snapshot(1, {"A": 50})
    await Outside(shop, "erp").snapshot(1, {"A": 150})
    await Outside(shop, "erp", "west").snapshot(1, {"A": 5})
    await wms.count({"A": 100})
    assert await wms.exceptions() == []
    assert {state(one) for one in await wms.exceptions(all=True)} == {"SUPERSEDED"}


async def test_units_that_were_found_go_to_those_who_wait(wms, shop):
    await shop.wait("ord_1", ("lin_1", "A", 2))
    await wms.count({"A": 2})
    assert await shop.told() == ["order/ord_1"]


async def test_a_sku_is_counted_once(shop):
    request = rpc.RecordCountsRequest(request_id="r", node_id="east")
    for _ in range(2):
        request.counts.add(sku="A", on_hand=1)
    with pytest.raises(InvalidArgument) as caught:
        await shop.stub.RecordCounts(request)
    assert caught.value.reason == "DUPLICATE_SKU"

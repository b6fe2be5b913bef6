"""Snapshots and deltas of outside systems: late ones, repeated ones, in parts, out of order."""

import asyncio
from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.kernel.errors import InvalidArgument
from tests.service.inventory.outside import Outside, figures

MINUTE = timedelta(minutes=1)


@pytest.fixture
def wms(shop) -> Outside:
    return Outside(shop)


async def test_parts_take_effect_as_they_come_in_any_order(wms):
    answers = [
        await wms.snapshot(7, {"C": 3}, part=(3, 3)),
        await wms.snapshot(7, {"A": 1}, part=(1, 3)),
    ]
    assert (await wms.on_hand("A"), await wms.on_hand("C")) == (1, 3)
    assert await wms.sources() == []
    answers.append(await wms.snapshot(7, {"B": 2}, part=(2, 3)))
    assert [answer.missing_part_count for answer in answers] == [2, 1, 0]
    (source,) = await wms.sources()
    assert (source.sequence, source.counted_sku_count, source.drifted_sku_count) == (7, 3, 3)
    assert (source.surplus_quantity, source.deficit_quantity) == (6, 0)


async def test_a_part_that_came_before_changes_nothing(wms, shop):
    await wms.snapshot(1, {"A": 1}, part=(1, 2))
    await shop.adjust("A", "east", 4)
    answer = await wms.snapshot(1, {"A": 1}, part=(1, 2))
    assert (answer.stale, answer.missing_part_count, await wms.on_hand("A")) == (True, 1, 5)


async def test_what_a_complete_snapshot_in_parts_does_not_name_is_gone_with_its_last_part(wms, shop):
    await shop.adjust("OLD", "east", 4)
    await wms.snapshot(1, {"A": 1}, part=(2, 2), complete=True)
    assert await wms.on_hand("OLD") == 4
    answer = await wms.snapshot(1, {"B": 2}, part=(1, 2), complete=True)
    assert figures(answer) == [("B", 0, 2), ("OLD", 4, 0)]
    assert [await wms.on_hand(sku) for sku in ("A", "B", "OLD")] == [1, 2, 0]
    (source,) = await wms.sources()
    assert (source.drifted_sku_count, source.surplus_quantity, source.deficit_quantity) == (3, 3, 4)


async def test_parts_that_come_at_once_are_all_taken_over_beside_counts_and_reservations(wms, shop):
    skus = [f"S{number:02d}" for number in range(30)]
    await wms.snapshot(1, dict.fromkeys(skus, 50))
    parts = [wms.snapshot(2, dict.fromkeys(skus[start::6], 49), part=(start + 1, 6)) for start in range(6)]
    others = [Outside(shop, "erp").snapshot(1, dict.fromkeys(reversed(skus), 48)), wms.count(dict.fromkeys(skus, 47))]
    rights = [shop.reserve(*((sku, "east", 1) for sku in reversed(skus)), owner=f"ord_{one}") for one in range(4)]
    answers = await asyncio.gather(*parts, *others, *rights)
    assert sorted(one.missing_part_count for one in answers[:6]) == [0, 1, 2, 3, 4, 5]
    assert [(one.source, one.sequence) for one in await wms.sources()] == [("erp", 1), ("wms", 2)]
    assert {(await shop.position(sku, "east")).reserved for sku in skus} == {4}


async def test_a_part_of_an_older_snapshot_does_not_undo_a_newer_one(wms):
    await wms.snapshot(6, {"A": 6}, part=(1, 2))
    assert figures(await wms.snapshot(5, {"A": 5, "B": 5}, part=(1, 2))) == [("B", 0, 5)]
    assert (await wms.on_hand("A"), await wms.on_hand("B")) == (6, 5)


async def test_what_agrees_is_not_written(wms, shop):
    await wms.snapshot(1, {"A": 5, "B": 5})
    before = await shop.ledger()
    updated = (await shop.position("A", "east")).update_time
    assert figures(await wms.snapshot(2, {"A": 5, "B": 5}, complete=True)) == []
    assert await shop.ledger() == before
    assert (await shop.position("A", "east")).update_time == updated


async def test_a_delta_counts_once_in_any_order(wms):
    await wms.snapshot(1, {"A": 10})
    assert (await wms.delta(3, {"A": -2})).missing_sequence_count == 1
    assert (await wms.delta(2, {"A": 5})).missing_sequence_count == 0
    repeated = [await wms.delta(3, {"A": -2}), await wms.delta(2, {"A": 5})]
    assert [one.stale for one in repeated] == [True, True]
    assert await wms.on_hand("A") == 13


@pytest.mark.parametrize("sequence", [2, 3])
async def test_a_delta_that_a_snapshot_knows_does_not_count(wms, sequence):
    await wms.snapshot(3, {"A": 10})
    assert (await wms.delta(sequence, {"A": 5})).stale
    assert await wms.on_hand("A") == 10


async def test_a_delta_that_a_part_of_a_later_snapshot_knows_does_not_count_for_what_that_counted(wms):
    await wms.snapshot(3, {"A": 10}, part=(1, 2))
    assert not (await wms.delta(2, {"A": 5, "B": 5})).stale
    assert (await wms.on_hand("A"), await wms.on_hand("B")) == (10, 5)


async def test_a_snapshot_that_is_late_does_not_undo_the_deltas_after_it(wms):
    await wms.snapshot(1, {"A": 10})
    await wms.delta(3, {"A": -2})
    await wms.delta(4, {"A": -1, "B": 2})
    assert figures(await wms.snapshot(2, {"A": 9})) == [("A", 7, 6)]
    assert await wms.on_hand("A") == 6
    assert figures(await wms.snapshot(4, {"A": 6, "B": 2})) == []
    assert (await wms.delta(3, {"A": -2})).stale


async def test_a_snapshot_may_have_the_sequence_of_the_last_delta_that_it_knows(wms):
    await wms.delta(5, {"A": 3})
    assert not (await wms.snapshot(5, {"A": 4})).stale
    assert (await wms.delta(5, {"A": 3})).stale
    assert await wms.on_hand("A") == 4


async def test_more_can_not_go_than_is_there_and_that_is_told(wms):
    await wms.snapshot(1, {"A": 3})
    assert figures(await wms.delta(2, {"A": -5, "NONE": -1})) == [("A", 3, 0), ("NONE", 0, 0)]
    assert await wms.on_hand("A") == 0


async def test_missing_sequences_are_counted_from_the_first_message_where_there_is_no_snapshot(wms):
    assert (await wms.delta(1001, {"A": 1})).missing_sequence_count == 0
    assert (await wms.delta(1004, {"A": 1})).missing_sequence_count == 2


async def test_sources_do_not_shut_out_each_other(wms, shop):
    await wms.snapshot(5, {"A": 5})
    assert not (await Outside(shop, "erp").snapshot(1, {"A": 4})).stale
    assert not (await Outside(shop, node="west").snapshot(1, {"A": 3})).stale
    assert [(one.source, one.node_id) for one in await wms.sources()] == [
        ("erp", "east"),
        ("wms", "east"),
        ("wms", "west"),
    ]


async def test_what_left_since_the_count_is_not_taken_twice(wms, shop, clock):
    await shop.adjust("A", "east", 20)
    reserved = await shop.reserve(("A", "east", 5))
    counted = clock.now()
    clock.advance(MINUTE)
    await shop.consume((reserved.reservations[0].reservation_id, 5))
    clock.advance(MINUTE)
    assert figures(await wms.snapshot(1, {"A": 20}, at=counted)) == []
    assert await wms.on_hand("A") == 15


async def test_what_came_since_the_count_is_not_lost(wms, shop, clock):
    await shop.adjust("A", "east", 20)
    counted = clock.now()
    clock.advance(MINUTE)
    await shop.adjust("A", "east", 30)
    answer = await wms.snapshot(1, {"A": 18}, at=counted)
    assert figures(answer) == [("A", 20, 18)]
    assert await wms.on_hand("A") == 48


async def test_what_was_corrected_since_the_count_is_not_corrected_twice(wms, shop, clock):
    await shop.adjust("A", "east", 10)
    counted = clock.now()
    clock.advance(MINUTE)
    await wms.count({"A": 7})
    clock.advance(MINUTE)
    assert figures(await wms.snapshot(1, {"A": 7}, at=counted)) == []
    second = clock.now()
    clock.advance(MINUTE)
    await wms.snapshot(2, {"A": 6}, at=second)
    assert figures(await wms.snapshot(3, {"A": 6}, at=second)) == []
    assert await wms.on_hand("A") == 6


async def test_a_count_of_long_ago_sees_all_that_moved_since(wms, shop, clock):
    await shop.adjust("A", "east", 10)
    counted = clock.now()
    for _ in range(3):
        clock.advance(timedelta(days=40))
        await shop.adjust("A", "east", 1)
    assert figures(await wms.snapshot(1, {"A": 9}, at=counted)) == [("A", 10, 9)]
    assert await wms.on_hand("A") == 12


async def test_a_lower_count_takes_from_lots_only_what_cannot_be_there_any_more(wms, shop):
    request = rpc.AdjustStockRequest(request_id=shop.key(), reason=MovementReason.MOVEMENT_REASON_RECEIPT)
    for lot, day in (("L2", 20), ("L1", 10)):
        one = request.adjustments.add(sku="A", node_id="east", on_hand_delta=4, lot_id=lot)
        one.lot_expire_time.FromJsonString(f"2030-01-{day}T00:00:00Z")
    request.adjustments.add(sku="A", node_id="east", on_hand_delta=2)
    await shop.stub.AdjustStock(request)
    await wms.snapshot(1, {"A": 5})
    lots = (await shop.stub.ListLots(rpc.ListLotsRequest(sku="A"))).lots
    assert [(lot.lot_id, lot.on_hand) for lot in lots] == [("L1", 1), ("L2", 4)]


async def test_a_message_cannot_say_what_was_counted_and_what_has_changed(wms, shop):
    request = wms._request(1)
    request.counts.add(sku="A", on_hand=1)
    request.deltas.add(sku="A", on_hand_delta=1)
    with pytest.raises(InvalidArgument) as caught:
        await shop.stub.SyncStock(request)
    assert caught.value.reason == "MIXED_FIGURES"


async def test_a_part_that_cannot_be_is_refused(wms):
    with pytest.raises(InvalidArgument) as caught:
        await wms.snapshot(1, {"A": 1}, part=(3, 2))
    assert caught.value.reason == "INVALID_PART"

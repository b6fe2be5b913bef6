"""Positions, the ledger, and figures from outside."""

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound

LOSS = MovementReason.MOVEMENT_REASON_LOSS


async def test_received_goods_are_on_hand_and_in_the_ledger(shop):
    position = await shop.adjust("TEE", "east", 10, reference="DN-1")
    assert (position.on_hand, position.available) == (10, 10)
    (entry,) = await shop.ledger(sku="TEE", node_id="east")
    assert (entry.on_hand_delta, entry.reference, entry.actor) == (10, "DN-1", "anonymous")


async def test_the_same_request_is_done_once_and_another_with_its_key_is_refused(shop):
    request = rpc.AdjustStockRequest(request_id="delivery-1", reason=MovementReason.MOVEMENT_REASON_RECEIPT)
    request.adjustments.add(sku="TEE", node_id="east", on_hand_delta=10)
    first, again = await shop.stub.AdjustStock(request), await shop.stub.AdjustStock(request)
    assert first == again
    assert (await shop.position("TEE", "east")).on_hand == 10
    request.adjustments[0].on_hand_delta = 11
    with pytest.raises(AlreadyExists):
        await shop.stub.AdjustStock(request)


async def test_one_impossible_difference_undoes_the_whole_request(shop):
    await shop.adjust("TEE", "east", 1)
    request = rpc.AdjustStockRequest(request_id="r", reason=LOSS)
    request.adjustments.add(sku="MUG", node_id="east", on_hand_delta=5)
    request.adjustments.add(sku="TEE", node_id="east", on_hand_delta=-2)
    with pytest.raises(FailedPrecondition) as caught:
        await shop.stub.AdjustStock(request)
    assert (caught.value.reason, caught.value.metadata["there"]) == ("STOCK_BELOW_ZERO", "1")
    with pytest.raises(NotFound):
        await shop.position("MUG", "east")


async def test_safety_stock_and_unsellable_units_are_never_offered(shop):
    await shop.adjust("TEE", "east", 10, unsellable=2)
    assert (await shop.safety("TEE", "east", 3)).available == 5
    with pytest.raises(FailedPrecondition) as caught:
        await shop.reserve(("TEE", "east", 6))
    assert caught.value.metadata["available"] == "5"
    assert (await shop.safety("TEE", "east", 0)).available == 8


async def test_availability_of_many_skus_over_many_nodes_leaves_out_what_has_nothing(shop):
    for sku, node, units in (("TEE", "east", 2), ("TEE", "west", 3), ("MUG", "east", 4), ("CAP", "east", 0)):
        await shop.adjust(sku, node, units)
    await shop.reserve(("TEE", "east", 2))

    async def ask(skus: list[str], node_ids: tuple[str, ...] | list[str] = ()) -> list[tuple[str, str, int]]:
        found = await shop.stub.GetAvailability(rpc.GetAvailabilityRequest(skus=skus, node_ids=node_ids))
        return [(one.sku, one.node_id, one.available_quantity) for one in found.availabilities]

    assert await ask(["TEE", "MUG", "CAP", "NONE"]) == [("MUG", "east", 4), ("TEE", "west", 3)]
    assert await ask(["TEE", "MUG"], ["east", "nowhere"]) == [("MUG", "east", 4)]


async def test_a_snapshot_takes_over_and_reports_where_figures_differed(shop):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("MUG", "east", 4)
    await shop.reserve(("TEE", "east", 8))
    answer = await shop.sync("east", {"TEE": 5, "MUG": 4, "NEW": 7}, 1)
    drifts = [(one.sku, one.was_on_hand, one.on_hand, one.oversold_quantity) for one in answer.drifts]
    assert drifts == [("NEW", 0, 7, 0), ("TEE", 10, 5, 3)]
    position = await shop.position("TEE", "east")
    assert (position.on_hand, position.reserved, position.available) == (5, 8, -3)
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("TEE", "east", 1))


@pytest.mark.parametrize("sequence", [4, 5])
async def test_an_old_snapshot_changes_nothing(shop, sequence):
    await shop.sync("east", {"TEE": 10}, 5)
    answer = await shop.sync("east", {"TEE": 3}, sequence)
    assert answer.stale
    assert (await shop.position("TEE", "east")).on_hand == 10


async def test_snapshots_of_one_source_for_two_nodes_do_not_shut_out_each_other(shop):
    await shop.sync("east", {"TEE": 10}, 5)
    assert not (await shop.sync("west", {"TEE": 3}, 4)).stale


async def test_what_a_complete_snapshot_does_not_name_has_nothing(shop):
    await shop.adjust("TEE", "east", 10, unsellable=2)
    await shop.adjust("TEE", "west", 10)
    answer = await shop.sync("east", {"MUG": 1}, 1, complete=True)
    assert [(one.sku, one.on_hand) for one in answer.drifts] == [("MUG", 1), ("TEE", 0)]
    assert (await shop.position("TEE", "west")).on_hand == 10


async def test_a_snapshot_cannot_count_a_sku_twice(shop):
    request = rpc.SyncStockRequest(request_id="r", source="wms", sequence=1, node_id="east")
    for _ in range(2):
        request.counts.add(sku="TEE", on_hand=1)
    with pytest.raises(InvalidArgument) as caught:
        await shop.stub.SyncStock(request)
    assert caught.value.reason == "DUPLICATE_SKU"


async def test_pages_give_every_position_once(shop):
    for number in range(7):
        await shop.adjust(f"SKU-{number}", "east", 1)
    request, seen = rpc.ListPositionsRequest(node_id="east", page_size=3), []
    while True:
        page = await shop.stub.ListPositions(request)
        seen += [one.sku for one in page.positions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [f"SKU-{number}" for number in range(7)]


async def test_the_ledger_is_read_newest_first_by_reference(shop):
    for number in range(3):
        await shop.adjust("TEE", "east", number + 1, reference="DN-7")
    await shop.adjust("TEE", "east", 9)
    assert [one.on_hand_delta for one in await shop.ledger(reference="DN-7")] == [3, 2, 1]


async def test_a_page_token_of_another_list_is_refused(shop):
    await shop.adjust("TEE", "east", 1)
    await shop.adjust("MUG", "east", 1)
    page = await shop.stub.ListPositions(rpc.ListPositionsRequest(page_size=1))
    for request in (
        rpc.ListPositionsRequest(sku="TEE", page_token=page.next_page_token),
        rpc.ListPositionsRequest(page_token="nonsense"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            await shop.stub.ListPositions(request)
        assert caught.value.reason == "INVALID_PAGE_TOKEN"

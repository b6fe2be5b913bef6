"""Whatever is wrong is found, repaired, and right afterwards."""

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from tests.service.inventory.books import Books

BUNDLE = (
    "INSERT INTO positions (sku, node_id, on_hand, reserved, safety_stock, unsellable, update_time)"
    " VALUES ('SET-A', 'east', 0, 0, 0, 0, now())"
)


@pytest.fixture
async def books(shop):
    """Ten shirts at east, three in lot L, two set apart, one never offered, four reserved."""
    books = Books(shop)
    await shop.adjust("TEE", "east", 7, unsellable=2)
    await shop.safety("TEE", "east", 1)
    await shop.reserve(("TEE", "east", 4))
    await books.tamper(
        "INSERT INTO ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta,"
        " quality_control_delta, quarantine_delta, lot_id, reason, reference, note, actor, create_time)"
        " VALUES ('TEE', 'east', 3, 0, 0, 0, 1, 1, 'L', 'RECEIPT', '', '', '', now())",
        "UPDATE positions SET on_hand = 10, quality_control = 1, quarantine = 1",
        "INSERT INTO lots (sku, node_id, lot_id, on_hand, update_time) VALUES ('TEE', 'east', 'L', 3, now())",
    )
    assert await books.findings() == set()
    return books


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE positions SET on_hand = 9", {("on_hand", "ledger", 9, 10)}),
        ("UPDATE positions SET reserved = 9", {("reserved", "ledger", 9, 4), ("reserved", "reservations", 9, 4)}),
        ("UPDATE positions SET safety_stock = 5", {("safety_stock", "ledger", 5, 1)}),
        ("UPDATE positions SET unsellable = 3", {("unsellable", "ledger", 3, 2)}),
        ("UPDATE positions SET quality_control = 0", {("quality_control", "ledger", 0, 1)}),
        ("UPDATE positions SET quarantine = 0", {("quarantine", "ledger", 0, 1)}),
        ("UPDATE lots SET on_hand = 2", {("lot L", "ledger", 2, 3)}),
        ("DELETE FROM lots", {("lot L", "ledger", 0, 3)}),
        ("UPDATE lots SET on_hand = 11", {("lot L", "ledger", 11, 3), ("lots", "on_hand", 11, 10)}),
        (
            "UPDATE reservations SET quantity = 3",
            {("reserved", "reservations", 4, 3)},
        ),
        (
            "UPDATE ledger_entries SET reserved_delta = 6 WHERE reason = 'RESERVED'",
            {("reserved", "ledger", 4, 6)},
        ),
        (
            "DELETE FROM positions",
            {
                ("on_hand", "ledger", 0, 10),
                ("reserved", "ledger", 0, 4),
                ("safety_stock", "ledger", 0, 1),
                ("unsellable", "ledger", 0, 2),
                ("quality_control", "ledger", 0, 1),
                ("quarantine", "ledger", 0, 1),
                ("reserved", "reservations", 0, 4),
                ("lots", "on_hand", 3, 0),
            },
        ),
    ],
)
async def test_what_somebody_broke_by_hand_is_found_and_repaired(books, statement, found):
    await books.tamper(statement)
    assert await books.findings() == await books.findings(full=True) == found
    assert set(await books.rebuild(dry_run=True)) == found
    assert await books.findings() == found
    assert set(await books.rebuild(size=1)) == found
    assert await books.findings() == await books.findings(full=True) == set()
    assert await books.rebuild() == []


async def test_a_repair_of_more_than_is_free_passes_and_the_second_lock_holds_again(books):
    await books.tamper("UPDATE reservations SET quantity = 40")
    assert await books.rebuild() == [("reserved", "reservations", 4, 40)]
    assert (await books.shop.position("TEE", "east")).available == -33
    (entry, *_) = await books.shop.ledger()
    assert (entry.reserved_delta, entry.reason) == (36, 15)


async def test_a_rebuild_that_is_sent_again_answers_the_same_and_repairs_nothing(books):
    await books.tamper("UPDATE positions SET on_hand = 9")
    request = rpc.RebuildStockRequest(request_id="repair-1")
    first = await books.shop.stub.RebuildStock(request)
    await books.tamper("UPDATE positions SET on_hand = 8")
    assert await books.shop.stub.RebuildStock(request) == first
    assert len(first.repairs) == 1
    await books.rebuild()


async def test_a_ledger_that_says_what_cannot_be_is_left_to_people(books):
    await books.tamper("UPDATE ledger_entries SET on_hand_delta = -9 WHERE lot_id = 'L'")
    assert await books.rebuild() == []
    assert ("on_hand", "ledger", 10, -2) in await books.findings()
    await books.tamper("UPDATE ledger_entries SET on_hand_delta = 3 WHERE lot_id = 'L'")


async def test_whoever_waits_is_served_with_what_a_repair_frees(books):
    await books.tamper("UPDATE positions SET on_hand = 7, safety_stock = 1")
    assert await books.shop.wait("ord_2", ("lin_0", "TEE", 1)) == ["WAITING"]
    await books.rebuild()
    assert await books.shop.queue() != [("ord_2", "WAITING")]


async def test_a_bundle_counts_at_its_components_and_nowhere_else(books):
    await books.tamper(
        BUNDLE,
        "INSERT INTO reservations (reservation_id, owner_id, line_id, sku, node_id, quantity, consumed_quantity,"
        " released_quantity, state, create_time, update_time, components)"
        " VALUES ('rsv_b', 'ord_9', '1', 'SET-A', 'east', 2, 0, 1, 'HARD', now(), now(), '{\"TEE\": 2}')",
    )
    assert await books.findings() == {("reserved", "reservations", 4, 6)}
    assert (await books.audit()).reservation_count == 2
    assert await books.rebuild() == [("reserved", "reservations", 4, 6)]

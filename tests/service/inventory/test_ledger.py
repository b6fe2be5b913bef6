"""The ledger as it is read."""

from datetime import timedelta

import pytest

from tests.service.inventory.books import stamp


@pytest.fixture
async def days(shop, clock):
    """Three receipts, a day apart; when they were."""
    moments = []
    for units in (1, 2, 3):
        moments.append(clock.now())
        await shop.adjust("TEE", "east", units)
        clock.advance(timedelta(days=1))
    return moments


async def test_entries_of_a_time_are_those_from_its_begin_to_before_its_end(shop, days):
    async def units(**only):
        return [one.on_hand_delta for one in await shop.ledger(**only)]

    first, second, third = map(stamp, days)
    assert await units() == [3, 2, 1]
    assert await units(from_time=second) == [3, 2]
    assert await units(until_time=third) == [2, 1]
    assert await units(from_time=second, until_time=third, sku="TEE") == [2]
    assert await units(from_time=third, until_time=first) == []


async def test_a_month_is_read_from_its_partition_only(shop, days):
    async with shop.parts.database.connect() as conn:
        plan = (
            await conn.exec_driver_sql(
                "EXPLAIN SELECT * FROM inventory.ledger_entries WHERE create_time >= '2099-01-01' ORDER BY sequence"
            )
        ).all()
    assert "ledger_entries_first" not in str(plan)


async def test_an_entry_tells_its_lot_and_why_units_are_set_apart(shop):
    async with shop.parts.database.begin() as conn:
        await conn.exec_driver_sql(
            "INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,"
            " unsellable_delta, quality_control_delta, quarantine_delta, lot_id, reason, reference, note, actor,"
            " create_time) VALUES ('TEE', 'east', 5, 0, 0, 3, 2, 1, 'L7', 'RECEIPT', '', '', '', now())"
        )
        await conn.exec_driver_sql("INSERT INTO inventory.positions VALUES ('TEE', 'east', 5, 0, 0, 3, now(), 2, 1)")
        await conn.exec_driver_sql("INSERT INTO inventory.lots VALUES ('TEE', 'east', 'L7', NULL, 5, false, now())")
    (entry,) = await shop.ledger()
    assert (entry.lot_id, entry.quality_control_delta, entry.quarantine_delta) == ("L7", 2, 1)

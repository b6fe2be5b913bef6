"""The audit proves everything, and reads no more than what was written since it last did."""

from datetime import timedelta

import pytest

from tests.service.inventory.books import Books

HISTORY = (
    "INSERT INTO ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta,"
    " reason, reference, note, actor, create_time)"
    " SELECT 'TEE', 'east', CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END, 0, 0, 0, 'COUNT', '', '', '',"
    "        timestamptz '2026-03-02 12:00Z' + n * interval '1 minute' FROM generate_series(1, {}) AS n"
)


@pytest.fixture
async def books(shop):
    books = Books(shop)
    await shop.adjust("TEE", "east", 10)
    return books


async def test_only_what_was_written_since_the_last_audit_is_added_up(books):
    await books.tamper(HISTORY.format(300))
    assert (await books.audit()).entry_count == 301
    assert (await books.audit()).entry_count == 0
    await books.shop.adjust("TEE", "east", 1)
    assert (await books.audit()).entry_count == 1
    assert (await books.audit(full=True)).entry_count == 302


async def test_a_short_history_is_worth_no_checkpoint(books):
    await books.tamper(HISTORY.format(100))
    assert [(await books.audit()).entry_count for _ in range(2)] == [101, 101]


async def test_what_does_not_add_up_gets_no_checkpoint(books):
    await books.tamper(HISTORY.format(300), "UPDATE positions SET on_hand = 4")
    assert [(await books.audit()).entry_count for _ in range(2)] == [301, 301]
    assert await books.rebuild() == [("on_hand", "ledger", 4, 10)]
    assert [(await books.audit()).entry_count for _ in range(2)] == [301, 0]


async def test_a_counter_that_is_broken_after_a_checkpoint_is_found(books):
    await books.tamper(HISTORY.format(300))
    await books.audit()
    await books.tamper("UPDATE positions SET on_hand = 4")
    assert await books.findings() == {("on_hand", "ledger", 4, 10)}
    await books.rebuild()


async def test_a_checkpoint_that_is_wrong_is_denied_by_a_full_audit_which_puts_it_right(books):
    await books.tamper(HISTORY.format(300))
    await books.audit()
    await books.tamper("UPDATE ledger_checkpoints SET on_hand = on_hand + 1")
    assert await books.findings() == {("on_hand", "ledger", 10, 11)}
    assert await books.findings(full=True) == set()
    assert await books.findings() == set()


async def test_what_is_reserved_meanwhile_is_no_discrepancy(books):
    await books.shop.reserve(("TEE", "east", 2))
    found = await books.audit()
    assert (found.position_count, found.reservation_count, list(found.discrepancies)) == (1, 1, [])


async def test_positions_were_what_the_ledger_says_of_that_moment(books, clock):
    began = clock.now()
    clock.advance(timedelta(days=1))
    await books.shop.adjust("MUG", "east", 5)
    await books.shop.adjust("TEE", "west", 2, unsellable=1)
    clock.advance(timedelta(days=1))
    await books.shop.reserve(("TEE", "east", 4))
    assert await books.as_of(began - timedelta(seconds=1)) == []
    (only,) = await books.as_of(began)
    assert (only.sku, only.node_id, only.on_hand, only.reserved) == ("TEE", "east", 10, 0)
    then = await books.as_of(began + timedelta(days=1), page_size=1)
    assert [(one.sku, one.node_id, one.available) for one in then] == [
        ("MUG", "east", 5), ("TEE", "east", 10), ("TEE", "west", 1)
    ]  # fmt: skip
    assert [one.sku for one in await books.as_of(clock.now(), node_id="west")] == ["TEE"]
    now = {(one.sku, one.node_id): one for one in await books.as_of(clock.now(), sku="TEE")}
    assert now["TEE", "east"].available == 6
    assert now["TEE", "east"].update_time.ToDatetime() == clock.now().replace(tzinfo=None)


async def test_the_past_is_the_same_with_checkpoints_and_without(books, clock):
    began = clock.now()
    await books.tamper(HISTORY.format(300))
    clock.advance(timedelta(days=1))
    moments = [began + timedelta(minutes=minutes) for minutes in (0, 1, 2, 299, 300, 301)]
    before = [await books.as_of(moment) for moment in moments]
    await books.audit()
    assert [await books.as_of(moment) for moment in moments] == before
    assert [one.on_hand for (one,) in before] == [10, 9, 10, 9, 10, 10]


async def test_nobody_knows_the_future(books, clock):
    with pytest.raises(Exception, match="does not know yet") as caught:
        await books.as_of(clock.now() + timedelta(seconds=1))
    assert caught.value.reason == "TIME_IN_FUTURE"

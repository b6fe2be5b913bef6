"""The availability feed: in order, coalesced, and nothing is missed by whoever comes back with a cursor."""

from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from services.inventory import feed
from services.kernel.errors import InvalidArgument, NotFound, Unavailable
from tests.service.inventory.looking import bundle, now, pool, see
from tests.service.inventory.watching import Watcher

ADJUST = (
    "UPDATE inventory.positions SET on_hand = on_hand + 1 WHERE sku = :sku AND node_id = 'east'",
    """
    INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,
        unsellable_delta, reason, reference, note, actor, create_time)
    VALUES (:sku, 'east', 1, 0, 0, 0, 'RECEIPT', '', '', 'test', now())
    """,
)


@asynccontextmanager
async def slow_receipt(shop, sku):
    """A transaction that receives a unit at the beginning, and commits at the end."""
    async with shop.parts.database.begin() as conn:
        for statement in ADJUST:
            await conn.execute(text(statement), {"sku": sku})
        yield


async def test_everything_is_told_first_and_then_each_change_in_order(shop):
    for sku, units in (("CAP", 1), ("MUG", 2), ("TEE", 3)):
        await shop.adjust(sku, "east", units)
    async with Watcher(shop) as watcher:
        assert await watcher.catch_up() == {("CAP", "east"): 1, ("MUG", "east"): 2, ("TEE", "east"): 3}
        for sku, units in (("TEE", 4), ("CAP", 2)):
            await shop.adjust(sku, "east", 1)
            await watcher.until((sku, "east"), units)
        await shop.adjust("NEW", "west", 7)
        await watcher.until(("NEW", "west"), 7)
    changes = [one for message in watcher.messages[1:] for one in message]
    assert changes == [(("TEE", "east"), 4), (("CAP", "east"), 2), (("NEW", "west"), 7)]


async def test_where_nothing_is_that_is_told_too(shop):
    async with Watcher(shop) as watcher:
        assert await watcher.catch_up() == {}
        assert watcher.cursor
        await shop.adjust("TEE", "east", 1)
        await watcher.until(("TEE", "east"), 1)


async def test_a_hundred_changes_of_a_sku_are_few_messages_and_the_last_figure_is_right(shop):
    await see(shop, "web", threshold=3)
    async with Watcher(shop, "web") as watcher:
        await watcher.catch_up()
        heard = len(watcher.messages)
        for _ in range(100):
            await shop.adjust("TEE", "east", 1)
        await watcher.until("TEE", 97)
    figures = [units for message in watcher.messages[heard:] for _, units in message]
    assert figures == sorted(figures)
    assert len(figures) < 50


async def test_whoever_comes_back_with_a_cursor_hears_what_changed_meanwhile_and_nothing_else(shop):
    for sku in ("CAP", "MUG", "TEE"):
        await shop.adjust(sku, "east", 5)
    async with Watcher(shop) as watcher:
        await watcher.catch_up()
    await shop.adjust("MUG", "east", 1)
    await shop.adjust("MUG", "west", 1)
    async with Watcher(shop, cursor=watcher.cursor) as again:
        assert await again.catch_up() == {("MUG", "east"): 6, ("MUG", "west"): 1}
    async with Watcher(shop, cursor=again.cursor) as third:
        assert await third.catch_up() == {}


async def test_a_change_that_began_earlier_and_commits_later_is_not_missed(shop):
    for sku in ("CAP", "TEE"):
        await shop.adjust(sku, "east", 5)
    async with Watcher(shop) as watcher:
        await watcher.catch_up()
        async with slow_receipt(shop, "CAP"):
            await shop.adjust("TEE", "east", 1)
            async with Watcher(shop) as early:
                assert await early.catch_up() == {("CAP", "east"): 5, ("TEE", "east"): 6}
            async with Watcher(shop, cursor=watcher.cursor) as back:
                assert await back.catch_up() == {}
        for cursor in (early.cursor, back.cursor, watcher.cursor):
            async with Watcher(shop, cursor=cursor) as late:
                await late.until(("CAP", "east"), 6)
                await late.until(("TEE", "east"), 6)
        await watcher.until(("CAP", "east"), 6)
        assert watcher.known["TEE", "east"] == 6


async def test_two_channels_are_told_their_own_figures_also_of_a_bundle_and_of_zero(shop):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("MUG", "east", 8)
    await bundle(shop, "SET", TEE=1, MUG=2)
    await see(shop, "web", threshold=2)
    await see(shop, "dealers", segment="B2B")
    async with Watcher(shop, "web") as web, Watcher(shop, "dealers") as dealers:
        assert await web.catch_up() == {"MUG": 6, "TEE": 8, "SET": 2}
        assert await dealers.catch_up() == {"MUG": 8, "TEE": 10, "SET": 4}
        await pool(shop, "TEE", "east", "B2B", 9)
        await web.until("TEE", 0)
        await web.until("SET", 0)
        await shop.reserve(("MUG", "east", 8))
        for watcher in (web, dealers):
            await watcher.until("MUG", 0)
            await watcher.until("SET", 0)
        assert dealers.known["TEE"] == 10


async def test_a_change_of_the_policy_is_told_of_every_sku_that_is_seen_otherwise(shop):
    for sku in ("CAP", "TEE"):
        await shop.adjust(sku, "east", 5)
    await bundle(shop, "SET", TEE=1)
    await see(shop, "web")
    async with Watcher(shop, "web") as watcher:
        await watcher.catch_up()
        await see(shop, "web", threshold=4)
        for sku in ("CAP", "TEE", "SET"):
            await watcher.until(sku, 1 if sku != "SET" else await now(shop, "SET", "web"))
        await see(shop, "web", threshold=4, excluded=("east",))
        for sku in ("CAP", "TEE", "SET"):
            await watcher.until(sku, 0)


async def test_a_bundle_that_is_made_of_something_else_is_gone_from_where_it_was(shop):
    await shop.adjust("TEE", "east", 5)
    await shop.adjust("MUG", "west", 3)
    await bundle(shop, "SET", TEE=1)
    async with Watcher(shop, skus=("SET",)) as watcher:
        assert await watcher.catch_up() == {("SET", "east"): 5}
        await bundle(shop, "SET", MUG=1)
        await watcher.until(("SET", "west"), 3)
    assert watcher.messages[-1] == [("SET", 0), (("SET", "west"), 3)]


async def test_only_the_skus_that_are_asked_for_are_told(shop):
    for sku in ("CAP", "MUG", "TEE"):
        await shop.adjust(sku, "east", 5)
    await bundle(shop, "SET", MUG=1)
    async with Watcher(shop, skus=("SET", "TEE", "NOTHING")) as watcher:
        assert await watcher.catch_up() == {("SET", "east"): 5, ("TEE", "east"): 5, "NOTHING": 0}
        await shop.adjust("CAP", "east", 1)
        await shop.adjust("MUG", "east", 1)
        await watcher.until(("SET", "east"), 6)
    assert watcher.messages[1:] == [[(("SET", "east"), 6)]]
    async with Watcher(shop, cursor=watcher.cursor) as other:
        assert len(await other.catch_up()) == 4  # a cursor of another question is the beginning of this one


async def test_whoever_stops_in_the_middle_of_everything_goes_on_there(shop, monkeypatch):
    monkeypatch.setattr(feed, "STEP_SKUS", 2)
    for sku in "ABCDE":
        await shop.adjust(sku, "east", 1)
    await see(shop, "web")
    async with Watcher(shop, "web") as watcher:
        assert not (await watcher.hear()).caught_up
    await shop.adjust("A", "east", 1)
    async with Watcher(shop, "web", cursor=watcher.cursor) as again:
        assert await again.catch_up() == {"C": 1, "D": 1, "E": 1}
        await again.until("A", 2)


async def test_a_transaction_that_changes_more_than_a_step_is_told_as_a_whole(shop, monkeypatch):
    monkeypatch.setattr(feed, "STEP_SKUS", 2)
    monkeypatch.setattr(feed, "_STEP_CHANGES", 3)
    skus = [f"S{number:02}" for number in range(9)]
    await see(shop, "web")
    async with Watcher(shop, "web") as watcher:
        await watcher.catch_up()
        await shop.sync("east", dict.fromkeys(skus, 4), 1)
        while watcher.known != dict.fromkeys(skus, 4):
            await watcher.hear()
    assert max(map(len, watcher.messages)) == 2
    assert [sku for message in watcher.messages for sku, _ in message] == skus


async def test_a_message_is_never_too_long_and_the_cursor_of_a_part_is_the_one_before(shop):
    skus = [f"S{number:02}" for number in range(11)]
    for node in range(100):
        await shop.sync(f"n{node:02}", dict.fromkeys(skus, 1), 1)
    async with Watcher(shop) as watcher:
        first = await watcher.hear()
        assert (len(first.availabilities), first.cursor, first.caught_up) == (1000, "", False)
        last = await watcher.hear()
        assert (len(last.availabilities), last.caught_up) == (100, True)


async def test_a_cursor_that_is_none_and_a_channel_that_is_none_are_refused(shop):
    for cursor in (
        "x",
        "v1.c.1",
        "v1.c.99999999999999999999.0123456789ab.",
        "v2.c.1.0123456789ab.",
        "v1.c.٣.0123456789ab.",
    ):
        with pytest.raises(InvalidArgument) as refused:
            await Watcher(shop, cursor=cursor).hear()
        assert refused.value.reason == "INVALID_CURSOR"
    with pytest.raises(NotFound) as unknown:
        await Watcher(shop, "nowhere").hear()
    assert unknown.value.reason == "CHANNEL_NOT_FOUND"


async def test_a_cursor_of_another_database_is_the_beginning_of_everything(shop):
    await shop.adjust("TEE", "east", 5)
    async with Watcher(shop) as watcher:
        await watcher.catch_up()
    version, place, _, mark, after = watcher.cursor.split(".")
    ahead = ".".join((version, place, str(2**62), mark, after))
    async with Watcher(shop, cursor=ahead) as again:
        assert await again.catch_up() == {("TEE", "east"): 5}


async def test_a_watcher_goes_on_when_the_database_was_away(shop):
    await shop.adjust("TEE", "east", 5)
    async with Watcher(shop) as watcher:
        await watcher.catch_up()
        async with shop.parts.database.connect() as conn:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await conn.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        await shop.adjust("TEE", "east", 1)
        try:
            await watcher.until(("TEE", "east"), 6)
        except Unavailable:
            async with Watcher(shop, cursor=watcher.cursor) as again:
                await again.until(("TEE", "east"), 6)

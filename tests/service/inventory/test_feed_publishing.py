"""The availability feed as CloudEvents, and what is forgotten of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.outbox import Outbox
from services.inventory import feed, feed_publishing, store_feed
from services.inventory.feed_publishing import FeedPublishing
from services.inventory.tables import outbox_events
from tests.service.inventory.looking import pool, see
from tests.service.inventory.watching import Watcher, settle


@pytest.fixture
def publishing(shop) -> FeedPublishing:
    """A service that somebody subscribes to; nothing is delivered, so that the test can read it."""
    return replica(shop)


class Settled(FeedPublishing):
    """Publishes once everything that is committed can be told."""

    def __init__(self, shop) -> None:
        super().__init__(shop.parts)
        self._shop = shop

    async def publish(self) -> int:
        await settle(self._shop)
        return await super().publish()


def replica(shop) -> FeedPublishing:
    found = Settled(shop)
    found._outbox = Outbox(outbox_events, shop.parts.clock)
    return found


async def published(shop, channel: str) -> list[list[tuple[str, int]]]:
    """Return what a channel was told, event by event."""
    query = text(
        "SELECT message FROM inventory.outbox_events WHERE sink = 'webhook' AND type = :type AND key = :channel"
        " ORDER BY sequence"
    )
    async with shop.parts.database.connect() as conn:
        rows = await conn.execute(query, {"type": feed_publishing.CHANGED, "channel": channel})
        events: list[Any] = [rpc.WatchAvailabilityResponse.FromString(row.message) for row in rows]
    return [[(one.sku, one.available_quantity) for one in event.availabilities] for event in events]


async def test_everything_of_a_new_channel_is_published_and_then_each_change_in_order(shop, publishing):
    for sku in ("CAP", "TEE"):
        await shop.adjust(sku, "east", 5)
    await see(shop, "web", threshold=1)
    assert await publishing.publish() == 2
    assert await publishing.publish() == 0
    await shop.adjust("TEE", "east", 1)
    await shop.adjust("TEE", "east", 1)
    await publishing.publish()
    await see(shop, "dealers")
    await shop.adjust("CAP", "east", -5)
    await publishing.publish()
    assert await published(shop, "web") == [[("CAP", 4), ("TEE", 4)], [("TEE", 6)], [("CAP", 0)]]
    assert (await published(shop, "dealers"))[0] == [("CAP", 0), ("TEE", 7)]


async def test_another_replica_goes_on_where_the_one_before_stopped(shop, publishing, monkeypatch):
    monkeypatch.setattr(feed, "STEP_SKUS", 2)
    for sku in "ABC":
        await shop.adjust(sku, "east", 5)
    await see(shop, "web")
    await settle(shop)
    await publishing._publish_step("web")
    await replica(shop).publish()
    assert await published(shop, "web") == [[("A", 5), ("B", 5)], [("C", 5)]]
    await shop.adjust("B", "east", 1)
    await replica(shop).publish()
    assert (await published(shop, "web"))[2:] == [[("B", 6)]]


async def test_what_fails_to_be_written_is_published_the_next_time(shop, publishing, monkeypatch):
    await shop.adjust("TEE", "east", 5)
    await see(shop, "web")

    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(publishing._outbox, "add", fail)
        with pytest.raises(OSError, match="disk"):
            await publishing.publish()
    assert await publishing.publish() == 1
    assert await published(shop, "web") == [[("TEE", 5)]]


async def test_one_replica_publishes_at_a_time_and_what_it_leaves_is_done_later(shop, publishing):
    await shop.adjust("TEE", "east", 5)
    await see(shop, "web")
    async with shop.parts.database.begin() as conn:
        assert await store_feed.try_lock(conn)
        assert await publishing.publish() == 0
    assert await publishing.publish() == 1


async def test_without_a_subscriber_nothing_is_published(shop):
    await shop.adjust("TEE", "east", 5)
    await see(shop, "web")
    assert not shop.parts.outbox.publishes
    assert await FeedPublishing(shop.parts).go_on() == 0
    assert await published(shop, "web") == []


async def test_changes_of_more_than_a_week_ago_are_forgotten_and_older_cursors_begin_again(shop, publishing, clock):
    for sku in ("CAP", "TEE"):
        await shop.adjust(sku, "east", 5)
    async with Watcher(shop) as before:
        await before.catch_up()
    await pool(shop, "TEE", "east", "B2B", 2)
    async with Watcher(shop, cursor=before.cursor) as after:
        assert await after.catch_up() == {"TEE": 0, ("TEE", "east"): 3}
    clock.advance(timedelta(days=6))
    assert await publishing.forget() == 0
    clock.advance(timedelta(days=2))
    assert await publishing.forget() == 1
    async with Watcher(shop, cursor=before.cursor) as late:
        assert await late.catch_up() == {("CAP", "east"): 5, ("TEE", "east"): 3}
    async with Watcher(shop, cursor=after.cursor) as in_time:
        assert await in_time.catch_up() == {}
    async with Watcher(shop) as new:
        assert await new.catch_up() == {("CAP", "east"): 5, ("TEE", "east"): 3}
    async with Watcher(shop, cursor=new.cursor) as again:
        assert await again.catch_up() == {}

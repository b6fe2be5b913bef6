"""Lots: what expires first leaves first, and what is over is not sold."""

from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain.lots import LotUnits
from services.inventory.domain.position import Pair, Reason
from services.inventory.moving import Moving
from services.inventory.queues import Queues
from services.kernel.errors import FailedPrecondition
from tests.service.inventory.warehouse import QUARANTINE, Warehouse, stamp, unsellable

DAY = timedelta(days=1)
TEE = Pair("TEE", "east")


@pytest.fixture
def house(shop) -> Warehouse:
    return Warehouse(shop)


@pytest.fixture
async def stocked(house, clock) -> Warehouse:
    """2 units until tomorrow, 4 until the day after, 3 that keep, 1 without a lot."""
    now = clock.now()
    await house.adjust("TEE", "east", 3, lot="keeps")
    await house.adjust("TEE", "east", 4, lot="late", until=now + 2 * DAY)
    await house.adjust("TEE", "east", 2, lot="soon", until=now + DAY)
    await house.adjust("TEE", "east", 1)
    return house


class Undo(Exception):
    """Nothing of the transaction shall stay."""


@asynccontextmanager
async def undone(shop):
    with suppress(Undo):
        async with shop.parts.database.begin() as conn:
            yield conn
            raise Undo


async def ship(shop, units: int) -> None:
    (right,) = (await shop.reserve(("TEE", "east", units))).reservations
    await shop.consume((right.reservation_id, units))


async def test_lots_are_listed_with_the_first_to_expire_first_and_page_by_page(stocked, shop, clock):
    assert await stocked.lots() == [("soon", 2), ("late", 4), ("keeps", 3)]
    assert await stocked.lots(expire_before_time=stamp(clock.now() + 2 * DAY)) == [("soon", 2)]
    await stocked.adjust("TEE", "north", 1, lot="other")
    assert await stocked.lots(node_id="north") == [("other", 1)]
    request, found = rpc.ListLotsRequest(sku="TEE", page_size=1), []
    while True:
        page = await shop.stub.ListLots(request)
        found += [lot.lot_id for lot in page.lots]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == ["soon", "late", "keeps", "other"]


async def test_what_expires_first_is_shipped_first_and_what_has_no_lot_last(stocked, shop):
    await ship(shop, 3)
    assert await stocked.lots() == [("late", 3), ("keeps", 3)]
    await ship(shop, 6)
    assert await stocked.lots() == []
    assert (await shop.position("TEE", "east")).on_hand == 1


async def test_a_loss_takes_what_has_no_lot_first(stocked):
    await stocked.adjust("TEE", "east", -2)
    assert await stocked.lots() == [("soon", 1), ("late", 4), ("keeps", 3)]


async def test_a_snapshot_never_leaves_more_in_lots_than_is_on_hand(stocked, shop):
    await shop.sync("east", {"TEE": 5}, 1)
    assert await stocked.lots() == [("late", 2), ("keeps", 3)]


async def test_no_more_is_taken_of_a_lot_than_it_has_in_all_differences_together(stocked, shop):
    request = rpc.AdjustStockRequest(request_id=shop.key(), reason=1)
    for units in (-2, -1):
        request.adjustments.add(sku="TEE", node_id="east", on_hand_delta=units, lot_id="soon")
    with pytest.raises(FailedPrecondition) as caught:
        await shop.stub.AdjustStock(request)
    said = caught.value.metadata
    assert (caught.value.reason, said["counter"], said["lot_id"], said["there"], said["delta"]) == (
        "STOCK_BELOW_ZERO",
        "lot",
        "soon",
        "2",
        "-3",
    )
    assert await stocked.lots() == [("soon", 2), ("late", 4), ("keeps", 3)]


async def test_goods_of_a_new_lot_and_a_loss_in_one_request_add_up(house, shop):
    await house.adjust("TEE", "east", 1)
    request = rpc.AdjustStockRequest(request_id=shop.key(), reason=1)
    request.adjustments.add(sku="TEE", node_id="east", on_hand_delta=-3)
    request.adjustments.add(sku="TEE", node_id="east", on_hand_delta=5, lot_id="new")
    await shop.stub.AdjustStock(request)
    assert await house.lots() == [("new", 3)]


async def test_a_lot_that_is_over_goes_into_quarantine_once_and_is_not_sold(stocked, shop, clock):
    clock.advance(DAY)
    assert await stocked.expire() == 1
    assert await stocked.expire() == 0
    position = await shop.position("TEE", "east")
    assert (position.on_hand, position.available, unsellable(position)) == (10, 8, (0, 0, 2))
    assert await stocked.lots() == [("soon", 2), ("late", 4), ("keeps", 3)]
    await ship(shop, 8)
    assert await stocked.lots() == [("soon", 2)]


async def test_two_replicas_put_a_lot_into_quarantine_once(stocked, shop, clock):
    clock.advance(DAY)
    moving = Moving(Queues(shop.parts.outbox, clock), clock)
    async with shop.parts.database.begin() as first:
        await moving.open(first, {TEE})
        assert await moving.settle(first, [(TEE, "soon")], "one") == 1
    async with shop.parts.database.begin() as second:
        await moving.open(second, {TEE})
        assert await moving.settle(second, [(TEE, "soon")], "other") == 0
    assert (await shop.position("TEE", "east")).quarantine == 2


async def test_no_more_is_put_into_quarantine_than_could_be_sold(stocked, shop, clock):
    await stocked.adjust("TEE", "east", unsellable=9)
    clock.advance(2 * DAY)
    assert await stocked.expire() == 2
    position = await shop.position("TEE", "east")
    assert (position.available, unsellable(position)) == (0, (9, 0, 1))


async def test_what_comes_of_a_lot_that_is_over_goes_into_quarantine_at_once(stocked, shop, clock):
    clock.advance(DAY)
    position = await stocked.adjust("TEE", "east", 5, unsellable=1, lot="soon")
    assert (position.on_hand, position.available, unsellable(position)) == (15, 8, (1, 0, 6))
    assert await stocked.expire() == 0


async def test_what_is_scrapped_of_a_lot_that_is_over_leaves_quarantine(stocked, shop, clock):
    clock.advance(DAY)
    await stocked.expire()
    assert unsellable(await stocked.adjust("TEE", "east", -1, lot="soon")) == (0, 0, 1)
    position = await stocked.adjust("TEE", "east", -1, unsellable=-1, why=QUARANTINE, lot="soon")
    assert (position.on_hand, unsellable(position)) == (8, (0, 0, 0))


async def test_a_lot_whose_date_was_wrong_can_be_sold_again(stocked, shop, clock):
    clock.advance(DAY)
    await stocked.expire()
    position = await stocked.adjust("TEE", "east", lot="soon", until=clock.now() + DAY)
    assert (position.available, unsellable(position)) == (10, (0, 0, 0))
    clock.advance(DAY)
    assert await stocked.expire() == 2
    assert (await shop.position("TEE", "east")).quarantine == 6


async def test_departing_units_tell_their_lots_and_a_chosen_lot_comes_first(stocked, shop, clock):
    await shop.reserve(("TEE", "east", 10))
    moving = Moving(Queues(shop.parts.outbox, clock), clock)

    def units(lot_id: str, quantity: int) -> LotUnits:
        return LotUnits(pair=TEE, lot_id=lot_id, quantity=quantity)

    async with undone(shop) as conn:
        chosen = await moving.depart(
            conn, [(TEE, 6, "a"), (TEE, 4, "b")], Reason.CONSUMED, note="", actor="me", lots={TEE: "late"}
        )
        assert chosen == [units("late", 4), units("soon", 2), units("keeps", 3), units("", 1)]


async def test_a_chosen_lot_that_is_over_leaves_quarantine_with_its_units(stocked, shop, clock):
    await shop.reserve(("TEE", "east", 4))
    clock.advance(DAY)
    await stocked.expire()
    moving = Moving(Queues(shop.parts.outbox, clock), clock)
    async with undone(shop) as conn:
        await moving.depart(conn, [(TEE, 1, "a")], Reason.CONSUMED, note="", actor="me", lots={TEE: "soon"})
        position = (await moving.open(conn, {TEE}))[TEE]
    assert (position.on_hand, position.quarantine, position.unsellable) == (9, 1, 1)

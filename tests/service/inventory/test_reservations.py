"""Rights to stock, from their making to their end."""

import json
from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.reservation_pb2 import Reservation
from services.inventory.sweeper import Sweeper
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.inventory.shop import BEST_EFFORT


async def test_eight_of_five_are_refused_and_nothing_is_reserved(shop):
    await shop.adjust("TEE", "east", 5)
    with pytest.raises(FailedPrecondition) as caught:
        await shop.reserve(("TEE", "east", 8))
    assert caught.value.reason == "INSUFFICIENT_STOCK"
    metadata = caught.value.metadata
    assert (metadata["sku"], metadata["node_id"], metadata["wanted"], metadata["available"]) == (
        "TEE",
        "east",
        "8",
        "5",
    )
    assert json.loads(metadata["shortfalls"]) == [{"sku": "TEE", "node_id": "east", "wanted": 8, "available": 5}]
    assert (await shop.position("TEE", "east")).reserved == 0


async def test_two_lines_of_one_sku_cannot_oversell_it_together(shop):
    await shop.adjust("TEE", "east", 5)
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("TEE", "east", 3), ("TEE", "east", 3))
    made = (await shop.reserve(("TEE", "east", 3), ("TEE", "east", 2))).reservations
    assert [one.quantity for one in made] == [3, 2]


async def test_one_short_pair_leaves_the_others_alone(shop):
    await shop.adjust("TEE", "east", 5)
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("TEE", "east", 1), ("NEVER-SEEN", "east", 1))
    assert (await shop.position("TEE", "east")).available == 5


async def test_best_effort_takes_what_is_there_and_says_what_is_missing(shop):
    await shop.adjust("TEE", "east", 5)
    answer = await shop.reserve(("TEE", "east", 3), ("TEE", "east", 4), ("MUG", "east", 1), mode=BEST_EFFORT)
    assert [(one.line_id, one.quantity) for one in answer.reservations] == [("lin_0", 3), ("lin_1", 2)]
    assert [(one.line_id, one.available_quantity) for one in answer.shortfalls] == [("lin_1", 2), ("lin_2", 0)]


async def test_a_retry_gets_the_same_reservations_and_takes_nothing_more(shop):
    await shop.adjust("TEE", "east", 5)
    first = await shop.reserve(("TEE", "east", 2), key="allocate/1")
    assert await shop.reserve(("TEE", "east", 2), key="allocate/1") == first
    assert (await shop.position("TEE", "east")).reserved == 2


async def test_a_request_that_was_refused_may_be_sent_again_when_there_is_stock(shop):
    with pytest.raises(FailedPrecondition):
        await shop.reserve(("TEE", "east", 1), key="allocate/1")
    await shop.adjust("TEE", "east", 1)
    assert len((await shop.reserve(("TEE", "east", 1), key="allocate/1")).reservations) == 1


async def test_a_released_reservation_returns_its_stock_once(shop):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 3))).reservations
    (after,) = await shop.release((made.reservation_id, 1))
    assert (after.released_quantity, after.state) == (1, Reservation.STATE_HARD)
    for _ in range(2):
        (after,) = await shop.release((made.reservation_id, 0))
        assert (after.released_quantity, after.state) == (3, Reservation.STATE_RELEASED)
    assert (await shop.position("TEE", "east")).available == 5


async def test_shipping_takes_units_out_of_stock_and_out_of_the_right(shop):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 3))).reservations
    await shop.consume((made.reservation_id, 2), key="shp_1/consume")
    (after,) = await shop.consume((made.reservation_id, 2), key="shp_1/consume")
    assert (after.consumed_quantity, after.state) == (2, Reservation.STATE_HARD)
    position = await shop.position("TEE", "east")
    assert (position.on_hand, position.reserved, position.available) == (3, 1, 2)
    (entry,) = await shop.ledger(reference="shp_1")
    assert (entry.on_hand_delta, entry.reserved_delta) == (-2, -2)


async def test_more_than_was_reserved_is_never_shipped(shop):
    await shop.adjust("TEE", "east", 5)
    first, second = (await shop.reserve(("TEE", "east", 2), ("TEE", "east", 2))).reservations
    with pytest.raises(FailedPrecondition) as caught:
        await shop.consume((first.reservation_id, 2), (second.reservation_id, 3))
    assert (caught.value.reason, caught.value.metadata["live"]) == ("RESERVATION_NOT_LIVE", "2")
    assert (await shop.position("TEE", "east")).on_hand == 5


async def test_what_was_released_cannot_be_shipped(shop):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 2))).reservations
    await shop.release((made.reservation_id, 0))
    with pytest.raises(FailedPrecondition):
        await shop.consume((made.reservation_id, 0))


async def test_units_that_a_node_does_not_find_leave_stock_with_their_reason(shop):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 3))).reservations
    await shop.release((made.reservation_id, 2), missing=True, reason="bin was empty")
    position = await shop.position("TEE", "east")
    assert (position.on_hand, position.reserved, position.available) == (3, 1, 2)
    newest = (await shop.ledger())[0]
    assert (newest.note, newest.reference) == ("bin was empty", made.reservation_id)


async def test_units_that_left_although_a_count_said_they_were_not_there_bring_stock_to_zero(shop):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 5))).reservations
    await shop.sync("east", {"TEE": 3}, 1)
    await shop.consume((made.reservation_id, 5))
    position = await shop.position("TEE", "east")
    assert (position.on_hand, position.reserved) == (0, 0)


@pytest.mark.parametrize("undo", ["release", "consume"])
async def test_one_unknown_reservation_undoes_the_whole_request(shop, undo):
    await shop.adjust("TEE", "east", 5)
    (made,) = (await shop.reserve(("TEE", "east", 2))).reservations
    with pytest.raises(NotFound) as caught:
        await getattr(shop, undo)((made.reservation_id, 1), ("rsv_none", 1))
    assert caught.value.reason == "RESERVATION_NOT_FOUND"
    assert (await shop.position("TEE", "east")).reserved == 2


async def test_a_soft_reservation_ends_when_its_time_is_over_and_not_before(shop, clock):
    await shop.adjust("TEE", "east", 5)
    until = clock.now() + timedelta(minutes=15)
    await shop.reserve(("TEE", "east", 3), owner="cart-7", until=until)
    sweeper = Sweeper(shop.parts)
    await sweeper.expire()
    assert (await shop.position("TEE", "east")).available == 2
    clock.advance(timedelta(minutes=15))
    await sweeper.expire()
    assert (await shop.position("TEE", "east")).available == 5
    (after,) = (await shop.stub.ListReservations(rpc.ListReservationsRequest(owner_id="cart-7"))).reservations
    assert after.state == Reservation.STATE_EXPIRED


async def test_a_hard_reservation_never_ends_by_itself(shop, clock):
    await shop.adjust("TEE", "east", 5)
    await shop.reserve(("TEE", "east", 3))
    clock.advance(timedelta(days=400))
    assert await Sweeper(shop.parts).expire() == 0


async def test_a_reservation_cannot_end_before_it_begins(shop, clock):
    await shop.adjust("TEE", "east", 5)
    with pytest.raises(InvalidArgument):
        await shop.reserve(("TEE", "east", 1), until=clock.now())


async def test_pages_of_live_reservations_leave_out_what_has_ended(shop, clock):
    await shop.adjust("TEE", "east", 9)
    made = []
    for _ in range(5):
        made += (await shop.reserve(("TEE", "east", 1))).reservations
        clock.advance(timedelta(seconds=1))
    await shop.release((made[1].reservation_id, 0))
    request, seen = rpc.ListReservationsRequest(owner_id="ord_1", live_only=True, page_size=3), []
    while True:
        page = await shop.stub.ListReservations(request)
        seen += [one.reservation_id for one in page.reservations]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [made[number].reservation_id for number in (0, 2, 3, 4)]

"""Who gets the units that come, under each policy, and what keeping them for somebody means to everybody else."""

from datetime import timedelta

import pytest

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain.backorder import HEAD_START
from services.inventory.sweeper import Sweeper
from services.kernel.errors import FailedPrecondition
from tests.service.inventory.queueing import (
    arrivals,
    crowd,
    everybody,
    kept,
    lines,
    policy,
    receive,
    supply,
    told_twice,
)
from tests.service.inventory.shop import BEST_EFFORT, Shop


async def queue_up(shop: Shop, clock, *owners: tuple[str, int, int], sku: str = "TEE") -> None:
    """Let these (owner, units, priority) wait, one after the other."""
    for owner, units, priority in owners:
        await shop.wait(owner, ("lin_0", sku, units), priority=priority)
        clock.advance(timedelta(seconds=1))


@pytest.mark.parametrize(
    ("name", "got"),
    [
        ("PRIORITY", {"ord_urgent": 4, "ord_early": 6}),
        ("FIRST_COME", {"ord_early": 6, "ord_small": 2, "ord_urgent": 2}),
        ("SHIP_COMPLETE", {"ord_urgent": 4, "ord_early": 6}),
        ("FAIR_SHARE", {"ord_early": 5, "ord_small": 2, "ord_urgent": 3}),
        ("UNSPECIFIED", {"ord_urgent": 4, "ord_early": 6}),
    ],
)
async def test_units_go_to_whom_the_policy_of_their_sku_names(shop, clock, name, got):
    await queue_up(shop, clock, ("ord_early", 6, 3), ("ord_small", 2, 3), ("ord_urgent", 4, 1))
    assert await policy(shop, "TEE", name) == (name if name != "UNSPECIFIED" else "PRIORITY")
    await shop.adjust("TEE", "east", 10)
    assert await kept(shop) == got
    assert sorted(await shop.told()) == sorted(f"order/{owner}" for owner in got)


async def test_a_sku_without_a_policy_has_the_one_of_all_others(shop, clock):
    assert await policy(shop, "", "FIRST_COME") == "FIRST_COME"
    await queue_up(shop, clock, ("ord_early", 6, 3), ("ord_urgent", 4, 1))
    await shop.adjust("TEE", "east", 6)
    assert await kept(shop) == {"ord_early": 6}
    assert await policy(shop, "TEE", "PRIORITY") == "PRIORITY"
    assert await policy(shop, "TEE", "UNSPECIFIED") == "FIRST_COME"
    assert await policy(shop, "", "UNSPECIFIED") == "PRIORITY"


async def test_whoever_fits_is_shipped_complete_before_a_larger_order_that_does_not(shop, clock):
    await policy(shop, "TEE", "SHIP_COMPLETE")
    await queue_up(shop, clock, ("ord_large", 6, 1), ("ord_small", 2, 3))
    await shop.adjust("TEE", "east", 5)
    assert await kept(shop) == {"ord_small": 2}
    await shop.adjust("TEE", "west", 3)
    assert await kept(shop) == {"ord_small": 2, "ord_large": 6}


async def test_an_order_of_several_skus_is_shipped_complete_within_a_sweep_of_the_last_of_them(shop):
    await policy(shop, "", "SHIP_COMPLETE")
    await shop.wait("ord_1", ("lin_0", "TEE", 2), ("lin_1", "MUG", 1))
    await shop.adjust("TEE", "east", 2)
    await Sweeper(shop.parts).tell_overlooked()
    assert await kept(shop) == {}
    await shop.adjust("MUG", "west", 1)
    assert await Sweeper(shop.parts).tell_overlooked() == 1
    assert await kept(shop) == {"ord_1": 3}
    assert await arrivals(shop) == [("order/ord_1", ["MUG", "TEE"])]


async def test_an_order_of_several_skus_that_come_together_is_shipped_complete_at_once(shop):
    await policy(shop, "", "SHIP_COMPLETE")
    await shop.wait("ord_1", ("lin_0", "TEE", 2), ("lin_1", "MUG", 1))
    await shop.sync("east", {"TEE": 2, "MUG": 1}, 1)
    assert await kept(shop) == {"ord_1": 3}
    assert await arrivals(shop) == [("order/ord_1", ["MUG", "TEE"])]


async def test_a_line_that_may_come_in_part_is_not_waited_for_by_its_own_queue(shop, clock):
    await policy(shop, "TEE", "SHIP_COMPLETE")
    await shop.wait("ord_both", ("lin_0", "TEE", 1), ("lin_1", "MUG", 1))
    clock.advance(timedelta(seconds=1))
    await shop.wait("ord_tee", ("lin_0", "TEE", 1))
    await shop.adjust("TEE", "east", 1)
    assert await kept(shop) == {"ord_tee": 1}
    await shop.adjust("MUG", "east", 1)
    assert await kept(shop) == {"ord_tee": 1, "ord_both": 1}


async def test_units_that_are_kept_for_an_order_are_nobody_elses(shop):
    await shop.wait("ord_1", ("lin_0", "TEE", 2))
    await shop.adjust("TEE", "east", 3)
    with pytest.raises(FailedPrecondition) as refused:
        await shop.reserve(("TEE", "east", 2), owner="ord_2")
    assert refused.value.reason == "INSUFFICIENT_STOCK"
    assert (await shop.position("TEE", "east")).available == 1
    (right,) = (await shop.reserve(("TEE", "east", 2), owner="ord_1")).reservations
    assert (right.quantity, right.backorder) == (2, False)
    assert await kept(shop) == {}
    assert await shop.close("ord_1") == 1


async def test_an_order_sees_what_is_kept_for_it_and_others_do_not(shop):
    await shop.wait("ord_1", ("lin_0", "TEE", 2))
    await shop.adjust("TEE", "east", 2)

    async def sees(owner: str) -> list[int]:
        answer = await shop.stub.GetAvailability(rpc.GetAvailabilityRequest(skus=["TEE"], owner_id=owner))
        return [one.available_quantity for one in answer.availabilities]

    assert (await sees("ord_1"), await sees("ord_2"), await sees("")) == ([2], [], [])


async def test_what_an_order_takes_less_than_was_kept_for_it_goes_to_the_next(shop, clock):
    await queue_up(shop, clock, ("ord_1", 5, 3), ("ord_2", 5, 3))
    await shop.adjust("TEE", "east", 5)
    await shop.reserve(("TEE", "east", 2), owner="ord_1")
    assert await kept(shop) == {"ord_2": 3}
    assert await arrivals(shop) == [("order/ord_1", ["TEE"]), ("order/ord_2", ["TEE"])]


async def test_a_line_that_got_a_part_keeps_its_place_for_the_rest(shop, clock):
    await queue_up(shop, clock, ("ord_1", 5, 3), ("ord_2", 5, 3))
    await shop.adjust("TEE", "east", 3)
    await shop.adjust("TEE", "west", 4)
    assert await kept(shop) == {"ord_1": 5, "ord_2": 2}
    assert {key: one.filled_quantity for key, one in (await lines(shop)).items()} == {
        ("ord_1", "lin_0"): 5,
        ("ord_2", "lin_0"): 2,
    }


async def test_what_nobody_took_in_time_is_not_kept_for_the_same_order_again(shop, clock):
    await queue_up(shop, clock, ("ord_1", 5, 3), ("ord_2", 5, 3))
    await shop.adjust("TEE", "east", 5)
    clock.advance(HEAD_START)
    assert await Sweeper(shop.parts).expire() == 1
    assert await kept(shop) == {"ord_2": 5}
    clock.advance(HEAD_START)
    assert await Sweeper(shop.parts).expire() == 1
    assert await kept(shop) == {}
    await Sweeper(shop.parts).tell_overlooked()
    assert await kept(shop) == {}
    assert (await shop.position("TEE", "east")).available == 5
    await shop.adjust("TEE", "east", 1)
    assert await kept(shop) == {"ord_1": 5, "ord_2": 1}


async def test_two_orders_that_cannot_use_the_stock_do_not_hand_it_back_and_forth(shop, clock):
    await queue_up(shop, clock, ("ord_1", 5, 3), ("ord_2", 5, 3))
    await shop.adjust("TEE", "unreachable", 5)
    for _ in range(5):
        for owner, state in await shop.queue():
            if state == "NOTIFIED":
                await shop.wait(owner, ("lin_0", "TEE", 5))
        await Sweeper(shop.parts).tell_overlooked()
    assert await shop.told() == ["order/ord_1", "order/ord_2"]
    assert await shop.queue() == [("ord_1", "WAITING"), ("ord_2", "WAITING")]


async def test_an_order_that_passes_gets_what_came_elsewhere_and_the_next_what_it_passed_on(shop, clock):
    await queue_up(shop, clock, ("ord_1", 3, 3))
    await shop.adjust("TEE", "unreachable", 3)
    await shop.adjust("TEE", "east", 1)
    await shop.reserve(("TEE", "east", 1), owner="ord_other")
    await queue_up(shop, clock, ("ord_2", 4, 3))
    await shop.adjust("TEE", "east", 2)  # both are told of these, and the first in line has enough already
    await shop.reserve(("TEE", "east", 2), owner="ord_2")
    await shop.wait("ord_2", ("lin_0", "TEE", 2))
    await shop.wait("ord_1", ("lin_0", "TEE", 3))
    held = (await shop.stub.ListReservations(rpc.ListReservationsRequest(live_only=True))).reservations
    assert [(one.owner_id, one.node_id, one.quantity) for one in held if one.backorder] == [("ord_2", "unreachable", 2)]


async def test_a_line_that_waits_for_something_else_gives_up_what_was_kept_and_has_not_passed_on_the_new(shop):
    await shop.adjust("TEE", "east", 2)
    await shop.wait("ord_1", ("lin_0", "TEE", 2))
    await shop.wait("ord_1", ("lin_0", "MUG", 2))
    assert await kept(shop) == {}
    await shop.adjust("CAP", "east", 2)
    assert await shop.queue() == [("ord_1", "WAITING")]
    await shop.adjust("MUG", "east", 2)
    assert await kept(shop) == {"ord_1": 2}


async def test_units_that_are_ring_fenced_are_kept_for_nobody(shop):
    await shop.adjust("TEE", "east", 5)
    await shop.stub.SetPool(
        rpc.SetPoolRequest(request_id=shop.key(), sku="TEE", node_id="east", segment="b2b", quantity=4)
    )
    await shop.wait("ord_1", ("lin_0", "TEE", 3))
    assert await kept(shop) == {"ord_1": 1}
    await Sweeper(shop.parts).tell_overlooked()
    assert await kept(shop) == {"ord_1": 1}


async def test_registering_answers_with_what_is_kept(shop):
    await shop.adjust("TEE", "east", 2)
    request = rpc.RegisterBackorderRequest(request_id=shop.key(), owner_id="ord_1")
    request.lines.add(line_id="lin_0", sku="TEE", quantity=5)
    (one,) = (await shop.stub.RegisterBackorder(request)).backorders
    assert one.filled_quantity == 2
    again = await shop.stub.RegisterBackorder(request)
    assert again.backorders[0] == one
    assert await kept(shop) == {"ord_1": 2}


async def test_the_ledger_says_that_units_are_kept_and_given_back(shop):
    await shop.wait("ord_1", ("lin_0", "TEE", 2))
    await shop.adjust("TEE", "east", 2)
    await shop.close("ord_1")
    told = [(entry.reserved_delta, entry.note, entry.actor) for entry in await shop.ledger(sku="TEE")][:2]
    assert told == [
        (-2, "its order waits no more", "inventory-backorders"),
        (2, "kept for a backorder", "inventory-backorders"),
    ]


@pytest.mark.parametrize("name", ["PRIORITY", "FIRST_COME", "SHIP_COMPLETE", "FAIR_SHARE"])
async def test_a_receipt_fills_a_thousand_orders_and_tells_each_once(shop, clock, name):
    """In one transaction, and well under the five seconds that a call has."""
    await policy(shop, "TEE", name)
    owners = await crowd(shop, "TEE", 1_000, units=2)
    supply_id = await supply(shop, "TEE", 2_000, clock.now() + timedelta(days=3))
    await receive(shop, supply_id, 1_000)
    got = {owner: one.filled_quantity async for owner, one in everybody(shop)}
    early = set(owners[:500])
    urgent = {owner for owner in owners if int(owner[-4:]) % 5 in (0, 1)} | set(owners[2:500:5])
    expected = {
        "FIRST_COME": dict.fromkeys(early, 2),
        "PRIORITY": dict.fromkeys(urgent, 2),
        "SHIP_COMPLETE": dict.fromkeys(urgent, 2),
        "FAIR_SHARE": dict.fromkeys(owners, 1),
    }
    assert {owner: units for owner, units in got.items() if units} == expected[name]
    first = [owner for owner, _ in await arrivals(shop)]
    assert sorted(first) == sorted(f"order/{owner}" for owner in expected[name])
    await receive(shop, supply_id, 1_000)
    assert {one.filled_quantity async for _, one in everybody(shop)} == {2}
    rest = [owner for owner, _ in await arrivals(shop)][len(first) :]
    assert set(first) | set(rest) == {f"order/{owner}" for owner in owners}
    assert await told_twice(shop) == []
    assert (await shop.position("TEE", "east")).available == 0
    (right,) = (await shop.reserve(("TEE", "east", 2), owner=owners[-1], mode=BEST_EFFORT)).reservations
    assert right.quantity == 2

"""What is not there yet: announced, moved, received, called off."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.supply_pb2 import Supply
from services.inventory.tables import bundles
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.inventory.warehouse import (
    QUALITY_CONTROL,
    RETURN_EXPECTED,
    SUPPLIER,
    TRANSFER,
    Warehouse,
    stamp,
    unsellable,
)

OPEN, RECEIVED, CANCELLED = Supply.STATE_OPEN, Supply.STATE_RECEIVED, Supply.STATE_CANCELLED


@pytest.fixture
def house(shop) -> Warehouse:
    return Warehouse(shop)


@pytest.fixture
def soon(clock):
    return clock.now() + timedelta(days=3)


def seen(supply: Supply) -> tuple[int, int, int, int]:
    return supply.quantity, supply.received_quantity, supply.cancelled_quantity, supply.state


async def touched(shop) -> set[str]:
    async with shop.parts.database.connect() as conn:
        return {row.sku for row in await conn.execute(text("SELECT sku FROM inventory.availability_changes"))}


async def test_a_supply_is_told_as_it_was_announced_and_a_retry_makes_no_second_one(shop, house, soon):
    first = await house.announce("TEE", "east", 10, expect=soon, key="po-1")
    assert await house.announce("TEE", "east", 10, expect=soon, key="po-1") == first
    assert (first.sku, first.node_id, first.reference, first.expect_time) == ("TEE", "east", "PO-1", stamp(soon))
    assert first.supply_id.startswith("sup_")
    assert list((await shop.stub.ListSupplies(rpc.ListSuppliesRequest())).supplies) == [first]
    assert await touched(shop) == {"TEE"}


async def test_units_are_received_in_part_and_then_in_full(shop, house, soon):
    supply = await house.announce("TEE", "east", 10, expect=soon)
    answer = await house.receive(supply.supply_id, 4)
    assert (seen(answer.supply), answer.position.on_hand) == ((10, 4, 0, OPEN), 4)
    answer = await house.receive(supply.supply_id, 7)
    assert (seen(answer.supply), answer.position.available) == ((10, 11, 0, RECEIVED), 11)
    with pytest.raises(FailedPrecondition) as caught:
        await house.receive(supply.supply_id, 1)
    assert caught.value.reason == "SUPPLY_NOT_OPEN"
    assert [one.reference for one in await shop.ledger(sku="TEE")] == [supply.supply_id] * 2


async def test_a_last_receipt_calls_off_the_rest_and_what_is_unsellable_is_not_offered(shop, house, soon):
    supply = await house.announce("TEE", "east", 10, expect=soon)
    answer = await house.receive(supply.supply_id, 6, final=True, unsellable=2, why=QUALITY_CONTROL)
    assert seen(answer.supply) == (10, 6, 4, RECEIVED)
    assert (answer.position.available, unsellable(answer.position)) == (4, (0, 2, 0))


@pytest.mark.parametrize(("units", "spoiled", "reason"), [(1, 2, "INVALID_SUPPLY"), (0, 0, "NOTHING_RECEIVED")])
async def test_a_receipt_that_makes_no_sense_is_refused(house, soon, units, spoiled, reason):
    supply = await house.announce("TEE", "east", 10, expect=soon)
    with pytest.raises(InvalidArgument) as caught:
        await house.receive(supply.supply_id, units, unsellable=spoiled)
    assert caught.value.reason == reason


async def test_an_expected_return_comes_in_as_a_return(shop, house, soon):
    supply = await house.announce("TEE", "east", 1, kind=RETURN_EXPECTED, expect=soon)
    await house.receive(supply.supply_id, 1)
    (entry,) = await shop.ledger(sku="TEE")
    assert (
        type(entry)
        .DESCRIPTOR.fields_by_name["reason"]
        .enum_type.values_by_number[entry.reason]
        .name.endswith("_RETURN")
    )


async def test_a_supply_is_moved_in_time_and_in_size_but_not_below_what_came(house, soon):
    supply = await house.announce("TEE", "east", 10, expect=soon)
    later = soon + timedelta(days=1)
    moved = await house.update(supply.supply_id, expect=later)
    assert (moved.expect_time, moved.quantity) == (stamp(later), 10)
    await house.receive(supply.supply_id, 4)
    assert seen(await house.update(supply.supply_id, units=12)) == (12, 4, 0, OPEN)
    with pytest.raises(FailedPrecondition) as caught:
        await house.update(supply.supply_id, units=3)
    assert (caught.value.reason, caught.value.metadata["least"]) == ("QUANTITY_BELOW_RECEIVED", "4")
    assert seen(await house.update(supply.supply_id, units=4)) == (4, 4, 0, RECEIVED)


async def test_a_suppliers_stock_has_a_lead_time_and_no_date_to_move(house, soon):
    supply = await house.announce("TEE", "east", 10, kind=SUPPLIER, lead=86_400)
    assert (supply.lead_time.seconds, supply.HasField("expect_time")) == (86_400, False)
    with pytest.raises(FailedPrecondition) as caught:
        await house.update(supply.supply_id, expect=soon)
    assert caught.value.reason == "SUPPLY_UNDATED"


async def test_cancelling_calls_off_some_units_or_all(house, soon):
    supply = await house.announce("TEE", "east", 10, expect=soon)
    assert seen(await house.cancel(supply.supply_id, 3)) == (10, 0, 3, OPEN)
    with pytest.raises(FailedPrecondition) as caught:
        await house.cancel(supply.supply_id, 8)
    assert caught.value.reason == "SUPPLY_TOO_SMALL"
    assert seen(await house.cancel(supply.supply_id)) == (10, 0, 10, CANCELLED)


async def test_a_transfer_leaves_its_node_at_once_and_is_there_when_it_is_received(shop, house, soon):
    await shop.adjust("TEE", "east", 10)
    supply = await house.announce("TEE", "west", 6, kind=TRANSFER, source="east", expect=soon)
    assert (await shop.position("TEE", "east")).on_hand == 4
    assert (await house.receive(supply.supply_id, 5)).position.on_hand == 5
    await house.cancel(supply.supply_id, reason="fell off")
    assert (await shop.position("TEE", "east")).on_hand == 5
    entries = await shop.ledger(reference=supply.supply_id)
    assert [(one.node_id, one.on_hand_delta, one.note) for one in entries] == [
        ("east", 1, "fell off"),
        ("west", 5, ""),
        ("east", -6, ""),
    ]


async def test_what_a_last_receipt_does_not_bring_is_lost_and_not_at_its_node_again(shop, house, soon):
    await shop.adjust("TEE", "east", 10)
    supply = await house.announce("TEE", "west", 6, kind=TRANSFER, source="east", expect=soon)
    await house.receive(supply.supply_id, 5, final=True)
    assert (await shop.position("TEE", "east")).on_hand == 4


async def test_a_transfer_takes_only_what_is_free(shop, house, soon):
    await shop.adjust("TEE", "east", 10)
    await shop.reserve(("TEE", "east", 3))
    await shop.safety("TEE", "east", 1)
    await house.pool("TEE", "east", "b2b", 2)
    with pytest.raises(FailedPrecondition) as caught:
        await house.announce("TEE", "west", 5, kind=TRANSFER, source="east", expect=soon)
    assert (caught.value.reason, caught.value.metadata["available"]) == ("INSUFFICIENT_STOCK", "4")
    supply = await house.announce("TEE", "west", 4, kind=TRANSFER, source="east", expect=soon)
    with pytest.raises(FailedPrecondition):
        await house.update(supply.supply_id, units=5)
    await house.update(supply.supply_id, units=1)
    assert (await shop.position("TEE", "east")).on_hand == 9


async def test_a_transfer_carries_its_lots_along(shop, house, soon):
    await house.adjust("TEE", "east", 3, lot="L1", until=soon)
    await house.adjust("TEE", "east", 3, lot="L2", until=soon + timedelta(days=1))
    supply = await house.announce("TEE", "west", 5, kind=TRANSFER, source="east", expect=soon)
    assert await house.lots() == [("L2", 1)]
    await house.receive(supply.supply_id, 4)
    assert await house.lots(node_id="west") == [("L1", 3), ("L2", 1)]
    await house.cancel(supply.supply_id)
    assert await house.lots(node_id="east") == [("L2", 2)]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"source": "east"}, "from_node_id"),
        ({"kind": TRANSFER, "source": "west"}, "from_node_id"),
        ({"lead": 60}, "lead_time"),
    ],
)
async def test_a_supply_that_contradicts_itself_is_refused(house, soon, other, field):
    with pytest.raises(InvalidArgument) as caught:
        await house.announce("TEE", "west", 1, expect=soon, **other)
    assert (caught.value.reason, caught.value.metadata["field"]) == ("INVALID_SUPPLY", field)


async def test_a_supply_without_any_date_is_refused(house):
    with pytest.raises(InvalidArgument):
        await house.announce("TEE", "west", 1, lead=60)


async def test_a_bundle_is_neither_supplied_nor_adjusted_nor_ring_fenced(shop, house, soon):
    async with shop.parts.database.begin() as conn:
        await conn.execute(insert(bundles).values(sku="KIT", component_sku="TEE", quantity=2))
    for call in (
        lambda: house.announce("KIT", "east", 1, expect=soon),
        lambda: shop.adjust("KIT", "east", 1),
        lambda: house.pool("KIT", "east", "b2b", 1),
    ):
        with pytest.raises(FailedPrecondition) as caught:
            await call()
        assert (caught.value.reason, caught.value.metadata["sku"]) == ("BUNDLE_HAS_NO_STOCK", "KIT")


async def test_what_was_never_announced_is_not_found(house, soon):
    for call in (
        lambda: house.receive("sup_none", 1),
        lambda: house.update("sup_none", expect=soon),
        lambda: house.cancel("sup_none"),
    ):
        with pytest.raises(NotFound) as caught:
            await call()
        assert caught.value.reason == "SUPPLY_NOT_FOUND"


async def test_a_receipt_serves_whoever_waits_in_the_same_transaction(shop, house, soon):
    await shop.wait("ord_1", ("lin_1", "TEE", 2))
    supply = await house.announce("TEE", "east", 2, expect=soon)
    assert await shop.queue() == [("ord_1", "WAITING")]
    await house.receive(supply.supply_id, 2)
    assert await shop.queue() == [("ord_1", "NOTIFIED")]


async def test_pages_give_every_supply_once_oldest_first(shop, house, soon, clock):
    made = []
    for number in range(5):
        made.append((await house.announce("TEE", f"node-{number}", 1, expect=soon)).supply_id)
        clock.advance(timedelta(seconds=1))
    await house.cancel(made[2])
    request, found = rpc.ListSuppliesRequest(sku="TEE", open_only=True, page_size=2), []
    while True:
        page = await shop.stub.ListSupplies(request)
        found += [one.supply_id for one in page.supplies]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [*made[:2], *made[3:]]
    only = await shop.stub.ListSupplies(rpc.ListSuppliesRequest(node_id="node-4"))
    assert [one.supply_id for one in only.supplies] == [made[4]]

"""`oms stock`: positions, receipts, counts, lots, pools, supplies, as a person types it."""

import pytest

from tests.service.inventory.terminal import Terminal, wide_and_quiet


@pytest.fixture
def oms(shop):
    with wide_and_quiet():
        yield Terminal(shop)


async def test_a_position_shows_why_units_are_unsellable_only_where_some_are(oms):
    await oms.run("receive", "TEE", "east", "9")
    rows = await oms.shows("show", "--sku", "TEE")
    assert rows == [["TEE", "east", "9", "0", "0", "0", "9"]]
    await oms.run("adjust", "TEE", "east", "--unsellable", "2", "--unsellable-reason", "quality-control")
    await oms.run("adjust", "TEE", "east", "--unsellable", "1")
    await oms.run("pool", "set", "TEE", "east", "B2B", "4")
    rows = await oms.shows("show")
    assert rows == [["TEE", "east", "9", "0", "0", "3", "1", "2", "6", "B2B 4"]]


async def test_a_long_list_is_asked_for_in_pages_and_tells_where_there_is_more(oms, shop):
    for number in range(5):
        await shop.adjust(f"S{number}", "east", 1)
    code, out, err = await oms.run("show", "--limit", "3")
    assert (code, out.count("east")) == (0, 3)
    assert "There is more" in err
    _, out, err = await oms.run("show", "--limit", "900")
    assert (out.count("east"), err) == (5, "")


async def test_goods_of_a_lot_are_listed_with_their_day(oms):
    await oms.run("receive", "MILK", "east", "5", "--lot", "L1", "--expires", "2027-01-31")
    await oms.run("receive", "MILK", "east", "3", "--lot", "L2", "--expires", "2026-12-31T18:00+01:00")
    rows = await oms.shows("lots", "--sku", "MILK")
    assert rows == [
        ["MILK", "east", "L2", "3", "2026-12-31 17:00:00"],
        ["MILK", "east", "L1", "5", "2027-01-31 00:00:00"],
    ]
    assert [one["lot_id"] for one in (await oms.json("lots", "--expire-before", "2027-01-01"))["lots"]] == ["L2"]


async def test_a_count_is_taken_over_and_shows_what_differed(oms, shop):
    await shop.adjust("TEE", "east", 9)
    rows = await oms.shows("count", "TEE", "east", "7", "--reference", "sheet-12")
    assert rows == [["TEE", "9", "7", ""]]
    assert (await shop.position("TEE", "east")).on_hand == 7
    _, out, _ = await oms.run("count", "TEE", "east", "7", "--counted-at", "2026-03-02T12:00Z")
    assert "differences: nothing" in out


async def test_a_supply_is_announced_moved_received_in_parts_and_cancelled(oms, shop):
    words = ("TEE", "east", "20", "--expect", "2026-03-10", "--reference", "PO-7")
    supply = (await oms.json("supply", "create", *words))["supply"]["supply_id"]
    ((_, *row),) = await oms.shows("supply", "update", supply, "--expect", "2026-03-12T08:00Z", "--units", "25")
    assert row == [
        *("PURCHASE_ORDER", "TEE", "east", "25", "0", "0", "OPEN"),
        *("2026-03-12 08:00:00", "PO-7"),
    ]
    (first, position) = await oms.shows("receive", "--supply", supply, "12", "--unsellable", "2")
    assert first[5:9] == ["12", "0", "OPEN", "2026-03-12 08:00:00"]
    assert position[:3] == ["TEE", "east", "12"]
    assert len(await oms.shows("supply", "list", "--open", "--node", "east")) == 1
    await oms.run("supply", "cancel", supply, "--units", "3")
    done = await oms.json("receive", "--supply", supply, "0", "--final")
    assert done["supply"]["state"] == "STATE_RECEIVED"
    assert (await oms.json("supply", "list", "--open")) == {}
    code, _, err = await oms.run("supply", "cancel", supply)
    assert (code, err.split()[0]) == (1, "SUPPLY_NOT_OPEN")


async def test_a_transfer_and_a_supplier_are_supplies_too(oms, shop):
    await shop.adjust("TEE", "east", 9)
    words = ("supply", "create", "TEE", "west", "4", "--type", "transfer", "--from", "east", "--expect", "2026-03-10")
    assert (await oms.json(*words))["supply"]["from_node_id"] == "east"
    assert (await shop.position("TEE", "east")).on_hand == 5
    await oms.run("supply", "create", "TEE", "west", "100", "--type", "SUPPLIER", "--lead-days", "1.5")
    rows = await oms.shows("supply", "list")
    assert {(row[1], row[4], row[10]) for row in rows} == {("TRANSFER", "east", ""), ("SUPPLIER", "", "1.5 days")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("receive TEE east", "expected SKU NODE UNITS"),
        ("receive TEE east five", "expected SKU NODE UNITS"),
        ("receive TEE east 0", "at least one unit"),
        ("receive TEE east 5 --final", "--final"),
        ("receive --supply sup_1 TEE east 5", "expected UNITS"),
        ("receive --supply sup_1 5 --reference DN-1", "--reference"),
        ("receive TEE east 5 --unsellable 6", "--unsellable"),
        ("receive TEE east 5 --expires 2026-12-31", "--lot"),
        ("receive TEE east 5 --lot L --expires 2026-12-31T10:00", "has no time zone: write 2026-12-31T10:00Z"),
        ("receive TEE east 5 --lot L --expires tomorrow", "'--expires': 'tomorrow' is no ISO 8601 time"),
        ("receive TEE east 5 --lot L --expires 0001-01-01T00:00+14:00", "no ISO 8601 time"),
        ("adjust TEE east", "say what changed"),
        ("adjust TEE east --units 1 --reason MAGIC", "choose one of RECEIPT, COUNT"),
        ("adjust TEE east --unsellable 1 --unsellable-reason WET", "choose one of DAMAGED, QUALITY_CONTROL"),
        ("adjust TEE east --units 1 --unsellable-reason DAMAGED", "with --unsellable"),
        ("count TEE east -1", "-1"),
        ("supply create TEE east 5", "--expect"),
        ("supply create TEE east 5 --lead-days 2", "only a SUPPLIER"),
        ("supply create TEE east 5 --type SUPPLIER", "--lead-days"),
        ("supply create TEE east 5 --type TRANSFER --expect 2026-03-10", "--from"),
        ("supply create TEE east 5 --from west --expect 2026-03-10", "only a TRANSFER"),
        ("supply create TEE east 5 --type SHIP --expect 2026-03-10", "choose one of IN_TRANSIT"),
        ("supply update sup_1", "say what changes"),
    ],
)
async def test_wrong_usage_is_told_what_is_expected(oms, words, said):
    assert said in await oms.refuses(*words.split())

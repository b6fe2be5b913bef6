"""`oms stock`: files from outside, drift, the past, repairs, as a person types it."""

from datetime import timedelta

import pytest

from tests.service.inventory.books import Books
from tests.service.inventory.terminal import Terminal, wide_and_quiet

EDI = """\
ISA*00*          *00*          *ZZ*ACME           *ZZ*OMS            *260302*1200*U*00401*000000001*0*P*>~
GS*IB*ACME*OMS*20260302*1200*1*X*004010~
ST*846*0001~
BIA*00*SI*REF-1*20260302~
N1*WH*Warehouse*92*east~
LIN*1*SK*TEE~
QTY*33*7*EA~
SE*6*0001~
GE*1*1~
IEA*1*000000001~
"""


@pytest.fixture
def oms(shop):
    with wide_and_quiet():
        yield Terminal(shop)


def words(file, sequence=1, *more):
    return ("import", str(file), "--source", "wms", "--sequence", str(sequence), *more)


async def test_a_file_that_is_all_understood_is_taken_over_and_exits_with_0(oms, shop, tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text("sku,node,on_hand\nTEE,east,5\nMUG,west,2\n")
    report = await oms.json(*words(file))
    assert (report["counted"], report["node_ids"], report["refused"]) == (2, ["east", "west"], 0)
    assert (await shop.position("MUG", "west")).on_hand == 2
    rows = await oms.shows(*words(file))  # the same again is the same
    assert sorted(row[:4] for row in rows) == [["east", "TEE", "0", "5"], ["west", "MUG", "0", "2"]]
    assert len(await shop.ledger()) == 2


async def test_what_is_refused_says_where_and_what_to_do_and_exits_with_1(oms, shop, tmp_path):
    await shop.adjust("OLD", "east", 4)
    file = tmp_path / "counts.csv"
    file.write_text("sku,on_hand\nTEE,5\nMUG,many\n")
    code, out, _ = await oms.run(*words(file, 1, "--node", "east", "--complete"))
    assert code == 1
    assert "row 3" in out
    assert "must be a whole number" in out
    assert "was left as it is" in out
    assert (await shop.position("OLD", "east")).on_hand == 4


async def test_a_difference_that_is_too_large_exits_with_1_and_is_decided(oms, shop):
    file = "sku,on_hand\nTEE,100\nMUG,100\n"
    await oms.run(*words("-", 1, "--node", "east"), stdin=file)
    await oms.run("drift", "limit", "--units", "5", "--percent", "10")
    rows = await oms.shows(*words("-", 2, "--node", "east"), stdin="sku,on_hand\nTEE,50\nMUG,40\n", code=1)
    drifts = {row[1]: row[-1] for row in rows}
    assert len(await oms.shows("drift", "list", "--source", "wms")) == 2
    ((*_, sign, state, _, who, _, why),) = await oms.shows("drift", "accept", drifts["TEE"], "--note", "flood")
    assert (sign, state, who[:4], why) == ("-50", "ACCEPTED", "cli:", "flood")
    await oms.run("drift", "reject", drifts["MUG"])
    assert ((await shop.position("TEE", "east")).on_hand, (await shop.position("MUG", "east")).on_hand) == (50, 100)
    assert await oms.json("drift", "list") == {}
    assert len((await oms.json("drift", "list", "--all"))["drift_exceptions"]) == 2
    ((source, node, sequence, *_, limit),) = await oms.shows("drift", "sources")
    assert (source, node, sequence, limit) == ("wms", "east", "2", "5 units and 10 %")
    assert (await oms.run("drift", "limit", "wms", "--none"))[1].strip() == "wms: none"


async def test_an_846_is_known_by_its_content(oms, shop, tmp_path):
    file = tmp_path / "stock.txt"
    file.write_text(EDI)
    assert (await oms.json(*words(file)))["counted"] == 1
    assert (await shop.position("TEE", "east")).on_hand == 7
    report = await oms.json(*words(file, 2, "--format", "csv"), code=1)
    assert "looks like X12" in report["refusals"][0]["message"]


async def test_an_older_file_says_that_it_changed_nothing(oms, shop, tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text("sku,node,on_hand\nTEE,east,5\n")
    await oms.run(*words(file, 2))
    file.write_text("sku,node,on_hand\nTEE,east,6\n")
    code, out, _ = await oms.run(*words(file, 1))
    assert (code, "changed nothing" in out) == (0, True)


async def test_the_past_is_shown_as_of_a_moment(oms, shop, clock):
    await shop.adjust("TEE", "east", 5)
    clock.advance(timedelta(hours=1))
    await shop.adjust("TEE", "east", 4)
    assert (await oms.shows("as-of", "2026-03-02T12:30Z", "--sku", "TEE"))[0][:3] == ["TEE", "east", "5"]
    assert (await oms.shows("as-of", "2026-03-02T14:00+01:00"))[0][2] == "9"
    code, _, err = await oms.run("as-of", "2026-04-01")
    assert (code, err.split()[0]) == (1, "TIME_IN_FUTURE")
    rows = await oms.shows("ledger", "--from", "2026-03-02T12:30Z", "--until", "2026-03-03")
    assert [row[4:6] for row in rows] == [["RECEIPT", "+4"]]
    assert len(await oms.shows("ledger", "--until", "2026-03-02T12:30Z", "--node", "east")) == 1


async def test_counters_are_repaired_when_somebody_says_so_and_each_repair_is_told(oms, shop):
    await shop.adjust("TEE", "east", 5)
    async with Books(shop).sql() as sql:
        await sql.execute("UPDATE positions SET on_hand = 8 WHERE sku = 'TEE'")
    would = await oms.shows("rebuild", "--dry-run", code=1)
    assert would == [["TEE", "east", "on_hand", "8", "ledger", "5"]]
    assert "say --yes" in await oms.refuses("rebuild")
    assert await oms.shows("rebuild", "--yes", "--size", "1") == would
    assert (await shop.position("TEE", "east")).on_hand == 5
    assert await oms.json("rebuild", "--dry-run") == {"position_count": "1"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("import /nowhere.csv --source wms --sequence 1", "No such file"),
        ("import pyproject.toml --source wms", "--sequence"),
        ("import pyproject.toml --source wms --sequence 0", "--sequence"),
        ("import pyproject.toml --source wms --sequence 1 --format xml", "choose csv or 846"),
        ("as-of 2026-03-02T12:00", "has no time zone"),
        ("as-of yesterday", "'TIME': 'yesterday' is no ISO 8601 time"),
        ("ledger --from 12:00", "'--from'"),
        ("drift limit wms", "say how far it may differ"),
        ("drift limit wms --none --units 3", "say how far it may differ"),
        ("sync /nowhere.csv --source wms --sequence 1 --node east", "nowhere.csv"),
    ],
)
async def test_wrong_usage_is_told_what_is_expected(oms, typed, said):
    assert said in await oms.refuses(*typed.split())


async def test_every_command_has_help_with_an_example(oms):
    from typer.main import get_command

    from services.inventory.cli import app

    def leaves(command, path):
        commands = getattr(command, "commands", None)
        return (
            [(path, command)]
            if commands is None
            else [leaf for name, one in commands.items() for leaf in leaves(one, (*path, name))]
        )

    for path, command in leaves(get_command(app), ()):
        typed = " ".join(("oms", "stock", *path))
        assert command.help, typed
        assert typed in (command.epilog or ""), typed
        assert any("--json" in one.opts for one in command.params), typed

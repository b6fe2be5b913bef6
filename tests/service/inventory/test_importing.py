"""A file of stock figures, sent in parts."""

from collections.abc import Callable, Iterable

import pytest

from services.inventory.files import Figure, Kind, read
from services.inventory.importing import Report, import_file
from services.kernel.errors import AlreadyExists, Unavailable
from tests.service.inventory.outside import Outside
from tests.service.inventory.shop import Shop


def csv(*rows: str, header: str = "sku,node_id,on_hand") -> Callable[[], Iterable[Figure]]:
    content = "\n".join([header, *rows, ""]).encode()
    return lambda: read(content, Kind.CSV)


async def send(shop: Shop, figures: Callable[[], Iterable[Figure]], sequence: int = 1, **options: object) -> Report:
    return await import_file(shop.stub, figures, source="file", sequence=sequence, **options)  # type: ignore[arg-type]


class Killed:
    """A way to inventory that is cut after a few calls."""

    def __init__(self, shop: Shop, calls: int) -> None:
        self._shop, self._calls = shop, calls

    async def SyncStock(self, request: object) -> object:
        if not self._calls:
            raise Unavailable("cut")
        self._calls -= 1
        return await self._shop.stub.SyncStock(request)


async def test_counts_of_many_nodes_become_snapshots_in_parts(shop):
    heard: list[int] = []
    rows = [f"S{number},{node},{number + 1}" for number in range(5) for node in ("east", "west")]
    report = await send(shop, csv(*rows), chunk=2, progress=heard.append)
    assert (report.counted, report.parts, report.node_ids, report.drifted) == (10, 6, {"east", "west"}, 10)
    assert heard == [2, 4, 6, 8, 9, 10]
    assert (await shop.position("S4", "west")).on_hand == 5
    sources = await Outside(shop).sources()
    assert [(one.node_id, one.sequence, one.counted_sku_count) for one in sources] == [("east", 1, 5), ("west", 1, 5)]


async def test_an_import_that_was_killed_halfway_is_run_again_as_it_was(shop):
    figures = csv(*(f"S{number},east,{number + 1}" for number in range(7)))
    with pytest.raises(Unavailable):
        await import_file(Killed(shop, 2), figures, source="file", sequence=1, chunk=2)
    assert await Outside(shop).sources() == []
    report = await send(shop, figures, chunk=2)
    assert (report.parts, report.stale_parts, report.drifted) == (4, 0, 7)
    assert len(await shop.ledger()) == 7


async def test_another_file_under_the_same_sequence_is_refused(shop):
    await send(shop, csv("A,east,1"))
    with pytest.raises(AlreadyExists):
        await send(shop, csv("A,east,2"))


async def test_an_older_file_changes_nothing_and_says_so(shop):
    await send(shop, csv("A,east,1"), sequence=2)
    assert (await send(shop, csv("A,east,2"))).stale_parts == 1
    assert (await shop.position("A", "east")).on_hand == 1


@pytest.mark.parametrize(("broken", "left"), [((), 0), (("B,east,many",), 4)])
async def test_a_file_is_complete_only_if_all_of_it_could_be_read(shop, broken, left):
    await shop.adjust("OLD", "east", 4)
    report = await send(shop, csv("A,east,1", *broken), complete=True)
    assert (report.complete, report.refused, len(report.refusals)) == (not broken, len(broken), len(broken))
    assert (await shop.position("OLD", "east")).on_hand == left


async def test_lots_of_a_sku_are_added_up(shop):
    rows = ("A,east,1,L1", "B,east,9,", "A,east,2,L2", "A,east,4,")
    report = await send(shop, csv(*rows, header="sku,node_id,on_hand,lot"))
    assert report.counted == 2
    assert (await shop.position("A", "east")).on_hand == 7


async def test_each_moment_of_counting_is_told_apart(shop, clock):
    when = clock.now().isoformat()
    figures = csv(f"A,east,1,{when}", "B,east,2,", header="sku,node_id,on_hand,count_time")
    report = await send(shop, figures)
    assert (report.parts, report.counted) == (2, 2)


async def test_differences_and_those_above_the_limit_are_reported(shop):
    await shop.adjust("A", "east", 100)
    report = await send(shop, csv("A,east,1", "B,east,2"))
    assert (report.drifted, report.exceptions) == (2, 1)
    assert [(one.node_id, one.drift.sku) for one in report.drifts] == [("east", "A"), ("east", "B")]


async def test_expected_supplies_are_announced_once(shop):
    figures = csv("A,east,5,2026-04-01,PO-1", header="sku,node_id,quantity,eta,reference")
    assert (await send(shop, figures)).supplies == 1
    again = await send(shop, figures, sequence=2)
    assert (again.supplies, again.refused_supplies) == (1, [])
    moved = await send(shop, csv("A,east,5,2026-05-01,PO-1", header="sku,node_id,quantity,eta,reference"), sequence=3)
    ((position, error),) = moved.refused_supplies
    assert (position, error.reason) == ("row 2", "REQUEST_ID_REUSED")

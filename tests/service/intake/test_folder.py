"""The watched folder: half-written files, crashes, several replicas, and what cannot be read."""

import asyncio
import json
import os

import pytest

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Channel
from services.intake.doors.folder import Folder
from services.intake.doors.http import LIMIT_BYTES
from tests.service.intake.door_parts import opened, turn_by_hand
from tests.service.intake.test_documents import shop_order


@pytest.fixture
def by_hand(monkeypatch):
    turn_by_hand(monkeypatch)


@pytest.fixture
async def doors(by_hand, running):
    async for made in opened(running):
        yield made


@pytest.fixture
def inside(tmp_path):
    folder = tmp_path / "shopify-us" / "in"
    folder.mkdir(parents=True)
    return folder


def watcher(doors, root):
    return Folder(root=root, database=doors.parts.database, reader=doors.reader, wake=doors.parts.relay.wake)


async def orders(intake):
    return sum(row.order_count for row in (await intake.CountOrders(rpc.CountOrdersRequest())).counts)


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_a_file_is_taken_when_it_is_whole_and_by_one_replica(doors, intake, inside, tmp_path):
    whole = json.dumps(shop_order(1))
    (inside / "a.json").write_text(whole[:50])
    (inside / "b.json.part").write_text(json.dumps(shop_order(2)))
    (inside / ".hidden").write_text("x")
    replicas = [watcher(doors, tmp_path) for _ in range(3)]
    assert [await one.look() for one in replicas] == [0, 0, 0]
    (inside / "a.json").write_text(whole)
    assert [await one.look() for one in replicas] == [0, 0, 0], "it has grown"
    (inside / "b.json.part").rename(inside / "b.json")
    taken = await asyncio.gather(*(one.look() for one in replicas))
    assert sum(taken) == 1
    await asyncio.gather(*(one.look() for one in replicas))
    assert names(tmp_path / "shopify-us" / "done") == ["a.json", "b.json"]
    assert names(inside) == [".hidden"]
    assert await orders(intake) == 2


async def test_a_file_with_the_longest_name_is_put_away_too_and_again(doors, inside, tmp_path):
    folder, name = watcher(doors, tmp_path), "a" * 255
    for content in ("{", "["):
        (inside / name).write_text(content)
        await folder.look()
        assert await folder.look() == 1
    found = names(tmp_path / "shopify-us" / "quarantine")
    assert (len(found), sum(one.endswith(".problems.json") for one in found)) == (4, 2)


async def test_what_cannot_be_read_stands_in_quarantine_with_the_reason_beside_it(doors, intake, inside, tmp_path):
    (inside / "bad.json").write_text("{")
    (tmp_path / "fax-us" / "in").mkdir(parents=True)
    (tmp_path / "fax-us" / "in" / "letter.txt").write_text("hello")
    (tmp_path / "odd-us").mkdir()
    (tmp_path / "odd-us" / "in").write_text("not a folder")
    (inside / os.fsdecode(b"caf\xe9.json")).write_text("{}")  # a name that is not text
    (inside / "large.json").write_bytes(b" " * (LIMIT_BYTES + 1))
    folder = watcher(doors, tmp_path)
    assert await folder.look() == 0
    assert await folder.look() == 3
    quarantine = tmp_path / "shopify-us" / "quarantine"
    assert {"bad.json", "bad.json.problems.json"} < set(names(quarantine))
    told = json.loads((quarantine / "bad.json.problems.json").read_text())
    assert told["problems"][0]["reason"] == "NOT_JSON"
    assert told["document_id"].startswith("doc_")
    letter = json.loads((tmp_path / "fax-us" / "quarantine" / "letter.txt.problems.json").read_text())
    assert letter["problems"][0]["reason"] == "UNKNOWN_FORMAT"
    assert names(inside) == ["large.json"]
    assert list(folder.too_large) == [inside / "large.json"]


async def test_a_crash_before_the_file_is_moved_makes_no_second_order(doors, intake, inside, tmp_path):
    folder = watcher(doors, tmp_path)
    content = json.dumps(shop_order(1))
    for _ in range(2):  # the second time it is back where it was, as after a crash between keeping and moving
        (inside / "a.json").write_text(content)
        await folder.look()
        assert await folder.look() == 1
    assert await orders(intake) == 1
    assert len(names(tmp_path / "shopify-us" / "done")) == 2
    await doors.set_channel(Channel(channel="shopify-us"))
    await doors.switch("shopify-us", paused=True, key="p")
    (inside / "b.json").write_text(json.dumps(shop_order(2)))
    await folder.look()
    assert await folder.look() == 0
    assert names(inside) == ["b.json"]

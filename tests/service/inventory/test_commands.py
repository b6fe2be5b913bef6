"""`oms stock`, as a person types it."""

import asyncio
import json
import os
import signal
import sys

import pytest

from tests.service.inventory.books import Books

RUN = "from services.inventory.cli import app; app(prog_name='oms stock')"


PIPE = asyncio.subprocess.PIPE


async def start(shop, *words, stdin=PIPE):
    environment = {**os.environ, "OMS_INVENTORY_ADDRESS": shop.address, "COLUMNS": "200"}
    environment["OMS_INTAKE_ADDRESS"] = "127.0.0.1:9"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, *words, env=environment, stdin=stdin, stdout=PIPE, stderr=PIPE
    )


@pytest.fixture
def oms(shop):
    async def run(*words, stdin=""):
        process = await start(shop, *words)
        out, err = await process.communicate(stdin.encode())
        return process.returncode, out.decode(), err.decode()

    return run


async def test_what_was_received_can_be_reserved_shown_and_released(oms):
    code, out, _ = await oms("receive", "TEE", "east", "5", "--reference", "DN-1")
    assert code == 0
    assert "TEE" in out
    code, out, _ = await oms("reserve", "cart-7", "TEE", "east", "2", "--minutes", "15", "--json")
    reservation = json.loads(out)["reservations"][0]["reservation_id"]
    _, out, _ = await oms("show", "--sku", "TEE", "--json")
    assert json.loads(out)["positions"][0]["available"] == "3"
    assert (await oms("release", reservation))[0] == 0
    _, out, _ = await oms("atp", "TEE", "--json")
    assert json.loads(out)["promises"][0]["available_quantity"] == "5"
    _, out, _ = await oms("ledger", "--sku", "TEE")
    assert [word for word in out.split() if word.isupper() and len(word) > 6] == ["RELEASED", "RESERVED", "RECEIPT"]


async def test_what_is_refused_says_why_on_stderr_and_exits_with_1(oms):
    code, out, err = await oms("reserve", "cart-7", "TEE", "east", "2")
    assert (code, out) == (1, "")
    assert "INSUFFICIENT_STOCK" in err
    assert "available: 0" in err


async def test_a_snapshot_is_read_from_stdin(oms):
    words = ("sync", "-", "--source", "wms", "--sequence", "1", "--node", "east", "--json")
    code, out, _ = await oms(*words, stdin="sku,on_hand\nTEE,5\nMUG,2\n")
    assert code == 0
    assert [one["sku"] for one in json.loads(out)["drifts"]] == ["MUG", "TEE"]


@pytest.mark.parametrize(
    "words", [("adjust", "TEE", "east", "--reason", "MAGIC"), ("receive", "TEE", "east", "-1"), ()]
)
async def test_wrong_usage_exits_with_2(oms, words):
    assert (await oms(*words))[0] == 2


async def test_the_feed_is_followed_until_somebody_ends_it_who_is_told_where_to_go_on(shop):
    await shop.adjust("TEE", "east", 5)
    process = await start(shop, "feed", "--json")
    try:
        told = json.loads(await process.stdout.readline())
        assert (told["sku"], told["node_id"], told["available_quantity"]) == ("TEE", "east", 5)
        assert json.loads(await process.stdout.readline())["caught_up"]
        await shop.adjust("TEE", "east", 2)
        told = json.loads(await process.stdout.readline())
        assert told["available_quantity"] == 7
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 130
    assert f"--cursor {told['cursor']}" in err.decode()


@pytest.mark.parametrize(("answer", "code", "on_hand"), [("y", 0, 5), ("n", 1, 8)])
async def test_a_person_is_asked_before_counters_are_repaired(shop, answer, code, on_hand):
    await shop.adjust("TEE", "east", 5)
    async with Books(shop).sql() as sql:
        await sql.execute("UPDATE positions SET on_hand = 8")
    ours, theirs = os.openpty()
    try:
        process = await start(shop, "rebuild", stdin=theirs)
        os.write(ours, f"{answer}\n".encode())
        _, err = await process.communicate()
    finally:
        os.close(ours)
        os.close(theirs)
    assert (process.returncode, "Repair 1 counter" in err.decode()) == (code, True)
    assert (await shop.position("TEE", "east")).on_hand == on_hand
    await Books(shop).rebuild()

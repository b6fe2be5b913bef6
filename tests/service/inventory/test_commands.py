"""`oms stock`, as a person types it."""

import asyncio
import json
import os
import sys

import pytest

RUN = "from services.inventory.cli import app; app(prog_name='oms stock')"


@pytest.fixture
def oms(shop):
    async def run(*words, stdin=""):
        environment = {**os.environ, "OMS_INVENTORY_ADDRESS": shop.address, "COLUMNS": "200"}
        environment["OMS_INTAKE_ADDRESS"] = "127.0.0.1:9"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            RUN,
            *words,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
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
    assert json.loads(out)["availabilities"][0]["available_quantity"] == "5"
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

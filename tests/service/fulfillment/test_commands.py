"""The commands of `oms fulfillment` and `oms shipment`, against the running service."""

import asyncio
import json
import subprocess
import sys

import pytest

from tests.service.fulfillment.depot import said, scanned

_PROGRAM = "import sys; from services.fulfillment.cli import GROUPS; GROUPS[sys.argv.pop(1)](prog_name='oms')"


@pytest.fixture
def oms(depot, monkeypatch):
    """Run a command as a process, as people do; return its exit code and what it printed."""
    monkeypatch.setenv("OMS_FULFILLMENT_ADDRESS", depot.address)
    monkeypatch.setenv("COLUMNS", "300")

    async def run(*words: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()

    return run


async def test_work_is_listed_shown_and_called_back(depot, oms):
    order = await depot.create(a=2)
    listed = json.loads((await oms("fulfillment", "list", "--node", "east", "--json"))[1])
    assert [one["fulfillment_order_id"] for one in listed["fulfillment_orders"]] == [order.fulfillment_order_id]
    code, shown = await oms("fulfillment", "show", order.fulfillment_order_id)
    assert (code, "in progress" in shown, "QUIET" in shown) == (0, True, True)
    words = ("cancel", order.fulfillment_order_id, "--line", "a=1", "--json")
    answer = json.loads((await oms("fulfillment", *words))[1])
    assert answer["lines"] == [{"line_id": "a", "cancelled_quantity": "1"}]


async def test_a_parcel_is_found_by_its_tracking_number(depot, oms):
    order = await depot.create(a=1)
    parcel = await depot.label(order)
    await depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
    await depot.track(scanned(parcel.tracking_number, "IN_TRANSIT"))
    assert parcel.tracking_number in (await oms("shipment", "list", "--order", order.order_id))[1]
    assert parcel.shipment_id in (await oms("shipment", "show", parcel.tracking_number))[1]
    assert "in transit" in (await oms("shipment", "track", parcel.shipment_id))[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("fulfillment", "show", "ful_nobody"), 1),
        (("shipment", "track", "nobody's"), 1),
        (("fulfillment", "list", "--status", "asleep"), 2),
        (("fulfillment", "cancel", "ful_nobody", "--line", "a"), 2),
    ],
)
async def test_a_no_is_said_with_its_exit_code(oms, words, code):
    assert (await oms(*words))[0] == code

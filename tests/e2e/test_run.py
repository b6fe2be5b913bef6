"""`make run` from beginning to end, and the command line against what it left."""

import subprocess
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from deploy.local.demo.system import System
from deploy.local.stack import Stack
from oms.intake.v1.intake_service_pb2 import ListOrdersRequest
from oms.intake.v1.order_pb2 import Order
from tests.e2e import proof
from tests.e2e.drafts import WAIT, draft
from tests.e2e.shell import Shell
from tests.e2e.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

DOCUMENTS = Path("deploy/local/demo/documents")


async def test_make_run_ends_with_0_and_its_summary_proves_itself(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "✗" not in ran.stdout
    summary = ran.stdout.partition("The run took")[2]
    assert "✓ every order came to rest (" in summary
    assert "✓ units conserved on every line" in summary
    assert "0 live reservations add up, no leak" in summary
    for story in ("cancelled", "short", "backorder", "return", "fraud", "lost"):
        assert f"story {story}:" in ran.stdout


async def test_what_make_run_left_is_whole_when_the_system_is_up_again(stack: Stack, system: System) -> None:
    await proof.assert_every_process_ended(stack)
    await proof.assert_nothing_lost_or_doubled(stack)
    await proof.assert_stock_adds_up(system)


@pytest.mark.parametrize(
    ("kind", "numbers", "run"),
    [("shopify", (9, 10), 50), ("woocommerce", (8, 9), 51), ("x12", (5, 7), 52)],
)
async def test_ingest_takes_a_folder_and_says_what_became_of_it(
    oms: Shell, system: System, kind: str, numbers: tuple[int, int], run: int
) -> None:
    documents, orders = numbers
    channel = f"{kind}-cli"
    said = await oms.json("ingest", DOCUMENTS / kind, "--channel", channel)
    assert said == {"documents": documents, "orders": {"Accepted": orders}, "problems": {}, "failed": []}
    page = await system.intake.ListOrders(ListOrdersRequest(channel=channel, page_size=50))
    assert len(page.orders) == orders
    # Those of a document from trading partners are of hundreds of units, which people pick one by one.
    async with World(system, run) as world:
        await world.until_rest(order.order_id for order in page.orders if _small(order))


def _small(order: Order) -> bool:
    units = order.units
    return units.open + units.backordered + units.reserved + units.released < 50


async def test_an_order_can_be_shown_and_followed_and_explained(oms: Shell) -> None:
    orders = (await oms.json("order", "list", "--channel", "demo-stories"))["orders"]
    order_id = next(order["order_id"] for order in orders if order["order_number"] == "story short")
    order = (await oms.json("order", "show", order_id))["order"]
    assert (order["order_id"], order["resting"]) == (order_id, True)
    events = (await oms.json("order", "timeline", order_id))["events"]
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
    assert [event["moves"][0]["to_room"] for event in events if event.get("moves")][-1] == "ROOM_DELIVERED"
    decision = (await oms.json("route", "explain", order_id))["decision"]
    assert decision["order_id"] == order_id
    assert "RAIN-GRY-L" in await oms.good("order", "show", order_id)
    assert decision["assignments"][0]["node_id"] in await oms.good("route", "explain", order_id)


async def test_cancelling_says_per_line_what_really_happened(oms: Shell, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(MessageToJson(draft("cli-cancel", units=3, holds=[WAIT])))
    order_id = (await oms.json("order", "submit", file))["order"]["order_id"]
    answer = await oms.json("order", "cancel", order_id, "--reason", "wrong size")
    assert [(line["outcome"], line["cancelled_quantity"]) for line in answer["lines"]] == [("OUTCOME_CANCELLED", "3")]
    assert "Cancelled" in await oms.good("order", "show", order_id)
    delivered = (await oms.json("order", "list", "--status", "DELIVERED", "--limit", "1"))["orders"][0]["order_id"]
    late = await oms.json("order", "cancel", delivered)
    assert {line["outcome"] for line in late["lines"]} == {"OUTCOME_TOO_LATE"}


async def test_a_return_can_be_asked_for_and_withdrawn(oms: Shell, system: System, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(MessageToJson(draft("cli-return", units=2)))
    order_id = (await oms.json("order", "submit", file))["order"]["order_id"]
    async with World(system, 53) as world:
        await world.until_rest([order_id])
    asked = await oms.json("return", "request", order_id, "--sku", "CREW-BLK-M=1", "--reason", "too small")
    record = asked["return_record"]
    assert (record["order_id"], record["authorization"]) == (order_id, "AUTHORIZATION_AUTHORIZED")
    withdrawn = await oms.json("return", "cancel", record["return_id"], "--reason", "keeps it")
    assert withdrawn["return_record"]["authorization"] == "AUTHORIZATION_CANCELLED"
    too_many = await oms("return", "request", order_id, "--sku", "CREW-BLK-M=9")
    assert (too_many.code, too_many.out) == (1, "")
    assert too_many.err.strip()


async def test_stock_can_be_shown_and_audited(oms: Shell) -> None:
    positions = (await oms.json("stock", "show", "--sku", "CREW-BLK-M"))["positions"]
    assert {position["sku"] for position in positions} == {"CREW-BLK-M"}
    audit = await oms.json("stock", "audit")
    assert audit["findings"] == []
    assert audit["positions"] > 1000


async def test_what_is_not_there_is_1_with_a_reason_and_what_is_not_a_command_is_2(oms: Shell) -> None:
    unknown = await oms("order", "show", "ord_01J00000000000000000000000")
    assert (unknown.code, unknown.out) == (1, "")
    assert "ORDER_NOT_FOUND" in unknown.err
    nonsense = await oms("order", "list", "--status", "SLEEPING")
    assert nonsense.code == 2
    assert "SLEEPING" in nonsense.err
    assert (await oms("ingest", DOCUMENTS, "--channel", "fax-1")).code == 1


async def test_no_part_logged_a_bug(stack: Stack) -> None:
    proof.assert_no_bug_was_logged(stack)

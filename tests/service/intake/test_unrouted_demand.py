"""What was accepted and is given to nobody yet, by SKU: what inventory takes off its availability."""

from typing import Any

import pytest
from sqlalchemy import text

from oms.intake.v1 import hold_pb2 as holds
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import units_pb2 as units
from services.chassis.paging import encode_token
from services.intake.store_demand import unrouted
from services.kernel.errors import InvalidArgument
from tests.service.intake.drafts import draft, line, submit

OPEN, BACKORDERED, RESERVED = units.ROOM_OPEN, units.ROOM_BACKORDERED, units.ROOM_RESERVED
RELEASED, CANCELLED = units.ROOM_RELEASED, units.ROOM_CANCELLED


async def submitted(intake: Any, *lines: Any) -> Any:
    return (await intake.SubmitOrder(submit(draft(*lines)))).order


async def move(intake: Any, order: Any, key: str, *steps: Any) -> None:
    moves = [
        units.Move(line_id=order.lines[index].line_id, from_room=old, to_room=new, quantity=quantity)
        for index, old, new, quantity in steps
    ]
    await intake.RecordMoves(rpc.RecordMovesRequest(request_id=key, order_id=order.order_id, moves=moves))


async def demand(intake: Any, **fields: Any) -> dict[str, int]:
    answer = await intake.ListUnroutedDemand(rpc.ListUnroutedDemandRequest(**fields))
    return {found.sku: found.quantity for found in answer.demands}


async def test_demand_follows_an_order_from_accepted_over_reserved_to_cancelled(intake):
    assert await demand(intake) == {}
    order = await submitted(intake, line("A", 5), line("B", 2))
    assert await demand(intake) == {"A": 5, "B": 2}
    await move(intake, order, "plan", (0, OPEN, RESERVED, 3), (1, OPEN, RESERVED, 2))
    assert await demand(intake) == {"A": 2}
    await move(intake, order, "rejected", (1, RESERVED, RELEASED, 2), (1, RELEASED, OPEN, 2))
    assert await demand(intake) == {"A": 2, "B": 2}
    await move(intake, order, "cancel", (0, OPEN, CANCELLED, 2), (0, RESERVED, CANCELLED, 3), (1, OPEN, CANCELLED, 2))
    assert await demand(intake) == {}


async def test_backordered_units_are_no_unrouted_demand_until_they_are_open_again(intake):
    order = await submitted(intake, line("A", 5), line("B", 1))
    await move(intake, order, "wait", (0, OPEN, BACKORDERED, 4), (1, OPEN, BACKORDERED, 1))
    assert await demand(intake) == {"A": 1}
    await move(intake, order, "again", (0, BACKORDERED, OPEN, 4))
    assert await demand(intake) == {"A": 5}


async def test_a_sku_is_added_up_over_lines_and_orders_also_those_on_hold(intake):
    await submitted(intake, line("A", 1), line("B", 10), line("A", 2))
    held = await submitted(intake, line("A", 4))
    hold = holds.HoldSpec(handle="risk", type=holds.HOLD_TYPE_HIGH_RISK_OF_FRAUD)
    await intake.PlaceHold(rpc.PlaceHoldRequest(request_id="hold", order_id=held.order_id, hold=hold))
    assert await demand(intake) == {"A": 7, "B": 10}


async def test_the_same_order_sent_twice_is_wanted_once(intake):
    sent = draft(line("A", 3))
    await intake.SubmitOrder(submit(sent, "first"))
    await intake.SubmitOrder(submit(sent, "second"))
    assert await demand(intake) == {"A": 3}


async def test_pages_list_every_sku_once_in_order(intake):
    for skus in ("ECA", "BDE", "AAC"):
        await submitted(intake, *(line(f"SKU-{sku}", 2) for sku in skus))
    seen, request = [], rpc.ListUnroutedDemandRequest(page_size=2)
    while True:
        page = await intake.ListUnroutedDemand(request)
        seen.append([(found.sku[-1], found.quantity) for found in page.demands])
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [[("A", 6), ("B", 2)], [("C", 4), ("D", 2)], [("E", 4)]]


async def test_a_page_starts_after_a_sku_that_was_routed_meanwhile(intake):
    order = await submitted(intake, line("A"), line("B"), line("C"))
    first = await intake.ListUnroutedDemand(rpc.ListUnroutedDemandRequest(page_size=2))
    await move(intake, order, "plan", (1, OPEN, RESERVED, 1))
    assert await demand(intake, page_size=2, page_token=first.next_page_token) == {"C": 1}


async def test_the_token_of_another_request_is_refused(intake):
    await submitted(intake, line("A"))
    await submitted(intake, line("A"))
    orders = await intake.ListOrders(rpc.ListOrdersRequest(page_size=1))
    bare = rpc.ListUnroutedDemandRequest()
    forged = [
        encode_token(bare, 7),
        encode_token(bare, "A", "B"),
        encode_token(bare, "A\0"),
        encode_token(bare, "\ud800"),
    ]
    for token in ("none", orders.next_page_token, *forged):
        with pytest.raises(InvalidArgument):
            await intake.ListUnroutedDemand(rpc.ListUnroutedDemandRequest(page_token=token))


async def test_only_lines_with_open_units_are_read_however_many_there_are(running):
    lines = 2000
    order = await submitted(running.stub, *(line(f"SKU-{index:04}", 2) for index in range(lines)))
    await move(running.stub, order, "plan", *((index, OPEN, RESERVED, 2) for index in range(3, lines)))
    async with running.parts.database.connect() as conn:
        statement = unrouted(after="SKU-0000", limit=51).compile(
            dialect=conn.dialect, compile_kwargs={"literal_binds": True}
        )
        await conn.execute(text("VACUUM ANALYZE intake.order_lines"))
        explained = await conn.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"))
        (scan,) = _scans(explained.scalar_one()[0]["Plan"])
    assert (scan["Node Type"], scan["Index Name"]) == ("Index Only Scan", "ix_order_lines_unrouted")
    assert scan["Actual Rows"] == 2
    assert scan.get("Rows Removed by Filter", 0) == 0
    assert await demand(running.stub) == {"SKU-0000": 2, "SKU-0001": 2, "SKU-0002": 2}


def _scans(node: Any) -> list[Any]:
    children = node.get("Plans", [])
    return [scan for child in children for scan in _scans(child)] if children else [node]

"""What nobody can ship is held for people, where the rules say so, and planned again when they let it go."""

from typing import Any

import pytest

from oms.intake.v1.hold_pb2 import Hold, HoldDeadlineAction, HoldType
from oms.intake.v1.order_pb2 import Order
from oms.routing.v1.decision_pb2 import Decision, UnplannedLine
from oms.routing.v1.rule_set_pb2 import Fallback
from services.kernel import ids
from tests.workflow.life import Life, key
from workflows.activities.hold_back import hold_back

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("house")]


def decision(order: Order, action: "Fallback.Action.ValueType", **fallback: Any) -> Decision:
    return Decision(
        decision_id=ids.derived(ids.DECISION, order.order_id),
        order_id=order.order_id,
        rule_version="us-parcel@3",
        unplanned_lines=[UnplannedLine(line_id=line.line_id, sku=line.sku, quantity=1) for line in order.lines],
        fallback=Fallback(action=action, **fallback),
    )


async def held(life: Life, order: Order, made: Decision, *line_ids: str) -> list[Hold]:
    order = await life.look(order)
    wanted = line_ids or tuple(line.line_id for line in order.lines)
    for _ in range(2):
        await hold_back(life.house.services.intake, order, made, wanted, f"{order.order_id}/{key()}")
    return list((await life.look(order)).holds)


async def test_a_parked_order_is_in_its_queue_once_and_goes_on_at_once_when_people_let_it(life: Life):
    sku = await life.stock()
    order = await life.until(await life.buy((sku, 1)), "BACKORDERED")
    (hold,) = await held(life, order, made := decision(order, Fallback.ACTION_PARK, queue="oversized"))
    assert (hold.owner_queue, hold.type, hold.line_id) == ("oversized", HoldType.HOLD_TYPE_OTHER, "")
    assert hold.handle == made.decision_id
    assert "us-parcel@3" in hold.note
    await life.shown(order, Status="On hold", Hold="OTHER")
    await life.stock(sku=sku, east=1)
    await life.told(order, "stock_arrived")
    assert (await life.look(order)).units.backordered == 1
    await life.resolve(order, made.decision_id)
    assert await life.ended(order) == "Delivered"


async def test_a_hold_has_the_type_that_the_rules_say_and_cancels_at_the_time_that_they_say(life: Life):
    order = await life.until(await life.buy((await life.stock(), 1)), "BACKORDERED")
    made = decision(order, Fallback.ACTION_HOLD, hold_type="COMPLIANCE")
    made.auto_cancel_time.FromDatetime(life.house.clock.now().replace(microsecond=0, year=2099))
    (hold,) = await held(life, order, made)
    assert hold.type == HoldType.HOLD_TYPE_COMPLIANCE
    assert hold.deadline_time == made.auto_cancel_time
    assert hold.deadline_action == HoldDeadlineAction.HOLD_DEADLINE_ACTION_CANCEL
    await life.resolve(order, made.decision_id, rejected=True)
    assert await life.ended(order) == "Cancelled"


async def test_only_the_lines_that_nobody_can_ship_are_held(life: Life):
    order = await life.until(
        await life.buy((await life.stock(), 1), (await life.stock(), 1)), "BACKORDERED", backordered=2
    )
    line_id = order.lines[1].line_id
    (hold,) = await held(life, order, decision(order, Fallback.ACTION_PARK, queue="oversized"), line_id)
    assert hold.line_id == line_id
    await life.cancel(order)
    assert await life.ended(order) == "Cancelled"


async def test_what_is_to_wait_for_stock_is_not_held(life: Life):
    order = await life.until(await life.buy((await life.stock(), 1)), "BACKORDERED")
    assert await held(life, order, decision(order, Fallback.ACTION_BACKORDER)) == []
    await life.cancel(order)
    assert await life.ended(order) == "Cancelled"
    assert await held(life, order, decision(order, Fallback.ACTION_PARK)) == []

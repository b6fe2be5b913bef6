"""Merging orders: the process of the order that goes hands it over, and in one transaction it is part of the other."""

from collections.abc import Sequence
from datetime import datetime

from oms.workflow.v1.order_workflow_pb2 import ChangeOrderCommand, ProcessEdit
from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import store, store_changes
from services.intake.domain.changes import EditResult, OrderChange, Reason, added_line_id
from services.intake.domain.changes_merge import merge_refusal, merged, place_of
from services.intake.domain.events import EventType, Fact
from services.intake.domain.order import Order, OrderLine
from services.intake.domain.repricing import worth
from services.intake.domain.rooms import Move, Room
from services.intake.recording import record
from services.kernel.errors import NotFound


async def other_of(conn: Connection, change: OrderChange) -> Order | None:
    """Return the order that this change takes in, None where it takes none.

    Raises:
        NotFound: ORDER_NOT_FOUND.
    """
    place = place_of(change)
    return await store.get_order(conn, place[1]) if place else None


async def refusal_of(conn: Connection, order: Order, change: OrderChange) -> str:
    """Return why this change cannot take its other order in, as far as intake knows; nothing where it may.

    Two that merge each other would wait for each other for ever: whoever sees the other under way gives up.
    """
    other = await other_of(conn, change)
    if other is None:
        return ""
    if await store_changes.is_merging(conn, order.order_id, other.order_id, change.change_id):
        return Reason.BUSY
    return merge_refusal(order, other) or ""


def hand_over_command(change: OrderChange) -> ChangeOrderCommand:
    """Return what the process of the order that goes is asked."""
    return ChangeOrderCommand(
        change_id=change.change_id,
        version=change.version,
        edits=[ProcessEdit(kind=ProcessEdit.KIND_HAND_OVER)],
        actor=change.actor,
        reason=change.reason,
    )


async def hand_over(conn: Connection, outbox: Outbox, order_id: str, change_id: str, *, now: datetime) -> EditResult:
    """Move the order into the one that is merging it; doing the same twice is once.

    Raises:
        NotFound: ORDER_NOT_FOUND, CHANGE_NOT_FOUND.
    """
    change = await store_changes.get(conn, change_id)
    place = place_of(change)
    if place is None or place[1] != order_id:
        raise NotFound("the change merges another order", reason="CHANGE_NOT_FOUND", change_id=change_id)
    # Two that lock both always lock in the same order.
    for one in sorted((order_id, change.order_id)):
        await store.lock_order(conn, one)
    order, other = await store.get_order(conn, change.order_id), await store.get_order(conn, order_id)
    if brought(order, other, change):
        return EditResult(applied=True, order_id=order_id)
    if refusal := merge_refusal(order, other):
        return EditResult(applied=False, reason=refusal)
    whole, left = merged(order, other, change.change_id, place[0])
    await store_changes.write_taken_in(conn, change_id, worth(other))
    await store_changes.write_order(conn, order, whole)
    await store_changes.write_order(conn, other, left)
    moves = tuple(
        Move(line_id=line.line_id, from_room=Room.OPEN, to_room=Room.CANCELLED, quantity=line.quantity)
        for line in other.lines
        if line.quantity
    )
    gone = Fact(
        type=EventType.UNITS_MOVED,
        key=f"{change_id}/merged",
        actor=change.actor,
        reason="merged into another order",
        moves=moves,
        references={"merged_into": order.order_id, "change_id": change_id},
    )
    await record(conn, outbox, order_id, [gone], now)
    return EditResult(applied=True, order_id=order_id)


def brought(order: Order, other: Order, change: OrderChange) -> Sequence[OrderLine]:
    """Return the lines that the other order brought into this one."""
    place = place_of(change)
    if place is None:
        return ()
    expected = {added_line_id(change.change_id, place[0], line.line_id) for line in other.lines}
    return [line for line in order.lines if line.line_id in expected]

"""Writes returns, and with each what it holds of its order, so that the two never part."""

from dataclasses import replace
from datetime import datetime, timedelta

from oms.returns.v1.returns_service_pb2 import RequestReturnRequest
from services.chassis.database import Connection
from services.kernel import ids
from services.kernel.clock import milliseconds
from services.returns import store, store_balances, wire
from services.returns.domain.authorization import Authorization, at_first
from services.returns.domain.balance import require_returnable
from services.returns.domain.order import Order
from services.returns.domain.return_record import ReturnRecord


async def record_request(
    conn: Connection, request: RequestReturnRequest, order: Order, *, now: datetime, window: timedelta
) -> ReturnRecord:
    """Write a new return, if its units were delivered and nobody asked for them before.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
        FailedPrecondition: NOT_RETURNABLE.
    """
    lines = wire.return_lines(order, request.lines)
    wanted = {line.line_id: line.quantity for line in lines}
    balance = await store_balances.locked_balance(conn, order, *wanted)
    require_returnable(order, balance, wanted)
    authorization = at_first(order.update_time, now, window)
    record = ReturnRecord(
        return_id=ids.new(ids.RETURN, milliseconds(now)),
        order_id=order.order_id,
        authorization=authorization,
        decision_reason="within the return window" if authorization == Authorization.AUTHORIZED else "",
        lines=lines,
        node_id=request.node_id,
        shipment_id="",
        tracking_number="",
        label_uri="",
        closed=False,
        create_time=now,
        update_time=now,
    )
    await store.insert_return(conn, record)
    await store_balances.change_claims(conn, order.order_id, record.claims())
    return record


async def record_change(conn: Connection, before: ReturnRecord, after: ReturnRecord, *, now: datetime) -> ReturnRecord:
    """Write what changed of a return whose lock is held, and return it as it is now."""
    if after == before:
        return before
    changed = replace(after, update_time=now)
    await store.update_return(conn, before, changed)
    held = before.claims()
    released = {line_id: units - held[line_id] for line_id, units in changed.claims().items() if units != held[line_id]}
    if released:
        await store_balances.change_claims(conn, changed.order_id, released)
    return changed

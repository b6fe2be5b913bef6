"""Calling units back from a node: what to ask for, and what its answer means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.fulfillment.domain.node_event import NodeEvent, Type, apply
from services.fulfillment.domain.status import RequestStatus
from services.fulfillment.domain.work import FulfillmentOrder, Units


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What became of the units of one line."""

    line_id: str
    cancelled: int = 0
    intercepting: int = 0
    too_late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a cancellation did: the order after it, the node event it amounts to (if any), and the answer."""

    order: FulfillmentOrder
    event: NodeEvent | None
    lines: tuple[LineAnswer, ...]


def asked_of_node(order: FulfillmentOrder, wanted: Units, labelled: Units | None = None) -> dict[str, int]:
    """Return the units that the node must be asked for: those that wait, of those wanted (all where none is named).

    `labelled` are units that are to be left where they are.

    Raises:
        UnknownLine: the order has no such line.
    """
    kept = labelled or {}
    free = {line_id: waiting - kept.get(line_id, 0) for line_id, waiting in order.waiting.items()}
    asked = {i: min(quantity, free.get(order.line(i).line_id, 0)) for i, quantity in wanted.items()} if wanted else free
    return {line_id: quantity for line_id, quantity in asked.items() if quantity > 0}


def conclude(
    order: FulfillmentOrder,
    *,
    wanted: Units,
    asked: Units,
    answers: Mapping[str, LineAnswer],
    event_id: str,
    reason: str,
    now: datetime,
    reported_since: bool,
    reroute: bool = False,
) -> Outcome:
    """Return what the node's answers mean for the order as it is now.

    Between question and answer the node may have reported: what does not wait any more is neither cancelled again nor
    intercepted, and with `reported_since` the request to stop counts as answered. Units that were cancelled or rejected
    before are in none of the three numbers. With `reroute` somebody else is to ship them: they are rejected.
    """
    lines = []
    for line_id in wanted or (order.waiting if reroute else asked):
        line = order.line(line_id)
        answer = answers.get(line_id, LineAnswer(line_id=line_id))
        cancelled = min(answer.cancelled, asked.get(line_id, 0), line.waiting)
        intercepting = min(answer.intercepting, asked.get(line_id, 0) - cancelled, line.waiting - cancelled)
        everything = line.waiting if reroute else asked.get(line_id, 0)
        rest = wanted.get(line_id, everything) - cancelled - intercepting
        gone = line.shipped + (line.waiting - cancelled - intercepting)
        lines.append(
            LineAnswer(line_id=line_id, cancelled=cancelled, intercepting=intercepting, too_late=min(rest, gone))
        )
    event = None
    if units := {line.line_id: line.cancelled for line in lines if line.cancelled}:
        event = NodeEvent(
            event_id=event_id,
            fulfillment_order_id=order.fulfillment_order_id,
            type=Type.REJECTED if reroute else Type.CANCELLED,
            occur_time=now,
            units=units,
            message=reason,
        )
        order, event = apply(order, event)
    if any(line.intercepting for line in lines) and not reported_since:
        order = order.settled(RequestStatus.CANCELLATION_REQUESTED)
    return Outcome(order=_rerouting(order, lines, reroute=reroute), event=event, lines=tuple(lines))


def _rerouting(order: FulfillmentOrder, lines: Sequence[LineAnswer], *, reroute: bool) -> FulfillmentOrder:
    """Return the order with only such units still to be rerouted as the node may yet stop.

    Asked to reroute, it was noted for all units before the node was asked; asked to cancel, the customer's wish counts.
    """
    left = dict(order.rerouting)
    for line in lines:
        noted = left.get(line.line_id, 0)
        if reroute:
            left[line.line_id] = min(noted, order.line(line.line_id).waiting)
        else:
            left[line.line_id] = max(0, noted - line.intercepting)
    return replace(order, rerouting={line_id: units for line_id, units in left.items() if units})

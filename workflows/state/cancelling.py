"""How the units of a cancellation can be had: at once, by asking nodes, or not at all."""

from collections.abc import Iterable, Mapping, Sequence

from workflows.state.order_steps import CallBack, CancellationPlan
from workflows.state.units import Line, RightToUnits, Units, Work


def plan_cancellation(
    wanted: Mapping[str, int],
    lines: Mapping[str, Line],
    ready: Sequence[Work],
    working: Iterable[Work],
    confirmed: Mapping[tuple[str, str], int],
) -> CancellationPlan:
    """Give every unit that is wanted exactly one answer. The easiest go first: open, backordered, reserved, at nodes.

    `wanted` is a quantity for each line (0: all of it), everything where empty; `confirmed` are units, by fulfillment
    order and line, that a node has said it will not ship and has not given back yet.
    """
    at_work = list(working)
    opened: list[Units] = []
    waiting: list[Units] = []
    rights: list[RightToUnits] = []
    asked: dict[str, list[Units]] = {}
    before: dict[str, int] = {}
    late: dict[str, int] = {}
    for line_id, line in lines.items():
        if wanted and line_id not in wanted:
            continue
        left = wanted.get(line_id, 0) or line.ordered
        for room, found in ((line.open, opened), (line.backordered, waiting)):
            taken = min(left, room)
            left -= taken
            if taken:
                found.append(Units(line_id, line.sku, taken))
        for right in (right for work in ready for right in work.lines if right.line_id == line_id):
            taken = min(left, right.quantity)
            left -= taken
            if taken:
                rights.append(RightToUnits(line_id, line.sku, taken, right.reservation_id))
        for work in at_work:
            taken = min(left, work.units_of(line_id) - confirmed.get((work.fulfillment_order_id, line_id), 0))
            left -= taken
            if taken:
                asked.setdefault(work.fulfillment_order_id, []).append(Units(line_id, line.sku, taken))
        called_off = sum(units for (_, confirmed_line), units in confirmed.items() if confirmed_line == line_id)
        before[line_id] = min(left, line.cancelled + called_off)
        late[line_id] = left - before[line_id]
    return CancellationPlan(
        open=tuple(opened),
        backordered=tuple(waiting),
        reserved=tuple(rights),
        call_backs=tuple(CallBack(fulfillment_order_id, tuple(units)) for fulfillment_order_id, units in asked.items()),
        cancelled_before=before,
        too_late=late,
    )

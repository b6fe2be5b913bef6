"""What a change does to the units of an order: taken off their plan, asked back, added, or moved to another order.

These are functions over `OrderState`, which knows where the units are. The shell in `workflows/order_changes.py` asks
them what to do, has it done, and then tells them that it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workflows.state.cancelling import plan_cancellation
from workflows.state.order import Hold, OrderState
from workflows.state.order_steps import CallBack, CancellationPlan
from workflows.state.units import Line, RightToUnits, Units


@dataclass(frozen=True, slots=True)
class PutBack:
    """Units that are to be OPEN again: rights to be given back, and backorders to be closed, of whole lines."""

    reserved: tuple[RightToUnits, ...]
    backordered: tuple[Units, ...]


def free(order: OrderState, line_id: str) -> int:
    """Return the units of a line that no node has."""
    line = order.lines[line_id]
    return line.open + line.backordered + line.reserved


def cancelled(order: OrderState, line_id: str) -> int:
    """Return the units of a line that are cancelled, those included that a node called off and has not given back."""
    called_off = sum(units for (_, confirmed_line), units in order.confirmed.items() if confirmed_line == line_id)
    return order.lines[line_id].cancelled + called_off


def alive(order: OrderState, line_id: str) -> int:
    """Return the units of a line that are not cancelled."""
    return order.lines[line_id].ordered - cancelled(order, line_id)


def reduction(order: OrderState, line_ids: Sequence[str], less: int) -> dict[str, int]:
    """Return how many units of which of these lines go, where so many are to go: what was added last goes first."""
    wanted: dict[str, int] = {}
    for line_id in reversed(line_ids):
        taken = min(less, alive(order, line_id))
        less -= taken
        if taken:
            wanted[line_id] = taken
    return wanted


def plan_reduction(order: OrderState, wanted: Mapping[str, int]) -> CancellationPlan:
    """Return how units that are not cancelled yet can be: what was cancelled before counts for nothing."""
    if not wanted:
        return CancellationPlan((), (), (), (), {}, {})
    plan = plan_cancellation(wanted, order.lines, order.ready, order.working.values(), order.confirmed)
    late = {line_id: units + plan.cancelled_before[line_id] for line_id, units in plan.too_late.items()}
    return replace(plan, cancelled_before=dict.fromkeys(late, 0), too_late=late)


def plan_put_back(order: OrderState, line_ids: Iterable[str]) -> PutBack:
    """Return what has to be given back so that the units of these lines that no node has are all OPEN."""
    chosen = set(line_ids)
    return PutBack(
        reserved=tuple(right for work in order.ready for right in work.lines if right.line_id in chosen),
        backordered=tuple(
            Units(line_id, line.sku, line.backordered)
            for line_id, line in order.lines.items()
            if line_id in chosen and line.backordered
        ),
    )


def put_back(order: OrderState, plan: PutBack) -> None:
    """Take note that these units are OPEN."""
    for right in plan.reserved:
        order.lines[right.line_id].reserved -= right.quantity
        order.lines[right.line_id].open += right.quantity
    for units in plan.backordered:
        order.lines[units.line_id].backordered -= units.quantity
        order.lines[units.line_id].open += units.quantity
    order.ready = [rest for work in order.ready if (rest := work.without(plan.reserved)).lines]
    if not any(line.backordered for line in order.lines.values()):
        order.patience.over()
    order.changes += 1


def ask_backs(order: OrderState) -> tuple[CallBack, ...]:
    """Return what nodes have and may still leave alone, by fulfillment order."""
    asks = []
    for work in order.working.values():
        units = []
        for line_id in dict.fromkeys(right.line_id for right in work.lines):
            key = (work.fulfillment_order_id, line_id)
            left = work.units_of(line_id) - order.confirmed.get(key, 0)
            if left > 0:
                units.append(Units(line_id, order.lines[line_id].sku, left))
        if units:
            asks.append(CallBack(work.fulfillment_order_id, tuple(units)))
    return tuple(asks)


def asking_back(order: OrderState, ask: CallBack) -> None:
    """Take note, before a node is asked, that what it rejects from now on it was asked for: that is no refusal."""
    for units in ask.units:
        order.asked_back[ask.fulfillment_order_id, units.line_id] = units.quantity


def answered(order: OrderState, ask: CallBack, taken: Sequence[Units], intercepting: Sequence[Units]) -> None:
    """Take note of what a node will leave alone, and of what it tries to; some of it may be home by now."""
    stopped = {units.line_id: units.quantity for units in taken}
    trying = {units.line_id: units.quantity for units in intercepting}
    for units in ask.units:
        key = (ask.fulfillment_order_id, units.line_id)
        if key not in order.asked_back:
            continue  # its process has ended: everything is home
        home = units.quantity - order.asked_back[key]
        got = stopped.get(units.line_id, 0)
        order.asked_back[key] = max(0, got + trying.get(units.line_id, 0) - home)
        order.returning[key] = max(0, got - home)


def added(order: OrderState, line_id: str, sku: str, quantity: int) -> None:
    """Take note of a line more; the same one again changes nothing."""
    if line_id not in order.lines:
        order.lines[line_id] = Line(sku, quantity, quantity)
        order.changes += 1


def moved_out(order: OrderState, quantities: Mapping[str, int]) -> None:
    """Take note that OPEN units are another order's now."""
    for line_id, quantity in quantities.items():
        order.lines[line_id].open -= quantity
        order.lines[line_id].ordered -= quantity
    order.changes += 1


def is_untouched(order: OrderState) -> bool:
    """Tell whether no node has, or ever had to keep, a unit of the order, and none was cancelled."""
    return all(free(order, line_id) == line.ordered for line_id, line in order.lines.items())


def handed_over(order: OrderState) -> None:
    """Take note that all of the order, which is OPEN, is part of another one: nothing of it is paid back."""
    for line in order.lines.values():
        line.cancelled += line.open
        line.open = 0
    order.changes += 1


def pinned(order: OrderState, line_ids: Iterable[str], node_id: str) -> None:
    """Take note that only this node is to ship these lines; any where it is empty."""
    for line_id in line_ids:
        order.lines[line_id].node = node_id
        # Whoever names a node wants it asked, whatever it has refused before.
        order.skipped.discard((node_id, order.lines[line_id].sku))
    order.changes += 1


def replanned(order: OrderState, holds: Iterable[Hold], now: datetime) -> None:
    """Take note that what is open is to be planned with other facts: at once, unless it is held."""
    for hold in holds:
        if hold.hold_id not in order.resolved:
            order.hold_placed(hold)
    order.patience.told(now)
    order.changes += 1

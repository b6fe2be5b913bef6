"""What units cost by a decision, so that a move can be said to cost more or less. Nobody is charged by it."""

from collections.abc import Iterable, Mapping

from google.type.money_pb2 import Money

from oms.routing.v1.decision_pb2 import Assignment, Decision
from services.kernel.money import exponent

_NANOS = 1_000_000_000


class OtherCurrencyError(Exception):
    """The amounts are not in one currency."""


def cost_of(decisions: Iterable[Decision], units: Mapping[str, int], *, node_id: str = "") -> Money | None:
    """Return what these units of lines cost by the decisions that planned them, the newest first.

    Each unit is charged to the newest decision that has it. Of what a decision costs as a whole (splits, lateness) each
    of its units has an equal part. None where not all units are found, or amounts are in several currencies.
    """
    left, cost, currency = dict(units), 0, ""
    for decision in decisions:
        try:
            cost += _taken(decision, left, node_id)
        except OtherCurrencyError:
            return None
        if currency and decision.total_cost.currency_code != currency:
            return None
        currency = decision.total_cost.currency_code
        for line in decision.unplanned_lines:
            left[line.line_id] = left.get(line.line_id, 0) - line.quantity
        if not any(quantity > 0 for quantity in left.values()):
            return money(cost, currency) if currency else None
    return None


def difference(after: Money, before: Money) -> Money | None:
    """Return how much more `after` is; None where that cannot be said."""
    if after.currency_code != before.currency_code:
        return None
    return money(_nanos(after) - _nanos(before), after.currency_code)


def part(amount: Money, units: int, of: int) -> Money:
    """Return the part of an amount that belongs to so many of its units."""
    return money(_nanos(amount) * units // of, amount.currency_code)


def money(nanos: int, currency_code: str) -> Money:
    """Return an amount, rounded to what the currency has."""
    step: int = _NANOS // 10 ** exponent(currency_code)
    rounded = (abs(nanos) + step // 2) // step * step
    sign = -1 if nanos < 0 else 1
    return Money(currency_code=currency_code, units=sign * (rounded // _NANOS), nanos=sign * (rounded % _NANOS))


def _taken(decision: Decision, left: dict[str, int], node_id: str) -> int:
    """Return what the units cost that this decision has, and take them off what is left."""
    currency = decision.total_cost.currency_code
    own = {one.node_id: _own_cost(one, currency) for one in decision.assignments}
    everything = sum(line.quantity for one in decision.assignments for line in one.lines)
    shared = _nanos(decision.total_cost) - sum(own.values())
    cost = 0
    for assignment in decision.assignments:
        if node_id and assignment.node_id != node_id:
            continue
        its_units = taken = 0
        for line in assignment.lines:
            some = max(0, min(line.quantity, left.get(line.line_id, 0)))
            left[line.line_id] = left.get(line.line_id, 0) - some
            its_units += line.quantity
            taken += some
        if taken:
            cost += own[assignment.node_id] * taken // its_units + shared * taken // everything
    return cost


def _own_cost(assignment: Assignment, currency: str) -> int:
    amounts = [term.amount for term in assignment.terms] or [assignment.shipping_cost, assignment.handling_cost]
    if any(amount.currency_code not in {"", currency} for amount in amounts):
        raise OtherCurrencyError
    return sum(map(_nanos, amounts))


def _nanos(amount: Money) -> int:
    total: int = amount.units * _NANOS + amount.nanos
    return total

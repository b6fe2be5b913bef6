"""How commands show a decision: in words, as a map of bars, and as tables of what was looked at."""

from collections.abc import Sequence

from google.type.money_pb2 import Money

from oms.routing.v1.decision_pb2 import Candidate, Decision
from services.cli_output import out, table
from services.routing.cli_words import amount, distance, when

# The longest bar, and as many nodes as a screen takes.
_WIDTH, _MOST_NODES = 40, 40


def show(decision: Decision) -> None:
    """Show who ships what, and every node that was looked at."""
    out.print(decision.explanation, markup=False, highlight=False)
    _assignments(decision)
    _candidates(decision)
    _last_line(decision)


def show_explained(decision: Decision, sentences: Sequence[str]) -> None:
    """Show everything that decided: in sentences, as a map, by node, service, cost and strategy."""
    out.print(decision.explanation, markup=False, highlight=False)
    for sentence in sentences:
        out.print(f"• {sentence}", markup=False, highlight=False)
    _map(decision)
    _assignments(decision)
    _candidates(decision)
    services = [
        (
            one.node_id,
            f"{it.carrier_code} {it.service_code}",
            it.reason,
            _money(it.cost),
            when(it.promise_time) if it.HasField("promise_time") else "–",
        )
        for one in decision.assignments
        for it in one.services
    ]
    table("Services", ("node", "service", "reason", "cost", "promised"), services)
    costs = [(one.node_id, term.name, _money(term.amount)) for one in decision.assignments for term in one.terms]
    costs += [("in all", term.name, _money(term.amount)) for term in decision.terms]
    table("Cost", ("node", "for", "amount"), costs)
    trials = [
        ("●" if one.chosen else "", one.strategy, one.reason, one.explanation, _money(one.total_cost), one.shipments)
        for one in decision.trials
    ]
    table("Strategies", ("", "strategy", "reason", "in words", "cost", "shipments"), trials)
    _last_line(decision)


def _map(decision: Decision) -> None:
    """Draw a bar for each node, as long as it is far; the nearest first, nodes without a distance last."""
    nodes = sorted(decision.candidates, key=lambda one: (not one.distance_km, one.distance_km, one.node_id))
    farthest = max((one.distance_km for one in nodes), default=0.0)
    shown = [one for place, one in enumerate(nodes) if one.chosen or place < _MOST_NODES]
    rows = [
        ("●" if one.chosen else "", one.node_id, _bar(one, farthest), distance(one.distance_km), _with(decision, one))
        for one in shown
    ]
    title = "Map: from the destination, which is on the left"
    if len(shown) < len(nodes):
        title += f" ({len(nodes) - len(shown)} nodes more)"
    table(title, ("", "node", "how far", "distance", "plan with it"), rows)


def _bar(one: Candidate, farthest: float) -> str:
    length = max(1, round(_WIDTH * one.distance_km / farthest)) if one.distance_km else 0
    return ("█" if one.chosen else "░" if one.available_quantity else "·") * length


def _with(decision: Decision, one: Candidate) -> str:
    if one.chosen:
        return amount(decision.total_cost)
    return _money(one.total_cost_with) if one.HasField("total_cost_with") else "–"


def _assignments(decision: Decision) -> None:
    rows = [
        (
            one.node_id,
            ", ".join(f"{line.quantity} × {line.sku}" for line in one.lines),
            f"{one.carrier_code} {one.service_code}",
            when(one.promise_time),
            distance(one.distance_km),
            amount(one.shipping_cost),
            amount(one.handling_cost),
        )
        for one in decision.assignments
    ]
    table("Plan", ("node", "ships", "by", "promised", "distance", "shipping", "handling"), rows)
    if decision.unplanned_lines:
        missing = [(one.line_id, one.quantity, one.sku, one.reason) for one in decision.unplanned_lines]
        table("Not planned", ("line", "units", "sku", "reason"), missing)


def _candidates(decision: Decision) -> None:
    rows = [
        (
            one.node_id,
            one.reason,
            one.explanation,
            distance(one.distance_km),
            one.available_quantity,
            amount(one.shipping_cost),
            amount(one.handling_cost),
            _with(decision, one),
        )
        for one in decision.candidates
    ]
    columns = ("node", "reason", "in words", "distance", "units", "shipping", "handling", "plan with it")
    table("Candidates", columns, rows)


def _last_line(decision: Decision) -> None:
    rules = f"rules {decision.rule_version}, inputs {decision.inputs_digest[:12]}, {when(decision.create_time)}"
    out.print(f"{decision.decision_id}: {amount(decision.total_cost)} in all, {rules}", markup=False, highlight=False)


def _money(message: Money) -> str:
    return amount(message) if message.currency_code else "–"

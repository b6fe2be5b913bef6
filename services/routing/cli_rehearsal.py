"""`oms route replay`, `oms route rules simulate` and `shadow-report`: what would have been otherwise."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from google.type.money_pb2 import Money
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.rehearsal_pb2 import Comparison, Tally
from services.cli_output import AsJson, emit, err, out, request_id, table
from services.kernel.clock import SystemClock
from services.routing import cli_decisions, cli_rules
from services.routing.cli_words import amount, ask, when
from services.routing.wire_value import to_money

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST_NODES = 30
_LEFT = {"PARK": "units parked", "HOLD": "units held", "BACKORDER": "units backordered"}


def add_to(app: typer.Typer, rules: typer.Typer) -> None:
    """Add the commands of rehearsals to those of routing and of its rules."""
    app.command(epilog="Example: oms route replay dec_01J… --now --without dc-west")(replay)
    rules.command(epilog="Example: oms route rules simulate us-parcel@4 --since 30d --against us-parcel@3")(simulate)
    rules.command("shadow-report", epilog="Example: oms route rules shadow-report us-parcel")(shadow_report)


def replay(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION_ID", help="The decision.")],
    *,
    now: Annotated[bool, typer.Option("--now", help="With the stock and the network of now.")] = False,
    rules: Annotated[str, typer.Option(metavar="ID@VERSION", help="By these rules instead of its own.")] = "",
    without: Annotated[list[str] | None, typer.Option(metavar="NODE", help="Without this node; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a decision again, and show what is different. Changes nothing."""
    request = rpc.ReplayDecisionRequest(decision_id=decision_id, rule_version=rules, excluded_node_ids=without or ())
    if now:
        request.stock = rpc.ReplayDecisionRequest.STOCK_NOW
    answer = ask(lambda stub: stub.ReplayDecision(request))

    def render() -> None:
        for line in answer.differences or ["It is the same to the last detail."]:
            out.print(f"• {line}", markup=False, highlight=False)
        cli_decisions.show(answer.replayed)

    emit(answer, as_json=as_json, render=render)


def simulate(
    rules: Annotated[str, typer.Argument(metavar="ID@VERSION|FILE", help="A version, or a file that is not saved.")],
    *,
    since: Annotated[str, typer.Option(help="How far back, such as 12h, 30d or 8w.")] = "30d",
    most: Annotated[int, typer.Option("--max", min=1, max=100_000, help="So many orders at most, the newest.")] = 1000,
    against: Annotated[
        str, typer.Option(metavar="ID@VERSION", help="Held against this version; else what is active.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Plan past orders by a rule set and by another, and show what would have been different."""
    request = rpc.SimulateRuleSetRequest(request_id=request_id(), baseline_version=against, max_orders=most)
    request.start_time.FromDatetime(SystemClock().now() - _span(since))
    if Path(rules).is_file():
        request.rule_set.CopyFrom(cli_rules.read(Path(rules), as_json=as_json))
    else:
        request.rule_set_id, request.version = cli_rules.parts(rules)
    answer = ask(lambda stub: _simulate(stub, request))
    emit(answer, as_json=as_json, render=lambda: _show_simulation(answer))


def shadow_report(
    rules: Annotated[str, typer.Argument(metavar="ID[@VERSION]", help="The version in shadow where none is named.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a version in shadow would have done with the orders since."""
    rule_set_id, number = cli_rules.parts(rules) if "@" in rules else (rules, 0)
    request = rpc.GetShadowReportRequest(rule_set_id=rule_set_id, version=number)
    answer = ask(lambda stub: stub.GetShadowReport(request))

    def render() -> None:
        typer.echo(f"{answer.comparison.rule_version} in shadow since {when(answer.start_time)}")
        _show(answer.comparison)

    emit(answer, as_json=as_json, render=render)


async def _simulate(
    stub: "RoutingServiceAsyncStub", request: rpc.SimulateRuleSetRequest
) -> rpc.SimulateRuleSetResponse:
    answer = rpc.SimulateRuleSetResponse()
    columns = TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("simulating", total=None)
        async for answer in stub.SimulateRuleSet(request):
            progress.update(task, completed=answer.done, total=answer.total)
    return answer


def _show_simulation(answer: rpc.SimulateRuleSetResponse) -> None:
    _show(answer.simulation.comparison)
    typer.echo(f"{answer.simulation.simulation_id}: name it in `oms route rules review`")


def _show(one: Comparison) -> None:
    tried, baseline = one.tally, one.baseline
    share = f" ({100 * one.changed_orders / one.orders:.1f} %)" if one.orders else ""
    other = one.baseline_version or "what is active"
    orders = f"{one.orders} {'order' if one.orders == 1 else 'orders'}"
    typer.echo(f"{orders} by {one.rule_version} and by {other}; {one.changed_orders} change{share}")
    rows: list[tuple[str, Callable[[Tally], object]]] = [
        ("cost", lambda it: amount(it.cost)),
        ("shipping", lambda it: amount(it.shipping_cost)),
        ("shipments", lambda it: it.shipments),
        ("split orders", lambda it: it.split_orders),
        ("orders with units left", lambda it: it.unplanned_orders),
        ("days to delivery, on average", lambda it: f"{it.average_delivery_days:.2f}"),
        ("late orders", lambda it: it.late_orders),
        *[(_LEFT.get(action, action), _fallback(action)) for action in _keys(tried, baseline)],
    ]
    table("Outcome", ("", other, one.rule_version), [(name, show(baseline), show(tried)) for name, show in rows])
    loads = sorted(
        {*tried.node_shipments, *baseline.node_shipments},
        key=lambda node_id: (-max(tried.node_shipments[node_id], baseline.node_shipments[node_id]), node_id),
    )
    nodes = [
        (node_id, baseline.node_shipments[node_id], tried.node_shipments[node_id]) for node_id in loads[:_MOST_NODES]
    ]
    table("Shipments by node", ("node", other, one.rule_version), nodes)
    changes = [
        (it.order_id, it.baseline_plan, it.plan, _more(it.cost_difference), f"{it.days_difference:+.1f}")
        for it in one.changes
    ]
    table("Orders that change most", ("order", other, one.rule_version, "cost", "days"), changes)
    strategies = [(it.profile, it.strategy or "none", it.orders) for it in one.strategies]
    table("Coverage", ("profile", "strategy", "orders"), [*strategies, ("no profile fits", "", one.uncovered_orders)])
    if one.uncovered_order_ids:
        typer.echo(f"uncovered: {', '.join(one.uncovered_order_ids[:10])}")
    if one.failed_orders:
        table(f"{one.failed_orders} orders in which an expression failed", ("what",), [(it,) for it in one.failures])


def _keys(tried: Tally, baseline: Tally) -> Iterable[str]:
    return sorted({*tried.fallback_units, *baseline.fallback_units})


def _fallback(action: str) -> Callable[[Tally], object]:
    return lambda it: it.fallback_units.get(action, 0)


def _more(message: Money) -> str:
    money = to_money(message, "USD")
    return f"+{money}" if money.minor > 0 else str(money)


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a number with m, h, d or w, such as 30d", param_hint="--since")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})

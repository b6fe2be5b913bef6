"""`oms route`: the network, plans, and the reasons of decisions."""

from typing import Annotated

import typer

from oms.common.v1.address_pb2 import Destination
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.decision_pb2 import Decision
from services.cli_output import AsJson, emit, out, request_id, table
from services.kernel import ids
from services.routing import cli_nodes
from services.routing.cli_words import amount, ask, distance, when
from services.routing.domain.demand import ServiceLevel, Strategy

app = typer.Typer(
    help="Routing: the network of nodes, plans, and why they are as they are.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.add_typer(cli_nodes.app, name="nodes")
GROUPS = {"route": app}


@app.command(epilog="Example: oms route plan --sku TEE-BLK-M=2 --sku MUG=1 --to US:10001 --strategy NEAREST")
def plan(
    *,
    sku: Annotated[list[str], typer.Option(help="What and how many, as SKU=QUANTITY; as often as needed.")],
    to: Annotated[str, typer.Option(help="Country and postal code, such as US:10001, GB:SW1A 1AA or BR.")],
    strategy: Annotated[Strategy, typer.Option(help="What to try hardest.")] = Strategy.LEAST_COST,
    level: Annotated[ServiceLevel, typer.Option(help="How fast.")] = ServiceLevel.STANDARD,
    exclude: Annotated[list[str] | None, typer.Option(help="NODE or NODE=SKU to leave out; repeatable.")] = None,
    complete: Annotated[bool, typer.Option("--complete", help="Ship everything or nothing.")] = False,
    order: Annotated[str, typer.Option(help="The order that it is for.")] = "what-if",
    as_json: AsJson = False,
) -> None:
    """Plan who would ship something now. The decision is recorded; nothing is reserved."""
    country, _, postal_code = to.partition(":")
    request = rpc.PlanOrderRequest(
        request_id=request_id(),
        order_id=order,
        lines=[_line(number, text) for number, text in enumerate(sku, start=1)],
        destination=Destination(country_code=country.strip().upper(), postal_code=postal_code.strip()),
        service_level=level.value,
        exclusions=[_exclusion(text) for text in exclude or ()],
        strategy=rpc.PlanOrderRequest.Strategy.Value(f"STRATEGY_{strategy.value}"),
        ship_complete=complete,
    )
    answer = ask(lambda stub: stub.PlanOrder(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.decision))


@app.command(epilog="Examples: oms route explain ord_01J…   ·   oms route explain dec_01J… --json")
def explain(
    subject: Annotated[str, typer.Argument(metavar="ORDER_OR_DECISION_ID", help="For an order: its newest decision.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say who ships what, and why every other node does not."""
    if ids.is_id(subject, ids.DECISION):
        found = ask(lambda stub: stub.GetDecision(rpc.GetDecisionRequest(decision_id=subject)))
    else:
        newest = ask(lambda stub: stub.ListDecisions(rpc.ListDecisionsRequest(order_id=subject, page_size=1)))
        if not newest.decisions:
            typer.echo(f"There is no decision for order {subject!r}.", err=True)
            raise typer.Exit(1)
        found = rpc.GetDecisionResponse(decision=newest.decisions[0])
    emit(found, as_json=as_json, render=lambda: _show(found.decision))


def _line(number: int, text: str) -> rpc.PlanLine:
    sku, _, quantity = text.rpartition("=")
    if not sku or not (quantity.isascii() and quantity.isdigit()) or not 0 < int(quantity) <= 1_000_000_000:
        raise typer.BadParameter(f"{text!r} is not SKU=QUANTITY, such as TEE-BLK-M=2", param_hint="--sku")
    return rpc.PlanLine(line_id=f"line-{number}", sku=sku, quantity=int(quantity))


def _exclusion(text: str) -> rpc.Exclusion:
    node_id, _, sku = text.partition("=")
    return rpc.Exclusion(node_id=node_id, sku=sku)


def _show(decision: Decision) -> None:
    out.print(decision.explanation, markup=False, highlight=False)
    assignments = [
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
    table("Plan", ("node", "ships", "by", "promised", "distance", "shipping", "handling"), assignments)
    if decision.unplanned_lines:
        missing = [(one.line_id, one.quantity, one.sku, one.reason) for one in decision.unplanned_lines]
        table("Not planned", ("line", "units", "sku", "reason"), missing)
    candidates = [
        (
            one.node_id,
            one.reason,
            one.explanation,
            distance(one.distance_km),
            one.available_quantity,
            amount(one.shipping_cost),
            amount(one.handling_cost),
        )
        for one in decision.candidates
    ]
    table("Candidates", ("node", "reason", "in words", "distance", "units", "shipping", "handling"), candidates)
    rules = f"rules {decision.rule_version}, inputs {decision.inputs_digest[:12]}, {when(decision.create_time)}"
    out.print(f"{decision.decision_id}: {amount(decision.total_cost)} in all, {rules}", markup=False, highlight=False)

"""`oms route`: the network, plans, and the reasons of decisions."""

from typing import Annotated

import typer

from oms.common.v1.address_pb2 import Destination
from oms.routing.v1 import routing_service_pb2 as rpc
from services.cli_output import AsJson, emit, request_id
from services.kernel import ids
from services.routing import cli_decisions, cli_network, cli_nodes, cli_outages, cli_promises, cli_rehearsal, cli_rules
from services.routing.cli_words import ask, plan_line
from services.routing.domain.demand import Method, ServiceLevel

app = typer.Typer(
    help="Routing: the network of nodes, plans, and why they are as they are.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.add_typer(cli_nodes.app, name="nodes")
cli_outages.add_to(app)
app.add_typer(cli_promises.app, name="promise")
app.add_typer(cli_network.calendars, name="calendars")
app.add_typer(cli_network.carriers, name="carriers")
app.add_typer(cli_network.products, name="products")
app.add_typer(cli_rules.app, name="rules")
cli_rehearsal.add_to(app, cli_rules.app)
GROUPS = {"route": app}


@app.command(epilog="Example: oms route plan --sku TEE-BLK-M=2 --sku MUG=1 --to US:10001 --strategy NEAREST")
def plan(
    *,
    sku: Annotated[list[str], typer.Option(help="What and how many, as SKU=QUANTITY; as often as needed.")],
    to: Annotated[str, typer.Option(help="Country and postal code, such as US:10001, GB:SW1A 1AA or BR.")],
    strategy: Annotated[Method | None, typer.Option(help="How to search, whatever the rules say.")] = None,
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
        lines=[plan_line(number, text) for number, text in enumerate(sku, start=1)],
        destination=Destination(country_code=country.strip().upper(), postal_code=postal_code.strip()),
        service_level=level.value,
        exclusions=[_exclusion(text) for text in exclude or ()],
        strategy=rpc.PlanOrderRequest.Strategy.Value(f"STRATEGY_{strategy.value if strategy else 'UNSPECIFIED'}"),
        ship_complete=complete,
    )
    answer = ask(lambda stub: stub.PlanOrder(request))
    emit(answer, as_json=as_json, render=lambda: cli_decisions.show(answer.decision))


@app.command(epilog="Examples: oms route explain ord_01J…   ·   oms route explain dec_01J… --json")
def explain(
    subject: Annotated[str, typer.Argument(metavar="ORDER_OR_DECISION_ID", help="For an order: its newest decision.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say who ships what, and why every other node does not, with what it would have cost."""
    if ids.is_id(subject, ids.DECISION):
        decision_id = subject
    else:
        newest = ask(lambda stub: stub.ListDecisions(rpc.ListDecisionsRequest(order_id=subject, page_size=1)))
        if not newest.decisions:
            typer.echo(f"There is no decision for order {subject!r}.", err=True)
            raise typer.Exit(1)
        decision_id = newest.decisions[0].decision_id
    answer = ask(lambda stub: stub.ExplainDecision(rpc.ExplainDecisionRequest(decision_id=decision_id)))
    emit(answer, as_json=as_json, render=lambda: cli_decisions.show_explained(answer.decision, answer.sentences))


def _exclusion(text: str) -> rpc.Exclusion:
    node_id, _, sku = text.partition("=")
    return rpc.Exclusion(node_id=node_id, sku=sku)

"""`oms route off|on|outage|outages`: what is off, and what became of the work there."""

from typing import Annotated

import typer
from google.type.money_pb2 import Money as MoneyMessage

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.outage_pb2 import Outage, OutageWork
from services.cli_output import AsJson, emit, out, request_id, table
from services.routing.cli_words import amount, ask, when

off = typer.Typer(help="Switch a node or a carrier service off.", no_args_is_help=True, rich_markup_mode="rich")
on = typer.Typer(help="Switch a node or a carrier service on again.", no_args_is_help=True, rich_markup_mode="rich")

NodeId = Annotated[str, typer.Argument(help="The node's id.")]
Service = Annotated[str, typer.Argument(metavar="CARRIER/SERVICE", help="Such as sandbox/ground.")]
Reason = Annotated[str, typer.Option(help="Why; shown in decisions.")]
Replan = Annotated[bool, typer.Option("--replan", help="Also plan open work there again, by promise date.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(off, name="off")
    app.add_typer(on, name="on")
    app.command("outage", epilog="Example: oms route outage out_01KB3XJ8W6Q2V9T0R5M7N4C1ZD")(show)
    app.command("outages", epilog="Example: oms route outages --open")(show_all)


@off.command("node", epilog="Example: oms route off node store-austin --reason 'flooded until Monday' --replan")
def off_node(node_id: NodeId, *, reason: Reason, replan: Replan = False, as_json: AsJson = False) -> None:
    """Give a node no new work; with --replan, have others ship what it has not packed."""
    _switch(rpc.SwitchNetworkRequest(node_id=node_id, off=True, reason=reason, replan=replan), as_json=as_json)


@off.command("service", epilog="Example: oms route off service sandbox/ground --reason 'strike' --replan")
def off_service(service: Service, *, reason: Reason, replan: Replan = False, as_json: AsJson = False) -> None:
    """Use a carrier's service no more; with --replan, plan anew what has no label yet."""
    carrier_code, service_code = _service(service)
    request = rpc.SwitchNetworkRequest(
        carrier_code=carrier_code, service_code=service_code, off=True, reason=reason, replan=replan
    )
    _switch(request, as_json=as_json)


@on.command("node", epilog="Example: oms route on node store-austin")
def on_node(node_id: NodeId, *, as_json: AsJson = False) -> None:
    """Let a node get work again. What has not been taken back from it stays there."""
    _switch(rpc.SwitchNetworkRequest(node_id=node_id), as_json=as_json)


@on.command("service", epilog="Example: oms route on service sandbox/ground")
def on_service(service: Service, *, as_json: AsJson = False) -> None:
    """Use a carrier's service again."""
    carrier_code, service_code = _service(service)
    _switch(rpc.SwitchNetworkRequest(carrier_code=carrier_code, service_code=service_code), as_json=as_json)


def show(
    outage_id: Annotated[str, typer.Argument(help="The outage's id (out_…).")], *, as_json: AsJson = False
) -> None:
    """Show an outage and what became of the work there, by promise date, with what each move costs more."""
    found = ask(lambda stub: stub.GetOutage(rpc.GetOutageRequest(outage_id=outage_id)))
    emit(found, as_json=as_json, render=lambda: _show(found.outage))


def show_all(
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that last.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many rows.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List outages, newest first."""
    found = ask(lambda stub: stub.ListOutages(rpc.ListOutagesRequest(open_only=only_open, page_size=limit)))
    rows = [
        (one.outage_id, _what(one), one.reason, one.actor, when(one.start_time), _until(one)) for one in found.outages
    ]
    columns = ("outage", "what", "reason", "who", "since", "until")
    emit(found, as_json=as_json, render=lambda: table("Outages", columns, rows))


def _switch(request: rpc.SwitchNetworkRequest, *, as_json: bool) -> None:
    request.request_id = request_id()
    answer = ask(lambda stub: stub.SwitchNetwork(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.outage))


def _service(text: str) -> tuple[str, str]:
    carrier_code, _, service_code = text.partition("/")
    if not carrier_code or not service_code:
        raise typer.BadParameter(f"{text} is not CARRIER/SERVICE, such as sandbox/ground", param_hint="SERVICE")
    return carrier_code, service_code


def _show(outage: Outage) -> None:
    planned = "open work is planned again" if outage.replans else "open work stays"
    state = f"off since {when(outage.start_time)}, {_until(outage)}"
    out.print(f"{outage.outage_id}: {_what(outage)}, {state}: {outage.reason}", markup=False, highlight=False)
    out.print(f"switched by {outage.actor}; {planned}", markup=False, highlight=False)
    if not outage.works:
        return
    rows = [
        (
            when(work.promise_time) if work.HasField("promise_time") else "–",
            work.order_id,
            work.fulfillment_order_id,
            OutageWork.Outcome.Name(work.outcome).removeprefix("OUTCOME_").lower(),
            when(work.new_promise_time) if work.HasField("new_promise_time") else "–",
            _more(work.cost_difference),
            work.note,
        )
        for work in outage.works
    ]
    columns = ("promised", "order", "fulfillment order", "outcome", "promised now", "costs more", "in words")
    table("Work", columns, rows)
    if outage.HasField("cost_difference"):
        out.print(f"all together {_more(outage.cost_difference)}", markup=False, highlight=False)


def _what(outage: Outage) -> str:
    return f"node {outage.node_id}" if outage.node_id else f"service {outage.carrier_code}/{outage.service_code}"


def _until(outage: Outage) -> str:
    return f"until {when(outage.end_time)}" if outage.HasField("end_time") else "still off"


def _more(difference: MoneyMessage) -> str:
    """Show what it costs more, with its sign; nothing where that is not known."""
    if not difference.currency_code:
        return "–"
    shown = amount(difference)
    return f"+{shown}" if difference.units > 0 or difference.nanos > 0 else shown

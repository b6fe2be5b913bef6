"""`oms route promise`: when a cart can be there, and what became of what was said."""

from typing import Annotated

import typer

from oms.common.v1.address_pb2 import Destination
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.promise_pb2 import DeliveryOption, Promise
from services.cli_output import AsJson, emit, out, request_id, table
from services.routing.cli_words import amount, ask, plan_line, when
from services.routing.domain.demand import ServiceLevel

app = typer.Typer(help="Promises: when a cart can be there, by which option.", rich_markup_mode="rich")


@app.callback(
    invoke_without_command=True, epilog="Example: oms route promise --sku TEE-BLK-M=2 --to US:10001 --level NEXT_DAY"
)
def promise(
    context: typer.Context,
    *,
    sku: Annotated[
        list[str] | None, typer.Option(help="What and how many, as SKU=QUANTITY; as often as needed.")
    ] = None,
    to: Annotated[str, typer.Option(help="Country and postal code, such as US:10001, GB:SW1A 1AA or BR.")] = "",
    level: Annotated[list[ServiceLevel] | None, typer.Option(help="How fast; every level where not given.")] = None,
    pickup: Annotated[str, typer.Option(metavar="NODE", help="Also offer collecting at this node.")] = "",
    complete: Annotated[bool, typer.Option("--complete", help="Everything at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say when a cart can be there, by which option, at what cost. It is stored; nothing is reserved."""
    if context.invoked_subcommand is not None:
        return
    if not sku or not to:
        raise typer.BadParameter("say what and where to, such as --sku TEE-BLK-M=2 --to US:10001")
    country, _, postal_code = to.partition(":")
    request = rpc.PromiseDeliveryRequest(
        request_id=request_id(),
        lines=[plan_line(number, text) for number, text in enumerate(sku, start=1)],
        destination=Destination(country_code=country.strip().upper(), postal_code=postal_code.strip()),
        service_levels=[one.value for one in level or ()],
        pickup_node_id=pickup,
        ship_complete=complete,
    )
    answer = ask(lambda stub: stub.PromiseDelivery(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.promise))


@app.command("show", epilog="Example: oms route promise show prm_01KB3XJ8W6Q2V9T0R5M7N4C1ZD")
def show(
    promise_id: Annotated[str, typer.Argument(help="The promise's id (prm_…).")],
    *,
    version: Annotated[int, typer.Option(min=0, help="Another version than the newest.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show a promise, and every version that it has had."""
    found = ask(lambda stub: stub.GetPromise(rpc.GetPromiseRequest(promise_id=promise_id, version=version)))
    emit(found, as_json=as_json, render=lambda: _show_all(found))


def _show_all(found: rpc.GetPromiseResponse) -> None:
    _show(found.promise)
    rows = [
        (one.version, _cause(one), when(one.create_time), one.order_id or "–", one.decision_id or "–", one.note)
        for one in found.history
    ]
    table("Versions", ("version", "cause", "when", "order", "decision", "in words"), rows)


def _show(promise: Promise) -> None:
    rules = f"rules {promise.rule_version}, {when(promise.create_time)}"
    out.print(
        f"{promise.promise_id}, version {promise.version}, {_cause(promise)}: {rules}", markup=False, highlight=False
    )
    if promise.HasField("expire_time"):
        out.print(f"to be taken by {when(promise.expire_time)}", markup=False, highlight=False)
    rows = [
        (
            one.service_level,
            f"{when(one.earliest_dispatch_time)} – {when(one.latest_dispatch_time)}",
            f"{when(one.earliest_delivery_time)} – {when(one.latest_delivery_time)}",
            amount(one.cost),
            f"{one.confidence:.0%}" if one.confidence else "–",
            _parcels(one),
        )
        for one in promise.options
    ]
    table("Options", ("level", "leaves", "is there", "cost", "sure", "parcels"), rows)
    if promise.short_lines:
        short = [(one.line_id, one.quantity, one.sku) for one in promise.short_lines]
        table("Nobody can promise", ("line", "units", "sku"), short)


def _parcels(option: DeliveryOption) -> str:
    return "; ".join(
        f"{one.node_id} by {f'{one.carrier_code} {one.service_code}'.strip()}: "
        + ", ".join(
            f"{line.quantity} × {line.sku}"
            + (f" (from {when(line.available_time)})" if line.HasField("available_time") else "")
            for line in one.lines
        )
        for one in option.shipments
    )


def _cause(promise: Promise) -> str:
    return Promise.Cause.Name(promise.cause).removeprefix("CAUSE_").lower()

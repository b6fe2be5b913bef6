"""`oms order`, `oms hold`, `oms document` and `oms ingest`: orders in, and where they stand."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import Parse, ParseError
from rich.markup import escape

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.cancellation_pb2 import LineCancellation, LineQuantity
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_draft_pb2 import OrderDraft
from oms.intake.v1.order_pb2 import OrderStatus
from services.cli_output import AsJson, call, emit, err, out, print_json, request_id, run, table
from services.intake import cli_care, cli_imports, cli_screening
from services.intake.cli_changes import app as changes
from services.intake.cli_channels import app as channels
from services.intake.cli_documents import app as documents
from services.intake.cli_documents import ingest
from services.intake.cli_feed import app as feed
from services.intake.cli_holds import app as holds
from services.intake.cli_messages import app as messages
from services.intake.cli_pushes import app as pushes
from services.intake.cli_quarantine import app as quarantine
from services.intake.cli_render import (
    Key,
    Limit,
    OrderId,
    ask,
    event_row,
    order_rows,
    show_order,
    word,
)

app = typer.Typer(help="Orders: submit, look, follow, cancel.", no_args_is_help=True, rich_markup_mode="rich")
app.add_typer(changes, name="change")
cli_care.add_to(app)
cli_imports.add_to(app)
channels.add_typer(cli_screening.skus, name="skus")
channels.add_typer(cli_screening.locations, name="locations")
GROUPS = {
    "channel": channels,
    "quarantine": quarantine,
    "customer": cli_care.customers,
    "ownership": cli_care.ownership,
    "order": app,
    "hold": holds,
    "document": documents,
    "feed": feed,
    "message": messages,
    "push": pushes,
}
COMMANDS = (ingest,)

EVENT_COLUMNS = ("#", "When", "What", "Why", "Who", "Refers to")


@app.command(epilog="Examples: oms order submit order.json   ·   cat order.json | oms order submit -")
def submit(
    *,
    file: Annotated[str, typer.Argument(help="An OrderDraft as JSON; - for standard input.")],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Submit an order; the same order twice is one order."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        draft = Parse(text, OrderDraft())
    except (OSError, ValueError, ParseError) as error:
        err.print(f"{file} is not an OrderDraft in JSON: {error}", markup=False)
        raise typer.Exit(2) from None
    request = rpc.SubmitOrderRequest(request_id=key or request_id(), draft=draft)
    answer = ask(lambda stub: stub.SubmitOrder(request))
    emit(answer, as_json=as_json, render=lambda: show_order(answer.order, replayed=answer.replayed))


@app.command("list", epilog="Examples: oms order list --status ON_HOLD   ·   oms order list --sku TEE-BLK-M --json")
def list_orders(
    *,
    status: Annotated[list[str] | None, typer.Option(help="Only in this status; may be repeated.")] = None,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    region: Annotated[str, typer.Option(help="Only of this region: US, EU, UK or ROW.")] = "",
    sku: Annotated[str, typer.Option(help="Only with this SKU.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List orders, newest first."""
    request = rpc.ListOrdersRequest(
        channel=channel, statuses=[_status(name) for name in status or ()], region=region, sku=sku, page_size=limit
    )
    found = ask(lambda stub: stub.ListOrders(request))
    columns = ("Order", "Channel", "Number", "Status", "Units", "Region", "Total", "Accepted")
    emit(found, as_json=as_json, render=lambda: table("Orders", columns, order_rows(found.orders)))


@app.command(epilog="Example: oms order show ord_01…")
def show(*, order_id: OrderId, as_json: AsJson = False) -> None:
    """Show an order: lines, rooms, holds, money."""
    answer = ask(lambda stub: stub.GetOrder(rpc.GetOrderRequest(order_id=order_id)))
    emit(answer, as_json=as_json, render=lambda: show_order(answer.order))


@app.command(epilog="Example: oms order lookup shopify-us 5123456789")
def lookup(*, channel: str, external_id: str, as_json: AsJson = False) -> None:
    """Show the order that a channel knows by this id."""
    request = rpc.LookupOrderRequest(channel=channel, external_id=external_id)
    answer = ask(lambda stub: stub.LookupOrder(request))
    emit(answer, as_json=as_json, render=lambda: show_order(answer.order))


@app.command(epilog="Example: oms order timeline ord_01…")
def timeline(*, order_id: OrderId, limit: Limit = 500, as_json: AsJson = False) -> None:
    """Show everything that happened to an order, with who and why."""
    request = rpc.ListOrderEventsRequest(order_id=order_id, page_size=limit)
    found = ask(lambda stub: stub.ListOrderEvents(request))
    emit(found, as_json=as_json, render=lambda: table("Timeline", EVENT_COLUMNS, map(event_row, found.events)))


@app.command(epilog="Examples: oms order watch   ·   oms order watch --order ord_01… --from-now")
def watch(
    *,
    order_id: Annotated[str, typer.Option("--order", help="Only this order.")] = "",
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    after: Annotated[str, typer.Option(help="Only after the event with this cursor.")] = "",
    from_now: Annotated[bool, typer.Option(help="From now on, not from the beginning.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow what happens, until Ctrl-C."""
    request = rpc.WatchOrdersRequest(order_id=order_id, channel=channel, after_cursor=after, from_now=from_now)
    run(call(IntakeServiceStub, lambda settings: settings.intake_address, lambda stub: _follow(stub, request, as_json)))


@app.command(
    epilog="Examples: oms order cancel ord_01…   ·   oms order cancel ord_01… --line lin_01…=2 --reason 'wrong size'"
)
def cancel(
    *,
    order_id: OrderId,
    line: Annotated[list[str] | None, typer.Option(help="LINE or LINE=UNITS; everything where none is named.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the timeline.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Cancel an order, or units of it, and say what really happened."""
    request = rpc.CancelOrderRequest(
        request_id=key or request_id(), order_id=order_id, lines=[_units(one) for one in line or ()], reason=reason
    )
    answer = ask(lambda stub: stub.CancelOrder(request))
    columns = ("Line", "Outcome", "Cancelled", "Asked of a node", "Too late")
    rows = [
        (
            one.line_id,
            word(LineCancellation.Outcome, one.outcome),
            one.cancelled_quantity,
            one.intercepting_quantity,
            one.too_late_quantity,
        )
        for one in answer.lines
    ]
    emit(answer, as_json=as_json, render=lambda: table(f"Order {order_id}", columns, rows))


@app.command(epilog="Example: oms order count --channel shopify-us")
def count(*, channel: Annotated[str, typer.Option(help="Only of this channel.")] = "", as_json: AsJson = False) -> None:
    """Count orders by status."""
    answer = ask(lambda stub: stub.CountOrders(rpc.CountOrdersRequest(channel=channel)))
    rows = [(word(OrderStatus, row.status), row.order_count) for row in answer.counts]
    emit(answer, as_json=as_json, render=lambda: table("Orders", ("Status", "Orders"), rows))


async def _follow(stub: IntakeServiceStub, request: rpc.WatchOrdersRequest, as_json: bool) -> None:  # noqa: FBT001 - an option
    async for told in stub.WatchOrders(request):
        if as_json:
            from google.protobuf.json_format import MessageToDict

            print_json(MessageToDict(told, preserving_proto_field_name=True))
        else:
            number, moment, what, why, who, _ = (escape(str(cell)) for cell in event_row(told.event))
            status = word(OrderStatus, told.status)
            out.print(f"{moment} {told.event.order_id} #{number} {what} [dim]{why} ({who})[/dim] → {status}")


def _status(name: str) -> "OrderStatus.ValueType":
    try:
        return OrderStatus.Value(f"ORDER_STATUS_{name.upper().replace('-', '_')}")
    except ValueError:
        known = ", ".join(key.removeprefix("ORDER_STATUS_") for key in OrderStatus.keys()[1:])
        err.print(f"There is no status {name!r}. Choose of {known}.", markup=False)
        raise typer.Exit(2) from None


def _units(text: str) -> LineQuantity:
    line_id, _, quantity = text.partition("=")
    if quantity and not quantity.isdecimal():
        err.print(f"{text!r} is not LINE or LINE=UNITS.", markup=False)
        raise typer.Exit(2)
    return LineQuantity(line_id=line_id, quantity=int(quantity or 0))

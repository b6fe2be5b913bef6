"""`oms hold`: what waits, for whom, and lifting or confirming it."""

from typing import Annotated

import typer

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import Hold, HoldSpec, HoldType
from services.cli_output import AsJson, emit, err, request_id, table
from services.intake import cli_screening
from services.intake.cli_render import HOLD_COLUMNS, Key, Limit, OrderId, ask, hold_row

app = typer.Typer(help="Holds: reasons why an order must wait.", no_args_is_help=True, rich_markup_mode="rich")
app.add_typer(cli_screening.rules, name="rules")

Handle = Annotated[str, typer.Argument(help="The hold's handle on the order, such as payment.")]
Reason = Annotated[str, typer.Option(help="Why, for the timeline.")]


@app.command("list", epilog="Example: oms hold list --queue fraud")
def list_holds(
    *,
    queue: Annotated[str, typer.Option(help="Only of this queue.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List holds in force, those with the nearest deadline first."""
    found = ask(lambda stub: stub.ListHolds(rpc.ListHoldsRequest(owner_queue=queue, page_size=limit)))
    emit(found, as_json=as_json, render=lambda: table("Holds", HOLD_COLUMNS, map(hold_row, found.holds)))


@app.command(epilog="Example: oms hold place ord_01… risk --type HIGH_RISK_OF_FRAUD --note 'three cards tried'")
def place(
    *,
    order_id: OrderId,
    handle: Handle,
    hold_type: Annotated[str, typer.Option("--type", help="Why, such as CUSTOMER_REQUEST.")] = "OTHER",
    line: Annotated[str, typer.Option(help="The line it is on; the whole order where none is named.")] = "",
    queue: Annotated[str, typer.Option(help="Who must look at it; chosen by type where not named.")] = "",
    note: Annotated[str, typer.Option(help="What you want to say.")] = "",
    after: Annotated[list[str] | None, typer.Option(help="A hold to be resolved first; may be repeated.")] = None,
    approval: Annotated[list[str] | None, typer.Option(help="A queue that must agree; in order.")] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Place a hold; the same handle twice is one hold."""
    spec = HoldSpec(
        handle=handle,
        type=_type(hold_type),
        line_id=line,
        owner_queue=queue,
        note=note,
        after=after or (),
        approvals=approval or (),
    )
    request = rpc.PlaceHoldRequest(request_id=key or request_id(), order_id=order_id, hold=spec)
    answer = ask(lambda stub: stub.PlaceHold(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.hold))


@app.command(epilog="Example: oms hold release ord_01… payment --reason 'paid by bank transfer'")
def release(*, order_id: OrderId, handle: Handle, reason: Reason = "", key: Key = "", as_json: AsJson = False) -> None:
    """Lift a hold: what it held goes on."""
    _resolve(order_id, handle, reason, key, rejected=False, as_json=as_json)


@app.command(epilog="Example: oms hold approve ord_01… big-order --as finance --reason 'agreed by telephone'")
def approve(
    *,
    order_id: OrderId,
    handle: Handle,
    queue: Annotated[str, typer.Option("--as", help="The queue for which you agree.")],
    reason: Reason = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Agree to a hold that asks for approvals; the last approval lifts it."""
    _resolve(order_id, handle, reason, key, rejected=False, approve_as=queue, as_json=as_json)


@app.command(epilog="Example: oms hold reject ord_01… risk --reason 'stolen card'")
def reject(*, order_id: OrderId, handle: Handle, reason: Reason = "", key: Key = "", as_json: AsJson = False) -> None:
    """Confirm a hold: what it held is cancelled."""
    _resolve(order_id, handle, reason, key, rejected=True, as_json=as_json)


def _resolve(
    order_id: str, handle: str, reason: str, key: str, *, rejected: bool, as_json: bool, approve_as: str = ""
) -> None:
    request = rpc.ResolveHoldRequest(
        request_id=key or request_id(),
        order_id=order_id,
        handle=handle,
        rejected=rejected,
        reason=reason,
        approve_as=approve_as,
    )
    answer = ask(lambda stub: stub.ResolveHold(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.hold))


def _show(hold: Hold) -> None:
    table("", HOLD_COLUMNS, [hold_row(hold)])


def _type(name: str) -> "HoldType.ValueType":
    try:
        return HoldType.Value(f"HOLD_TYPE_{name.upper().replace('-', '_')}")
    except ValueError:
        known = ", ".join(key.removeprefix("HOLD_TYPE_") for key in HoldType.keys()[1:])
        err.print(f"There is no hold type {name!r}. Choose of {known}.", markup=False)
        raise typer.Exit(2) from None

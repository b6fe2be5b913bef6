"""`oms return` and `oms refund`: goods that come back, and the money that goes back for them."""

from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from oms.returns.v1 import returns_service_pb2 as rpc
from oms.returns.v1.return_pb2 import Disposition, Reimbursement, Return
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from services.cli_output import AsJson, call, emit, request_id, run, table
from services.returns.cli_words import amount, asked_lines, line_units, show_return, units, when, word

Answer = TypeVar("Answer")

app = typer.Typer(help="Returns: goods that come back.", no_args_is_help=True, rich_markup_mode="rich")
refunds = typer.Typer(help="Refunds: money that goes back.", no_args_is_help=True, rich_markup_mode="rich")
GROUPS = {"return": app, "refund": refunds}

Authorization = StrEnum(  # type: ignore[misc]
    "Authorization", [(name.removeprefix("AUTHORIZATION_"),) * 2 for name in Return.Authorization.keys()[1:]]
)
MoneyState = StrEnum("MoneyState", [(name.removeprefix("STATE_"),) * 2 for name in Reimbursement.State.keys()[1:]])  # type: ignore[misc]
Outcome = StrEnum("Outcome", [(name.removeprefix("DISPOSITION_"),) * 2 for name in Disposition.keys()[1:]])  # type: ignore[misc]

ReturnId = Annotated[str, typer.Argument(metavar="RETURN_ID", help="The return, ret_….")]
Reason = Annotated[str, typer.Option(help="Why.")]
RequestId = Annotated[
    str, typer.Option("--request-id", help="Your key for this request: with the same key it is once.")
]
Page = Annotated[str, typer.Option("--page", help="The page token that the page before ended with.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most this many.")]


@app.command(epilog="Example: oms return request ord_01J… --sku TEE-BLK-M=1 --reason 'too small'")
def request(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="The order, ord_….")],
    *,
    line: Annotated[list[str] | None, typer.Option(help="LINE_ID=UNITS; as often as needed.")] = None,
    sku: Annotated[list[str] | None, typer.Option(help="SKU=UNITS; as often as needed.")] = None,
    reason: Reason = "",
    node: Annotated[str, typer.Option(help="Where it should go; to where it came from if not given.")] = "",
    key: RequestId = "",
    as_json: AsJson = False,
) -> None:
    """Ask for a return. Within the return window it is authorized at once."""
    lines = run(asked_lines(order_id, by_line=line or (), by_sku=sku or (), reason=reason))
    message = rpc.RequestReturnRequest(request_id=key or request_id(), order_id=order_id, lines=lines, node_id=node)
    _changed(lambda stub: stub.RequestReturn(message), as_json=as_json)


@app.command("list", epilog="Examples: oms return list --authorization PENDING   ·   oms return list --order ord_01J…")
def list_returns(
    *,
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    authorization: Annotated[Authorization | None, typer.Option(help="Only those that are this.")] = None,
    limit: Limit = 50,
    page: Page = "",
    as_json: AsJson = False,
) -> None:
    """List returns, newest first."""
    message = rpc.ListReturnsRequest(
        order_id=order,
        authorization=Return.Authorization.Value(f"AUTHORIZATION_{authorization or 'UNSPECIFIED'}"),
        page_size=limit,
        page_token=page,
    )
    answer = _ask(lambda stub: stub.ListReturns(message))
    rows = [
        (
            one.return_id,
            one.order_id,
            word(Return.Authorization.Name(one.authorization)),
            word(Return.Reception.Name(one.reception)),
            units(one.lines),
            "closed" if one.closed else "open",
            when(one.create_time),
        )
        for one in answer.return_records
    ]
    columns = ("return", "order", "authorization", "reception", "units", "", "asked for")
    emit(answer, as_json=as_json, render=lambda: _page("Returns", columns, rows, answer.next_page_token))


@app.command(epilog="Example: oms return show ret_01J…")
def show(return_id: ReturnId, *, as_json: AsJson = False) -> None:
    """Show a return: its goods, its label and its money."""
    _changed(lambda stub: stub.GetReturn(rpc.GetReturnRequest(return_id=return_id)), as_json=as_json)


@app.command(epilog="Example: oms return authorize ret_01J… --reason 'good customer'")
def authorize(return_id: ReturnId, *, reason: Reason = "", key: RequestId = "", as_json: AsJson = False) -> None:
    """Allow a return that waits for a decision."""
    message = rpc.AuthorizeReturnRequest(request_id=key or request_id(), return_id=return_id, reason=reason)
    _changed(lambda stub: stub.AuthorizeReturn(message), as_json=as_json)


@app.command(epilog="Example: oms return decline ret_01J… --reason 'worn'")
def decline(return_id: ReturnId, *, reason: Reason = "", key: RequestId = "", as_json: AsJson = False) -> None:
    """Refuse a return that waits for a decision."""
    message = rpc.DeclineReturnRequest(request_id=key or request_id(), return_id=return_id, reason=reason)
    _changed(lambda stub: stub.DeclineReturn(message), as_json=as_json)


@app.command(epilog="Example: oms return cancel ret_01J… --reason 'keeps it'")
def cancel(return_id: ReturnId, *, reason: Reason = "", key: RequestId = "", as_json: AsJson = False) -> None:
    """Give a return up, as long as nothing has come."""
    message = rpc.CancelReturnRequest(request_id=key or request_id(), return_id=return_id, reason=reason)
    _changed(lambda stub: stub.CancelReturn(message), as_json=as_json)


@app.command(epilog="Examples: oms return receive ret_01J…   ·   oms return receive ret_01J… --line lin_01J…=1")
def receive(
    return_id: ReturnId,
    *,
    line: Annotated[list[str] | None, typer.Option(help="LINE_ID=UNITS; everything if not given.")] = None,
    key: RequestId = "",
    as_json: AsJson = False,
) -> None:
    """Record what came."""
    lines = [rpc.ReceivedLine(line_id=name, quantity=number) for name, number in map(line_units, line or ())]
    message = rpc.RecordReceiptRequest(request_id=key or request_id(), return_id=return_id, lines=lines)
    _changed(lambda stub: stub.RecordReceipt(message), as_json=as_json)


@app.command("inspect", epilog="Example: oms return inspect ret_01J… --line lin_01J…=1 --as RESTOCK")
def inspect_units(
    return_id: ReturnId,
    *,
    line: Annotated[list[str], typer.Option(help="LINE_ID=UNITS; as often as needed.")],
    outcome: Annotated[Outcome, typer.Option("--as", help="What becomes of them.")],
    note: Annotated[str, typer.Option(help="What the inspector saw.")] = "",
    key: RequestId = "",
    as_json: AsJson = False,
) -> None:
    """Record what becomes of units that came."""
    disposition = Disposition.Value(f"DISPOSITION_{outcome}")
    lines = [
        rpc.InspectedLine(line_id=name, quantity=number, disposition=disposition, note=note)
        for name, number in map(line_units, line)
    ]
    message = rpc.RecordInspectionRequest(request_id=key or request_id(), return_id=return_id, lines=lines)
    _changed(lambda stub: stub.RecordInspection(message), as_json=as_json)


@refunds.command("list", epilog="Examples: oms refund list --order ord_01J…   ·   oms refund list --state REFUSED")
def list_refunds(
    *,
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    state: Annotated[MoneyState | None, typer.Option(help="Only in this state.")] = None,
    limit: Limit = 50,
    page: Page = "",
    as_json: AsJson = False,
) -> None:
    """List what was paid back, newest first."""
    message = rpc.ListReimbursementsRequest(
        order_id=order,
        state=Reimbursement.State.Value(f"STATE_{state or 'UNSPECIFIED'}"),
        page_size=limit,
        page_token=page,
    )
    answer = _ask(lambda stub: stub.ListReimbursements(message))
    rows = [
        (
            one.reimbursement_id,
            one.order_id,
            word(Reimbursement.Cause.Name(one.cause)),
            word(Reimbursement.State.Name(one.state)),
            amount(one.amount),
            units(one.lines),
            one.reference or one.message,
            when(one.create_time),
        )
        for one in answer.reimbursements
    ]
    columns = ("refund", "order", "for", "state", "amount", "units", "reference", "decided")
    emit(answer, as_json=as_json, render=lambda: _page("Refunds", columns, rows, answer.next_page_token))


def _ask(use: Callable[[Any], Awaitable[Answer]]) -> Answer:
    return run(call(ReturnsServiceStub, lambda settings: settings.returns_address, use))


def _changed(use: Callable[[Any], Awaitable[Any]], *, as_json: bool) -> None:
    answer = _ask(use)
    emit(answer, as_json=as_json, render=lambda: show_return(answer.return_record))


def _page(title: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]], token: str) -> None:
    table(title, columns, rows)
    if token:
        typer.echo(f"More: --page {token}")

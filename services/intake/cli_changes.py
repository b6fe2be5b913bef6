"""`oms order change`: what can still be changed about an order is, and the rest is said, line by line."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import Message
from rich.markup import escape

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import order_change_pb2 as pb
from oms.intake.v1 import order_change_service_pb2 as rpc
from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.intake.v1.order_change_service_pb2_grpc import OrderChangeServiceStub
from oms.intake.v1.order_draft_pb2 import DraftLine
from oms.intake.v1.order_pb2 import ServiceLevel
from services.cli_output import AsJson, call, emit, err, out, request_id, run, table
from services.intake.cli_render import Key, Limit, OrderId, money, when, word

app = typer.Typer(help="Changes of orders: try, make, look.", no_args_is_help=True, rich_markup_mode="rich")

Answer = TypeVar("Answer", bound=Message)
Read = TypeVar("Read", bound=Message)
Quantities = Annotated[list[str] | None, typer.Option("--quantity", help="LINE=UNITS wanted in all; may be repeated.")]
Splits = Annotated[list[str] | None, typer.Option("--split", help="LINE or LINE=UNITS into an order of their own.")]


@app.command(
    epilog="Examples: oms order change make ord_01… --quantity lin_01…=2   ·   "
    "oms order change make ord_01… --address address.json --dry-run"
)
def make(
    *,
    order_id: OrderId,
    quantity: Quantities = None,
    add: Annotated[list[Path] | None, typer.Option(help="A file with a DraftLine as JSON; may be repeated.")] = None,
    address: Annotated[Path | None, typer.Option(help="A file with an Address as JSON.")] = None,
    service: Annotated[str, typer.Option(help="STANDARD, EXPEDITED or NEXT_DAY.")] = "",
    node: Annotated[str | None, typer.Option(help="Ship it from this node; '' for any.")] = None,
    split: Splits = None,
    merge: Annotated[str, typer.Option(help="Take this order into it.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel everything that can be.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")] = False,
    etag: Annotated[str, typer.Option(help="Only if the order still has this etag.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the timeline.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Change an order, and say what really happened."""
    edits = [pb.OrderEdit(set_quantity=_quantity(one)) for one in quantity or ()]
    edits += [pb.OrderEdit(add_line=_read(path, DraftLine())) for path in add or ()]
    edits += [pb.OrderEdit(set_address=pb.SetAddress(ship_to=_read(address, Address())))] if address else []
    edits += [pb.OrderEdit(set_service_level=pb.SetServiceLevel(service_level=_level(service)))] if service else []
    edits += [pb.OrderEdit(set_node=pb.SetNode(node_id=node))] if node is not None else []
    edits += [pb.OrderEdit(split=pb.SplitOrder(quantities=map(_units, split)))] if split else []
    edits += [pb.OrderEdit(merge=pb.MergeOrder(order_id=merge))] if merge else []
    edits += [pb.OrderEdit(cancel_order=pb.CancelEverything())] if cancel else []
    if not edits:
        err.print("Say what to change: --quantity, --add, --address, --service, --node, --split, --merge or --cancel.")
        raise typer.Exit(2)
    if dry_run:
        seen = _ask(lambda stub: stub.CheckOrderChange(rpc.CheckOrderChangeRequest(order_id=order_id, edits=edits)))
        emit(seen, as_json=as_json, render=lambda: _show(seen.change))
        return
    request = rpc.ChangeOrderRequest(
        request_id=key or request_id(), order_id=order_id, edits=edits, reason=reason, etag=etag
    )
    answer = _ask(lambda stub: stub.ChangeOrder(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.change))


@app.command(epilog="Example: oms order change show chg_01…")
def show(*, change_id: Annotated[str, typer.Argument(help="The change, chg_….")], as_json: AsJson = False) -> None:
    """Show a change: what was asked for, and what came of it."""
    found = _ask(lambda stub: stub.GetOrderChange(rpc.GetOrderChangeRequest(change_id=change_id)))
    emit(found, as_json=as_json, render=lambda: _show(found.change))


@app.command("list", epilog="Example: oms order change list ord_01…")
def list_changes(*, order_id: OrderId, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the changes of an order, oldest first."""
    request = rpc.ListOrderChangesRequest(order_id=order_id, page_size=limit)
    found = _ask(lambda stub: stub.ListOrderChanges(request))
    columns = ("#", "Change", "State", "What", "Who", "Why", "Asked for")
    rows = [
        (
            one.version,
            one.change_id,
            word(pb.OrderChange.State, one.state),
            ", ".join(_name(edit) for edit in one.edits),
            escape(one.actor),
            escape(one.reason),
            when(one.request_time),
        )
        for one in found.changes
    ]
    emit(found, as_json=as_json, render=lambda: table("Changes", columns, rows))


def _show(change: pb.OrderChange) -> None:
    state = word(pb.OrderChange.State, change.state)
    out.print(f"{change.change_id or 'It'} {state.lower()}", markup=False)
    results = [
        (_name(edit), "yes" if result.applied else "no", result.reason, result.order_id)
        for edit, result in zip(change.edits, change.edit_results, strict=False)
    ]
    table("Edits", ("Edit", "Done", "Why not all", "Order"), results)
    lines = [
        (
            line.line_id or "—",
            line.wanted_quantity,
            line.done_quantity,
            line.intercepting_quantity,
            line.too_late_quantity,
            line.added_line_id,
        )
        for line in change.lines
    ]
    table("Lines", ("Line", "Wanted", "Done", "Asked of a node", "Too late", "New line"), lines)
    if change.HasField("after"):
        before, after = change.before, change.after
        amounts = [
            ("Total", money(before.total_amount), money(after.total_amount)),
            ("Tax", money(before.tax_amount), money(after.tax_amount)),
            ("Discount", money(before.discount_amount), money(after.discount_amount)),
        ]
        table("Money", ("", "Before", "After"), amounts)


def _name(edit: pb.OrderEdit) -> str:
    return (edit.WhichOneof("edit") or "nothing").replace("_", " ")


def _quantity(text: str) -> pb.SetQuantity:
    line_id, _, quantity = text.partition("=")
    if not quantity.isdecimal():
        err.print(f"{text!r} is not LINE=UNITS.", markup=False)
        raise typer.Exit(2)
    return pb.SetQuantity(line_id=line_id, quantity=int(quantity))


def _units(text: str) -> LineQuantity:
    line_id, _, quantity = text.partition("=")
    if quantity and not quantity.isdecimal():
        err.print(f"{text!r} is not LINE or LINE=UNITS.", markup=False)
        raise typer.Exit(2)
    return LineQuantity(line_id=line_id, quantity=int(quantity or 0))


def _level(name: str) -> "ServiceLevel.ValueType":
    try:
        return ServiceLevel.Value(f"SERVICE_LEVEL_{name.upper().replace('-', '_')}")
    except ValueError:
        err.print(f"There is no service level {name!r}. Choose of STANDARD, EXPEDITED, NEXT_DAY.", markup=False)
        raise typer.Exit(2) from None


def _read(path: Path, message: Read) -> Read:
    try:
        return Parse(path.read_text(), message)
    except (OSError, ValueError, ParseError) as error:
        err.print(f"{path} is not {message.DESCRIPTOR.name} in JSON: {error}", markup=False)
        raise typer.Exit(2) from None


def _ask(use: Callable[[OrderChangeServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(OrderChangeServiceStub, lambda settings: settings.intake_address, use))

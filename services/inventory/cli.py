"""`oms stock`: what there is, who has a right to it, and the proof that both add up."""

import csv
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.backorder_pb2 import Backorder
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.position_pb2 import MovementReason
from services.cli_output import AsJson, call, emit, request_id, run, table
from services.inventory.cli_audit import audit
from services.inventory.cli_render import name, positions, rights, signed, when
from services.kernel.clock import SystemClock

Answer = TypeVar("Answer")

app = typer.Typer(
    help="Stock: positions, reservations, backorders, the ledger.", no_args_is_help=True, rich_markup_mode="rich"
)
GROUPS = {"stock": app}
app.command(epilog="Example: oms stock audit --json")(audit)

Sku = Annotated[str, typer.Argument(help="The SKU.")]
Node = Annotated[str, typer.Argument(help="The node's id.")]
Key = Annotated[str, typer.Option("--request-id", help="The key of this request: the same key is done once.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many rows.")]


def ask(use: Callable[[InventoryServiceStub], Awaitable[Answer]]) -> Answer:
    """Ask the service."""
    return run(call(InventoryServiceStub, lambda settings: settings.inventory_address, use))


@app.command(epilog="Examples: oms stock show --sku TEE-BLK-M   ·   oms stock show --node dc-east")
def show(
    *,
    sku: Annotated[str, typer.Option(help="Only this SKU.")] = "",
    node: Annotated[str, typer.Option(help="Only at this node.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Show positions."""
    found = ask(lambda stub: stub.ListPositions(rpc.ListPositionsRequest(sku=sku, node_id=node, page_size=limit)))
    emit(found, as_json=as_json, render=lambda: positions(*found.positions))


@app.command(epilog="Example: oms stock adjust TEE-BLK-M dc-east --units -2 --reason LOSS --reference 'forklift'")
def adjust(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Option(help="Units that came, or went where negative.")] = 0,
    unsellable: Annotated[int, typer.Option(help="Units that became unsellable, or sellable where negative.")] = 0,
    reason: Annotated[str, typer.Option(help="COUNT, CORRECTION, LOSS, RECEIPT, RETURN or SHORT_PICK.")] = "CORRECTION",
    reference: Annotated[str, typer.Option(help="What it belongs to.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Change stock by a difference."""
    try:
        why = MovementReason.Value(f"MOVEMENT_REASON_{reason.upper()}")
    except ValueError:
        raise typer.BadParameter(f"there is no reason {reason}", param_hint="--reason") from None
    one = rpc.Adjustment(sku=sku, node_id=node, on_hand_delta=units, unsellable_delta=unsellable)
    _adjust(one, why, reference, key, as_json=as_json)


@app.command(epilog="Example: oms stock receive TEE-BLK-M dc-east 120 --reference DN-4711")
def receive(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=1, help="Units that came in.")],
    reference: Annotated[str, typer.Option(help="The delivery note.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Receive goods; orders that wait for them are told."""
    one = rpc.Adjustment(sku=sku, node_id=node, on_hand_delta=units)
    _adjust(one, MovementReason.MOVEMENT_REASON_RECEIPT, reference, key, as_json=as_json)


@app.command("set-safety", epilog="Example: oms stock set-safety TEE-BLK-M store-7 2")
def set_safety(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=0, help="Units that are never offered.")],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Set how many units a node never offers."""
    request = rpc.SetSafetyStockRequest(request_id=key or request_id(), sku=sku, node_id=node, quantity=units)
    answer = ask(lambda stub: stub.SetSafetyStock(request))
    emit(answer, as_json=as_json, render=lambda: positions(answer.position))


@app.command(epilog="Example: oms stock sync counts.csv --source wms-dc-east --sequence 42 --node dc-east --complete")
def sync(
    *,
    file: Annotated[Path, typer.Argument(help="CSV with the columns sku and on_hand; - for stdin.", allow_dash=True)],
    source: Annotated[str, typer.Option(help="Whose figures.")],
    sequence: Annotated[int, typer.Option(min=1, help="Grows with every snapshot of the source.")],
    node: Annotated[str, typer.Option(help="The node's id.")],
    complete: Annotated[bool, typer.Option("--complete", help="SKUs that are not named have nothing.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Take over an outside system's figures, and show where ours differed."""
    request = rpc.SyncStockRequest(
        request_id=key or request_id(),
        source=source,
        sequence=sequence,
        node_id=node,
        counts=_counts(file),
        complete=complete,
    )
    answer = ask(lambda stub: stub.SyncStock(request))
    title = f"Snapshot {sequence} of {source} " + ("is old, and changed nothing" if answer.stale else "taken over")
    rows = [(one.sku, one.was_on_hand, one.on_hand, one.oversold_quantity or "") for one in answer.drifts]
    columns = ("SKU", "We had", "They have", "Oversold")
    emit(answer, as_json=as_json, render=lambda: table(f"{title}: differences", columns, rows))


@app.command(epilog="Example: oms stock reserve cart-7 TEE-BLK-M dc-east 2 --minutes 15")
def reserve(
    *,
    owner: Annotated[str, typer.Argument(help="Who gets the right: an order or a cart.")],
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=1, help="Units.")],
    line: Annotated[str, typer.Option(help="For which line of the owner.")] = "1",
    minutes: Annotated[int, typer.Option(min=0, help="Ends by itself after this; 0: never.")] = 0,
    best_effort: Annotated[bool, typer.Option("--best-effort", help="Take what is there.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Reserve stock."""
    mode = rpc.ReserveStockRequest.MODE_BEST_EFFORT if best_effort else rpc.ReserveStockRequest.MODE_ALL_OR_NOTHING
    request = rpc.ReserveStockRequest(
        request_id=key or request_id(),
        owner_id=owner,
        lines=[rpc.ReservationLine(line_id=line, sku=sku, node_id=node, quantity=units)],
        mode=mode,
        expire_time=_in(minutes) if minutes else None,
    )
    answer = ask(lambda stub: stub.ReserveStock(request))
    emit(answer, as_json=as_json, render=lambda: rights("Reserved", *answer.reservations))


@app.command(epilog="Example: oms stock release rsv_01J… --reason 'customer changed her mind'")
def release(
    *,
    reservations: Annotated[list[str], typer.Argument(help="Which reservations.")],
    units: Annotated[int, typer.Option(min=0, help="Units of each; 0: all that are live.")] = 0,
    missing: Annotated[bool, typer.Option("--missing", help="They are not where they should be.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Give reserved units back."""
    request = rpc.ReleaseReservationsRequest(
        request_id=key or request_id(),
        units=[rpc.ReservationUnits(reservation_id=one, quantity=units) for one in reservations],
        missing=missing,
        reason=reason,
    )
    answer = ask(lambda stub: stub.ReleaseReservations(request))
    emit(answer, as_json=as_json, render=lambda: rights("Released", *answer.reservations))


@app.command(epilog="Example: oms stock reservations --owner ord_01J… --live")
def reservations(
    *,
    owner: Annotated[str, typer.Option(help="Only of this owner.")] = "",
    sku: Annotated[str, typer.Option(help="Only of this SKU.")] = "",
    node: Annotated[str, typer.Option(help="Only at this node.")] = "",
    live: Annotated[bool, typer.Option("--live", help="Only those with live units.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List reservations, oldest first."""
    request = rpc.ListReservationsRequest(owner_id=owner, sku=sku, node_id=node, live_only=live, page_size=limit)
    found = ask(lambda stub: stub.ListReservations(request))
    emit(found, as_json=as_json, render=lambda: rights("Reservations", *found.reservations))


@app.command(epilog="Example: oms stock atp TEE-BLK-M MUG-WHT --node dc-east --node store-7")
def atp(
    *,
    skus: Annotated[list[str], typer.Argument(help="Which SKUs.")],
    node: Annotated[list[str] | None, typer.Option(help="At which nodes; all where none is named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what can be promised now."""
    answer = ask(lambda stub: stub.GetAvailability(rpc.GetAvailabilityRequest(skus=skus, node_ids=node or [])))
    rows = [(one.sku, one.node_id, one.available_quantity) for one in answer.availabilities]
    emit(answer, as_json=as_json, render=lambda: table("Available to promise", ("SKU", "Node", "Units"), rows))


@app.command(epilog="Example: oms stock ledger --sku TEE-BLK-M --node dc-east --limit 20")
def ledger(
    *,
    sku: Annotated[str, typer.Option(help="Only of this SKU.")] = "",
    node: Annotated[str, typer.Option(help="Only at this node.")] = "",
    reference: Annotated[str, typer.Option(help="Only with this reference.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show what changed stock, newest first."""
    request = rpc.ListLedgerEntriesRequest(sku=sku, node_id=node, reference=reference, page_size=limit)
    found = ask(lambda stub: stub.ListLedgerEntries(request))
    rows = [
        (
            one.sequence,
            when(one.create_time),
            one.sku,
            one.node_id,
            name(MovementReason, one.reason, "MOVEMENT_REASON_"),
            *map(signed, (one.on_hand_delta, one.reserved_delta, one.safety_stock_delta, one.unsellable_delta)),
            one.reference,
            one.actor,
        )
        for one in found.entries
    ]
    columns = ("#", "When", "SKU", "Node", "Why", "On hand", "Reserved", "Safety", "Unsellable", "Reference", "Who")
    emit(found, as_json=as_json, render=lambda: table("Ledger", columns, rows))


@app.command(epilog="Example: oms stock backorders --sku TEE-BLK-M")
def backorders(
    *,
    sku: Annotated[str, typer.Option(help="Only for this SKU.")] = "",
    owner: Annotated[str, typer.Option(help="Only of this order.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List who waits for stock, in the order in which they will be served."""
    found = ask(lambda stub: stub.ListBackorders(rpc.ListBackordersRequest(sku=sku, owner_id=owner, page_size=limit)))
    rows = [
        (
            one.owner_id,
            one.line_id,
            one.sku,
            one.quantity,
            one.priority,
            name(Backorder.State, one.state, "STATE_"),
            when(one.create_time),
        )
        for one in found.backorders
    ]
    columns = ("Order", "Line", "SKU", "Units", "Priority", "State", "Since")
    emit(found, as_json=as_json, render=lambda: table("Backorders", columns, rows))


def _adjust(one: rpc.Adjustment, why: MovementReason.ValueType, reference: str, key: str, *, as_json: bool) -> None:
    request = rpc.AdjustStockRequest(request_id=key or request_id(), adjustments=[one], reason=why, reference=reference)
    answer = ask(lambda stub: stub.AdjustStock(request))
    emit(answer, as_json=as_json, render=lambda: positions(*answer.positions))


def _counts(file: Path) -> list[rpc.StockCount]:
    lines = sys.stdin if str(file) == "-" else file.read_text(encoding="utf-8-sig").splitlines()
    try:
        return [rpc.StockCount(sku=row["sku"], on_hand=int(row["on_hand"])) for row in csv.DictReader(lines)]
    except (KeyError, TypeError, ValueError) as error:
        raise typer.BadParameter(f"expected the columns sku and on_hand: {error}", param_hint="FILE") from error


def _in(minutes: int) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(SystemClock().now() + timedelta(minutes=minutes))
    return moment

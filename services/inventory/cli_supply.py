"""`oms stock supply`: units that are expected."""

from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.supply_pb2 import Supply, SupplyType
from services.cli_output import AsJson, emit, request_id
from services.inventory.cli_render import lean, name, when
from services.inventory.cli_words import (
    Key,
    Limit,
    Node,
    OnlyNode,
    OnlySku,
    Sku,
    ask,
    ask_all,
    emit_list,
    read_choice,
    read_moment,
)

app = typer.Typer(
    help="Supplies: units that are not there yet. They are received with `oms stock receive --supply`.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

SupplyId = Annotated[str, typer.Argument(help="The supply, sup_….", show_default=False)]
Expect = Annotated[
    Timestamp | None,
    typer.Option(
        "--expect",
        parser=read_moment,
        metavar="TIME",
        help="When: 2026-12-01 (its beginning, UTC) or with time and zone.",
    ),
]
_DAY = 86_400
_COLUMNS = (
    *("Supply", "Type", "SKU", "Node", "From", "Announced", "Received", "Cancelled", "State"),
    *("Expected", "Takes", "Reference"),
)


@app.command("list", epilog="Example: oms stock supply list --sku TEE-BLK-M --open")
def list_supplies(
    *,
    sku: OnlySku = "",
    node: OnlyNode = "",
    open_only: Annotated[bool, typer.Option("--open", help="Only those of which something will still come.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List supplies, oldest first."""
    request = rpc.ListSuppliesRequest(sku=sku, node_id=node, open_only=open_only)
    found = ask_all("ListSupplies", request, "supplies", limit)
    emit_list(found, as_json=as_json, render=lambda: supplies("Supplies", *found.supplies))


@app.command(
    epilog="Examples: oms stock supply create TEE-BLK-M dc-east 200 --expect 2026-12-01 --reference PO-77"
    "   ·   oms stock supply create TEE-BLK-M store-7 10 --type TRANSFER --from dc-east --expect 2026-11-20T08:00Z"
    "   ·   oms stock supply create MUG-WHT dc-east 500 --type SUPPLIER --lead-days 7"
)
def create(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=1, help="Units that will come.", show_default=False)],
    kind: Annotated[
        str, typer.Option("--type", help="IN_TRANSIT, PURCHASE_ORDER, TRANSFER, SUPPLIER or RETURN_EXPECTED.")
    ] = "PURCHASE_ORDER",
    expect: Expect = None,
    lead_days: Annotated[
        float | None, typer.Option(min=0, max=730, help="Days that a SUPPLIER takes, whenever it is asked.")
    ] = None,
    source: Annotated[str, typer.Option("--from", help="The node that a TRANSFER leaves: at once.")] = "",
    reference: Annotated[str, typer.Option(help="The purchase order, delivery or return.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Announce units that are not there yet. Those who wait get new promise dates."""
    supply_type = read_choice(SupplyType, "SUPPLY_TYPE_", kind, "--type")
    _check(supply_type, expect, lead_days, source)
    request = rpc.CreateSupplyRequest(
        request_id=key or request_id(),
        type=supply_type,
        sku=sku,
        node_id=node,
        quantity=units,
        expect_time=expect,
        lead_time=None if lead_days is None else Duration(seconds=round(lead_days * _DAY)),
        from_node_id=source,
        reference=reference,
    )
    answer = ask(lambda stub: stub.CreateSupply(request))
    emit(answer, as_json=as_json, render=lambda: supplies("Announced", answer.supply))


@app.command(epilog="Example: oms stock supply update sup_01J… --expect 2026-12-08 --units 150")
def update(
    *,
    supply: SupplyId,
    expect: Expect = None,
    units: Annotated[int, typer.Option(min=0, help="Units in all, those that came among them; 0: as they are.")] = 0,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Move a supply in time, or change how many units are expected. Those who wait get new promise dates."""
    if expect is None and not units:
        raise typer.BadParameter("say what changes", param_hint="--expect or --units")
    request = rpc.UpdateSupplyRequest(
        request_id=key or request_id(), supply_id=supply, expect_time=expect, quantity=units
    )
    answer = ask(lambda stub: stub.UpdateSupply(request))
    emit(answer, as_json=as_json, render=lambda: supplies("Changed", answer.supply))


@app.command(epilog="Example: oms stock supply cancel sup_01J… --units 20 --reason 'supplier is short'")
def cancel(
    *,
    supply: SupplyId,
    units: Annotated[int, typer.Option(min=0, help="Units that will not come; 0: all that are open.")] = 0,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Say that units will not come. Those of a transfer go back to the node that they left."""
    request = rpc.CancelSupplyRequest(request_id=key or request_id(), supply_id=supply, quantity=units, reason=reason)
    answer = ask(lambda stub: stub.CancelSupply(request))
    emit(answer, as_json=as_json, render=lambda: supplies("Cancelled", answer.supply))


def supplies(title: str, *found: Supply) -> None:
    """Print supplies."""
    rows = [
        (
            *(one.supply_id, name(SupplyType, one.type, "SUPPLY_TYPE_"), one.sku, one.node_id, one.from_node_id),
            *(one.quantity, one.received_quantity, one.cancelled_quantity, name(Supply.State, one.state, "STATE_")),
            when(one.expect_time),
            f"{one.lead_time.seconds / _DAY:g} days" if one.HasField("lead_time") else "",
            one.reference,
        )
        for one in found
    ]
    lean(title, _COLUMNS, rows, optional=("From", "Expected", "Takes", "Reference"))


def _check(supply_type: SupplyType.ValueType, expect: Timestamp | None, lead_days: float | None, source: str) -> None:
    supplier = supply_type == SupplyType.SUPPLY_TYPE_SUPPLIER
    transfer = supply_type == SupplyType.SUPPLY_TYPE_TRANSFER
    if lead_days is not None and not supplier:
        raise typer.BadParameter("only a SUPPLIER takes so long: say --expect", param_hint="--lead-days")
    if expect is None and lead_days is None:
        hint = "--expect or --lead-days" if supplier else "--expect"
        raise typer.BadParameter("say when the units are expected", param_hint=hint)
    if transfer and not source:
        raise typer.BadParameter("say which node the units leave", param_hint="--from")
    if source and not transfer:
        raise typer.BadParameter("only a TRANSFER leaves a node", param_hint="--from")

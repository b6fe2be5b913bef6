"""`oms stock ledger` and `oms stock as-of`: what changed, and what there was."""

from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.cli_output import AsJson
from services.inventory.cli_render import lean, name, positions, signed, when
from services.inventory.cli_words import Limit, OnlyNode, OnlySku, ask_all, emit_list, read_moment

app = typer.Typer()

_COLUMNS = (
    *("#", "When", "SKU", "Node", "Why", "On hand", "Reserved", "Safety", "Unsellable"),
    *("Quality control", "Quarantine", "Lot", "Reference", "Who", "Note"),
)


@app.command(
    epilog="Examples: oms stock ledger --sku TEE-BLK-M --node dc-east --limit 20"
    "   ·   oms stock ledger --from 2026-11-16 --until 2026-11-17T12:00Z"
)
def ledger(
    *,
    sku: OnlySku = "",
    node: OnlyNode = "",
    reference: Annotated[str, typer.Option(help="Only with this reference.")] = "",
    since: Annotated[
        Timestamp | None,
        typer.Option(
            "--from", parser=read_moment, metavar="TIME", help="Only from this moment on, such as 2026-11-16."
        ),
    ] = None,
    until: Annotated[
        Timestamp | None,
        typer.Option("--until", parser=read_moment, metavar="TIME", help="Only before it, such as 2026-11-17T12:00Z."),
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show what changed stock, newest first."""
    request = rpc.ListLedgerEntriesRequest(
        sku=sku, node_id=node, reference=reference, from_time=since, until_time=until
    )
    found = ask_all("ListLedgerEntries", request, "entries", limit)
    rows = [
        (
            *(one.sequence, when(one.create_time), one.sku, one.node_id),
            name(MovementReason, one.reason, "MOVEMENT_REASON_"),
            *map(signed, (one.on_hand_delta, one.reserved_delta, one.safety_stock_delta, one.unsellable_delta)),
            *map(signed, (one.quality_control_delta, one.quarantine_delta)),
            *(one.lot_id, one.reference, one.actor, one.note),
        )
        for one in found.entries
    ]
    optional = ("Quality control", "Quarantine", "Lot", "Note")
    emit_list(found, as_json=as_json, render=lambda: lean("Ledger", _COLUMNS, rows, optional=optional))


@app.command("as-of", epilog="Example: oms stock as-of 2026-11-17T12:00Z --sku TEE-BLK-M --node dc-east")
def as_of(
    *,
    moment: Annotated[
        Timestamp,
        typer.Argument(
            parser=read_moment, metavar="TIME", help="The moment, such as 2026-11-17T12:00Z.", show_default=False
        ),
    ],
    sku: OnlySku = "",
    node: OnlyNode = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Show positions as they were at a moment. Pools are not told."""
    request = rpc.ListPositionsAsOfRequest(as_of_time=moment, sku=sku, node_id=node)
    found = ask_all("ListPositionsAsOf", request, "positions", limit)
    emit_list(found, as_json=as_json, render=lambda: positions(f"As of {when(moment)} UTC", *found.positions))

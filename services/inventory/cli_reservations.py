"""`oms stock reserve`, `confirm`, `transfer`, `release`: rights to ship."""

from datetime import timedelta
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.cli_output import AsJson, emit, request_id
from services.inventory.cli_render import lean, rights
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
    read_moment,
)
from services.kernel.clock import SystemClock

app = typer.Typer()

ReservationIds = Annotated[list[str], typer.Argument(help="Which reservations, rsv_….", show_default=False)]


@app.command(epilog="Example: oms stock reserve cart-7 TEE-BLK-M dc-east 2 --minutes 15")
def reserve(
    *,
    owner: Annotated[str, typer.Argument(help="Who gets the right: an order or a cart.", show_default=False)],
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=1, help="Units.", show_default=False)],
    line: Annotated[str, typer.Option(help="For which line of the owner.")] = "1",
    minutes: Annotated[int, typer.Option(min=0, help="Ends by itself after this; 0: never.")] = 0,
    segment: Annotated[str, typer.Option(help="For which segment: its pool is taken from first.")] = "",
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
        expire_time=_in(minutes),
        segment=segment,
    )
    answer = ask(lambda stub: stub.ReserveStock(request))

    def render() -> None:
        rights("Reserved", *answer.reservations)
        if answer.shortfalls:
            columns = ("SKU", "Node", "Wanted", "There were")
            rows = [(one.sku, one.node_id, one.wanted_quantity, one.available_quantity) for one in answer.shortfalls]
            lean("Not all of it", columns, rows)

    emit(answer, as_json=as_json, render=render)


@app.command(
    epilog="Examples: oms stock confirm rsv_01J…   ·   oms stock confirm rsv_01J… --minutes 30"
    "   ·   oms stock confirm rsv_01J… --until 2026-11-17T18:00Z"
)
def confirm(
    *,
    reservations: ReservationIds,
    minutes: Annotated[int, typer.Option(min=0, help="They get this much more time, from now on.")] = 0,
    until: Annotated[
        Timestamp | None,
        typer.Option(parser=read_moment, metavar="TIME", help="They get time until then, such as 2026-11-17T18:00Z."),
    ] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Make soft reservations hard, or give them more time."""
    if minutes and until is not None:
        raise typer.BadParameter("say one of them", param_hint="--minutes or --until")
    request = rpc.ConfirmReservationsRequest(
        request_id=key or request_id(), reservation_ids=reservations, expire_time=until or _in(minutes)
    )
    answer = ask(lambda stub: stub.ConfirmReservations(request))
    emit(answer, as_json=as_json, render=lambda: rights("Confirmed", *answer.reservations))


@app.command(epilog="Example: oms stock transfer rsv_01J… store-7 --units 1")
def transfer(
    *,
    reservation: Annotated[str, typer.Argument(help="Which reservation, rsv_….", show_default=False)],
    node: Annotated[str, typer.Argument(help="To which node.", show_default=False)],
    units: Annotated[int, typer.Option(min=0, help="Units of it; 0: all that are live.")] = 0,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Move a right to another node in one step: given up there and made here, or nothing at all."""
    request = rpc.TransferReservationRequest(
        request_id=key or request_id(), reservation_id=reservation, node_id=node, quantity=units
    )
    answer = ask(lambda stub: stub.TransferReservation(request))
    emit(
        answer,
        as_json=as_json,
        render=lambda: rights("Transferred", answer.from_reservation, answer.to_reservation),
    )


@app.command(epilog="Example: oms stock release rsv_01J… --reason 'customer changed her mind'")
def release(
    *,
    reservations: ReservationIds,
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
    sku: OnlySku = "",
    node: OnlyNode = "",
    live: Annotated[bool, typer.Option("--live", help="Only those with live units.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List reservations, oldest first."""
    request = rpc.ListReservationsRequest(owner_id=owner, sku=sku, node_id=node, live_only=live)
    found = ask_all("ListReservations", request, "reservations", limit)
    emit_list(found, as_json=as_json, render=lambda: rights("Reservations", *found.reservations))


def _in(minutes: int) -> Timestamp | None:
    if not minutes:
        return None
    moment = Timestamp()
    moment.FromDatetime(SystemClock().now() + timedelta(minutes=minutes))
    return moment
